"""Repeated steps, such as the iterations of a loop: the first of each kind is shown, the others are folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chainrule.explain.model import BackwardStep, ForwardStep

__all__ = ["Run", "runs"]

Step = TypeVar("Step", ForwardStep, BackwardStep)


@dataclass
class Run(Generic[Step]):
    """Consecutive steps that are all shown, or all folded."""

    is_folded: bool
    steps: list[Step] = field(default_factory=list)


def runs(steps: Sequence[Step]) -> list[Run[Step]]:
    """Steps in their order, in runs; one is folded as soon as a step of its group came before."""
    found: list[Run[Step]] = []
    seen: set[int] = set()
    for step in steps:
        is_folded = step.group in seen
        if step.group is not None:
            seen.add(step.group)
        if not found or found[-1].is_folded != is_folded:
            found.append(Run(is_folded))
        found[-1].steps.append(step)
    return found
