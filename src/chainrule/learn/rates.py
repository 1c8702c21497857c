"""What the training loop asks of an optimiser beyond its steps: its learning rate, and the norms of its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.learn.optimizers.base import Rated, squared
from chainrule.learn.optimizers.protocol import Optimizer

__all__ = ["Measuring", "rate_at", "suggested_rate"]


def rate_at(optimizer: Optimizer, state: dict[str, Any]) -> float | None:
    """The learning rate of a step; None for an optimiser of one's own that does not tell.

    Parameters
    ----------
    optimizer : Optimizer
        Tells by a method ``learning_rate(state)``, or by a number ``lr``.
    state : dict
        Of ``"count"``, the number of steps before, and ``"lr_scale"``, where the optimiser's state has them.
    """
    while not hasattr(optimizer, "lr") and hasattr(optimizer, "optimizer"):  # clipping around it
        optimizer = optimizer.optimizer
    if isinstance(optimizer, Rated):
        return float(optimizer.learning_rate(state))
    lr = getattr(optimizer, "lr", None)
    return float(lr) if isinstance(lr, (int, float)) else None


def suggested_rate(optimizer: Optimizer, state: dict[str, Any]) -> str:
    """What to try after a run that diverged."""
    rate = rate_at(optimizer, {"count": 0, **state})
    return f"lr={rate / 10:.3g}" if rate else "a smaller learning rate"


class Measuring:
    """An optimiser that also sums up the norm of the gradient of each leaf, over the steps since they were set to zero.

    Parameters
    ----------
    optimizer : Optimizer
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    def init(self, params: list[Any]) -> tuple[Any, list[Any]]:
        """The state of the optimiser inside, and zeros."""
        return self.optimizer.init(params), [np.zeros((), np.float64) for _ in params]

    def update(
        self, params: list[Any], gradients: list[Any], state: tuple[Any, list[Any]]
    ) -> tuple[list[Any], tuple[Any, list[Any]]]:
        """A step of the optimiser inside."""
        inside, norms = state
        stepped, inside = self.optimizer.update(params, gradients, inside)
        return stepped, (inside, [n + np.sqrt(np.sum(squared(g))) for n, g in zip(norms, gradients, strict=True)])
