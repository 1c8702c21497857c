"""Checkpoints of a training run: written while it runs, and what a later run goes on from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from chainrule.errors import ConfigError, DataError
from chainrule.learn.training import Training
from chainrule.learn.training_state import TrainingState
from chainrule.storage.checkpoints import load_checkpoint, previous_path, save_checkpoint
from chainrule.workflow.settings import TrainingSettings

__all__ = ["ENDLESS", "Checkpoints"]

#: Schedules in which more epochs change nothing of those that are finished.
ENDLESS = ("constant", "plateau")


@dataclass
class Checkpoints:
    """Where the states of a run go, and how often.

    Parameters
    ----------
    path : str or path
    every : int, default 0
        After how many epochs a state is written; 0 for interruptions and the end only.
    resume : bool, default False
        Whether to go on from the state that is there; without one, the run begins anew.
    on_resume : callable, optional
        ``on_resume(message)`` hears how the run begins.
    """

    path: str | PathLike[str]
    every: int = 0
    resume: bool = False
    on_resume: Callable[[str], None] | None = None
    _header: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.every, int) or self.every < 0:
            raise ConfigError(
                f"checkpoints are written every so many epochs, not {self.every!r}", fix="give a whole number from 0"
            )
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise ConfigError(
                f"there is no folder {folder} for checkpoints", fix="make it, or give the path of another one"
            )

    def start(self, settings: TrainingSettings, fingerprint: str, lr: float | None) -> TrainingState | None:
        """The state to go on from, if there is one.

        Parameters
        ----------
        settings : TrainingSettings
        fingerprint : str
            Of the rows.
        lr : float or None
            With which the run goes on.

        Raises
        ------
        ConfigError, DataError
            If the checkpoint belongs to other settings or other rows.
        StorageError
            If it is damaged, and the one before as well.
        """
        self._header = {"settings": settings.to_json(), "fingerprint": fingerprint, "lr": lr}
        if not self.resume:
            return None
        if not (Path(self.path).exists() or previous_path(self.path).exists()):
            self._say(f"there is no checkpoint {self.path} yet: the run begins anew")
            return None
        found = load_checkpoint(self.path)
        self._check(found.header, settings, fingerprint)
        if found.damaged is not None:
            self._say(f"{self.path} is damaged, so the run goes on from the one before: {found.path}")
        step = f" and {found.state.step} steps" if found.state.step else ""
        self._say(f"going on after {found.state.epoch} epochs{step}")
        return found.state

    def _check(self, header: dict[str, Any], settings: TrainingSettings, fingerprint: str) -> None:
        # settings that a checkpoint of an earlier version has not got had their defaults
        now, before = settings.to_json(), TrainingSettings().to_json() | dict(header.get("settings", {}))
        if settings.schedule in ENDLESS:
            before["epochs"] = now["epochs"]
        changed = [name for name in now if now[name] != before.get(name)]
        if changed:
            name = changed[0]
            raise ConfigError(
                f"the run in {self.path} had {name}={before.get(name)!r}, not {now[name]!r}",
                fix=f"give {name} as it was, or begin anew: leave resume out",
            )
        if header.get("fingerprint") != fingerprint:
            raise DataError(
                f"the run in {self.path} had other data: the rows have changed since",
                fix="give the same file, or begin anew: leave resume out",
            )

    def after_epoch(self, training: Training) -> None:
        """The callback of `fit`: write a state if it is time."""
        if self.every and training.epochs % self.every == 0:
            self.save(training)

    def save(self, training: Training) -> None:
        """Write the state of a run.

        Raises
        ------
        StorageError
            If it cannot be written; the checkpoint that was there is as it was.
        """
        save_checkpoint(self.path, training.state, self._header)

    def _say(self, message: str) -> None:
        if self.on_resume is not None:
            self.on_resume(message)
