"""The epochs of a training run: which steps follow each other, what is written down, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.learn.batches import Batches
from chainrule.learn.descent import Descent
from chainrule.learn.evaluating import Evaluation
from chainrule.learn.feeding import ChunkFeed, Feed, MemoryFeed, RowChunks
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.rates import Measuring, rate_at, suggested_rate
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training_state import TrainingState
from chainrule.structure import Structure, flatten

__all__ = ["Run", "Settings", "Stopped"]

#: A loss that grew so many epochs in a row, to so many times the first and the lowest one, will not come back.
_GROWING = 10
_GROWN = 100.0


@dataclass(frozen=True)
class Settings:
    """What a run is asked to do; see `fit`.

    Attributes
    ----------
    rows : int
        How many the data have.
    batch_size : int or None
        Not more than there are rows; None for all.
    callback : callable or None
        A true result of ``callback()`` ends the run.
    advance : callable
        ``advance(steps, loss)`` hears of progress.
    is_interrupted : callable
        Whether the run is asked to end.
    """

    rows: int
    batch_size: int | None
    seed: int
    shuffle: bool
    early_stopping: EarlyStopping | None
    plateau: ReduceOnPlateau | None
    noise: Callable[[np.random.Generator, int], tuple[Any, ...]] | None
    gradient_norms: bool
    callback: Callable[[], Any] | None
    advance: Callable[[int, float], None]
    is_interrupted: Callable[[], bool]


@dataclass(frozen=True)
class Stopped:
    """Why a run ended: in a word, and in a sentence."""

    reason: str
    message: str


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
        self._optimizer, self._settings = optimizer, settings
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
        self._descent = Descent(
            loss,
            start.params,
            structure,
            batches,
            Measuring(optimizer) if settings.gradient_norms else optimizer,
            check_finite=True,
            callback=None,
            advance=settings.advance,
            state=(state, norms) if settings.gradient_norms else state,
            is_interrupted=settings.is_interrupted,
            repeats=True,
        )
        self._feed = _feed(data, batches, settings, self._descent.renew)
        self._descent.steps = start.epoch * len(self._weights) + start.step
        #: The epoch with the lowest loss, for a run that diverges and has no best parameters.
        self._lowest: _Lowest | None = None

    @property
    def epoch(self) -> int:
        """How many epochs are finished."""
        return self._now.epoch

    def until(self, epochs: int) -> Stopped:
        """Run until so many epochs are finished, or something ends the run before."""
        try:
            stopped = self._run(epochs)
            self._descent.finish()
        except DivergenceError as error:
            where = f" ({error.where})" if error.where else ""
            return self._diverged(f"{error.what}{where}", error.params)
        return stopped

    def _run(self, epochs: int) -> Stopped:
        now, settings = self._now, self._settings
        while now.epoch < epochs:
            if self._has_waited():
                return Stopped("early stopping", self._why_early())
            self._before = (now.epoch, now.step, self._descent.snapshot())
            self._take(self._epochs_together(epochs))
            self._write_down()
            if self._descent.stopped:
                return Stopped("interrupted", f"interrupted in epoch {now.epoch + 1}, after {now.step} of its steps")
            if _has_grown(losses := now.history["loss"]):
                path = f"from {losses[-_GROWING - 1]:.4g} to {losses[-1]:.4g}"
                return self._diverged(f"the loss grew for {_GROWING} epochs in a row, {path}")
            self._watch()
            if settings.callback is not None and settings.callback():
                return Stopped("callback", f"ended by the callback after epoch {now.epoch}")
        if self._has_waited():
            return Stopped("early stopping", self._why_early())
        return Stopped("epochs", f"all {now.epoch} epochs are finished")

    # Steps -----------------------------------------------------------------------------------------------------------

    def _epochs_together(self, epochs: int) -> int:
        """How many epochs may run before anyone looks."""
        settings, now = self._settings, self._now
        is_watched = (
            self._evaluation is not None
            or settings.early_stopping is not None
            or settings.plateau is not None
            or settings.callback is not None
            or settings.gradient_norms
        )
        return 1 if is_watched or now.step else min(self._feed.together(now.epoch), epochs - now.epoch)

    def _take(self, epochs: int) -> None:
        """The steps of the next epochs."""
        for span in self._feed.spans(self._now.epoch, epochs, self._now.step):
            self._descent.run(span)
            if self._descent.stopped:
                return

    # What is written down --------------------------------------------------------------------------------------------

    def _write_down(self) -> None:
        """Enter the steps that were taken, and the epochs that they finished."""
        now, per_epoch = self._now, len(self._weights)
        losses = np.concatenate([now.losses, self._descent.take_history()])
        finished = len(losses) // per_epoch
        now.losses = losses[finished * per_epoch :]
        for i in range(finished):
            mean = float(losses[i * per_epoch : (i + 1) * per_epoch] @ self._weights)
            self._enter("loss", mean)
            self._enter_rate(per_epoch)
            if self._lowest is None or mean < self._lowest.loss:
                epoch, step, back = self._before
                self._lowest = _Lowest(mean, now.epoch - epoch, epoch, step, back)
            now.epoch += 1
        if self._settings.gradient_norms:
            self._take_norms(per_epoch if finished else None)
        now.step = len(now.losses)

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
        state, norms = self._descent.state
        self._now.norms = [float(norm) for norm in norms]
        if steps is not None:
            self._enter("gradient_norm", [norm / steps for norm in self._now.norms])
            self._now.norms = []
            self._descent.state = (state, [np.float64(0.0) for _ in norms])

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

    def _params_of(self, lowest: _Lowest) -> list[Any]:
        """The parameters before an epoch, found by taking the steps to there once more."""
        lowest.back()
        if lowest.later:
            for span in self._feed.spans(lowest.epoch, lowest.later, lowest.step):
                self._descent.run(span)
            self._descent.take_history()
        return self._descent.leaves

    def _diverged(self, what: str, finite: Any = None) -> Stopped:
        """Go back to parameters that are worth keeping, with an optimiser that remembers nothing."""
        now = self._now
        self._write_down()
        if now.best is not None:
            kept, which = now.best, f"those after epoch {now.best_epoch}"
        elif self._lowest is not None:
            kept, which = self._params_of(self._lowest), "those with the lowest training loss"
        else:
            kept, which = flatten(finite)[0], "the last ones with a finite loss"
        inner = self._optimizer.init(kept)
        self._descent.restart(
            kept, (inner, [np.float64(0.0) for _ in kept]) if self._settings.gradient_norms else inner
        )
        now.losses, now.step, now.norms = np.zeros(0), 0, []
        rate = suggested_rate(self._optimizer, self._rate_state)
        return Stopped("diverged", f"{what}. The parameters that were kept are {which}. Try {rate}")


@dataclass(frozen=True)
class _Lowest:
    """The epoch with the lowest loss, as so many epochs after a point to which the steps can go back."""

    loss: float
    later: int
    epoch: int
    step: int
    back: Callable[[], None]


def _feed(
    data: tuple[Any, ...] | RowChunks,
    batches: Batches,
    settings: Settings,
    renew: Callable[[tuple[Any, ...]], None],
) -> Feed:
    if isinstance(data, tuple):
        return MemoryFeed(
            data,
            batches,
            rows=settings.rows,
            batch_size=settings.batch_size,
            seed=settings.seed,
            shuffle=settings.shuffle,
            noise=settings.noise,
            renew=renew,
        )
    size = settings.batch_size or settings.rows
    return ChunkFeed(data, batches, batch_size=size, seed=settings.seed, shuffle=settings.shuffle, renew=renew)


def _has_grown(losses: list[float]) -> bool:
    """Whether the loss will not come back."""
    if len(losses) <= _GROWING:
        return False
    recent = losses[-_GROWING - 1 :]
    if any(after <= before for before, after in pairwise(recent)):
        return False
    scale = max(abs(losses[0]), abs(recent[0]))
    return 0 < _GROWN * scale < recent[-1]
