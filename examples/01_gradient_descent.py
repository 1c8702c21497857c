"""Gradient descent on L(w) = (w - 3)²: follow the negative gradient, and see what the learning rate does."""

from __future__ import annotations

import chainrule as cr


def loss(w: float) -> float:
    return (w - 3.0) ** 2


def main() -> None:
    gradient = cr.grad(loss)
    print("L(w) = (w - 3)², learning rate 0.1")
    w = 0.0
    for step in range(6):
        print(f"  step {step}: w = {w:.4f}   L = {loss(w):.4f}   dL/dw = {gradient(w):+.4f}")
        w = w - 0.1 * gradient(w)

    print("After 30 steps, by learning rate:")
    for lr in (0.01, 0.1, 0.5, 0.9, 1.1):
        result = cr.minimize(loss, 0.0, optimizer=cr.GradientDescent(lr=lr), steps=30)
        print(f"  lr = {lr:<4}  w = {float(result.params):10.4f}")


if __name__ == "__main__":
    main()
