"""The range test: between a learning rate that changes nothing and one that diverges."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigError
from chainrule.evaluation.learning_rate import Growing, find_learning_rate, range_test


def quadratic(curvature: float) -> Any:
    """Gradient descent on w² curvature / 2, which diverges above a learning rate of 2 / curvature."""

    def run(schedule: Growing, steps: int) -> list[float]:
        w, losses = 1.0, []
        for count in range(steps):
            losses.append(0.5 * curvature * w * w)
            w -= schedule(count) * curvature * w
        return losses

    return run


@pytest.mark.parametrize("curvature", [1.0, 10.0, 100.0])
def test_a_usable_rate_for_any_curvature(curvature: float) -> None:
    found = range_test(quadratic(curvature))
    assert 0.01 / curvature < found.lr < 2 / curvature
    assert found.reason == "where the loss falls most steeply"
    assert len(found.lrs) == len(found.losses) == len(found.smoothed)
    json.dumps(found.to_json(), allow_nan=False)


def test_the_curve_ends_where_the_loss_diverges() -> None:
    found = range_test(quadratic(100.0))
    assert max(found.losses) <= 4 * found.losses[0]
    assert found.lrs[-1] < 10.0


def test_a_loss_that_does_not_fall_keeps_the_default() -> None:
    found = range_test(lambda schedule, steps: [1.0] * steps, default=0.05)
    assert found.lr == 0.05
    assert "did not fall" in found.reason


def test_noise_alone_keeps_the_default() -> None:
    noise = np.random.default_rng(0).normal(1.0, 0.5, 100)
    assert range_test(lambda schedule, steps: noise, default=0.05).lr == 0.05


def test_a_loss_that_is_not_finite_from_the_start_keeps_the_default() -> None:
    found = range_test(lambda schedule, steps: [1.0] + [np.nan] * (steps - 1), default=0.05)
    assert found.lr == 0.05
    assert "diverged" in found.reason


def test_settings_are_checked() -> None:
    for settings in ({"low": 0.0}, {"low": 1.0, "high": 0.1}, {"steps": 3}):
        with pytest.raises(ConfigError, match="range test"):
            range_test(quadratic(1.0), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("make", [lambda lr: cr.Adam(lr=lr), lambda lr: cr.GradientDescent(lr=lr)])
def test_real_optimisers_find_a_rate_that_trains(make: Any, batch_size: int | None) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 3))
    y = X @ np.array([1.0, -2.0, 0.5])

    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((X @ w - y) ** 2)

    start = np.zeros(3)
    found = find_learning_rate(loss, start, (X, y), make, batch_size=batch_size)
    assert 1e-4 < found.lr < 1.0
    assert (start == 0).all()
    trained = cr.minimize(loss, start, (X, y), optimizer=make(found.lr), steps=500).params
    assert loss(trained, X, y) < 0.1 * loss(start, X, y)
