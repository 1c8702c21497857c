"""Repeated steps, such as the iterations of a loop: a page folds them, and unfolds them on demand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chainrule.explain.faces.lines import Fold
from chainrule.explain.model import BackwardStep, ForwardStep

__all__ = ["Run", "runs"]

Step = TypeVar("Step", ForwardStep, BackwardStep)


@dataclass(frozen=True)
class Run(Generic[Step]):
    """Consecutive steps, with the `Fold` that stands for them or None if they are shown."""

    fold: Fold | None
    steps: tuple[Step, ...]


def runs(steps: Sequence[Step], shown: Sequence[Step | Fold]) -> list[Run[Step]]:
    """All steps in their order, in runs that are shown and runs that are folded.

    Parameters
    ----------
    steps : sequence of ForwardStep or BackwardStep
        All of them.
    shown : sequence of ForwardStep or BackwardStep, and Fold
        As `forward_steps` and `backward_steps` give them.

    Returns
    -------
    list of Run
    """
    is_shown = {id(item) for item in shown if not isinstance(item, Fold)}
    folds = (item for item in shown if isinstance(item, Fold))
    return [
        Run(None if seen else next(folds), tuple(run))
        for seen, run in itertools.groupby(steps, lambda step: id(step) in is_shown)
    ]
