"""Optimisers against their published formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def test_gradient_descent_steps_against_the_gradient() -> None:
    descent = cr.GradientDescent(lr=0.5)
    params, state = descent.update([np.array([1.0, 2.0]), 3.0], [np.array([2.0, -2.0]), 1.0], descent.init([]))
    np.testing.assert_array_equal(params[0], [0.0, 3.0])
    assert params[1] == 2.5
    assert state == {"count": 1, "lr_scale": 1.0}


def test_adam_follows_algorithm_1_of_kingma_and_ba() -> None:
    lr, beta1, beta2, eps = 0.05, 0.8, 0.95, 1e-6
    gradients = np.random.default_rng(0).normal(size=(20, 3))
    theta, m, v = np.array([1.0, -2.0, 0.5]), np.zeros(3), np.zeros(3)
    adam = cr.Adam(lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    params: list[Any] = [theta]
    state = adam.init(params)
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        theta = theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        params, state = adam.update(params, [g], state)
        np.testing.assert_allclose(params[0], theta, rtol=1e-12)


def test_the_first_step_of_adam_has_the_size_of_the_learning_rate() -> None:
    adam = cr.Adam(lr=0.01)
    for gradient in (1e-3, -1e3):
        (param,), _ = adam.update([np.array(0.0)], [np.array(gradient)], adam.init([np.array(0.0)]))
        assert param == pytest.approx(-0.01 * np.sign(gradient), rel=1e-4)


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(lr=0.1), cr.Adam(lr=0.1)])
def test_an_update_changes_nothing_in_place(optimizer: Any) -> None:
    params, gradients = [np.ones(3)], [np.full(3, 2.0)]
    first_state = optimizer.init(params)
    once = optimizer.update(params, gradients, first_state)[0][0]
    again = optimizer.update(params, gradients, first_state)[0][0]
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(params[0], 1.0)
    np.testing.assert_array_equal(gradients[0], 2.0)


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(lr=0.1), cr.Adam(lr=0.05)])
def test_optimizers_go_down_a_narrow_valley_in_a_container(optimizer: Any) -> None:
    def valley(p: Any) -> Any:
        return (p["x"] - 1) ** 2 + 5 * (p["rest"][0] - p["x"] ** 2) ** 2 / 10

    found = cr.minimize(valley, {"x": -0.5, "rest": [1.5]}, optimizer=optimizer, steps=2000).params
    assert found["x"] == pytest.approx(1.0, abs=1e-2)
    assert found["rest"][0] == pytest.approx(1.0, abs=1e-2)
