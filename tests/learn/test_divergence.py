"""Runs that diverge: when, what they say, and which parameters they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.problems import line, square_loss

from chainrule.learn.divergence import has_grown
from chainrule.learn.optimizers import SGD, GradientDescent
from chainrule.learn.schedules import StepDecay
from chainrule.learn.training import fit

START = {"w": np.zeros(3), "b": np.array(0.0)}
GROWING = [2.0**i for i in range(11)]


@pytest.mark.parametrize(
    ("losses", "grown"),
    [
        (GROWING, True),
        ([9.0, *GROWING], True),
        (GROWING[1:], False),
        ([11.0, *GROWING], False),
        ([*GROWING[:5], 16.0, *GROWING[5:10], 2000.0], False),
        ([*GROWING[:-1], 200.0], False),
        ([0.0, *GROWING[:10]], False),
    ],
    ids=["grown", "after a worse epoch", "too short", "less than the first", "a rest", "a fall", "from zero"],
)
def test_a_loss_has_grown_in_ten_epochs_to_a_hundred_times_the_first(losses: list[float], grown: bool) -> None:
    assert has_grown(losses) == grown


def test_divergence_ends_the_run_and_names_operation_and_rate() -> None:
    def loss(params: Any, X: Any, y: Any) -> Any:
        z = X @ params["w"] + params["b"]
        return np.mean(np.exp(z) - y * z)

    X, y = line()
    training = fit(loss, START, (X, np.abs(y)), optimizer=GradientDescent(50.0), epochs=20, batch_size=20)
    assert training.stopped == "diverged"
    assert "exp of z" in training.message
    assert "lr=5" in training.message
    assert np.isfinite(training.params["w"]).all()
    assert np.isfinite(loss(training.params, X, np.abs(y)))
    assert all(np.isfinite(leaf).all() for leaf in training.state.params)


def test_divergence_goes_back_to_the_best_parameters() -> None:
    X, y = line()
    rates = StepDecay(0.05, 9, 1e6)  # three epochs that work, then steps that are far too long
    training = fit(square_loss, START, (X, y), optimizer=SGD(rates), epochs=200, batch_size=20, validation=(X, y))
    assert training.stopped == "diverged"
    assert training.best_epoch == 3
    np.testing.assert_allclose(square_loss(training.params, X, y), training.history["validation_loss"].min())
    unwatched = fit(square_loss, START, (X, y), optimizer=SGD(rates), epochs=200, batch_size=20)
    assert unwatched.stopped == "diverged"
    assert np.argmin(unwatched.history["loss"]) == 2
    after_two = fit(square_loss, START, (X, y), optimizer=SGD(rates), epochs=2, batch_size=20)
    np.testing.assert_array_equal(unwatched.params["w"], after_two.params["w"])  # before the best epoch


def test_a_loss_that_grows_and_grows_is_divergence() -> None:
    training = fit(
        lambda w, x: np.mean((w * x) ** 2),
        1.0,
        (np.ones(4),),
        optimizer=SGD(1.2),
        epochs=300,
        callback=lambda now: None,
    )
    assert training.stopped == "diverged"
    assert training.epochs < 100
    assert "grew for 10 epochs in a row" in training.message
    assert float(training.params) == 1.0  # before the first epoch, the best one
