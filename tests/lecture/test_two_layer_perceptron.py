"""The two-layer perceptron: gradients equal the forms that the lecture derives by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(3)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def column_loss(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    """One sample as a column: z = W x + b."""
    a1 = np.tanh(W1 @ x + b1)
    y_hat = sigmoid(W2 @ a1 + b2)
    return -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def row_loss(params: Any, X: Any, Y: Any) -> Any:
    """A batch, samples as rows: z = X W + b."""
    W1, b1, W2, b2 = params
    a1 = np.tanh(X @ W1 + b1)
    y_hat = sigmoid(a1 @ W2 + b2)
    return -np.mean(Y * np.log(y_hat) + (1 - Y) * np.log(1 - y_hat))


@pytest.mark.parametrize("seed", range(5))
def test_one_sample_in_column_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W1, b1, W2, b2 = rng.normal(size=(4, 3)), rng.normal(size=(4, 1)), rng.normal(size=(1, 4)), rng.normal(size=(1, 1))
    x, y = rng.normal(size=(3, 1)), np.array([[float(seed % 2)]])

    a1 = np.tanh(W1 @ x + b1)
    delta2 = sigmoid(W2 @ a1 + b2) - y  # ∂L/∂z2 = ŷ − y
    delta1 = (W2.T @ delta2) * (1 - a1**2)  # ∂L/∂z1
    by_hand = (delta1 @ x.T, delta1, delta2 @ a1.T, delta2)

    for gradient, expected in zip(
        cr.grad(column_loss, argnums=(0, 1, 2, 3))(W1, b1, W2, b2, x, y), by_hand, strict=True
    ):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_one_sample_as_a_plain_vector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W1, b1, W2, b2 = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=(2, 4)), rng.normal(size=2)
    x, y = rng.normal(size=3), rng.integers(2, size=2).astype(float)

    a1 = np.tanh(W1 @ x + b1)
    delta2 = sigmoid(W2 @ a1 + b2) - y
    delta1 = (W2.T @ delta2) * (1 - a1**2)
    by_hand = (np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2)

    for gradient, expected in zip(
        cr.grad(column_loss, argnums=(0, 1, 2, 3))(W1, b1, W2, b2, x, y), by_hand, strict=True
    ):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_a_batch_in_row_form(batch: int) -> None:
    rng = np.random.default_rng(batch)
    params = [rng.normal(size=(2, 16)), rng.normal(size=16), rng.normal(size=(16, 1)), rng.normal(size=1)]
    X, Y = rng.normal(size=(batch, 2)), rng.integers(2, size=(batch, 1)).astype(float)
    W1, b1, W2, b2 = params

    a1 = np.tanh(X @ W1 + b1)
    delta2 = (sigmoid(a1 @ W2 + b2) - Y) / batch
    delta1 = (delta2 @ W2.T) * (1 - a1**2)
    by_hand = [X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)]

    gradients = cr.grad(row_loss)(params, X, Y)
    assert isinstance(gradients, list)
    for gradient, expected in zip(gradients, by_hand, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-14)


def test_the_graph_carries_the_names_of_the_lecture() -> None:
    params = [RNG.normal(size=(2, 3)), np.zeros(3), RNG.normal(size=(3, 1)), np.zeros(1)]
    graph = cr.trace(row_loss, params, RNG.normal(size=(4, 2)), np.ones((4, 1)))
    assert [node.name for node in graph.inputs] == ["W1", "b1", "W2", "b2", "X", "Y"]
    assert graph["a1"].op.name == "tanh"
    assert graph["a1"].shape == (4, 3)
    assert graph["y_hat"].shape == (4, 1)


def test_multi_class_softmax_and_cross_entropy_give_the_error_per_class() -> None:
    Z, labels = RNG.normal(size=(6, 3)) * 30, RNG.integers(3, size=6)

    def loss(Z: Any) -> Any:
        e = np.exp(Z)
        y_hat = e / np.sum(e, axis=1, keepdims=True)
        return -np.sum(np.log(y_hat[np.arange(6), labels]))

    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    expected = e / e.sum(axis=1, keepdims=True) - np.eye(3)[labels]
    np.testing.assert_allclose(cr.grad(loss)(Z), expected, rtol=1e-9, atol=1e-14)
    assert np.isfinite(cr.grad(loss)(Z * 1e3)).all()
