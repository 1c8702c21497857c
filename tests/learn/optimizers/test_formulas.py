"""Each optimiser against its formula, written out step for step with plain floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ConfigError
from chainrule.learn.optimizers import SGD, AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
from chainrule.learn.schedules import Cosine, StepDecay, WarmUp

GRADIENTS = [3.0, -1.0, 0.5, 2.0, 0.0, -4.0]


def path(optimizer: Any, start: float = 2.0) -> list[float]:
    """The parameter after each of the gradients."""
    params, state, seen = [np.array(start)], optimizer.init([np.array(start)]), []
    for gradient in GRADIENTS:
        params, state = optimizer.update(params, [np.array(gradient)], state)
        seen.append(float(params[0]))
    assert state["count"] == len(GRADIENTS)
    return seen


def test_sgd_is_gradient_descent() -> None:
    assert SGD is GradientDescent


def test_weight_decay_of_gradient_descent_is_an_l2_penalty() -> None:
    theta, expected = 2.0, []
    for g in GRADIENTS:
        theta -= 0.1 * (g + 0.3 * theta)
        expected.append(theta)
    np.testing.assert_allclose(path(GradientDescent(0.1, weight_decay=0.3)), expected, rtol=1e-14)


@pytest.mark.parametrize("optimizer", [Momentum(0.1, momentum=0.7), GradientDescent(0.1, momentum=0.7)])
def test_momentum_keeps_a_velocity(optimizer: Any) -> None:
    theta, velocity, expected = 2.0, 0.0, []
    for g in GRADIENTS:
        velocity = 0.7 * velocity + g
        theta -= 0.1 * velocity
        expected.append(theta)
    np.testing.assert_allclose(path(optimizer), expected, rtol=1e-14)


def test_nesterov_looks_ahead() -> None:
    theta, velocity, expected = 2.0, 0.0, []
    for g in GRADIENTS:
        velocity = 0.7 * velocity + g
        theta -= 0.1 * (g + 0.7 * velocity)
        expected.append(theta)
    np.testing.assert_allclose(path(Nesterov(0.1, momentum=0.7)), expected, rtol=1e-14)


def test_adagrad_sums_squares() -> None:
    theta, total, expected = 2.0, 0.25, []
    for g in GRADIENTS:
        total += g * g
        theta -= 0.1 * g / (total**0.5 + 1e-3)
        expected.append(theta)
    np.testing.assert_allclose(path(AdaGrad(0.1, eps=1e-3, initial=0.25)), expected, rtol=1e-14)


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_scales_by_a_running_mean_of_squares(centered: bool) -> None:
    theta, mean, square, velocity, expected = 2.0, 0.0, 0.0, 0.0, []
    for g in GRADIENTS:
        square = 0.8 * square + 0.2 * g * g
        mean = 0.8 * mean + 0.2 * g
        velocity = 0.5 * velocity + g / ((square - mean * mean * centered) ** 0.5 + 1e-4)
        theta -= 0.1 * velocity
        expected.append(theta)
    rmsprop = RMSProp(0.1, decay=0.8, eps=1e-4, momentum=0.5, centered=centered)
    np.testing.assert_allclose(path(rmsprop), expected, rtol=1e-12)


@pytest.mark.parametrize(("optimizer", "decoupled"), [(Adam, False), (AdamW, True)])
def test_adam_decays_weights_through_the_gradient_and_adamw_beside_it(optimizer: Any, decoupled: bool) -> None:
    lr, b1, b2, eps, decay = 0.05, 0.8, 0.9, 1e-6, 0.2
    theta, m, v, expected = 2.0, 0.0, 0.0, []
    for t, g in enumerate(GRADIENTS, 1):
        if decoupled:
            theta -= lr * decay * theta
        else:
            g = g + decay * theta
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        theta -= lr * (m / (1 - b1**t)) / ((v / (1 - b2**t)) ** 0.5 + eps)
        expected.append(theta)
    found = path(optimizer(lr, beta1=b1, beta2=b2, eps=eps, weight_decay=decay))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "schedule", [StepDecay(0.1, 2, 0.5), Cosine(0.1, 4), WarmUp(0.1, 3), lambda count: 0.1 / (1 + count)]
)
def test_a_schedule_gives_the_rate_of_each_step(schedule: Any) -> None:
    theta, expected = 2.0, []
    for count, g in enumerate(GRADIENTS):
        theta -= float(schedule(count)) * g
        expected.append(theta)
    np.testing.assert_allclose(path(GradientDescent(schedule)), expected, rtol=1e-14)


ALL = [GradientDescent, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW]


@pytest.mark.parametrize("optimizer", ALL)
def test_lr_scale_multiplies_the_learning_rate(optimizer: Any) -> None:
    one, half = optimizer(0.1), optimizer(0.05)
    params, gradients = [np.array([1.0, -2.0])], [np.array([0.5, 3.0])]
    scaled, state = one.update(params, gradients, {**one.init(params), "lr_scale": 0.5})
    np.testing.assert_allclose(scaled[0], half.update(params, gradients, half.init(params))[0][0], rtol=1e-15)
    assert state["lr_scale"] == 0.5


@pytest.mark.parametrize("optimizer", ALL)
@pytest.mark.parametrize("lr", [0.1, np.float64(0.1), Cosine(0.1, 10), WarmUp(np.float64(0.1), 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_parameters_keep_their_dtype(optimizer: Any, lr: Any, dtype: Any) -> None:
    made = optimizer(lr)
    params, state = [np.ones(3, dtype), dtype(2)], made.init([np.ones(3, dtype), dtype(2)])
    for _ in range(2):
        params, state = made.update(params, [np.ones(3, dtype), dtype(1)], state)
    assert [p.dtype for p in params] == [dtype, dtype]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Adam(lr=-1.0),
        lambda: Adam(lr=float("nan")),
        lambda: Adam(lr="fast"),
        lambda: RMSProp(decay=None),
        lambda: GradientDescent(nesterov=True),
    ],
)
def test_settings_that_are_no_numbers_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()
