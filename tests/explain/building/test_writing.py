"""Values in the notation of matrix calculus, as the code computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import forward

import chainrule as cr
from chainrule.explain.building.writing import has_row_vectors, transposed
from chainrule.explain.formulas import parse
from chainrule.notation.tree import Symbol, Transpose

W, X, x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3), np.arange(3.0), np.array([1.0, -1.0])


@pytest.mark.parametrize(
    ("fun", "point", "written"),
    [
        (lambda W, x: np.sum(W @ x), (W, x), "f = Σ W x"),
        (lambda W, y: np.sum(y @ W), (W, y), "f = Σ y W"),
        (lambda x, v: x @ v, (x, x), "f = xᵀ v"),
        (lambda W, x, y: y @ W @ x, (W, x, y), "f = y W xᵀ"),
        (lambda W, X: np.sum(X @ W.T), (W, X), "f = Σ X Wᵀ"),
        (lambda x: np.sum(x[:, None] * x), (x,), "f = Σ x[:, None] ⊙ x"),
        (lambda x: np.sum(x * x / 2), (x,), "f = Σ (x ⊙ x)/2"),
    ],
)
def test_products(fun: Any, point: Any, written: str) -> None:
    assert forward(cr.explain(fun, *point)) == [written]


def test_vectors_are_rows_where_the_code_multiplies_them_from_the_left() -> None:
    rows, columns, both = [
        cr.trace(fun, W, x, y) for fun in (lambda W, x, y: y @ W, lambda W, x, y: W @ x, lambda W, x, y: y @ (W @ x))
    ]
    assert has_row_vectors(rows.nodes)
    assert not has_row_vectors(columns.nodes)
    assert not has_row_vectors(both.nodes)


def test_transposing_twice() -> None:
    a = Symbol("A", is_array=True)
    assert transposed(a) == Transpose(a, is_array=True)
    assert transposed(transposed(a)) == a


def test_a_division_by_zero_is_written_as_it_stands() -> None:
    assert forward(cr.explain(parse("(b / z) / (w / 0)"), 2.0, 3.0, 4.0)) == ["f = (b/z)/(w/0) = (2/3)/(4/0)"]
    assert forward(cr.explain(parse("z = relu(t / 0); z * x"), 0.5, 2.0)) == ["z = relu(t/0) = relu(0.5/0)"]
