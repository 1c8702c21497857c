"""The unrolled LSTM: fifty steps as fifty copies of the cell, because the Python loop is plain Python.

The loss is half the mean square of the last hidden state less a target. Gates are stacked in one matrix product, in
the order input, forget, output, candidate.

S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; the forget gate is of
F. A. Gers, J. Schmidhuber and F. Cummins, "Learning to forget", Neural Computation 12(10), 2000.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

STEPS, ROWS, FEATURES, HIDDEN = 50, 16, 8, 32


def loss(np: Any) -> Callable[..., Any]:
    def evaluate(params: Any, X: Any, y: Any) -> Any:
        h = c = X[0] @ params["W"][:, :HIDDEN] * 0.0
        for t in range(STEPS):
            z = X[t] @ params["W"] + h @ params["U"] + params["b"]
            gates = 1 / (1 + np.exp(-z[:, : 3 * HIDDEN]))
            i, f, o = gates[:, :HIDDEN], gates[:, HIDDEN : 2 * HIDDEN], gates[:, 2 * HIDDEN :]
            c = f * c + i * np.tanh(z[:, 3 * HIDDEN :])
            h = o * np.tanh(c)
        return np.mean((h - y) ** 2) / 2

    return evaluate


def arguments(dtype: str) -> tuple[dict[str, Any], Any, Any]:
    """Parameters, X (steps, rows, features) and the target of the last hidden state (rows, hidden)."""
    rng = np.random.default_rng(0)
    params = {
        "W": rng.normal(0, FEATURES**-0.5, (FEATURES, 4 * HIDDEN)),
        "U": rng.normal(0, HIDDEN**-0.5, (HIDDEN, 4 * HIDDEN)),
        "b": np.zeros(4 * HIDDEN),
    }
    X, y = rng.normal(size=(STEPS, ROWS, FEATURES)), rng.normal(size=(ROWS, HIDDEN)) / 2
    cast = {name: array.astype("float32").astype(dtype) for name, array in params.items()}
    return cast, X.astype("float32").astype(dtype), y.astype("float32").astype(dtype)


def by_hand(params: Any, X: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Value and gradient by backpropagation through time, derived on paper."""
    W, U, b = params["W"], params["U"], params["b"]
    H = HIDDEN
    h = c = np.zeros((ROWS, H), X.dtype)
    tape = []
    for t in range(STEPS):
        z = X[t] @ W + h @ U + b
        gates = 1 / (1 + np.exp(-z[:, : 3 * H]))
        candidate = np.tanh(z[:, 3 * H :])
        previous_h, previous_c = h, c
        c = gates[:, H : 2 * H] * c + gates[:, :H] * candidate
        tanh_c = np.tanh(c)
        h = gates[:, 2 * H :] * tanh_c
        tape.append((gates, candidate, previous_h, previous_c, tanh_c))
    value = np.mean((h - y) ** 2) / 2
    gradients = {name: np.zeros_like(array) for name, array in params.items()}
    h_gradient, c_gradient = (h - y) / y.size, np.zeros_like(h)
    z_gradient = np.empty((ROWS, 4 * H), X.dtype)
    for t in reversed(range(STEPS)):
        gates, candidate, previous_h, previous_c, tanh_c = tape[t]
        i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
        c_gradient += h_gradient * o * (1 - tanh_c * tanh_c)
        z_gradient[:, :H] = c_gradient * candidate
        z_gradient[:, H : 2 * H] = c_gradient * previous_c
        z_gradient[:, 2 * H : 3 * H] = h_gradient * tanh_c
        z_gradient[:, : 3 * H] *= gates * (1 - gates)
        z_gradient[:, 3 * H :] = c_gradient * i * (1 - candidate * candidate)
        gradients["W"] += X[t].T @ z_gradient
        gradients["U"] += previous_h.T @ z_gradient
        gradients["b"] += z_gradient.sum(axis=0)
        h_gradient, c_gradient = z_gradient @ U.T, c_gradient * f
    return value, gradients


def floor_counts() -> tuple[float, dict[str, int]]:
    """Operations of the products, and numbers of exponentials and tanh: of one value and gradient."""
    forward = 2.0 * ROWS * (FEATURES + HIDDEN) * 4 * HIDDEN
    backward = forward + 2.0 * ROWS * HIDDEN * 4 * HIDDEN
    cells = STEPS * ROWS * HIDDEN
    return STEPS * (forward + backward), {"exp": 3 * cells, "tanh": 2 * cells}
