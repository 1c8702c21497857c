"""Gradients of code that is no formula: loops until convergence, branches, and an array filled in place."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
import chainrule.numpy as cnp


def square_root(a: Any) -> Any:
    """Heron's method: how often the loop runs depends on the number."""
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def throw(speed: Any, angle: Any) -> Any:
    """How far a ball flies with air drag, in steps of two milliseconds; the last one ends on the ground."""
    position = cnp.zeros(2)
    velocity = cnp.array([speed * np.cos(angle), speed * np.sin(angle)])
    dt = 0.002
    while True:
        drag = -0.02 * np.sqrt(np.sum(velocity**2)) * velocity
        if position[1] + dt * velocity[1] < 0:
            return position[0] - velocity[0] * position[1] / velocity[1]
        position += dt * velocity
        velocity += dt * (drag + np.array([0.0, -9.81]))


def main() -> None:
    print(f"square root of 2: {square_root(2.0):.6f}")
    print(f"its derivative:   {cr.grad(square_root)(2.0):.6f}   (1 / (2 sqrt 2) = {0.5 / np.sqrt(2):.6f})")

    angle = np.array(0.9)
    print("best angle for a throw at 10 m/s with drag, by gradient ascent:")
    distance_and_slope = cr.value_and_grad(throw, argnums=1)
    for step in range(6):
        distance, slope = distance_and_slope(10.0, angle)
        print(f"  step {step}: angle {np.degrees(angle):.3f}°, distance {distance:.4f} m, slope {slope:+.4f} m/rad")
        angle = angle + 0.03 * slope


if __name__ == "__main__":
    main()
