"""What watches the loss from epoch to epoch: early stopping, and a learning rate that falls on a plateau."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError

__all__ = ["EarlyStopping", "ReduceOnPlateau", "Watch"]


@dataclass(frozen=True)
class EarlyStopping:
    """The end of a run whose loss no longer falls.

    It watches the loss of the validation data, or, without them, that of the training data.

    Parameters
    ----------
    patience : int, default 10
        After how many epochs without an improvement the run ends.
    min_delta : float, default 0.0
        An improvement is a loss that is lower than the last improvement by more than this.
    restore_best : bool, default True
        Whether the run returns the parameters of the epoch with the lowest loss.

    Examples
    --------
    >>> EarlyStopping(patience=5)
    EarlyStopping(patience=5, min_delta=0.0, restore_best=True)
    """

    patience: int = 10
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        _require_patience(self, self.patience)


@dataclass(frozen=True)
class ReduceOnPlateau:
    """A learning rate that is multiplied by a factor when the loss no longer falls.

    It watches the same loss as `EarlyStopping`, and acts through ``state["lr_scale"]`` of the optimiser, beside any
    schedule.

    Parameters
    ----------
    factor : float, default 0.5
    patience : int, default 5
        After how many epochs without an improvement the learning rate falls; then they are counted anew.
    min_lr_scale : float, default 1e-4
        The least that is left of the learning rate, as a part of it.
    min_delta : float, default 0.0
        An improvement is a loss that is lower than the last improvement by more than this.

    Examples
    --------
    >>> ReduceOnPlateau(factor=0.1)
    ReduceOnPlateau(factor=0.1, patience=5, min_lr_scale=0.0001, min_delta=0.0)
    """

    factor: float = 0.5
    patience: int = 5
    min_lr_scale: float = 1e-4
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        _require_patience(self, self.patience)
        if not 0 < self.factor < 1:
            raise ConfigError(
                f"factor of ReduceOnPlateau is a number between 0 and 1, not {self.factor!r}", fix="write factor=0.5"
            )


@dataclass
class Watch:
    """How long a loss has not fallen.

    Attributes
    ----------
    reference : float
        The last improvement.
    waited : int
        Epochs since then.
    """

    reference: float = float("inf")
    waited: int = 0

    def see(self, loss: float, min_delta: float) -> None:
        """Take in the loss of one more epoch."""
        if loss < self.reference - min_delta:
            self.reference, self.waited = loss, 0
        else:
            self.waited += 1


def _require_patience(setting: Any, patience: Any) -> None:
    whole = isinstance(patience, (int, np.integer)) and not isinstance(patience, bool)
    if not whole or patience < 1:
        raise ConfigError(
            f"patience of {type(setting).__name__} is a number of epochs from 1, not {patience!r}",
            fix="write patience=10",
        )
