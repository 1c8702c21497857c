"""What each node knows by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import chain, formulas, local

import chainrule as cr
from chainrule.explain.building.local import Contribution, local_contributions, without
from chainrule.explain.building.setting import Setting, setting_of
from chainrule.explain.building.terms import Part, Term
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Expression, Symbol

A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, -1.0], [2.0, 0.0]])


def contributions(fun: Any, *args: Any, upstream: Any) -> tuple[Setting, list[Contribution]]:
    """Those of the statement before the last one."""
    graph = cr.trace(fun, *args)
    setting = setting_of(graph, "statement")
    return setting, local_contributions(setting, setting.blocks[-2], graph.inputs, np.asarray(upstream))


def test_a_contribution_is_the_vector_jacobian_product_of_its_block() -> None:
    def f(a: Any, b: Any) -> Any:
        z = a @ b
        return np.sum(z)

    upstream = np.array([[1.0, -1.0], [0.5, 2.0]])
    _, found = contributions(f, A, B, upstream=upstream)
    assert [to_text(part.term.expression()) for part in found] == ["∂f/∂z · bᵀ", "aᵀ · ∂f/∂z"]
    np.testing.assert_allclose(found[0].gradient.value, upstream @ B.T)
    np.testing.assert_allclose(found[1].gradient.value, A.T @ upstream)


def test_the_result_of_the_block_is_written_by_its_name() -> None:
    def f(x: Any) -> Any:
        p = cr.sigmoid(x)
        return p * 1.0

    _, (only,) = contributions(f, 0.3, upstream=1.0)
    assert only.local is not None
    assert to_text(only.local) == "p(1 − p)"


def test_each_use_of_a_value_is_told() -> None:
    def f(x: Any) -> Any:
        p = x * np.exp(x)
        return p * 1.0

    _, (only,) = contributions(f, 0.3, upstream=1.0)
    assert sorted([to_text(use.expression()) for use in only.uses]) == ["exp(x) · ∂f/∂p", "x exp(x) · ∂f/∂p"]
    total = sum(np.exp(0.3) * factor for factor in (1.0, 0.3))
    assert only.gradient.value == pytest.approx(total)


def test_a_value_used_many_times_is_differentiated_as_a_whole() -> None:
    def f(x: Any) -> Any:
        p = x + x * x + np.exp(x) * x
        return p * 1.0

    _, (only,) = contributions(f, 0.3, upstream=1.0)
    assert only.uses == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (lambda W, x: W @ x, {"∂z/∂W": "G ↦ G xᵀ", "∂z/∂x": "W"}),
        (lambda W, x: W @ W @ x, {"∂z/∂x": "W W"}),
        (lambda W, x: W.T @ x, {"∂z/∂x": "Wᵀ"}),
        (lambda W, x: np.sin(x) + W[0], {"∂z/∂x": "cos(x)"}),
        (lambda W, x: W * x, {"∂z/∂W": "x", "∂z/∂x": "G ↦ Σᵢ W ⊙ G"}),
        (lambda W, x: np.sum(W) * x, {"∂z/∂x": "Σ W"}),
    ],
)
def test_local_gradients(statement: Any, expected: dict[str, str]) -> None:
    def f(W: Any, x: Any) -> Any:
        z = statement(W, x)
        return np.sum(z * z)

    found = local(cr.explain(f, A, np.array([0.5, -1.0])))
    assert {name: found[name] for name in expected} == expected


def test_of_several_uses_in_one_statement_the_sum_is_explicit() -> None:
    def f(x: Any) -> Any:
        a = x * x
        f = np.sin(a)
        return f  # noqa: RET504

    lesson = cr.explain(f, 3.0)
    assert formulas(lesson)["∂f/∂x"] == "(x + x) · ∂f/∂a"
    assert chain(lesson)["∂f/∂x"] == "∂a/∂x · ∂f/∂a"


def factor(name: str, shape: tuple[int, ...] = ()) -> Part:
    return Part(Symbol(name, is_array=bool(shape)), shape, 0.0)


def test_a_term_without_its_upstream_gradient() -> None:
    upstream: Expression = Derivative(Symbol("L"), Symbol("z"))
    g = Part(upstream, (), float("inf"))
    left = without(Term((), 2.0, scalars=(factor("x"), g)), upstream)
    assert left is not None
    assert to_text(left.expression()) == "2x"
    assert without(Term((), scalars=(factor("x"),)), upstream) is None
    assert without(Term((), scalars=(factor("x"),)), None) == Term((), scalars=(factor("x"),))
