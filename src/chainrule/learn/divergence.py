"""Runs that diverge: when a loss has grown for too long, and which parameters are kept then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chainrule.errors import DivergenceError
from chainrule.learn.descent import Descent
from chainrule.learn.feeding import Feed
from chainrule.learn.training_state import TrainingState
from chainrule.notation.numbers import number_text
from chainrule.structure import flatten

__all__ = ["Lowest", "growth", "has_grown", "kept_params"]

#: A loss that grew so many epochs in a row, to so many times the first and the lowest one, will not come back.
_GROWING = 10
_GROWN = 100.0


@dataclass(frozen=True)
class Lowest:
    """The epoch with the lowest loss, as so many epochs after a point to which the steps can go back.

    Attributes
    ----------
    loss : float
    later : int
        How many epochs after that point it begins.
    epoch, step : int
        Where that point is.
    back : callable
        Goes back to it.
    """

    loss: float
    later: int
    epoch: int
    step: int
    back: Callable[[], None]


def has_grown(losses: list[float]) -> bool:
    """Whether the loss will not come back.

    Parameters
    ----------
    losses : list of float
        Of all epochs so far.

    Examples
    --------
    >>> has_grown([3.0**i for i in range(11)]), has_grown([1.1**i for i in range(11)])
    (True, False)
    """
    if len(losses) <= _GROWING:
        return False
    scale = max(abs(losses[0]), abs(losses[-_GROWING - 1]))
    is_large = 0 < _GROWN * scale < losses[-1]
    return is_large and all(before < after for before, after in pairwise(losses[-_GROWING - 1 :]))


def growth(losses: list[float]) -> str:
    """What to say of a loss that has grown.

    Examples
    --------
    >>> growth([3.0**i for i in range(11)])
    'the loss grew for 10 epochs in a row, from 1 to 59049'
    """
    path = f"from {number_text(losses[-_GROWING - 1])} to {number_text(losses[-1])}"
    return f"the loss grew for {_GROWING} epochs in a row, {path}"


def kept_params(
    error: DivergenceError, state: TrainingState, lowest: Lowest | None, descent: Descent, feed: Feed
) -> tuple[list[Any], str]:
    """The best parameters that a run which diverged can still give, and which ones they are.

    Parameters
    ----------
    error : DivergenceError
    state : TrainingState
        With the best parameters, where a loss was watched.
    lowest : Lowest or None
        None before the end of the first epoch.
    descent : Descent
        Which may take steps once more.
    feed : Feed
        Where these steps get their rows.

    Returns
    -------
    leaves : list of array
    which : str
    """
    if state.best is not None:
        return state.best, f"those after epoch {state.best_epoch}"
    if lowest is not None:
        return _params_before(lowest, descent, feed), "those with the lowest training loss"
    return flatten(error.params)[0], "the last ones with a finite loss"


def _params_before(lowest: Lowest, descent: Descent, feed: Feed) -> list[Any]:
    """The parameters before an epoch, found by taking the steps to there once more."""
    lowest.back()
    if lowest.later:
        for span in feed.spans(lowest.epoch, lowest.later, lowest.step):
            descent.run(span)
        descent.take_history()
    return descent.leaves
