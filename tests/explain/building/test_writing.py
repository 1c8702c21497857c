"""Nodes in the notation of matrix calculus."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import closed, forward, local

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


@pytest.mark.parametrize(
    ("fun", "point", "gradients"),
    [
        (lambda A, x, y: y @ A @ x, (W, x, y), {"∂f/∂A": "yᵀ x"}),
        (lambda X, W: np.sum((X @ W.T) ** 2), (X, W), {"∂f/∂W": "2W Xᵀ X", "∂f/∂X": "2X Wᵀ W"}),
        (lambda x: np.sum(x) ** 2, (x,), {"∂f/∂x": "2 Σ x"}),
        (lambda x, v: np.sum(x / v), (x, x + 1), {"∂f/∂x": "1/v", "∂f/∂v": "−x/v²"}),
        (lambda x, v: np.sum(np.log(x + 1) * v), (x, x), {"∂f/∂x": "v/(1 + x)", "∂f/∂v": "log(1 + x)"}),
        (lambda x: np.sum(x * x), (x,), {"∂f/∂x": "2x"}),
        (lambda A, x: np.sum(A.reshape(-1) * x), (x[None, :], x), {"∂f/∂A": "xᵀ", "∂f/∂x": "A"}),
        (lambda A, x: np.sum(A.reshape(-1) * x), (x[:, None], x), {"∂f/∂A": "x", "∂f/∂x": "A"}),
        (lambda W, x, v: np.sum(np.sum(W + x, axis=0) * v), (W, x, x + 1), {"∂f/∂W": "𝟏₂ vᵀ", "∂f/∂x": "2v"}),
        (lambda x: np.sum(x[::-1] * np.arange(3.0)), (x,), {}),
    ],
)
def test_gradients(fun: Any, point: Any, gradients: dict[str, str]) -> None:
    lesson = cr.explain(fun, *point)
    found = closed(lesson)
    assert {name: found.get(name) for name in gradients} == gradients
    assert all(part.agrees for part in lesson.result)


def test_the_gradient_of_a_logarithm_is_a_quotient_also_for_arrays() -> None:
    lesson = cr.explain(lambda x: np.sum(np.log(x)), x + 1, level="operation")
    assert "1/x" in local(lesson).values()


def test_a_repeated_row_that_is_transposed_is_a_column_times_ones() -> None:
    lesson = cr.explain(lambda W, u: np.sum(W.T / (2.0 + u)), W, y + 2)
    assert closed(lesson)["∂f/∂W"] == "(1/(2 + u)) 𝟏₃ᵀ"


def test_vectors_are_rows_where_the_code_multiplies_them_from_the_left() -> None:
    rows, columns, both = [
        cr.trace(fun, W, x, y) for fun in (lambda W, x, y: y @ W, lambda W, x, y: W @ x, lambda W, x, y: y @ (W @ x))
    ]
    assert has_row_vectors(rows.nodes)
    assert not has_row_vectors(columns.nodes)
    assert not has_row_vectors(both.nodes)


def test_a_bracket_is_its_own_square() -> None:
    lesson = cr.explain(lambda z: np.sum(np.where(z > 0, np.where(z > 0, z, 0.0), 0.0)), x - 1)
    assert local(lesson) == {"∂f/∂z": "[z > 0]"}


def test_transposing_twice() -> None:
    a = Symbol("A", is_array=True)
    assert transposed(a) == Transpose(a, is_array=True)
    assert transposed(transposed(a)) == a


def test_the_transpose_of_a_product_is_written_with_fewer_signs() -> None:
    column = np.array([[1.0], [2.0]])
    lesson = cr.explain(lambda A, x: np.sum(x.T @ A @ x), np.array([[1.0, 2.0], [3.0, 4.0]]), column, wrt=["x"])
    assert local(lesson) == {"∂f/∂x": "A x + Aᵀ x"}
    product = cr.explain(lambda V, A, x: np.sum((V @ (A @ x)) ** 2) / 2, X, W.T, W, wrt=["V"])
    assert local(product) == {"∂f/∂V": "V A x(A x)ᵀ"}


def test_a_division_by_zero_is_written_as_it_stands() -> None:
    assert forward(cr.explain(parse("(b / z) / (w / 0)"), 2.0, 3.0, 4.0)) == ["f = (b/z)/(w/0) = (2/3)/(4/0)"]
    assert forward(cr.explain(parse("z = relu(t / 0); z * x"), 0.5, 2.0)) == ["z = relu(t/0) = relu(0.5/0)"]
