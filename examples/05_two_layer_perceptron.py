"""The two-layer perceptron learns XOR and two half-moons, with the textbook's formulas and plain gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr


def predict(params: Any, X: Any) -> Any:
    W1, b1, W2, b2 = params
    a1 = np.tanh(X @ W1 + b1)
    return 1 / (1 + np.exp(-(a1 @ W2 + b2)))


def loss(params: Any, X: Any, y: Any) -> Any:
    y_hat = predict(params, X)
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def start(features: int, hidden: int, rng: np.random.Generator) -> Any:
    """Small random weights: equal ones would give every hidden neuron the same gradient forever."""
    return rng.normal(size=(features, hidden)), np.zeros(hidden), rng.normal(size=(hidden, 1)), np.zeros(1)


def xor() -> tuple[Any, Any]:
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


def moons(count: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Two interleaved half-circles with some noise."""
    angle = rng.uniform(0, np.pi, count)
    upper = np.arange(count) % 2 == 0
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.column_stack([x, y]) + rng.normal(scale=0.08, size=(count, 2)), upper[:, None].astype(float)


def train(name: str, X: Any, y: Any, hidden: int, steps: int, rng: np.random.Generator) -> float:
    result = cr.minimize(
        loss, start(X.shape[1], hidden, rng), (X, y), optimizer=cr.GradientDescent(lr=1.0), steps=steps
    )
    accuracy = float(np.mean((predict(result.params, X) > 0.5) == (y == 1)))
    history = result.history["loss"]
    print(f"{name}: loss {history[0]:.3f} -> {history[-1]:.4f} in {steps} steps, accuracy {accuracy:.1%}")
    return accuracy


def main() -> None:
    rng = np.random.default_rng(1)
    X, y = xor()
    params = start(2, 4, rng)
    print("gradients have the shapes of their parameters:", [g.shape for g in cr.grad(loss)(params, X, y)])
    assert train("XOR", X, y, hidden=4, steps=2000, rng=rng) == 1.0
    assert train("two moons", *moons(200, rng), hidden=16, steps=3000, rng=rng) >= 0.99


if __name__ == "__main__":
    main()
