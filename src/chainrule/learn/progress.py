"""The progress bar of a training run, drawn by rich."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["ProgressBar"]


class ProgressBar:
    """Counts steps and shows the present loss; on something that is no terminal it stays silent.

    Parameters
    ----------
    steps : int
    """

    #: Seconds between two updates: a step takes microseconds, drawing takes milliseconds.
    interval = 0.05

    def __init__(self, steps: int) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("training", total=steps, loss="")
        self._done = 0
        self._drawn = 0.0

    def __enter__(self) -> Callable[[int, float], None]:
        self._progress.start()
        return self._advance

    def _advance(self, steps: int, loss: float) -> None:
        self._done += steps
        now = time.monotonic()
        if now - self._drawn >= self.interval:
            self._drawn = now
            self._progress.update(self._task, completed=self._done, loss=f"loss {loss:.4f}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
