"""Gradient clipping: optimisers around optimisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.optimizers.base import fitting, squared
from chainrule.learn.optimizers.protocol import Optimizer

__all__ = ["ClipNorm", "ClipValue"]


class _Clipping:
    """An optimiser that sees changed gradients; its state is that of the one inside."""

    optimizer: Optimizer

    def init(self, params: list[Any]) -> Any:
        """Make the state of the optimiser inside."""
        return self.optimizer.init(params)

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> tuple[list[Any], Any]:
        """One step of the optimiser inside, with clipped gradients."""
        return self.optimizer.update(params, self._clipped(gradients), state)

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        raise NotImplementedError


@dataclass(frozen=True)
class ClipNorm(_Clipping):
    """Gradients are shortened where their common norm, over all parameters, is larger than a limit.

    Parameters
    ----------
    optimizer : Optimizer
    max_norm : float

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Examples
    --------
    >>> from chainrule.learn.optimizers import GradientDescent
    >>> descent = ClipNorm(GradientDescent(lr=1.0), max_norm=1.0)
    >>> params, state = descent.update([0.0, 0.0], [3.0, 4.0], descent.init([0.0, 0.0]))
    >>> [round(float(p), 6) for p in params]
    [-0.6, -0.8]
    """

    optimizer: Optimizer
    max_norm: float

    def __post_init__(self) -> None:
        _require_limit(self, "max_norm", self.max_norm)

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        norm = np.sqrt(sum([np.sum(squared(g)) for g in gradients]))
        factor = self.max_norm / np.maximum(norm, self.max_norm)
        return [g * fitting(factor, g) for g in gradients]


@dataclass(frozen=True)
class ClipValue(_Clipping):
    """Each element of the gradients is held within ±limit.

    Parameters
    ----------
    optimizer : Optimizer
    limit : float

    Examples
    --------
    >>> from chainrule.learn.optimizers import GradientDescent
    >>> descent = ClipValue(GradientDescent(lr=1.0), limit=1.0)
    >>> params, state = descent.update([0.0, 0.0], [3.0, -0.5], descent.init([0.0, 0.0]))
    >>> [float(p) for p in params]
    [-1.0, 0.5]
    """

    optimizer: Optimizer
    limit: float

    def __post_init__(self) -> None:
        _require_limit(self, "limit", self.limit)

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        return [np.clip(g, -self.limit, self.limit) for g in gradients]


def _require_limit(clipping: Any, name: str, limit: Any) -> None:
    if isinstance(limit, bool) or not isinstance(limit, (int, float, np.number)) or not limit > 0:
        raise ConfigError(
            f"{name} of {type(clipping).__name__} is a number above 0, not {limit!r}", fix=f"write {name}=1.0"
        )
    object.__setattr__(clipping, name, limit.item() if isinstance(limit, np.generic) else limit)
