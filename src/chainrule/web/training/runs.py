"""A run of one tab: it trains in slices, as fast as it is asked to, and shows where it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from chainrule.advice import advice_for
from chainrule.errors import ChainRuleError
from chainrule.explain.page.formulas import typeset
from chainrule.notation.numbers import number_text
from chainrule.web.limits import Limits
from chainrule.web.training.choices import Choice
from chainrule.web.training.frames import Frames
from chainrule.web.training.pace import Pace
from chainrule.workflow.live import LiveTraining

__all__ = ["Run"]

_log = logging.getLogger(__name__)

#: The speed is measured over at least so many seconds.
_MEASURED = 0.5
_FAILED = ("the run failed by an error in chainrule", "reset it, and report the error with the settings")
#: A frame takes at most this share of a run's time.
_SHARE = 1 / 3


class Run:
    """A job of the scheduler: only one thread at a time works with it, or holds it.

    Parameters
    ----------
    live : LiveTraining
    choice : Choice
        What it was made from.
    number : int
        Of the tab's runs; frames carry it, so that the page knows one that is late.
    limits : Limits
    publish : callable
        ``publish(frame)`` sends a frame, as bytes, to whoever watches.
    is_watched : callable
        Whether anybody does who could take a frame now; frames are made for nobody else. Whoever comes later adds the
        run to the scheduler.
    clock : callable, default time.monotonic
        That of the scheduler.

    Attributes
    ----------
    live, choice, number
    frames : Frames
    is_running : bool
    """

    def __init__(
        self,
        live: LiveTraining,
        choice: Choice,
        number: int,
        limits: Limits,
        *,
        publish: Callable[[bytes], None],
        is_watched: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.live, self.choice, self.number = live, choice, number
        self.frames = Frames(live, limits)
        self.is_running = False
        self._limits, self._publish, self._is_watched, self._clock = limits, publish, is_watched, clock
        self._is_closed = False
        self._pace: Pace | None = None
        self._goal: int | None = None  # the step that it goes to, counted from the first; None to go on
        self._has_code = False
        self._is_new = True  # whether there is something that no frame has shown
        self._frame_due = 0.0
        self._seconds = 0.0
        self._stopped: dict[str, Any] | None = None
        self._rate: float | None = None
        self._mark = (0.0, 0.0)

    # What the page asks for; the caller holds the run ----------------------------------------------------------------

    def play(self, speed: float | None) -> None:
        """Train on, so many epochs per second, or as fast as possible."""
        self._begin(None if speed is None else Pace(speed, self._clock(), self.live.epoch), None)

    def pause(self) -> None:
        """Stop after the slice that was at work, which has ended."""
        self.is_running, self._rate, self._goal = False, None, None
        self._is_new = True

    def step(self) -> None:
        """One update of the parameters, after those that were asked for before."""
        self._go_to((self._steps if self._goal is None else self._goal) + 1)

    def epoch(self) -> None:
        """One epoch, or the rest of the one that was begun, after those that were asked for before."""
        begun = self._steps if self._goal is None else self._goal
        self._go_to((begun // self.live.steps_per_epoch + 1) * self.live.steps_per_epoch)

    def reset(self) -> None:
        """Back to the first parameters."""
        self.pause()
        self.live.reset()
        self.frames.forget()
        self._seconds, self._stopped = 0.0, None

    def look(self, axes: Sequence[int] | None, shows: Collection[str] | None) -> None:
        """What the next frames show; None leaves it as it is.

        Raises
        ------
        Refused
            422 if there are no such features or parts.
        """
        self.frames.look(axes, shows)
        self._is_new = True

    def show(self) -> None:
        """Somebody has come who has seen nothing yet."""
        self._is_new = True

    def close(self) -> None:
        """End at once, after the present update; any thread may say so."""
        self._is_closed = True

    def _begin(self, pace: Pace | None, goal: int | None) -> None:
        self._pace, self._goal = pace, goal
        if not self.is_running:
            self._rate, self._mark = None, (self._clock(), self._progress())
        self.is_running = self._stopped is None
        self._is_new = True

    def _go_to(self, goal: int) -> None:
        """Train to a step, counted from the first of the run.

        Whoever asks does not wait for it: the next turns do what one slice does not, and all of it where the code is
        yet to be compiled.
        """
        self._begin(None, goal)
        if self.is_running and self._has_code:
            self._train()

    @property
    def state(self) -> dict[str, Any]:
        """Where it is, and whether it goes on for ever.

        That it is on its way to a goal, only frames say: they come in order, and a reply that is late would contradict
        the one that says that it has arrived.
        """
        is_playing = self.is_running and self._goal is None
        return {"is_running": is_playing, "epoch": self.live.epoch, "step": self.live.step}

    # The work of a slice ---------------------------------------------------------------------------------------------

    def work(self) -> float | None:
        """Train for one slice, and show where the run is if that was not shown for a while."""
        if self._is_closed:
            self.live.close()
            return None
        due = self._train() if self.is_running else None
        shown = self._show() if self._is_new else None
        waits = [time for time in (due, shown) if time is not None]
        return min(waits, default=None)

    def _train(self) -> float | None:
        now = self._clock()
        epochs = None if self._pace is None else self._pace.due(now, self.live.epoch)
        steps = None if self._goal is None else self._goal - self._steps
        if epochs != 0:
            deadline = now + self._limits.slice_seconds
            self._advance(epochs=epochs, steps=steps, until=lambda: self._is_closed or self._clock() >= deadline)
        if self._goal is not None and self._steps >= self._goal:
            self.pause()
        if not self.is_running:
            return None
        return now if self._pace is None else self._pace.next(self.live.epoch)

    def _advance(self, **how: Any) -> None:
        if self._stopped is not None:
            return
        start = self._clock()
        self._is_new = True
        try:
            self.live.advance(**how)
        except ChainRuleError as error:
            self._stop("failed", error.what, advice_for("page", error.fix) or "")
        except Exception:  # it ends this run, and nothing else
            _log.exception("a run failed")
            self._stop("failed", *_FAILED)
        self._has_code = True
        self._seconds += self._clock() - start
        self._look_for_end()

    def _look_for_end(self) -> None:
        live, limits = self.live, self._limits
        divergence = live.divergence
        if self._stopped is not None:
            return
        if divergence is not None:
            self._stop(
                "diverged",
                divergence.what,
                f"try a learning rate of {number_text(divergence.lr)}",
                lr=divergence.lr,
                node=divergence.node,
                formula="" if divergence.formula is None else str(typeset(divergence.formula)),
                why=divergence.why,
                where=divergence.where,
            )
        elif live.stopped:
            self._stop(live.stopped, f"the run reached {live.epoch:,} epochs, the most that this page does", "reset it")
        elif self._seconds >= limits.run_seconds:
            self._stop(
                "seconds", f"the run has taken {limits.run_seconds:g} seconds, the most that this page does", "reset it"
            )

    def _stop(self, reason: str, message: str, fix: str, **more: Any) -> None:
        self.pause()
        empty = {"node": "", "formula": "", "why": "", "where": "", "lr": None}
        self._stopped = {"reason": reason, "message": message, "fix": fix, **empty, **more}

    # Frames ----------------------------------------------------------------------------------------------------------

    def _show(self) -> float | None:
        """Make a frame if it is time; else say when it is."""
        if not self._is_watched():
            return None
        start = self._clock()
        if start < self._frame_due:
            return self._frame_due
        self._measure(start)
        self._is_new = False
        frame = self._frame()
        if not self._is_closed:
            self._publish(frame)
        cost = self._clock() - start
        self._frame_due = start + max(self._limits.frame_seconds, cost / _SHARE)
        return None

    def _frame(self) -> bytes:
        try:
            return self.frames.frame(self._told())
        except Exception:  # as in training: this run ends, and says so
            _log.exception("a frame failed")
            self._stop("failed", *_FAILED)
            self._is_new = False
            return self.frames.bare(self._told())

    def _told(self) -> dict[str, Any]:
        now = {**self.state, "is_running": self.is_running}
        return {"run": self.number, **now, "epochs_per_second": self._rate, "stopped": self._stopped}

    def _measure(self, now: float) -> None:
        seconds = now - self._mark[0]
        if self.is_running and seconds >= _MEASURED:
            progress = self._progress()
            self._rate = round((progress - self._mark[1]) / seconds, 2)
            self._mark = (now, progress)

    @property
    def _steps(self) -> int:
        """How many steps are taken, from the first of the run."""
        return self.live.epoch * self.live.steps_per_epoch + self.live.step

    def _progress(self) -> float:
        """Epochs, with the part of the one that is under way."""
        return self.live.epoch + self.live.step / max(self.live.steps_per_epoch, 1)
