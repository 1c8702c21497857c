"""The epochs of a training run: which steps follow each other, what is written down, and when it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.learn.batches import Batches, first_steps
from chainrule.learn.descent import Descent
from chainrule.learn.divergence import Lowest, growth, has_grown, kept_params
from chainrule.learn.evaluating import Evaluation
from chainrule.learn.feeding import RowChunks, feed_of
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.rates import Measuring, rate_at, suggested_rate
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training_state import TrainingState
from chainrule.structure import Structure, flatten

__all__ = ["Run", "Settings", "Stopped", "Watchers"]


@dataclass(frozen=True)
class Settings:
    """What a run is asked to do; see `fit`.

    Attributes
    ----------
    rows : int
        How many the data have.
    batch_size : int or None
        Not more than there are rows; None for all.
    call_seconds : float or None
        How long a call of native code should take; None for what is usual.
    """

    rows: int
    batch_size: int | None
    seed: int
    shuffle: bool
    early_stopping: EarlyStopping | None
    plateau: ReduceOnPlateau | None
    noise: Callable[[np.random.Generator, int], tuple[Any, ...]] | None
    gradient_norms: bool
    call_seconds: float | None = None


@dataclass(frozen=True)
class Watchers:
    """Who is told of a piece of a run, and may end it.

    Attributes
    ----------
    callback : callable or None
        A true result of ``callback()``, after an epoch, ends the piece.
    advance : callable
        ``advance(steps, loss)`` hears of progress.
    is_interrupted : callable
        Whether the piece is asked to end; a true answer ends it between two native calls.
    """

    callback: Callable[[], Any] | None = None
    advance: Callable[[int, float], None] = lambda steps, loss: None
    is_interrupted: Callable[[], bool] = lambda: False


class _Told:
    """Whom the steps tell of their progress: somebody else in each piece. It knows nothing of the run itself, so that a
    run that is given up is freed at once.
    """

    def __init__(self) -> None:
        self.watchers = Watchers()


@dataclass(frozen=True)
class Stopped:
    """Why a run, or a piece of it, ended.

    Attributes
    ----------
    reason : str
        In a word: ``"epochs"`` or ``"steps"`` where all that were wanted are done, ``"early stopping"``,
        ``"callback"``, ``"diverged"`` or ``"interrupted"``; empty as long as it has not.
    message : str
        In a sentence.
    error : DivergenceError or None
        What happened where, in a run that diverged.
    """

    reason: str = ""
    message: str = ""
    error: DivergenceError | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more can follow."""
        return self.reason in ("early stopping", "diverged")


