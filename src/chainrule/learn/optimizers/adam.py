"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.learn.optimizers.base import Rated, fitting, new_state, squared

__all__ = ["Adam", "AdamW"]


@dataclass(frozen=True)
class Adam(Rated):
    """Adam: steps scaled by running means of the gradient and its square.

    As in PyTorch and optax, eps stands outside of the root and after the correction of the bias.

    Parameters
    ----------
    lr : float or callable, default 0.001
        Learning rate, or a schedule.
    beta1, beta2 : float, default 0.9 and 0.999
        How much of the running means is kept at each step.
    eps : float, default 1e-8
    weight_decay : float, default 0.0
        Its multiple of the parameters is added to the gradient, like that of an L2 penalty; `AdamW` keeps it out of
        the running means.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

    Examples
    --------
    >>> adam = Adam(lr=0.1)
    >>> params, state = adam.update([1.0], [5.0], adam.init([1.0]))
    >>> round(float(params[0]), 6)
    0.9
    """

    lr: float | Callable[[Any], Any] = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params: list[Any]) -> dict[str, Any]:
        """Step count, and zeros for both running means."""
        return new_state(means=[np.zeros_like(p) for p in params], squares=[np.zeros_like(np.real(p)) for p in params])

    def update(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """One step, with the bias of the running means corrected."""
        if self.weight_decay:
            gradients = [g + self.weight_decay * p for p, g in zip(params, gradients, strict=True)]
        return self._step(params, gradients, state, self.learning_rate(state))

    def _step(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any], lr: Any
    ) -> tuple[list[Any], dict[str, Any]]:
        count = state["count"] + 1
        means = [self.beta1 * m + (1 - self.beta1) * g for m, g in zip(state["means"], gradients, strict=True)]
        squares = [
            self.beta2 * s + (1 - self.beta2) * squared(g) for s, g in zip(state["squares"], gradients, strict=True)
        ]
        scale = lr / (1 - self.beta1**count)
        correction = (1 - self.beta2**count) ** -0.5
        stepped = [
            p - fitting(scale, p) * m / (np.sqrt(s) * fitting(correction, p) + self.eps)
            for p, m, s in zip(params, means, squares, strict=True)
        ]
        return stepped, {**state, "count": count, "means": means, "squares": squares}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ − lr · weight_decay · θ, then a step of Adam.

    The decay is multiplied by the learning rate, as in PyTorch and optax.

    Parameters
    ----------
    lr : float or callable, default 0.001
        Learning rate, or a schedule.
    beta1, beta2 : float, default 0.9 and 0.999
    eps : float, default 1e-8
    weight_decay : float, default 0.01

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

    Examples
    --------
    >>> adam = AdamW(lr=0.1, weight_decay=0.5)
    >>> params, state = adam.update([1.0], [5.0], adam.init([1.0]))
    >>> round(float(params[0]), 6)
    0.85
    """

    weight_decay: float = 0.01

    def update(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """One step of Adam from parameters that decayed a little."""
        lr = self.learning_rate(state)
        decayed = [p - fitting(lr * self.weight_decay, p) * p for p in params] if self.weight_decay else params
        return self._step(decayed, gradients, state, lr)
