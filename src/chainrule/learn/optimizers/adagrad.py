"""AdaGrad: a learning rate of its own for each parameter, which only falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.learn.optimizers.base import Rated, fitting, new_state, squared

__all__ = ["AdaGrad"]


@dataclass(frozen=True)
class AdaGrad(Rated):
    """AdaGrad: s ← s + g², θ ← θ − lr · g / (√s + eps).

    The conventions are PyTorch's: s starts at `initial`, and eps stands outside of the root. (optax starts s at 0.1 and
    adds eps inside.)

    Parameters
    ----------
    lr : float or callable, default 0.01
        Learning rate, or a schedule.
    eps : float, default 1e-10
    initial : float, default 0.0
        The first value of s.
    weight_decay : float, default 0.0
        Its multiple of the parameters is added to the gradient.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 2011.

    Examples
    --------
    >>> adagrad = AdaGrad(lr=0.5)
    >>> params, state = adagrad.update([1.0], [3.0], adagrad.init([1.0]))
    >>> round(float(params[0]), 6)
    0.5
    """

    lr: float | Callable[[Any], Any] = 0.01
    eps: float = 1e-10
    initial: float = 0.0
    weight_decay: float = 0.0

    def init(self, params: list[Any]) -> dict[str, Any]:
        """Step count, and the first sums of squares."""
        return new_state(squares=[np.full_like(np.real(p), self.initial) for p in params])

    def update(
        self, params: list[Any], gradients: list[Any], state: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """One step, shorter where gradients were large."""
        lr = self.learning_rate(state)
        if self.weight_decay:
            gradients = [g + self.weight_decay * p for p, g in zip(params, gradients, strict=True)]
        squares = [s + squared(g) for s, g in zip(state["squares"], gradients, strict=True)]
        stepped = [
            p - fitting(lr, p) * g / (np.sqrt(s) + self.eps) for p, g, s in zip(params, gradients, squares, strict=True)
        ]
        return stepped, {**state, "count": state["count"] + 1, "squares": squares}
