"""The lecture's models: gradients by hand, and data sets that must be learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_moons

import chainrule as cr
from chainrule.learn.models import LinearRegression, LogisticRegression, TwoLayerPerceptron

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(12, 3)), (RNG.uniform(size=12) > 0.5).astype(float)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def accuracy(model: Any, params: Any, X: Any, y: Any) -> float:
    return float(np.mean((model.predict(params, X) > 0.5) == y))


def test_linear_regression_has_the_gradient_of_the_lecture() -> None:
    params, y = {"w": RNG.normal(size=3), "b": np.array(0.3)}, RNG.normal(size=12)
    error = (X @ params["w"] + params["b"] - y) / 12
    gradient = cr.grad(LinearRegression().loss)(params, X, y)
    np.testing.assert_allclose(gradient["w"], X.T @ error, rtol=1e-12)
    np.testing.assert_allclose(gradient["b"], error.sum(), rtol=1e-12)


def test_logistic_regression_has_the_gradient_of_the_lecture() -> None:
    params = {"w": RNG.normal(size=3), "b": np.array(0.3)}
    error = (sigmoid(X @ params["w"] + params["b"]) - LABELS) / 12
    gradient = cr.grad(LogisticRegression().loss)(params, X, LABELS)
    np.testing.assert_allclose(gradient["w"], X.T @ error, rtol=1e-10)
    np.testing.assert_allclose(gradient["b"], error.sum(), rtol=1e-10)


def test_the_two_layer_perceptron_has_the_gradient_of_the_lecture() -> None:
    model = TwoLayerPerceptron(hidden=5)
    params = model.init(np.random.default_rng(1), X)
    a1 = np.tanh(X @ params["W1"] + params["b1"])
    delta2 = (sigmoid(a1 @ params["W2"] + params["b2"]) - LABELS) / 12
    delta1 = np.outer(delta2, params["W2"]) * (1 - a1**2)
    gradient = cr.grad(model.loss)(params, X, LABELS)
    by_hand = {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum()}
    for name, expected in by_hand.items():
        np.testing.assert_allclose(gradient[name], expected, rtol=1e-9, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression(), TwoLayerPerceptron(hidden=4)])
def test_predictions_have_one_number_for_each_row(model: Any) -> None:
    params = model.init(np.random.default_rng(0), X)
    assert model.predict(params, X).shape == (12,)
    assert np.shape(model.loss(params, X, LABELS)) == ()


def test_initial_weights_are_small_random_and_decided_by_the_seed() -> None:
    model = TwoLayerPerceptron(hidden=50)
    first, again, other = (model.init(np.random.default_rng(seed), X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first["W1"], again["W1"])
    assert not np.array_equal(first["W1"], other["W1"])
    assert 0 < np.abs(first["W1"]).max() < 2
    assert len(np.unique(first["W1"])) == 150
    assert not first["b1"].any()


def test_linear_regression_finds_the_least_squares_solution() -> None:
    y = RNG.normal(size=12)
    model = LinearRegression()
    params = model.init(np.random.default_rng(0), X)
    found = cr.minimize(model.loss, params, (X, y), optimizer=cr.GradientDescent(lr=0.3), steps=1500).params
    expected = np.linalg.lstsq(np.column_stack([X, np.ones(12)]), y)[0]
    np.testing.assert_allclose([*found["w"], found["b"]], expected, atol=1e-8)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_is_learned_completely(seed: int) -> None:
    inputs, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    model = TwoLayerPerceptron()
    params = model.init(np.random.default_rng(seed), inputs)
    result = cr.minimize(model.loss, params, (inputs, y), optimizer=cr.GradientDescent(lr=1.0), steps=2000)
    assert accuracy(model, result.params, inputs, y) == 1.0


def test_two_moons_are_learned_to_99_percent_by_plain_gradient_descent() -> None:
    points, y = make_moons(300, noise=0.1, random_state=0)
    model = TwoLayerPerceptron(hidden=16)
    params = model.init(np.random.default_rng(0), points)
    data = (points, y.astype(float))
    result = cr.minimize(model.loss, params, data, optimizer=cr.GradientDescent(lr=1.0), steps=5000)
    assert accuracy(model, result.params, points, y) >= 0.99


def test_two_moons_are_learned_from_batches_with_adam() -> None:
    points, y = make_moons(300, noise=0.1, random_state=0)
    model = TwoLayerPerceptron(hidden=16)
    params = model.init(np.random.default_rng(0), points)
    data = (points, y.astype(float))
    result = cr.minimize(model.loss, params, data, optimizer=cr.Adam(lr=0.02), steps=1500, batch_size=32)
    assert accuracy(model, result.params, points, y) >= 0.99
