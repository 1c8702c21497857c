"""Gradients in the notation of matrix calculus."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.explain.telling import closed, local

import chainrule as cr

W, X, x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3), np.arange(3.0), np.array([1.0, -1.0])


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


def test_a_bracket_is_its_own_square() -> None:
    lesson = cr.explain(lambda z: np.sum(np.where(z > 0, np.where(z > 0, z, 0.0), 0.0)), x - 1)
    assert local(lesson) == {"∂f/∂z": "[z > 0]"}


def test_the_transpose_of_a_product_is_written_with_fewer_signs() -> None:
    column = np.array([[1.0], [2.0]])
    lesson = cr.explain(lambda A, x: np.sum(x.T @ A @ x), np.array([[1.0, 2.0], [3.0, 4.0]]), column, wrt=["x"])
    assert local(lesson) == {"∂f/∂x": "A x + Aᵀ x"}
    product = cr.explain(lambda V, A, x: np.sum((V @ (A @ x)) ** 2) / 2, X, W.T, W, wrt=["V"])
    assert local(product) == {"∂f/∂V": "V A x(A x)ᵀ"}
