"""Optimisers: from parameters and their gradients to the next parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["Adam", "GradientDescent", "Optimizer"]


class Optimizer(Protocol):
    """What `minimize` asks of an optimiser: lists of arrays, one for each leaf of the parameters."""

    def init(self, params: list[Any]) -> Any:
        """Make the state before the first step."""
        ...

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> tuple[list[Any], Any]:
        """Make the next parameters and the next state."""
        ...


def _adaptable(number: Any) -> Any:
    """A number that adapts to the dtype of the parameters, as a float64 of NumPy does not."""
    return number.item() if isinstance(number, np.generic) else number


@dataclass(frozen=True)
class GradientDescent:
    """Plain gradient descent: θ ← θ − lr · ∂L/∂θ.

    Parameters
    ----------
    lr : float, default 0.1
        Learning rate.

    Examples
    --------
    >>> GradientDescent(lr=0.5).update([1.0], [2.0], None)
    ([0.0], None)
    """

    lr: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", _adaptable(self.lr))

    def init(self, params: list[Any]) -> None:
        """Gradient descent keeps nothing between the steps."""
        return

    def update(self, params: list[Any], gradients: list[Any], state: None) -> tuple[list[Any], None]:
        """One step against the gradient."""
        return [p - self.lr * g for p, g in zip(params, gradients, strict=True)], None


@dataclass(frozen=True)
class Adam:
    """Adam: steps scaled by running means of the gradient and its square.

    Parameters
    ----------
    lr : float, default 0.001
    beta1, beta2 : float, default 0.9 and 0.999
        How much of the running means is kept at each step.
    eps : float, default 1e-8

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

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        for name in ("lr", "beta1", "beta2", "eps"):
            object.__setattr__(self, name, _adaptable(getattr(self, name)))

    def init(self, params: list[Any]) -> tuple[int, list[Any], list[Any]]:
        """Step count, and zeros for both running means."""
        return 0, [np.zeros_like(p) for p in params], [np.zeros_like(np.real(p)) for p in params]

    def update(
        self, params: list[Any], gradients: list[Any], state: tuple[int, list[Any], list[Any]]
    ) -> tuple[list[Any], tuple[int, list[Any], list[Any]]]:
        """One step, with the bias of the running means corrected."""
        count, first, second = state
        count += 1
        first = [self.beta1 * m + (1 - self.beta1) * g for m, g in zip(first, gradients, strict=True)]
        second = [
            self.beta2 * v + (1 - self.beta2) * np.real(g * np.conj(g)) for v, g in zip(second, gradients, strict=True)
        ]
        scale = self.lr / (1 - self.beta1**count)
        correction = 1 - self.beta2**count
        stepped = [
            p - scale * m / (np.sqrt(v / correction) + self.eps) for p, m, v in zip(params, first, second, strict=True)
        ]
        return stepped, (count, first, second)
