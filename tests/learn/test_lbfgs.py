"""L-BFGS: the optimum it finds, how it ends, what it writes down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, line, perceptron_loss, perceptron_params, square_loss

from chainrule.errors import ConfigError
from chainrule.learn.lbfgs import lbfgs

START = {"w": np.zeros(3), "b": np.array(0.0)}


def test_it_finds_the_least_squares_solution() -> None:
    X, y = line()
    training = lbfgs(square_loss, START, (X, y), tol=1e-9)
    solution = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y)[0]
    np.testing.assert_allclose(training.params["w"], solution[:3], rtol=1e-6)
    np.testing.assert_allclose(training.params["b"], solution[3], rtol=1e-6)
    assert training.stopped == "converged"
    assert training.epochs == len(training.history["loss"]) < 30


def test_the_gradient_at_a_logistic_optimum_is_zero() -> None:
    X, _ = line()
    y = (X[:, 0] + 0.3 * np.random.default_rng(0).normal(size=len(X)) > 0).astype(float)

    def loss(params: Any, X: Any, y: Any) -> Any:
        y_hat = 1 / (1 + np.exp(-(X @ params["w"] + params["b"])))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)) + 0.01 * np.sum(params["w"] ** 2)

    training = lbfgs(loss, START, (X, y), tol=1e-8)
    w, b = training.params["w"], training.params["b"]
    error = 1 / (1 + np.exp(-(X @ w + b))) - y
    np.testing.assert_allclose(X.T @ error / len(X) + 0.02 * w, 0.0, atol=1e-6)
    np.testing.assert_allclose(np.mean(error), 0.0, atol=1e-6)


def test_float32_stays_float32_and_converges() -> None:
    X, y = line(dtype=np.float32)
    params = {"w": np.zeros(3, np.float32), "b": np.float32(0)}
    training = lbfgs(square_loss, params, (X, y))
    assert training.params["w"].dtype == training.params["b"].dtype == np.float32
    assert training.stopped == "converged"
    double = lbfgs(square_loss, START, (X.astype(float), y.astype(float)))
    np.testing.assert_allclose(training.params["w"], double.params["w"], rtol=1e-3)


def test_history_validation_and_norms() -> None:
    X, y = classes()
    training = lbfgs(
        perceptron_loss,
        perceptron_params(),
        (X[:60], y[:60]),
        max_iter=7,
        validation=(X[60:], y[60:]),
        gradient_norms=True,
    )
    assert (training.stopped, training.epochs) == ("epochs", 7)
    assert training.history["gradient_norm"].shape == (7, 4)
    assert all(np.diff(training.history["loss"]) < 0)
    np.testing.assert_allclose(
        training.history["loss"][-1], perceptron_loss(training.params, X[:60], y[:60]), rtol=1e-12
    )
    np.testing.assert_allclose(
        training.history["validation_loss"][-1], perceptron_loss(training.params, X[60:], y[60:]), rtol=1e-12
    )


def test_a_callback_ends_the_run() -> None:
    X, y = classes()
    training = lbfgs(perceptron_loss, perceptron_params(), (X, y), callback=lambda now: now.epochs == 3)
    assert (training.stopped, training.epochs) == ("callback", 3)
    np.testing.assert_allclose(perceptron_loss(training.params, X, y), training.history["loss"][-1], rtol=1e-12)


def test_a_start_that_gives_no_number_is_divergence() -> None:
    training = lbfgs(lambda w, x: np.mean(np.log(w * x)), -1.0, (np.ones(3),))
    assert training.stopped == "diverged"
    assert "nan" in training.message


@pytest.mark.parametrize("max_iter", [-1, 2.5])
def test_settings_that_make_no_sense_are_refused(max_iter: Any) -> None:
    with pytest.raises(ConfigError, match="max_iter"):
        lbfgs(square_loss, START, line(), max_iter=max_iter)
