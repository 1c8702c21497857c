"""What networks must be able to learn: XOR, spirals, the closed form of ridge regression, scikit-learn's optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import chainrule as cr
from chainrule.learn.models import Architecture, Network


def optimum(network: Network, X: Any, y: Any, weight: Any = None) -> Any:
    """The parameters where the loss is smallest, found by L-BFGS."""
    first = network.init(np.random.default_rng(0), X)
    shapes = {name: value.shape for name, value in first.items()}
    ends = np.cumsum([value.size for value in first.values()])
    compiled = cr.jit(cr.value_and_grad(network.loss))
    data = (X, y) if weight is None else (X, y, weight)

    def unpacked(flat: Any) -> Any:
        parts = np.split(flat, ends[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    def value_and_gradient(flat: Any) -> tuple[float, Any]:
        loss, gradient = compiled(unpacked(flat), *data)
        return float(loss), np.concatenate([np.ravel(part) for part in gradient.values()])

    start = np.concatenate([np.ravel(value) for value in first.values()])
    settings = {"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9}
    return unpacked(minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options=settings).x)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_is_learned_by_two_layers(activation: str, seed: int) -> None:
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    network = Network(Architecture("binary", 2, hidden=(16,), activation=activation))
    params = network.init(np.random.default_rng(seed), X)
    found = cr.minimize(network.loss, params, (X, y), optimizer=cr.Adam(lr=0.05), steps=600).params
    np.testing.assert_allclose(network.predict(found, X), y, atol=0.1)


def spirals(arms: int, points: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    t = np.linspace(0.1, 1.0, points)
    angles = np.concatenate([6 * t + 2 * np.pi * arm / arms + rng.normal(0, 0.08, points) for arm in range(arms)])
    radii = np.tile(t, arms)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]), np.repeat(np.arange(arms), points)


@pytest.mark.parametrize(
    "settings",
    [{"activation": "tanh"}, {"activation": "relu", "batch_norm": True}, {"activation": "silu"}],
    ids=str,
)
def test_three_spirals_are_learned_by_a_deeper_network(settings: Any) -> None:
    X, labels = spirals(3, 80)
    network = Network(Architecture("multiclass", 2, 3, hidden=(32, 32), **settings))
    params = network.init(np.random.default_rng(0), X)
    data = (X, network.encode(labels))
    result = cr.minimize(network.loss, params, data, optimizer=cr.Adam(lr=0.01), steps=1500, batch_size=60)
    finished = network.finish(result.params, X)
    assert np.mean(network.predict(finished, X).argmax(axis=1) == labels) >= 0.98


@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_regression_finds_its_closed_form(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    X, y, l2 = rng.normal(2.0, 1.0, (40, 5)), rng.normal(size=40), 0.3
    weight = rng.uniform(0.1, 3.0, 40) if weighted else None
    found = optimum(Network(Architecture("regression", 5, l2=l2)), X, y, weight)
    share = np.full(40, 1 / 40) if weight is None else weight / weight.sum()
    x_mean, y_mean = share @ X, share @ y
    Xc, yc = X - x_mean, y - y_mean
    w = np.linalg.solve(Xc.T @ (share[:, None] * Xc) + l2 * np.eye(5), Xc.T @ (share * yc))
    np.testing.assert_allclose(found["W1"], w, atol=1e-6)
    np.testing.assert_allclose(found["b1"], y_mean - x_mean @ w, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_and_softmax_regression_find_the_optimum_of_scikit_learn(classes: int) -> None:
    X, labels = load_iris(return_X_y=True)
    X = ((X - X.mean(axis=0)) / X.std(axis=0))[labels < classes]
    labels = labels[labels < classes]
    C = 0.5
    settings: Any = ("binary", 4, 1) if classes == 2 else ("multiclass", 4, 3)
    network = Network(Architecture(*settings, l2=1 / (C * len(X))))
    found = optimum(network, X, network.encode(labels))
    expected = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, labels)
    probabilities = expected.predict_proba(X)
    np.testing.assert_allclose(
        network.predict(found, X), probabilities[:, 1] if classes == 2 else probabilities, atol=1e-5
    )
    np.testing.assert_allclose(found["W1"], expected.coef_[0] if classes == 2 else expected.coef_.T, atol=1e-5)


def test_several_targets_are_regressed_at_once() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    Y = X @ rng.normal(size=(3, 2)) + np.array([1.0, -2.0])
    found = optimum(Network(Architecture("regression", 3, 2)), X, Y)
    np.testing.assert_allclose(Network(Architecture("regression", 3, 2)).predict(found, X), Y, atol=1e-6)
