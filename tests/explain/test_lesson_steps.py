"""What a lesson says: sums over uses, wrt, shapes, the check by differences, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression


def text(expression: Expression | None) -> str:
    assert expression is not None
    return to_text(expression)


def test_a_value_that_is_used_twice_shows_the_sum_over_its_uses() -> None:
    def f(x: Any) -> Any:
        a = x * 3.0
        b = np.exp(x)
        f = a * b
        return f  # noqa: RET504

    lesson = cr.explain(f, 2.0)
    last = lesson.backward[-1]
    assert last.symbol.name == "x"
    assert text(last.chain) == "∂b/∂x · ∂f/∂b + ∂a/∂x · ∂f/∂a"
    assert text(last.formula) == "b · ∂f/∂b + 3 · ∂f/∂a"
    assert last.pattern == "used twice: the sum over both uses"
    assert last.value == pytest.approx(3 * np.exp(2.0) * (1 + 2))


def test_a_square_written_as_a_product_is_used_twice_by_one_node() -> None:
    lesson = cr.explain(lambda x: x * x, 3.0)
    assert lesson.backward[-1].value == 6
    assert "used twice" in lesson.backward[-1].pattern


def test_a_node_comes_after_all_its_uses() -> None:
    def f(x: Any) -> Any:
        a = np.sin(x)
        b = np.exp(a)
        return a * b + np.tanh(b)

    names = [step.symbol.name for step in cr.explain(f, 0.3).backward]
    assert names.index("b") < names.index("a") < names.index("x")
    assert len(names) == len(set(names))


def test_wrt_leaves_out_what_is_not_asked_for() -> None:
    def f(x: Any, y: Any) -> Any:
        a = x * 2.0
        b = y * 3.0
        return a * b

    lesson = cr.explain(f, 1.0, 2.0, wrt=["y"])
    assert [entry.symbol.name for entry in lesson.result] == ["y"]
    assert not {"a", "x"} & {step.symbol.name for step in lesson.backward}
    assert {"a", "b"} <= {step.symbol.name for step in lesson.forward}


def test_wrt_of_an_unknown_name_raises() -> None:
    with pytest.raises(cr.errors.StructureError, match="q is no floating-point input of f"):
        cr.explain(_cube, 1.0, wrt=["q"])


def _cube(x: Any) -> Any:
    return x**3


_cube.__name__ = "f"


def test_integers_are_data_and_not_explained() -> None:
    lesson = cr.explain(lambda x, n: x * n, 2.0, 3)
    assert [entry.symbol.name for entry in lesson.result] == ["x"]


def test_arrays_show_their_shapes_and_no_substituted_numbers() -> None:
    lesson = cr.explain(lambda W, x: np.sum(W @ x), np.ones((50, 30)), np.arange(30.0))
    printed = str(lesson)
    assert "[[1, 1, …], [1, 1, …], …] (50, 30)" in printed
    assert "[0, 1, 2, 3, …] (30,)" in printed
    assert all(step.substituted is None for step in lesson.backward[2:])


def test_small_matrices_are_shown_row_by_row() -> None:
    assert "[[1, 2], [3, 4]] (2, 2)" in str(cr.explain(lambda W: np.sum(W * W), np.array([[1.0, 2.0], [3.0, 4.0]])))


def test_a_planted_wrong_gradient_gets_a_cross() -> None:
    @cr.custom_vjp
    def cube(x: Any) -> Any:
        return x * x * x

    cube.defvjp(lambda x: (x * x * x, x), lambda x, g: (2 * x * x * g,))
    lesson = cr.explain(lambda x, y: cube(x) + y, 2.0, 1.0)
    agrees = {entry.symbol.name: entry.agrees for entry in lesson.result}
    assert agrees == {"x": False, "y": True}
    assert str(lesson).count("✗") == 1
    assert "✗ finite differences give something else" in str(lesson)


@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_small_planted_mistakes_are_found_too(factor: float) -> None:
    @cr.custom_vjp
    def square(x: Any) -> Any:
        return np.sum(x * x)

    square.defvjp(lambda x: (np.sum(x * x), x), lambda x, g: (2 * x * g * factor,))
    assert not cr.explain(lambda x: square(x), np.array([1.0, -2.0, 0.5])).result[0].agrees


def test_an_operation_with_several_results_is_one_step_for_each() -> None:
    def f(a: Any) -> Any:
        q, r = np.linalg.qr(a)
        return np.sum(q) + np.sum(r)

    lesson = cr.explain(f, np.array([[2.0, 1.0], [1.0, 3.0]]))
    formulas = {step.symbol.name: text(step.formula) for step in lesson.forward}
    assert formulas == {"q": "qr(a)[0]", "r": "qr(a)[1]", "f": "Σ q + Σ r"}
    assert text(lesson.backward[-1].chain) == "∂r/∂a · ∂f/∂r + ∂q/∂a · ∂f/∂q"
    assert lesson.result[0].agrees


def test_a_formula_that_fills_a_page_is_left_out() -> None:
    printed = str(cr.explain(lambda a: np.sum(np.linalg.svd(a)[1] ** 2), np.array([[2.0, 1.0], [1.0, 3.0]])))
    assert max(len(line) for line in printed.splitlines()) <= 100


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_check_fits_large_and_small_numbers(scale: float) -> None:
    lesson = cr.explain(lambda x: np.sum(np.tanh(x / scale) * x) / scale, np.array([0.3, -1.2]) * scale)
    assert lesson.result[0].agrees


def test_a_checkpoint_is_one_step() -> None:
    part = cr.checkpoint(lambda x: np.sin(x) * x)
    lesson = cr.explain(lambda x: part(x) * 2.0, 2.0)
    assert len(lesson.forward) == 1
    assert lesson.result[0].slope == pytest.approx(2 * (np.sin(2.0) + 2 * np.cos(2.0)))
    assert lesson.result[0].agrees


def test_a_point_without_a_finite_gradient_ends_the_lesson() -> None:
    lesson = cr.explain(lambda x: np.sqrt(x), 0.0)
    assert lesson.fault is not None
    assert lesson.fault.in_backward
    assert lesson.fault.symbol.name == "x"
    assert lesson.result == ()
    assert "✗ The lesson stops here: the gradient of x is not finite" in str(lesson)


def test_an_input_that_has_no_influence_has_gradient_zero() -> None:
    lesson = cr.explain(lambda x, y: x * 2.0, 1.0, np.ones(2))
    found = {entry.symbol.name: entry for entry in lesson.result}
    np.testing.assert_array_equal(found["y"].slope, [0, 0])
    assert found["y"].agrees


def test_names_that_occur_twice_are_told_apart() -> None:
    def f(x: Any) -> Any:
        a = x * 2.0
        a = np.exp(a)
        a = a + 1.0
        return a  # noqa: RET504

    assert [text(step.symbol) for step in cr.explain(f, 0.5).forward] == ["a⁽¹⁾", "a⁽²⁾", "a⁽³⁾"]


def test_a_fixed_result_is_nothing_to_explain() -> None:
    with pytest.raises(cr.errors.StructureError, match="nothing to explain"):
        cr.explain(lambda x: 3.0, 1.0)


def test_a_result_that_is_no_number_raises() -> None:
    with pytest.raises(cr.errors.NonScalarOutputError):
        cr.explain(lambda x: x * 2.0, np.ones(3))


def test_float32_lessons_pass_their_own_check() -> None:
    lesson = cr.explain(lambda x: np.sum(np.tanh(x) ** 2), np.linspace(-1, 1, 5, dtype=np.float32))
    assert lesson.result[0].slope.dtype == np.float32
    assert lesson.result[0].agrees
