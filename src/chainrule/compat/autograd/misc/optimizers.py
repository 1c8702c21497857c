"""Gradient descent, RMSProp and Adam for functions of containers, with autograd's signatures.

Each takes ``grad(x, i)``, the gradient at iteration `i`, and calls ``callback(x, i, g)`` before each step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compat.autograd.misc.flatten import flatten

__all__ = ["adam", "rmsprop", "sgd", "unflatten_optimizer"]

Gradient = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], Any] | None


def unflatten_optimizer(optimize: Callable[..., Any]) -> Callable[..., Any]:
    """Make an optimiser of vectors take containers of arrays."""

    @functools.wraps(optimize)
    def of_containers(grad: Gradient, x0: Any, callback: Callback = None, *args: Any, **kwargs: Any) -> Any:
        vector, unflatten = flatten(x0)

        def flat_grad(x: Any, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        def flat_callback(x: Any, i: int, g: Any) -> None:
            if callback is not None:
                callback(unflatten(x), i, unflatten(g))

        return unflatten(optimize(flat_grad, vector, flat_callback if callback else None, *args, **kwargs))

    return of_containers


@unflatten_optimizer
def sgd(
    grad: Gradient, x: Any, callback: Callback = None, num_iters: int = 200, step_size: float = 0.1, mass: float = 0.9
) -> Any:
    """Gradient descent with momentum.

    >>> bool(abs(sgd(lambda x, i: 2 * (x - 3), 0.0) - 3) < 0.01)
    True
    """
    velocity = np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback:
            callback(x, i, g)
        velocity = mass * velocity - (1.0 - mass) * g
        x = x + step_size * velocity
    return x


@unflatten_optimizer
def rmsprop(
    grad: Gradient,
    x: Any,
    callback: Callback = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """Gradients scaled by the root of their mean square (Tieleman and Hinton, 2012).

    >>> bool(abs(rmsprop(lambda x, i: 2 * (x - 3), 0.0) - 3) < 0.1)
    True
    """
    mean_square = np.ones(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback:
            callback(x, i, g)
        mean_square = gamma * mean_square + (1 - gamma) * g**2
        x = x - step_size * g / (np.sqrt(mean_square) + eps)
    return x


@unflatten_optimizer
def adam(
    grad: Gradient,
    x: Any,
    callback: Callback = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam: momentum, and gradients scaled by their mean square, both corrected for their start at zero.

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    >>> bool(abs(adam(lambda x, i: 2 * (x - 3), 0.0, num_iters=300, step_size=0.1) - 3) < 0.01)
    True
    """
    first, second = np.zeros(len(x)), np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback:
            callback(x, i, g)
        first = b1 * first + (1 - b1) * g
        second = b2 * second + (1 - b2) * g**2
        unbiased_first = first / (1 - b1 ** (i + 1))
        unbiased_second = second / (1 - b2 ** (i + 1))
        x = x - step_size * unbiased_first / (np.sqrt(unbiased_second) + eps)
    return x
