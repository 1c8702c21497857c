"""Logistic regression on one sample, (x, y) = (50, 1), from w = b = 0: one step of gradient descent by the textbook."""

from __future__ import annotations

import numpy as np

import chainrule as cr


def loss(w: float, b: float, x: float, y: float) -> float:
    z = w * x + b
    y_hat = 1 / (1 + np.exp(-z))
    return -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)


def show(w: float, b: float, x: float, y: float) -> tuple[float, float]:
    """Print the values and gradients of all named nodes; return those of w and b."""
    graph = cr.trace(loss, w, b, x, y)
    names = ["y_hat", "z", "b", "w"]
    print(f"w = {w:g}, b = {b:g}")
    print(f"  z = {graph['z'].value:g}, y_hat = {graph['y_hat'].value:g}, L = {graph.outputs[0].value:.4g}")
    gradients = [float(node.value) for node in cr.backward(graph, wrt=names).outputs]
    print("  " + ", ".join(f"dL/d{name} = {value:.4g}" for name, value in zip(names, gradients, strict=True)))
    return gradients[3], gradients[2]


def main() -> None:
    x, y, lr = 50.0, 1.0, 0.1
    w = b = 0.0
    dw, db = show(w, b, x, y)
    print(f"one step with learning rate {lr}:")
    w, b = w - lr * dw, b - lr * db
    show(w, b, x, y)
    with np.errstate(all="ignore"):
        print(f"the same formula in plain NumPy, at z = {w * x + b:g}: L = {loss(w, b, x, y)}")


if __name__ == "__main__":
    main()
