"""From divided rows to a trained network."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.evaluation.learning_rate import LearningRateTest, find_learning_rate
from chainrule.learn.gradient_check import GradientCheck, check_gradients
from chainrule.learn.lbfgs import lbfgs
from chainrule.learn.models.architecture import Architecture
from chainrule.learn.models.network import Network
from chainrule.learn.run import Training, TrainingRun
from chainrule.learn.training import completed
from chainrule.learn.training_state import TrainingState
from chainrule.tables.streaming import RowStream
from chainrule.workflow.recipe import Recipe, recipe_for
from chainrule.workflow.rows import DividedRows
from chainrule.workflow.scaling import TargetScale
from chainrule.workflow.settings import TrainingSettings

__all__ = ["Learning", "Trained"]

Array = np.ndarray[Any, Any]

#: Rows on which gradients are checked: differences cost a pass for each parameter array and step.
_CHECKED_ROWS = 256
#: Rows of a stream on which a learning rate is looked for.
_RATE_ROWS = 1 << 15


@dataclass(frozen=True)
class Trained:
    """A network with its parameters.

    Attributes
    ----------
    architecture : Architecture
    params : dict of str to array
        Finished; they predict targets as they stand in the table.
    training : Training
    """

    architecture: Architecture
    params: dict[str, Any]
    training: Training


class Learning:
    """A run on divided rows: first parameters, loss, data as `fit` takes them.

    Parameters
    ----------
    rows : DividedRows
    settings : TrainingSettings
        With ``lr="auto"``, a learning rate is looked for at once.

    Attributes
    ----------
    recipe : Recipe
    network : Network
    scale : TargetScale
        In which units the targets are learnt.
    learning_rate : LearningRateTest or None
    params : dict of str to array
        To begin with.
    """

    def __init__(self, rows: DividedRows, settings: TrainingSettings) -> None:
        outcome = rows.preprocessing.outcome
        assert outcome is not None
        self._rows, self._settings = rows, settings
        self.recipe: Recipe = recipe_for(
            settings,
            outcome,
            inputs=len(rows.preprocessing.feature_names),
            rows=rows.rows,
            has_validation="validation" in rows.tables,
            is_stream=rows.is_stream,
        )
        self.network = Network(self.recipe.architecture)
        self.scale, self._class_weights = self._facts_of_targets()
        self.learning_rate: LearningRateTest | None = None
        self.params = self._first_params()
        if settings.lr == "auto":
            self._find_learning_rate()

    # Before training -----------------------------------------------------------------------------------------------

    def _facts_of_targets(self) -> tuple[TargetScale, Array | None]:
        """In one pass over the targets."""
        task = self.recipe.architecture.task
        scale = TargetScale(task)
        counts = np.zeros(max(self.recipe.architecture.outputs, 2))
        for _, y in self._pairs():
            scale.add(y)
            if self._settings.class_weight:
                counts += np.bincount(y.astype(np.int64), minlength=len(counts))
        if not self._settings.class_weight:
            return scale, None
        present = counts > 0
        return scale, np.where(present, counts.sum() / (present.sum() * np.maximum(counts, 1)), 0.0)

    def _pairs(self) -> Iterator[tuple[Array, Array]]:
        """Design matrix and targets of all training rows, chunk by chunk."""
        if isinstance(self._rows.training, RowStream):
            yield from self._rows.training.epoch(0)
        else:
            yield self._rows.arrays("training")

    def _first_params(self) -> dict[str, Any]:
        dtype, unseen = self._rows.dtype, self._rows.preprocessing.unseen_features
        params = self.network.init(np.random.default_rng([self._settings.seed, 0]), np.empty((1, len(unseen)), dtype))
        params["W1"][unseen] = 0.0  # what was never seen must not move a prediction by chance
        return params

    def _data(self, X: Array, y: Array) -> tuple[Any, ...]:
        """What the loss takes beside the parameters."""
        data = (X, self.network.encode(self.scale.to_units(y), X.dtype))
        if self._class_weights is None:
            return data
        return (*data, self._class_weights[y.astype(np.int64)].astype(X.dtype))

    def _find_learning_rate(self) -> None:
        """A short range test, whose result the run takes."""
        recipe = self.recipe
        X, y = self._some_rows(_RATE_ROWS)
        found = find_learning_rate(
            self.network.loss,
            self.params,
            self._data(X, y),
            recipe.optimizer,
            batch_size=recipe.batch_size if recipe.batch_size < len(X) else None,
            seed=self._settings.seed,
            default=recipe.lr or 1e-3,
        )
        self.learning_rate = found
        self.recipe = dataclasses.replace(recipe, lr=found.lr)

    def sample(self, count: int) -> tuple[Any, ...]:
        """Some of the training rows, as the loss takes them."""
        return self._data(*self._some_rows(count))

    def _some_rows(self, count: int) -> tuple[Array, Array]:
        taken = list(itertools.islice(self._pairs(), 2))
        return np.concatenate([X for X, _ in taken])[:count], np.concatenate([y for _, y in taken])[:count]

    def loss(self, params: dict[str, Any], X: Array, y: Array) -> float:
        """What is minimised, of some rows: targets as they stand in the table, parameters as they are trained."""
        return float(self.network.loss(params, *self._data(X, y)))

    def check_gradients(self) -> GradientCheck:
        """The gradient at the first parameters beside finite differences."""
        X, y = self._some_rows(_CHECKED_ROWS)
        # weights that begin at zero would make most of the gradient zero
        rng = np.random.default_rng([self._settings.seed, 1])
        params = {name: value + 0.1 * rng.standard_normal(value.shape) for name, value in self.params.items()}
        return check_gradients(self.network.loss, params, self._data(X, y), seed=self._settings.seed)

    # The run -------------------------------------------------------------------------------------------------------

    def run(
        self,
        *,
        start: TrainingState | None = None,
        callback: Callable[[Training], Any] | None = None,
        progress: bool = False,
    ) -> Trained:
        """Train.

        Parameters
        ----------
        start : TrainingState, optional
        callback : callable, optional
            As `fit` takes it.
        progress : bool

        Returns
        -------
        Trained
        """
        recipe = self.recipe
        if not recipe.is_lbfgs:
            return self.trained(completed(self.begun(start=start), recipe.epochs, callback=callback, progress=progress))
        training = lbfgs(
            self.network.loss,
            self.params,
            self._data(*self._rows.arrays("training")),
            max_iter=recipe.epochs,
            validation=self._validation(),
            gradient_norms=True,
            callback=callback,
        )
        return self.trained(training)

    def begun(self, *, start: TrainingState | None = None, call_seconds: float | None = None) -> TrainingRun:
        """A run of epochs, before its first step.

        Parameters
        ----------
        start : TrainingState, optional
        call_seconds : float, optional
            As `TrainingRun` takes it.

        Returns
        -------
        TrainingRun
        """
        recipe, rows = self.recipe, self._rows
        return TrainingRun(
            self.network.loss,
            self.params,
            _Chunks(self) if rows.is_stream else self._data(*rows.arrays("training")),
            optimizer=recipe.optimizer(),
            batch_size=recipe.batch_size,
            seed=self._settings.seed,
            validation=self._validation(),
            early_stopping=recipe.early_stopping,
            plateau=recipe.plateau,
            noise=self._noise if recipe.architecture.dropout and not rows.is_stream else None,
            gradient_norms=True,
            start=start,
            call_seconds=call_seconds,
        )

    def trained(self, training: Training) -> Trained:
        """The network with the parameters of a run."""
        return Trained(self.recipe.architecture, self.finished(training.params), training)

    def finished(self, params: dict[str, Any]) -> dict[str, Any]:
        """Parameters as they predict: with the statistics of batch normalisation, and in the units of the table."""
        finished = self.network.finish(params, lambda: (X for X, _ in self._pairs()))
        return self.scale.in_table_units(finished, self.network)

    def _validation(self) -> tuple[Any, ...] | None:
        return self._data(*self._rows.arrays("validation")) if "validation" in self._rows.tables else None

    def _noise(self, rng: np.random.Generator, epoch: int) -> tuple[Any, ...]:
        return self.network.noise(rng, self._rows.rows, self._rows.dtype)

    def chunks(self, epoch: int, rng: np.random.Generator) -> Iterable[tuple[Any, ...]]:
        """The data of an epoch of a stream, dropout included."""
        assert isinstance(self._rows.training, RowStream)
        for X, y in self._rows.training.epoch(epoch):
            yield (*self._data(X, y), *self.network.noise(rng, len(X), X.dtype))


class _Chunks:
    """A stream as `fit` takes it."""

    def __init__(self, learning: Learning) -> None:
        self.rows = learning._rows.rows
        self.chunks = learning.chunks
