"""NumPy by hand: derivatives worked out on paper, every array allocated once.

The loss is the mean of log(1 + exp(-z)) + (1 - y) z, which shares its exponential with ŷ = 1 / (1 + exp(-z)).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import LEARNING_RATE, Problem

Array = np.ndarray[Any, Any]
Params = dict[str, Any]


class Output:
    """Sigmoid and binary cross-entropy of `rows` logits, in buffers of its own."""

    def __init__(self, rows: int, dtype: str) -> None:
        self.z, self.denominator, self.scratch = (np.empty(rows, dtype) for _ in range(3))
        self.ones = np.ones(rows, dtype)
        self.rows = np.dtype(dtype).type(rows)

    def loss(self, y: Array) -> Any:
        """Turn the logits in `z` into (ŷ − y) / n, the gradient with respect to them, and return the loss."""
        z, denominator, scratch = self.z, self.denominator, self.scratch
        np.negative(z, out=denominator)
        np.exp(denominator, out=denominator)
        denominator += 1
        np.subtract(self.ones, y, out=scratch)
        linear = np.dot(scratch, z)
        np.log(denominator, out=scratch)
        value = (np.dot(self.ones, scratch) + linear) / self.rows
        np.divide(self.ones, denominator, out=z)
        z -= y
        z /= self.rows
        return value


class Logistic:
    """Value and gradient of logistic regression on batches of a fixed number of rows."""

    def __init__(self, rows: int, d: int, h: int, dtype: str) -> None:
        self.output = Output(rows, dtype)
        self.gradients = {"w": np.empty(d, dtype), "b": np.zeros((), dtype)}

    def __call__(self, params: Params, X: Array, y: Array) -> tuple[Any, Params]:
        z = self.output.z
        np.dot(X, params["w"], out=z)
        z += params["b"]
        value = self.output.loss(y)
        np.dot(X.T, z, out=self.gradients["w"])
        self.gradients["b"] = np.dot(self.output.ones, z)
        return value, self.gradients


class Perceptron:
    """Value and gradient of the two-layer perceptron on batches of a fixed number of rows."""

    def __init__(self, rows: int, d: int, h: int, dtype: str) -> None:
        self.output = Output(rows, dtype)
        self.a1, self.z1_gradient = np.empty((rows, h), dtype), np.empty((rows, h), dtype)
        self.gradients = {
            "W1": np.empty((d, h), dtype),
            "b1": np.empty(h, dtype),
            "W2": np.empty(h, dtype),
            "b2": np.zeros((), dtype),
        }

    def __call__(self, params: Params, X: Array, y: Array) -> tuple[Any, Params]:
        a1, z1_gradient, z, gradients = self.a1, self.z1_gradient, self.output.z, self.gradients
        np.dot(X, params["W1"], out=a1)
        a1 += params["b1"]
        np.tanh(a1, out=a1)
        np.dot(a1, params["W2"], out=z)
        z += params["b2"]
        value = self.output.loss(y)
        np.dot(a1.T, z, out=gradients["W2"])
        gradients["b2"] = np.dot(self.output.ones, z)
        np.multiply(a1, a1, out=z1_gradient)
        np.subtract(1, z1_gradient, out=z1_gradient)
        z1_gradient *= params["W2"]
        z1_gradient *= z[:, None]
        np.dot(X.T, z1_gradient, out=gradients["W1"])
        np.dot(self.output.ones, z1_gradient, out=gradients["b1"])
        return value, gradients


MODELS: dict[str, type[Logistic] | type[Perceptron]] = {"logistic": Logistic, "perceptron": Perceptron}


def value_and_gradient(problem: Problem) -> Callable[[Params, Array, Array], tuple[Any, Params]]:
    """The hand-derived function for a problem; it returns its own buffers."""
    work = problem.work
    return MODELS[work.kind](work.rows, work.d, work.h, problem.dtype)


def contender(problem: Problem) -> Callable[[int], tuple[Params, Any]]:
    X, y = problem.data
    evaluate = value_and_gradient(problem)
    rate = np.dtype(problem.dtype).type(LEARNING_RATE)
    batch_X, batch_y = np.empty((problem.work.rows, X.shape[1]), X.dtype), np.empty(problem.work.rows, y.dtype)

    def batch(step: int) -> tuple[Array, Array]:
        if problem.work.batch is None:
            return X, y
        rows = problem.batch_rows(step)
        np.take(X, rows, axis=0, out=batch_X, mode="clip")  # "raise" would fill a second buffer first
        np.take(y, rows, out=batch_y, mode="clip")
        return batch_X, batch_y

    def run(steps: int) -> tuple[Params, Any]:
        params = {name: array.copy() for name, array in problem.params.items()}
        history = np.empty(steps, X.dtype)
        for step in range(steps):
            history[step], gradients = evaluate(params, *batch(step))
            for name, gradient in gradients.items():
                gradient *= rate
                params[name] -= gradient
        return params, history

    return run
