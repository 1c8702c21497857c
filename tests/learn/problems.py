"""Small models and data for tests of training."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["classes", "line", "perceptron_loss", "perceptron_params", "square_loss"]


def line(rows: int = 60, dtype: Any = np.float64) -> tuple[Any, Any]:
    """Data of a linear model with a little noise."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(rows, 3)).astype(dtype)
    y = X @ np.array([1.0, -2.0, 0.5], dtype) + dtype(0.7) + rng.normal(0, 0.1, rows).astype(dtype)
    return X, y


def square_loss(params: Any, X: Any, y: Any) -> Any:
    return np.mean((X @ params["w"] + params["b"] - y) ** 2)


def classes(rows: int = 90) -> tuple[Any, Any]:
    """Two classes that no line divides."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(rows, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(float)


def perceptron_params(hidden: int = 5) -> Any:
    rng = np.random.default_rng(7)
    return {
        "W1": rng.normal(size=(2, hidden)),
        "b1": np.zeros(hidden),
        "w2": rng.normal(size=hidden),
        "b2": np.array(0.0),
    }


def perceptron_loss(params: Any, X: Any, y: Any, mask: Any = None) -> Any:
    a1 = np.tanh(X @ params["W1"] + params["b1"])
    if mask is not None:
        a1 = a1 * mask
    y_hat = 1 / (1 + np.exp(-(a1 @ params["w2"] + params["b2"])))
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
