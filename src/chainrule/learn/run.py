"""`TrainingRun`: training that is run piece by piece, by whoever looks at it in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.learn.epochs import Run, Settings, Stopped, Watchers
from chainrule.learn.feeding import RowChunks
from chainrule.learn.optimizers.protocol import Optimizer
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau
from chainrule.learn.training_state import TrainingState
from chainrule.learn.validating import check_chunks, check_start, require_count, require_optimizer, row_arrays
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments

__all__ = ["Training", "TrainingRun"]


@dataclass
class Training:
    """A training run at one moment: what `fit` found, and what a callback sees after each epoch.

    Attributes
    ----------
    params : object
        The parameters: the best ones with ``EarlyStopping(restore_best=True)``, else the last ones.
    state : TrainingState
        From here `fit` goes on, with ``start=training.state``.
    history : dict of str to array
        One entry for each epoch. ``"loss"``: the mean over the rows, each measured before the step that took it in;
        ``"lr"``: the learning rate of the last step; ``"validation_loss"``, if there are such data;
        ``"gradient_norm"``, if asked for: shape (epochs, leaves), the mean over the steps.
    epochs : int
        How many are finished.
    best_epoch : int
        The one with the lowest watched loss, counted from 1: the loss of the validation data, else that of training.
    stopped : str
        Why the run, or the last piece of it, ended: ``"epochs"``, ``"steps"``, ``"early stopping"``, ``"callback"``,
        ``"diverged"`` or ``"interrupted"``; an empty string while it goes on.
    message : str
        The same in a sentence, for a person.
    """

    params: Any
    state: TrainingState = field(repr=False)
    history: dict[str, np.ndarray[Any, Any]] = field(repr=False)
    epochs: int = 0
    best_epoch: int = 0
    stopped: str = ""
    message: str = ""

    def __repr__(self) -> str:
        losses = self.history["loss"]
        path = f"{losses[0]:.6g} → {losses[-1]:.6g}" if len(losses) else "none yet"
        end = f", stopped: {self.stopped}" if self.stopped else ""
        return f"<Training after {self.epochs} epochs: loss {path}{end}>"


class TrainingRun:
    """A training run that goes on whenever it is asked to: by epochs, by steps, or until somebody has waited enough.

    It ends with what one call of `fit` gives, bit for bit, wherever it is cut. Loss and optimiser are traced and
    compiled when the first step is taken, and not again. A run belongs to one thread at a time; several runs may be at
    work at once, in threads of their own, and share compiled code.

    Parameters
    ----------
    loss, params, data, optimizer, batch_size, seed, shuffle, validation, early_stopping, plateau, noise, gradient_norms
        As `fit` takes them.
    start : TrainingState, optional
        A state to go on from.
    call_seconds : float, optional
        How long a call of native code should take, by default about 0.05. Between two of them, `advance` asks whether
        it is interrupted.

    Raises
    ------
    ConfigError, StructureError, IntegerInputError, NonScalarOutputError
        As for `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.learn.optimizers import Adam
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> y = X @ np.array([2.0, -1.0])
    >>> def loss(w, X, y):
    ...     return np.mean((X @ w - y) ** 2)
    >>> run = TrainingRun(loss, np.zeros(2), (X, y), optimizer=Adam(lr=0.1), batch_size=32)
    >>> run.advance(steps=3).message
    'epoch 1 has had 3 of its 7 steps'
    >>> run.advance(epochs=60).message
    'all 60 epochs are finished'
    >>> run.params.round(2), len(run.history["loss"])
    (array([ 2., -1.]), 60)
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        params: Any,
        data: tuple[Any, ...] | RowChunks,
        *,
        optimizer: Optimizer,
        batch_size: int | None = None,
        seed: int = 0,
        shuffle: bool = True,
        validation: tuple[Any, ...] | None = None,
        early_stopping: EarlyStopping | None = None,
        plateau: ReduceOnPlateau | None = None,
        noise: Callable[[np.random.Generator, int], tuple[Any, ...]] | None = None,
        gradient_norms: bool = False,
        start: TrainingState | None = None,
        call_seconds: float | None = None,
    ) -> None:
        require_optimizer(optimizer)
        require_count("seed", seed, 0)
        if batch_size is not None:
            require_count("batch_size", batch_size, 1)
        if isinstance(data, RowChunks):
            rows, example = data.rows, ()
            check_chunks(data, batch_size, noise)
        else:
            data, rows = row_arrays("data", data)
            example = data
        if validation is not None:
            validation, _ = row_arrays("validation", validation)
        Arguments(loss, (params, *example), 0).require_differentiable()
        leaves, self._structure = flatten(params)
        leaves = [np.array(leaf) for leaf in leaves]
        optimizer_leaves, optimizer_structure = flatten(state := optimizer.init(leaves))
        if plateau is not None and not (isinstance(state, dict) and "lr_scale" in state):
            raise ConfigError(
                f"ReduceOnPlateau cannot lower the learning rate of {type(optimizer).__name__}",
                fix='let its state be a dict with "lr_scale", a factor of the learning rate that starts at 1.0',
            )
        if start is None:
            start = TrainingState(leaves, optimizer_leaves, seed=int(seed))
        else:
            check_start(start, leaves, optimizer_leaves, seed)
        takes_all = batch_size is None or (batch_size >= rows and bool(example))
        settings = Settings(
            rows=rows,
            batch_size=None if takes_all or batch_size is None else min(int(batch_size), rows),
            seed=int(seed),
            shuffle=shuffle,
            early_stopping=early_stopping,
            plateau=plateau,
            noise=noise,
            gradient_norms=gradient_norms,
            call_seconds=call_seconds,
        )
        self._run = Run(loss, self._structure, data, optimizer, optimizer_structure, validation, settings, start)
        self._restores = early_stopping is not None and early_stopping.restore_best
        self._ended = Stopped()

    # Where it is -----------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """How many epochs are finished."""
        return self._run.epoch

    @property
    def step(self) -> int:
        """How many steps of the next epoch are taken."""
        return self._run.step

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch has."""
        return self._run.steps_per_epoch

    @property
    def params(self) -> Any:
        """The present parameters, as arrays that later steps do not change."""
        return self._structure.unflatten(self._run.leaves)

    @property
    def history(self) -> dict[str, list[Any]]:
        """As in `Training`, but lists that grow as the run goes on: read from them, do not write."""
        return self._run.history

    @property
    def ended(self) -> Stopped:
        """Why the last piece ended. If `ended.is_final`, nothing more can follow."""
        return self._ended

    # What it does ----------------------------------------------------------------------------------------------------

    def advance(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        callback: Callable[[Training], Any] | None = None,
        is_interrupted: Callable[[], bool] | None = None,
        on_steps: Callable[[int, float], None] = lambda steps, loss: None,
    ) -> Stopped:
        """Run the next piece.

        Parameters
        ----------
        epochs : int, optional
            How many epochs to finish. In the middle of an epoch, its rest is the first of them.
        steps : int, optional
            How many updates of the parameters to make; with `epochs` as well, what comes first ends the piece.
        callback : callable, optional
            ``callback(training)`` after each epoch; a true result ends the piece.
        is_interrupted : callable, optional
            Asked between two calls of native code; a true answer ends the piece there, also in the middle of an epoch:
            ``lambda: time.monotonic() > deadline``. Without `epochs` and `steps`, nothing else ends the piece.
        on_steps : callable, optional
            ``on_steps(count, loss)`` after each such call.

        Returns
        -------
        Stopped
            Why the piece ended. A run that has diverged, or that early stopping has ended, takes no further step.

        Raises
        ------
        ConfigError
            If nothing says how far, or a number is no whole number from 0.

        Notes
        -----
        Without validation, early stopping, plateau, gradient norms and callback, many epochs are one call of native
        code, as in `fit`.
        """
        if epochs is None and steps is None and is_interrupted is None:
            raise ConfigError("advance was not told how far", fix="write advance(epochs=1), or advance(steps=1)")
        for name, count in (("epochs", epochs), ("steps", steps)):
            if count is not None:
                require_count(name, count, 0)
        if self._ended.reason == "diverged":
            return self._ended
        self._ended = Stopped()
        watchers = Watchers(
            callback=None if callback is None else lambda: callback(self.training()),
            advance=on_steps,
            is_interrupted=is_interrupted or (lambda: False),
        )
        self._ended = self._run.advance(
            epochs=None if epochs is None else self.epoch + epochs, steps=steps, watchers=watchers
        )
        return self._ended

    def training(self) -> Training:
        """All that is known of the run at this moment, on its own."""
        state = self._run.state()
        kept = state.best if self._restores and state.best is not None else state.params
        history = {name: np.array(entries) for name, entries in state.history.items()}
        return Training(
            self._structure.unflatten(kept),
            state,
            history,
            state.epoch,
            state.best_epoch,
            self._ended.reason,
            self._ended.message,
        )
