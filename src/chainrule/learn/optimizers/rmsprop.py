"""RMSProp: steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.learn.optimizers.base import Rated, fitting, new_state, squared

__all__ = ["RMSProp"]


@dataclass(frozen=True)
class RMSProp(Rated):
    """RMSProp: s ← decay · s + (1 − decay) · g², θ ← θ − lr · g / (√s + eps).

    The conventions are PyTorch's (optax's with ``eps_in_sqrt=False``): s starts at zero, its bias is not corrected, and
    with momentum the velocity takes up g / (√s + eps).

    Parameters
    ----------
    lr : float or callable, default 0.01
        Learning rate, or a schedule.
    decay : float, default 0.99
        How much of the running mean is kept at each step; PyTorch calls it alpha.
    eps : float, default 1e-8
        Outside of the root.
    momentum : float, default 0.0
    centered : bool, default False
        Whether to divide by the standard deviation of the gradient, √(s − mean(g)²).
    weight_decay : float, default 0.0
        Its multiple of the parameters is added to the gradient.

    References
    ----------
    Hinton, Srivastava and Swersky, "Neural networks for machine learning", lecture 6e, 2012.

    Examples
    --------
    >>> rmsprop = RMSProp(lr=0.1, decay=0.75)
    >>> params, state = rmsprop.update([1.0], [3.0], rmsprop.init([1.0]))
    >>> round(float(params[0]), 6)
    0.8
    """

    lr: float | Callable[[Any], Any] = 0.01
    decay: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    weight_decay: float = 0.0

    def init(self, params: list[Any]) -> dict[str, Any]:
        """Step count, and zeros for all that is remembered."""
        state = new_state(squares=[np.zeros_like(np.real(p)) for p in params])
        if self.centered:
            state["means"] = [np.zeros_like(p) for p in params]
        if self.momentum:
            state["velocity"] = [np.zeros_like(p) for p in params]
        return state

    def update(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """One step, scaled by the size of recent gradients."""
        lr = self.learning_rate(state)
        following = {**state, "count": state["count"] + 1}
        if self.weight_decay:
            gradients = [g + self.weight_decay * p for p, g in zip(params, gradients, strict=True)]
        variances = following["squares"] = [
            self.decay * s + (1 - self.decay) * squared(g) for s, g in zip(state["squares"], gradients, strict=True)
        ]
        if self.centered:
            means = following["means"] = [
                self.decay * m + (1 - self.decay) * g for m, g in zip(state["means"], gradients, strict=True)
            ]
            # rounding may take the difference below zero
            variances = [np.maximum(s - squared(m), 0) for s, m in zip(variances, means, strict=True)]
        scaled = [g / (np.sqrt(s) + self.eps) for g, s in zip(gradients, variances, strict=True)]
        if self.momentum:
            scaled = following["velocity"] = [
                self.momentum * v + g for v, g in zip(state["velocity"], scaled, strict=True)
            ]
        return [p - fitting(lr, p) * g for p, g in zip(params, scaled, strict=True)], following
