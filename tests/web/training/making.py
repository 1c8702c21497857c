"""Runs and choices as tests need them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.web.training.browsing import MOONS

from chainrule.storage.model import TableModel
from chainrule.web.fields import Fields
from chainrule.web.limits import Limits
from chainrule.web.training.choices import Choice, choice_of
from chainrule.web.training.runs import Run
from chainrule.workflow.live import LiveTraining

__all__ = ["Clock", "Shown", "chosen", "live_training", "loaded"]


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def chosen(limits: Limits | None = None, **changes: Any) -> Choice:
    """Moons, or what the changes of source and settings make of them; a source with a kind stands for itself."""
    fields = {part: {**MOONS[part], **changes.get(part, {})} for part in MOONS}
    if "kind" in changes.get("source", {}):
        fields["source"] = changes["source"]
    return choice_of(Fields(fields), None, limits or Limits())


def live_training(**changes: Any) -> LiveTraining:
    choice = chosen(**changes)
    return LiveTraining(choice.source, choice.target, choice.settings, title=choice.title)


def loaded(content: bytes) -> TableModel:
    """The model in a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        path.write_bytes(content)
        return TableModel.load(path)


class Shown:
    """A run, the frames that it published, and a clock that each step of training moves on."""

    def __init__(self, limits: Limits | None = None, *, is_watched: bool = True, step: float = 0.001) -> None:
        self.clock = Clock()
        self.frames: list[bytes] = []
        self.is_watched = is_watched
        choice = chosen()
        live = LiveTraining(choice.source, choice.target, choice.settings, title=choice.title)
        advance = live.advance

        def timed(*, epochs: int | None = None, steps: int | None = None, until: Any = None) -> None:
            """One step after the other, each of which takes its time."""
            goal = None if epochs is None else live.epoch + epochs
            left = steps
            while not live.stopped and (goal is None or live.epoch < goal) and left != 0:
                advance(steps=1)
                self.clock.now += step
                left = None if left is None else left - 1
                if until is not None and until():
                    return

        live.advance = timed  # type: ignore[method-assign]
        self.run = Run(
            live,
            choice,
            1,
            limits or Limits(),
            publish=self.frames.append,
            is_watched=lambda: self.is_watched,
            clock=self.clock,
        )

    def work(self, seconds: float) -> int:
        """Do what the scheduler does for so long; returns how many turns it took."""
        end, turns = self.clock.now + seconds, 0
        while self.clock.now < end:
            due = self.run.work()
            turns += 1
            if due is None:
                break
            self.clock.now = max(self.clock.now, min(due, end))
        return turns
