"""Linear regression: ∂L/∂w = (ŷ − y) x and ∂L/∂b = ŷ − y."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr


def half_squared_error(w: Any, b: Any, x: Any, y: Any) -> Any:
    y_hat = w * x + b
    return 0.5 * (y_hat - y) ** 2


def test_one_sample_has_the_error_times_the_input_as_its_gradient() -> None:
    w, b, x, y = 1.5, -0.5, 3.0, 2.0
    error = w * x + b - y
    assert cr.grad(half_squared_error, argnums=(0, 1))(w, b, x, y) == (error * x, error)


def test_a_batch_averages_the_gradients_of_its_samples() -> None:
    rng = np.random.default_rng(1)
    X, y, w = rng.normal(size=(30, 4)), rng.normal(size=30), rng.normal(size=4)

    def loss(w: Any, b: Any) -> Any:
        return np.mean((X @ w + b - y) ** 2) / 2

    error = X @ w + 0.1 - y
    dw, db = cr.grad(loss, argnums=(0, 1))(w, 0.1)
    np.testing.assert_allclose(dw, X.T @ error / 30, rtol=1e-12)
    np.testing.assert_allclose(db, error.mean(), rtol=1e-12)


def test_the_hessian_is_the_second_moment_of_the_data() -> None:
    X = np.random.default_rng(2).normal(size=(10, 3))
    hessian = cr.hessian(lambda w: np.sum((X @ w) ** 2) / 2)(np.zeros(3))
    np.testing.assert_allclose(hessian, X.T @ X, rtol=1e-12)


def test_gradient_descent_with_these_gradients_finds_the_line() -> None:
    x = np.linspace(-1, 1, 11)
    y = 2 * x + 1

    def loss(p: Any) -> Any:
        return np.mean((p["w"] * x + p["b"] - y) ** 2)

    p = {"w": 0.0, "b": 0.0}
    for _ in range(300):
        gradient = cr.grad(loss)(p)
        p = {name: value - 0.3 * gradient[name] for name, value in p.items()}
    np.testing.assert_allclose([p["w"], p["b"]], [2, 1], atol=1e-6)
