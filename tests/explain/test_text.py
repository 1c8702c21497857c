"""The text of a lesson, as a reader sees it."""

from __future__ import annotations

from typing import Any

import pytest
from chainrule.explain.expressions import number_text, preview

import chainrule as cr
from chainrule.explain.formulas import parse

LESSON = """\
f at x = 5, y = -2, z = -4

1. Forward pass: every node computes its value
   q = x + y = 5 + (-2) = 3
   f = q * z = 3 * (-4) = -12

2. Backward pass: upstream gradient times local gradient
   1. ∂f/∂f = 1
      the backward pass begins
   2. ∂f/∂z = q = 3
      multiply swaps: times the other factor
   3. ∂f/∂q = z = -4
      multiply swaps: times the other factor
   4. ∂f/∂y = ∂q/∂y · ∂f/∂q = ∂f/∂q = -4
      add passes the gradient on
   5. ∂f/∂x = ∂q/∂x · ∂f/∂q = ∂f/∂q = -4
      add passes the gradient on

3. Result
   ∂f/∂x = -4   ✓ finite differences
   ∂f/∂y = -4   ✓ finite differences
   ∂f/∂z = 3    ✓ finite differences"""


def test_the_lesson_of_sum_times_factor() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        q = x + y
        return q * z

    assert str(cr.explain(f, 5.0, -2.0, -4.0)) == LESSON


def test_a_typed_formula_gives_the_same_lesson_as_a_function() -> None:
    assert str(cr.explain(parse("q = x + y; f = q * z"), 5.0, -2.0, -4.0)) == LESSON


def test_a_negative_argument_of_a_call_has_one_pair_of_parentheses() -> None:
    text = str(cr.explain(parse("z = exp(x) * log1p(x); z * x"), -0.5))
    assert "((" not in text
    assert "exp(-0.5)" in text


def test_lines_of_a_lesson_are_not_too_long() -> None:
    formula = parse("z = w*x + b; y_hat = 1/(1+exp(-z)); L = -(y*log(y_hat) + (1-y)*log(1-y_hat))")
    text = str(cr.explain(formula, 0.5, 50.0, -0.25, 1.0))
    assert max(len(line) for line in text.splitlines()) <= 96


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (-12.0, "-12"), (0.69314718, "0.6931"), (1e-20, "1e-20"), (2.5e8, "2.5e+08"), (float("nan"), "nan")],
)
def test_numbers_are_written_as_a_person_writes_them(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        ([1.0, 2.5], "[1, 2.5] (2,)"),
        ([1.0] * 9, "[1, 1, 1, 1, …] (9,)"),
        ([[1.0, 2.0], [3.0, 4.0]], "[[1, 2], [3, 4]] (2, 2)"),
        ([[1.0] * 5] * 4, "[[1, 1, …], [1, 1, …], …] (4, 5)"),
        ([[5.0]], "[[5]] (1, 1)"),
        ([], "[] (0,)"),
    ],
)
def test_arrays_are_previewed_with_their_shape(value: Any, text: str) -> None:
    assert preview(value) == text
