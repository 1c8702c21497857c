"""`LiveTraining`: training on a table that is run piece by piece, and looked at in between."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DataError
from chainrule.learn.epochs import Stopped
from chainrule.learn.models.network import Network
from chainrule.learn.run import Training, TrainingRun
from chainrule.storage.model import TableModel
from chainrule.transforms.gradient import grad
from chainrule.workflow.checkpointing import ENDLESS
from chainrule.workflow.diverging import Divergence, divergence_of
from chainrule.workflow.learning import Learning
from chainrule.workflow.recipe import Recipe, optimizer_name, require_fitting
from chainrule.workflow.rows import DividedRows, divided, typed_table
from chainrule.workflow.settings import TrainingSettings
from chainrule.workflow.training import TrainedTable, record_of, scored

__all__ = ["LiveTraining"]

Array = np.ndarray[Any, Any]

#: Seconds of native code after which a run asks whether it should wait: short, so that many may take turns.
_CALL_SECONDS = 0.005
#: Rows whose gradient is shown.
_GRADIENT_ROWS = 512


class LiveTraining:
    """Training on a table, piece by piece.

    It ends with what `train_table` gives for as many epochs and ``early_stopping=False``, bit for bit: the same rows
    are kept back, the same first parameters drawn, the same steps taken, however they are divided into pieces. Nothing
    is trained before the first call of `advance`.

    A `LiveTraining` has no locks. It belongs to one thread at a time, which trains and reads; different ones may be at
    work in different threads, and share compiled code.

    Parameters
    ----------
    source : whatever `open_table` takes
    target : str or tuple of str
        The column to be predicted, or several.
    settings : TrainingSettings, optional
        With `epochs` the run ends there; without, it can go on for ever, unless its learning rate follows a schedule.
        Early stopping is left out: whoever looks decides when it is enough.
    title : str, optional
        Of the report; by default what the source is called.

    Attributes
    ----------
    settings : TrainingSettings
        As they are used.
    title : str
    rows : DividedRows
        Training, validation and test rows.

    Raises
    ------
    DataError
        If the table cannot be used, naming row and column, or is too large for memory.
    ConfigError
        If the settings do not fit the table, or mean L-BFGS, which has no steps that could be watched.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> settings = TrainingSettings(hidden=(8,), batch_size=32, test_split=0.0)
    >>> live = LiveTraining(load_iris(as_frame=True).frame, "target", settings)
    >>> live.advance(epochs=2)
    >>> live.advance(steps=1)
    >>> live.epoch, live.step, sorted(live.params), sorted(live.history)[:2]
    (2, 1, ['W1', 'W2', 'b1', 'b2'], ['gradient_norm', 'loss'])
    >>> live.advance(epochs=98)
    >>> trained = live.trained()
    >>> list(trained.scores), trained.scores["validation"]["accuracy"] > 0.9
    (['training', 'validation'], True)
    """

    def __init__(
        self,
        source: Any,
        target: str | tuple[str, ...],
        settings: TrainingSettings | None = None,
        *,
        title: str | None = None,
    ) -> None:
        self.settings = dataclasses.replace(settings or TrainingSettings(), early_stopping=False)
        typed = typed_table(source, target, self.settings)
        require_fitting(self.settings, typed.target)
        if typed.table is None:
            raise DataError(
                f"{typed.source.name} has {typed.schema.rows:,} rows, too many to look at while a network learns",
                fix="give a table with some of them, or call train_table",
            )
        if optimizer_name(self.settings, is_stream=False) == "lbfgs":
            raise ConfigError(
                "a run of L-BFGS is short, and has no steps of its own that could be watched",
                fix='write optimizer="adam"',
            )
        self.title = title or typed.source.name
        self.rows: DividedRows = divided(typed, self.settings)
        self._learning = Learning(self.rows, self.settings)
        self._gradient = grad(self.network.loss)  # a look now and then would not repay compiling it
        self.reset()

    # What it is ------------------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network without its parameters."""
        return self._learning.network

    @property
    def recipe(self) -> Recipe:
        """Network, optimiser and batches, as the data chose them."""
        return self._learning.recipe

    @property
    def task(self) -> str:
        """What is predicted: ``"regression"``, ``"binary"``, ``"multiclass"`` or ``"multilabel"``."""
        return self.network.architecture.task

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, as they stand in the table; empty where numbers are predicted."""
        return self.rows.preprocessing.classes

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of the columns of the design matrix."""
        return self.rows.preprocessing.feature_names

    @property
    def target_scale(self) -> tuple[float, float] | None:
        """Mean and deviation of the target of a regression in the training rows; None for classes.

        What the network learns, and predicts with `raw_params`, is a target less the mean and over the deviation.
        """
        if self.task != "regression":
            return None
        mean, deviation = self._learning.scale.mean_and_deviation
        return float(mean[0]), float(deviation[0])

    def scaled_targets(self, y: Array) -> Array:
        """Targets in the units in which the network learns them; classes are what they are.

        Parameters
        ----------
        y : array of shape (n,)
            As `rows.arrays` gives them.
        """
        return self._learning.scale.to_units(y)

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
    def stopped(self) -> str:
        """Why the run is over: ``"diverged"``, or ``"epochs"`` where the settings say how many; empty if it is not."""
        if self._ended.is_final:
            return self._ended.reason
        return "epochs" if self._last is not None and self.epoch >= self._last else ""

    @property
    def message(self) -> str:
        """Why the last piece ended, in a sentence."""
        return self._ended.message

    @property
    def history(self) -> dict[str, list[Any]]:
        """What was written down after each epoch, as in `Training`; lists that grow, to be read only."""
        return self._run.history

    @property
    def raw_params(self) -> dict[str, Any]:
        """The present parameters, as they are trained: for a regression, of targets in standard units."""
        params: dict[str, Any] = self._run.params
        return params

    @property
    def params(self) -> dict[str, Any]:
        """The present parameters, as they predict targets as they stand in the table."""
        return self._learning.finished(self.raw_params)

    @property
    def model(self) -> TableModel:
        """A model with the present parameters and the record of the run, without scores, which take their time."""
        learning, settings = self._until_now()
        record = record_of(self.title, self.rows, learning.recipe, self._training(), settings)
        return TableModel(self.rows.preprocessing, self.network.architecture, self.params, record)

    # What it does ----------------------------------------------------------------------------------------------------

    def advance(
        self, *, epochs: int | None = None, steps: int | None = None, until: Callable[[], bool] | None = None
    ) -> None:
        """Train on.

        Parameters
        ----------
        epochs, steps : int, optional
            How many epochs to finish, and how many updates of the parameters to make, at most. Without either, only
            `until` and the settings say when it is enough.
        until : callable, optional
            Asked every few milliseconds; the run waits as soon as the answer is true, also in the middle of an epoch.

        Raises
        ------
        ConfigError
            If nothing says how far.

        Notes
        -----
        A run that is over takes no further step.
        """
        if self._last is not None:
            left = self._last - self.epoch
            epochs = left if epochs is None else min(epochs, left)
        self._ended = self._run.advance(epochs=epochs, steps=steps, is_interrupted=until)

    def reset(self) -> None:
        """Begin anew with the same first parameters."""
        self._run: TrainingRun = self._learning.begun(call_seconds=_CALL_SECONDS)
        self._ended = Stopped()
        self._divergence: Divergence | None = None

    def loss(self, X: Array, y: Array) -> float:
        """The loss of some rows at the present parameters.

        Parameters
        ----------
        X : array of shape (n, d)
            Of the design matrix.
        y : array
            Targets as `rows.arrays` gives them.
        """
        with np.errstate(all="ignore"):  # as below
            return self._learning.loss(self.raw_params, X, y)

    def gradients(self) -> dict[str, Any]:
        """The gradient of the loss at the present parameters, over at most 512 training rows.

        Returns
        -------
        dict of str to array
            For each of `raw_params`.
        """
        with np.errstate(all="ignore"):  # of parameters that are about to diverge
            found: dict[str, Any] = self._gradient(self.raw_params, *self._sample)
        return found

    def activations(self) -> list[Any]:
        """What the units of each hidden layer say of the rows that `gradients` looks at.

        Returns
        -------
        list of array of shape (n, units)
        """
        with np.errstate(all="ignore"):  # as above
            return self.network.activations(self.params, self._sample[0])

    @cached_property
    def _sample(self) -> tuple[Any, ...]:
        """Some training rows, as the loss takes them."""
        return self._learning.sample(_GRADIENT_ROWS)

    @property
    def divergence(self) -> Divergence | None:
        """Where and why the loss became infinite or NaN, or grew without end; None if it did not."""
        if self._divergence is None and self._ended.error is not None:
            self._divergence = divergence_of(self._ended.error, self.recipe, self._sample)
        return self._divergence

    def trained(self) -> TrainedTable:
        """Model, scores and report with the present parameters, as `train_table` gives them."""
        learning, settings = self._until_now()
        return scored(self.title, self.rows, learning, learning.trained(self._training()), settings)

    def _training(self) -> Training:
        training = self._run.training()
        if not (self._ended.is_final or self.step):  # whoever waits at the end of an epoch has finished it
            training.stopped, training.message = "epochs", f"all {self.epoch} epochs are finished"
        return training

    def _until_now(self) -> tuple[Learning, TrainingSettings]:
        """The same as if as many epochs had been wanted from the beginning."""
        if self.settings.schedule not in ENDLESS:
            return self._learning, self.settings
        epochs = max(self.epoch, 1)
        learning = copy.copy(self._learning)
        learning.recipe = dataclasses.replace(self.recipe, epochs=epochs, steps=epochs * self.steps_per_epoch)
        return learning, dataclasses.replace(self.settings, epochs=epochs)

    @property
    def _last(self) -> int | None:
        """The epoch that the settings end with."""
        return self.settings.epochs if self.settings.schedule in ENDLESS else self.recipe.epochs

    def close(self) -> None:
        """Let go of the table, the run and its code; nothing more can be asked of it."""
        self.__dict__.clear()
