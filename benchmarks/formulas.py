"""The losses of the benchmark, in textbook formulas, for any namespace with NumPy's names.

They are the formulas of ``chainrule.learn.models``. Parameters are a dictionary, as every library here takes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Loss = Callable[..., Any]


def logistic(np: Any) -> Loss:
    """Logistic regression, ŷ = σ(X w + b), with the binary cross-entropy."""

    def loss(params: Any, X: Any, y: Any) -> Any:
        z = X @ params["w"] + params["b"]
        y_hat = 1 / (1 + np.exp(-z))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    return loss


def perceptron(np: Any) -> Loss:
    """The two-layer perceptron, tanh and σ, with the binary cross-entropy."""

    def loss(params: Any, X: Any, y: Any) -> Any:
        a1 = np.tanh(X @ params["W1"] + params["b1"])
        z2 = a1 @ params["W2"] + params["b2"]
        y_hat = 1 / (1 + np.exp(-z2))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    return loss


FORMULAS = {"logistic": logistic, "perceptron": perceptron}
