"""One step of the backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.explain.telling import chain, formulas

import chainrule as cr
from chainrule.explain.building.steps import update_rule
from chainrule.explain.lesson import Lesson
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Marked, Symbol


def two_uses() -> Lesson:
    def f(x: Any) -> Any:
        a = x * 3.0
        b = np.exp(x)
        f = a * b
        return f  # noqa: RET504

    return cr.explain(f, 2.0)


def test_the_pass_begins_with_one() -> None:
    first = two_uses().backward[0]
    assert first.chain is None
    assert float(first.value) == 1
    assert first.users == ()


def test_a_node_used_twice_has_the_sum_in_symbols_and_put_in() -> None:
    lesson = two_uses()
    assert chain(lesson)["∂f/∂x"] == "∂b/∂x · ∂f/∂b + ∂a/∂x · ∂f/∂a"
    assert formulas(lesson)["∂f/∂x"] == "b · ∂f/∂b + 3 · ∂f/∂a"
    assert [user.name for user in lesson.backward[-1].users] == ["b", "a"]


def test_local_and_upstream_gradients_are_marked_in_turn() -> None:
    step = two_uses().backward[-1]
    assert step.chain is not None
    for form in (step.chain, step.formula):
        roles = [part.role for part in form.walk() if isinstance(part, Marked)]
        assert roles == ["local", "upstream", "local", "upstream"]
        upstream = [part.operand for part in form.walk() if isinstance(part, Marked) and part.role == "upstream"]
        assert upstream == [Derivative(Symbol("f"), Symbol("b")), Derivative(Symbol("f"), Symbol("a"))]


def test_the_upstream_gradient_of_a_linear_map_is_marked_where_it_stands() -> None:
    def f(W: Any, x: Any) -> Any:
        z = W @ x
        return np.sum(z * z)

    step = cr.explain(f, np.ones((2, 3)), np.ones(3)).backward[-1]
    assert to_text(step.formula) == "∂f/∂z · xᵀ"
    assert [to_text(part) for part in step.formula.walk() if isinstance(part, Marked)] == ["∂f/∂z"]
    assert [(to_text(factor.formula), factor.shape) for factor in step.factors] == [("∂f/∂z", (2, 1)), ("xᵀ", (1, 3))]


def test_minus_one_is_a_sign() -> None:
    def f(x: Any) -> Any:
        a = 2.0 - x
        return a * a

    assert formulas(cr.explain(f, 2.0))["∂f/∂x"] == "−∂f/∂a"


def test_of_many_uses_the_first_two_and_the_last_are_written() -> None:
    def f(w: Any) -> Any:
        h = 1.0
        for _ in range(10):
            h = np.tanh(w * h)
        return h

    step = cr.explain(f, 0.5).backward[-1]
    assert step.pattern == "used 10 times: the sum over all uses"
    assert step.chain is not None
    assert to_text(step.chain).count("…") == 1
    assert to_text(step.chain).count(" + ") == 3  # two terms, the dots, and the last one
    assert len(step.users) == 10


def test_the_update_rule() -> None:
    w = Symbol("W1", is_array=True)
    rule = update_rule(w, Derivative(Symbol("L"), w, is_array=True))
    assert to_text(rule) == "W1 ← W1 − lr · ∂L/∂W1"
