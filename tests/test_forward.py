"""Forward mode: every kind of rule pushes tangents, and agrees with reverse mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X, V = np.array([[0.5, 1.5, -0.7], [2.0, 0.3, 1.1]]), np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "partials": lambda x: np.sin(x) * np.exp(-x) / (x + 3),
    "linear": lambda x: (x - 2 * x[::-1]) + np.where(x > 0, x, 3.0),
    "linear in one part": lambda x: x + np.ones((4, 2, 3)),
    "multilinear": lambda x: x @ x.T,
    "transposed vjp": lambda x: np.max(x, axis=1) + np.min(x),
    "assignment": lambda x: (x * 1.0).at[0].set(x[1] ** 2).at[[1, 1]].add(x[0]),
    "several results": lambda x: np.linalg.eigh(x @ x.T + 3 * np.eye(2))[0],
    "softmax": lambda x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True),
    "constant": lambda x: np.ones(3),
    "comparison": lambda x: x * (x > 0),
    "floor": lambda x: np.floor(x) * x,
    "complex": lambda x: np.abs(np.exp(1j * x) + x) ** 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_tangent_is_the_jacobian_times_the_direction(name: str) -> None:
    fun = FUNCTIONS[name]
    value, tangent = cr.jvp(fun, (X,), (V,))
    jacobian = cr.jacobian(fun)(X)
    assert np.shape(tangent) == np.shape(value)
    np.testing.assert_allclose(tangent, np.tensordot(jacobian, V, axes=2), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tangent_has_the_dtype_of_the_value(dtype: Any) -> None:
    value, tangent = cr.jvp(lambda x: np.sum(x * 2), (X.astype(dtype),), (V,))
    assert value.dtype == tangent.dtype == dtype


def test_an_output_that_does_not_move_has_a_zero_tangent() -> None:
    value, tangent = cr.jvp(lambda x: (x * 2, np.floor(x), x > 0), (X,), (V,))
    np.testing.assert_array_equal(tangent[0], 2 * V)
    np.testing.assert_array_equal(tangent[1], np.zeros_like(X))
    assert value[2].dtype == bool


def test_a_direction_of_zeros_gives_zeros() -> None:
    np.testing.assert_array_equal(cr.jvp(np.exp, (X,), (0 * V,))[1], np.zeros_like(X))


def test_the_tangent_is_linear_in_the_direction() -> None:
    def f(x: Any) -> Any:
        return np.tanh(x @ X.T) ** 2

    push = lambda v: cr.jvp(f, (X,), (v,))[1]  # noqa: E731
    np.testing.assert_allclose(push(2 * V - 3 * X), 2 * push(V) - 3 * push(X), rtol=1e-12)


def test_an_operation_without_a_derivative_is_named() -> None:
    with pytest.raises(cr.errors.NonDifferentiableError, match="nextafter has no derivative"):
        cr.jvp(lambda x: np.nextafter(x, 2.0), (1.0,), (1.0,))


def test_a_long_chain_of_transposed_rules_takes_time_linear_in_its_length() -> None:
    def f(x: Any) -> Any:
        for _ in range(400):
            x = x * 0.5 + np.max(x)
        return x

    _, tangent = cr.jvp(f, (np.array([0.1, 0.2]),), (np.ones(2),))
    np.testing.assert_allclose(tangent / cr.jacobian(f)(np.array([0.1, 0.2])).sum(axis=1), np.ones(2), rtol=1e-9)
