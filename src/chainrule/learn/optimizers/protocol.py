"""What the training loop asks of an optimiser."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["Optimizer"]


class Optimizer(Protocol):
    """What `fit` and `minimize` ask of an optimiser: lists of arrays, one for each leaf of the parameters."""

    def init(self, params: list[Any]) -> Any:
        """Make the state before the first step."""
        ...

    def update(self, params: list[Any], gradients: list[Any], state: Any) -> tuple[list[Any], Any]:
        """Make the next parameters and the next state."""
        ...
