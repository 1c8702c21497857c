"""Linear regression: the gradient of one sample by hand, then a fit to two hundred samples by gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr


def squared_error(w: float, b: float, x: float, y: float) -> float:
    y_hat = w * x + b
    return 0.5 * (y_hat - y) ** 2


def mean_squared_error(params: Any, X: Any, y: Any) -> Any:
    w, b = params
    return np.mean((X @ w + b - y) ** 2)


def main() -> None:
    w, b, x, y = 2.0, 1.0, 3.0, 5.0
    dw, db = cr.grad(squared_error, argnums=(0, 1))(w, b, x, y)
    y_hat = w * x + b
    print(
        f"one sample: dL/dw = {dw:g} = (y_hat - y) x = {(y_hat - y) * x:g}, dL/db = {db:g} = y_hat - y = {y_hat - y:g}"
    )

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    targets = X @ np.array([2.0, -3.0]) + 0.5 + rng.normal(scale=0.1, size=200)
    result = cr.minimize(
        mean_squared_error, (np.zeros(2), 0.0), (X, targets), optimizer=cr.GradientDescent(lr=0.1), steps=200
    )
    weights, bias = result.params
    exact, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(200)]), targets, rcond=None)
    print(f"200 samples, gradient descent: w = {np.round(weights, 4)}, b = {float(bias):.4f}")
    print(f"           least squares gives: w = {np.round(exact[:2], 4)}, b = {exact[2]:.4f}")


if __name__ == "__main__":
    main()
