"""Patterns of the backward pass, as a lecture names them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import patterns

import chainrule as cr

M, V = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -1.0])
MATRIX = "matrix product: times the transpose of the other factor"
PICKED = "what was picked takes its gradient back to its place; everything else gets 0"
LINEAR = "a linear map of the upstream gradient"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (lambda x, y: x + y, "add passes the gradient on"),
        (lambda x, y: y - x, "subtract passes the gradient on with the other sign"),
        (lambda x, y: -x, "subtract passes the gradient on with the other sign"),
        (lambda x, y: 3.0 * x, "multiply scales the gradient by a constant"),
        (lambda x, y: x * y, "multiply swaps: times the other factor"),
        (lambda x, y: np.exp(x), "exp: local gradient times upstream gradient"),
        (lambda x, y: np.exp(x * y) + 1, "local gradient times upstream gradient"),
        (lambda x, y: np.maximum(x, y), "maximum routes the gradient to what was chosen"),
        (lambda x, y: cr.relu(x), "relu routes the gradient to what was chosen"),
        (lambda x, y: np.where(y > 0, x, y), "the choice routes the gradient to what was chosen"),
        (lambda x, y: x * x, "used twice: the sum over both uses"),
        (lambda x, y: x * x * x, "used 3 times: the sum over all uses"),
        (lambda x, y: np.abs(x) * 1.0 + np.abs(x) ** 2, "used twice: the sum over both uses"),
    ],
)
def test_of_a_statement(statement: Any, words: str) -> None:
    def f(x: Any, y: Any) -> Any:
        z = statement(x, y)
        return np.sum(z * 2.0)

    lesson = cr.explain(f, np.array([2.0, 1.0]), np.array([3.0, 4.0]), wrt=["x"])
    assert patterns(lesson)["x"] == words


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (lambda M, V: M @ V, {"M": MATRIX, "V": MATRIX}),
        (lambda M, V: M @ M.T, {"M": "used twice: the sum over both uses"}),
        (lambda M, V: M + V, {"V": "a value added to every row collects the gradients of all rows"}),
        (
            lambda M, V: M * V,
            {"V": "a value used in every row collects the gradients of all rows, each times its local gradient"},
        ),
        (lambda M, V: M[np.array([1, 1])], {"M": PICKED}),
        (lambda M, V: cr.softmax(V), {"V": f"softmax: {LINEAR}"}),
    ],
)  # fmt: skip
def test_of_arrays(statement: Any, words: dict[str, str]) -> None:
    def f(M: Any, V: Any) -> Any:
        z = statement(M, V)
        return np.sum(z * z)

    found = patterns(cr.explain(f, M, V))
    assert {name: found[name] for name in words} == words


def test_the_last_statement_has_nothing_upstream() -> None:
    found = patterns(cr.explain(lambda x: np.exp(x) * 2.0, 1.0))
    assert found == {"f": "the backward pass begins", "x": "the local gradient alone, as the upstream gradient is 1"}


@pytest.mark.parametrize(
    ("shape", "place"), [((1, 3), "row"), ((3,), "row"), ((2, 1), "column"), ((), "element"), ((1, 1), "element")]
)
def test_what_is_added_everywhere_collects(shape: tuple[int, ...], place: str) -> None:
    def f(M: Any, b: Any) -> Any:
        z = M + b
        return np.sum(z * z)

    found = patterns(cr.explain(f, np.ones((2, 3)), np.ones(shape)))
    assert found["b"] == f"a value added to every {place} collects the gradients of all {place}s"
