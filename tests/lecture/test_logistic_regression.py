"""Logistic regression on the one sample (x, y) = (50, 1), with the formulas of the textbook."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = 1 / (1 + np.exp(-z))
    L = -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return L  # noqa: RET504  (the name is part of the lesson)


def softplus(z: float) -> float:
    return float(np.logaddexp(0, z))


def test_the_forward_pass_at_zero_weights() -> None:
    graph = cr.trace(loss, 0.0, 0.0, 50.0, 1.0)
    assert graph["y_hat"].value == 0.5
    assert graph["L"].value == pytest.approx(0.6931, abs=5e-5)


def test_the_backward_pass_at_zero_weights() -> None:
    graph = cr.trace(loss, 0.0, 0.0, 50.0, 1.0)
    gradients = cr.backward(graph, wrt=["y_hat", "z", "b", "w"])
    assert gradients.values() == pytest.approx((-2.0, -0.5, -0.5, -25.0), rel=1e-14)


def test_grad_at_zero_weights() -> None:
    assert cr.grad(loss, argnums=(0, 1))(0.0, 0.0, 50.0, 1.0) == pytest.approx((-25.0, -0.5), rel=1e-14)


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("step", [1, -1])
def test_after_one_step_the_saturated_loss_and_its_gradients_are_finite_and_right(y: float, step: int) -> None:
    w, b = step * 2.5, step * 0.05
    z = w * 50.0 + b
    assert abs(z) == 125.05
    expected_loss = softplus(-z) if y else softplus(z)
    expected_slope = -1 / (1 + np.exp(z)) if y else 1 / (1 + np.exp(-z))

    value, (dw, db) = cr.value_and_grad(loss, argnums=(0, 1))(w, b, 50.0, y)
    assert value == pytest.approx(expected_loss, rel=1e-14)
    assert (dw, db) == pytest.approx((50 * expected_slope, expected_slope), rel=1e-12)
    assert cr.grad(loss)(w, b, 50.0, y) == dw

    graph = cr.trace(loss, w, b, 50.0, y)
    assert graph.outputs[0].value == pytest.approx(expected_loss, rel=1e-14)
    gradients = cr.backward(graph, wrt=["w", "b", "z"])
    assert gradients.values() == pytest.approx((50 * expected_slope, expected_slope, expected_slope), rel=1e-12)


@pytest.mark.parametrize("z", [-1e4, -800.0, 800.0, 1e4])
def test_no_logit_is_too_large_for_the_textbook_formula(z: float) -> None:
    value, slope = cr.value_and_grad(loss, argnums=1)(0.0, z, 1.0, 1.0)
    assert value == pytest.approx(softplus(-z))
    assert slope == pytest.approx(-1.0 if z < 0 else 0.0, abs=1e-300)


def test_the_gradient_is_the_error_times_the_input_for_a_batch() -> None:
    rng = np.random.default_rng(0)
    X, w, b = rng.normal(size=(20, 3)), rng.normal(size=3), 0.3
    y = (rng.uniform(size=20) > 0.5).astype(float)

    def mean_loss(w: Any, b: Any) -> Any:
        y_hat = 1 / (1 + np.exp(-(X @ w + b)))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    error = 1 / (1 + np.exp(-(X @ w + b))) - y
    dw, db = cr.grad(mean_loss, argnums=(0, 1))(w, b)
    np.testing.assert_allclose(dw, X.T @ error / 20, rtol=1e-12)
    np.testing.assert_allclose(db, error.mean(), rtol=1e-12)


def test_the_hessian_of_the_textbook_loss_is_finite_where_it_saturates() -> None:
    def of_both(p: Any) -> Any:
        return loss(p[0], p[1], 50.0, 1.0)

    np.testing.assert_allclose(cr.hessian(of_both)(np.array([2.5, 0.05])), np.zeros((2, 2)), atol=1e-45)
    at_zero = cr.hessian(of_both)(np.zeros(2))
    np.testing.assert_allclose(at_zero, 0.25 * np.outer([50, 1], [50, 1]))