class Run:
    """A training run.

    Parameters
    ----------
    loss : callable
    structure : Structure
        Of the parameters.
    data : tuple of arrays or RowChunks
    optimizer : Optimizer
    optimizer_structure : Structure
        Of its state.
    validation : tuple of arrays or None
    settings : Settings
    start : TrainingState
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        structure: Structure,
        data: tuple[Any, ...] | RowChunks,
        optimizer: Optimizer,
        optimizer_structure: Structure,
        validation: tuple[Any, ...] | None,
        settings: Settings,
        start: TrainingState,
    ) -> None:
        self._optimizer, self._structure, self._settings = optimizer, structure, settings
        self._now = replace(
            start,
            stopping=replace(start.stopping),
            plateau=replace(start.plateau),
            history={"loss": [], **{name: list(entries) for name, entries in start.history.items()}},
        )
        self._evaluation = None if validation is None else Evaluation(loss, validation, structure)
        batches = Batches(data if isinstance(data, tuple) else (), settings.batch_size, settings.seed)
        size = settings.batch_size or settings.rows
        whole, rest = divmod(settings.rows, size)
        #: The part of the rows that each step of an epoch sees.
        self._weights = np.array([size] * whole + [rest] * bool(rest)) / settings.rows
        state = optimizer_structure.unflatten(start.optimizer)
        norms = [np.float64(norm) for norm in start.norms or [0.0] * len(start.params)]
        #: What the learning rate depends on, without the arrays: it is looked up often.
        self._count = state["count"] - start.step if type(state) is dict and "count" in state else 0
        self._rate_state = {k: state[k] for k in ("count", "lr_scale") if k in state} if type(state) is dict else {}
        self._told = told = _Told()
        self._descent = Descent(
            loss,
            start.params,
            structure,
            batches,
            Measuring(optimizer) if settings.gradient_norms else optimizer,
            check_finite=True,
            callback=None,
            advance=lambda steps, loss: told.watchers.advance(steps, loss),
            state=(state, norms) if settings.gradient_norms else state,
            is_interrupted=lambda: told.watchers.is_interrupted(),
            repeats=True,
            call_seconds=settings.call_seconds,
        )
        self._feed = feed_of(
            data,
            batches,
            rows=settings.rows,
            batch_size=settings.batch_size,
            seed=settings.seed,
            shuffle=settings.shuffle,
            noise=settings.noise,
            renew=self._descent.renew,
        )
        self._descent.steps = start.epoch * len(self._weights) + start.step
        #: The epoch with the lowest loss, for a run that diverges and has no best parameters.
        self._lowest: Lowest | None = None
        #: A way back to where the epochs at hand began, or, in a run that goes on in the middle of one, to there.
        self._before = (start.epoch, start.step, self._descent.snapshot())

    # Where it is -----------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """How many epochs are finished."""
        return self._now.epoch

    @property
    def step(self) -> int:
        """How many steps of the next epoch are taken."""
        return self._now.step

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch has."""
        return len(self._weights)

    @property
    def leaves(self) -> list[Any]:
        """The present parameters."""
        return self._descent.leaves

    @property
    def history(self) -> dict[str, list[Any]]:
        """What was written down so far, as it grows."""
        return self._now.history

    # Pieces ----------------------------------------------------------------------------------------------------------

    def advance(self, *, epochs: int | None, steps: int | None, watchers: Watchers) -> Stopped:
        """Run until so many epochs are finished, or for so many steps, or until something ends the run before."""
        self._told.watchers, self._descent.stopped = watchers, False
        done = self.epoch * self.steps_per_epoch + self.step
        ends = [] if epochs is None else [epochs * self.steps_per_epoch]
        ends += [] if steps is None else [done + steps]
        try:
            stopped = self._run(min(ends, default=sys.maxsize))
            self._descent.finish()
        except DivergenceError as error:
            where = f" ({error.where})" if error.where else ""
            return self._diverged(f"{error.what}{where}", error)
        finally:
            self._told.watchers = Watchers()
        return stopped

    def _run(self, end: int) -> Stopped:
        """Run until so many steps are taken, all epochs together."""
        now, callback = self._now, self._told.watchers.callback
        while (left := end - now.epoch * self.steps_per_epoch - now.step) > 0:
            if self._has_waited():
                return Stopped("early stopping", self._why_early())
            if not now.step:
                self._before = (now.epoch, now.step, self._descent.snapshot())
            self._take(self._epochs_together(left), left)
            if self._write_down():
                return self._grown()
            if self._descent.stopped:
                return Stopped("interrupted", f"interrupted in epoch {now.epoch + 1}, after {self._part}")
            if now.step:
                return Stopped("steps", f"epoch {now.epoch + 1} has had {self._part}")
            self._watch()
            if callback is not None and callback():
                return Stopped("callback", f"ended by the callback after epoch {now.epoch}")
        if self._has_waited():
            return Stopped("early stopping", self._why_early())
        return Stopped("epochs", f"all {now.epoch} epochs are finished")

    @property
    def _part(self) -> str:
        return f"{self.step} of its {self.steps_per_epoch} steps"

    # Steps -----------------------------------------------------------------------------------------------------------

    def _epochs_together(self, steps: int) -> int:
        """How many epochs may run before anyone looks, where so many steps are wanted."""
        settings, now = self._settings, self._now
        is_watched = (
            self._evaluation is not None
            or settings.early_stopping is not None
            or settings.plateau is not None
            or self._told.watchers.callback is not None
            or settings.gradient_norms
        )
        return 1 if is_watched or now.step else min(self._feed.together(now.epoch), -(-steps // self.steps_per_epoch))

    def _take(self, epochs: int, steps: int) -> None:
        """The steps of the next epochs, at most so many."""
        for span in first_steps(self._feed.spans(self._now.epoch, epochs, self._now.step), steps):
            self._descent.run(span)
            if self._descent.stopped:
                return

    # What is written down --------------------------------------------------------------------------------------------

    def _write_down(self) -> bool:
        """Enter the steps that were taken, and the epochs that they finished; whether the loss grows without end."""
        now, per_epoch, grows = self._now, self.steps_per_epoch, False
        losses = np.concatenate([now.losses, self._descent.take_history()])
        finished = len(losses) // per_epoch
        now.losses = losses[finished * per_epoch :]
        for i in range(finished):
            mean = float(losses[i * per_epoch : (i + 1) * per_epoch] @ self._weights)
            self._enter("loss", mean)
            self._enter_rate(per_epoch)
            if self._lowest is None or mean < self._lowest.loss:
                epoch, step, back = self._before
                self._lowest = Lowest(mean, now.epoch - epoch, epoch, step, back)
            now.epoch += 1
            if grows := has_grown(now.history["loss"]):  # what came later does not count, as if one had looked at once
                now.losses = now.losses[:0]
                break
        if self._settings.gradient_norms:
            self._take_norms(per_epoch if finished else None)
        now.step = len(now.losses)
        return grows

    def _enter(self, name: str, value: Any) -> None:
        self._now.history.setdefault(name, []).append(value)

    def _enter_rate(self, steps: int) -> None:
        """The learning rate of the last of the next steps."""
        self._count += steps
        rate = rate_at(self._optimizer, {**self._rate_state, "count": self._count - 1})
        if rate is not None:
            self._enter("lr", rate)

    def _take_norms(self, steps: int | None) -> None:
        """The mean norms of a finished epoch of so many steps, or the sums of one that was interrupted."""
        if steps is None:
            self._now.norms = [float(norm) for norm in self._descent.state[1]]
            return
        sums = self._descent.take_sums(len(self._now.params))
        self._enter("gradient_norm", [norm / steps for norm in sums])
        self._now.norms = []

    # Who watches -----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Compare the loss of an epoch with those before."""
        now, settings = self._now, self._settings
        loss = now.history["loss"][-1]
        if self._evaluation is not None:
            loss = self._evaluation(self._descent.leaves)
            self._enter("validation_loss", loss)
        if (self._evaluation is not None or settings.early_stopping is not None) and loss < now.best_loss:
            now.best, now.best_loss, now.best_epoch = self._descent.leaves, loss, now.epoch
        if settings.early_stopping is not None:
            now.stopping.see(loss, settings.early_stopping.min_delta)
        if settings.plateau is not None:
            now.plateau.see(loss, settings.plateau.min_delta)
            if now.plateau.waited >= settings.plateau.patience:
                now.plateau.waited = 0
                self._reduce_rate(settings.plateau)

    def _reduce_rate(self, plateau: ReduceOnPlateau) -> None:
        state = self._inner_state()
        scale = max(state["lr_scale"] * plateau.factor, min(plateau.min_lr_scale, state["lr_scale"]))
        self._rate_state["lr_scale"] = scale
        state = {**state, "lr_scale": scale}
        self._descent.state = (state, self._descent.state[1]) if self._settings.gradient_norms else state

    def _has_waited(self) -> bool:
        stopping = self._settings.early_stopping
        return stopping is not None and self._now.stopping.waited >= stopping.patience

    def _why_early(self) -> str:
        now = self._now
        return f"no improvement in {now.stopping.waited} epochs; the lowest loss was that of epoch {now.best_epoch}"

    # States ----------------------------------------------------------------------------------------------------------

    def state(self) -> TrainingState:
        """The state after the last step, on its own."""
        now = self._now
        return replace(
            now,
            params=list(self._descent.leaves),
            optimizer=flatten(self._inner_state())[0],
            seed=self._settings.seed,
            stopping=replace(now.stopping),
            plateau=replace(now.plateau),
            history={name: list(entries) for name, entries in now.history.items()},
        )

    def _inner_state(self) -> Any:
        """The state of the optimiser, without the norms of gradients."""
        return self._descent.state[0] if self._settings.gradient_norms else self._descent.state

    def _grown(self) -> Stopped:
        """The end of a run whose loss will not come back."""
        what = growth(self._now.history["loss"])
        bad = self._structure.unflatten(self._descent.leaves)
        return self._diverged(what, DivergenceError(what, step=self._descent.steps, bad_params=bad))

    def _diverged(self, what: str, error: DivergenceError) -> Stopped:
        """Go back to parameters that are worth keeping, with an optimiser that remembers nothing."""
        now, self._told.watchers = self._now, Watchers()  # on the way back nobody is asked
        self._write_down()
        kept, which = kept_params(error, now, self._lowest, self._descent, self._feed)
        inner = self._optimizer.init(kept)
        self._descent.restart(
            kept, (inner, [np.float64(0.0) for _ in kept]) if self._settings.gradient_norms else inner
        )
        now.losses, now.step, now.norms = np.zeros(0), 0, []
        rate = suggested_rate(self._optimizer, self._rate_state)
        return Stopped("diverged", f"{what}. The parameters that were kept are {which}. Try {rate}", error)
