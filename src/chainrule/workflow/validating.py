"""Scores over several splits of a table: cross-validation, and learning curves over the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import DataError
from chainrule.evaluation.cross_validation import CrossValidation, cross_validate
from chainrule.evaluation.learning_curve import LearningCurve, learning_curve
from chainrule.evaluation.splits import split
from chainrule.storage.model import TableModel
from chainrule.workflow.learning import Learning
from chainrule.workflow.rows import TypedTable, divided_already, encoded, typed_table
from chainrule.workflow.settings import TrainingSettings

__all__ = ["cross_validate_table", "learning_curve_of_table"]

Array = np.ndarray[Any, Any]


def cross_validate_table(
    source: Any,
    target: str | tuple[str, ...],
    settings: TrainingSettings | None = None,
    *,
    folds: int = 5,
    progress: Callable[[int, Any], None] | None = None,
) -> CrossValidation:
    """Train and test once for each fold; preprocessing and early stopping see the training rows of the fold alone.

    Parameters
    ----------
    source : whatever `open_table` takes
    target : str or tuple of str
    settings : TrainingSettings, optional
        Its test split is not used.
    folds : int, default 5
    progress : callable, optional
        ``progress(fold, scores)`` after each of them.

    Returns
    -------
    CrossValidation

    Raises
    ------
    DataError
        If the table cannot be used, or is too large for memory.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> data = load_iris(as_frame=True).frame
    >>> settings = TrainingSettings(model="logistic")
    >>> cross_validate_table(data, "target", settings).spread["accuracy"].text("accuracy")
    '96.0 % ± 1.5 %'
    """
    problem = _Problem(source, target, settings or TrainingSettings())
    return cross_validate(
        problem.fit,
        problem.table,
        problem.labels,
        task=problem.typed.target.task,
        classes=problem.names,
        folds=folds,
        seed=problem.settings.seed,
        progress=progress,
    )


def learning_curve_of_table(
    source: Any,
    target: str | tuple[str, ...],
    settings: TrainingSettings | None = None,
    *,
    folds: int = 5,
    sizes: Sequence[float] = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    metric: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LearningCurve:
    """Train on growing parts of the training rows of each fold.

    Parameters
    ----------
    source, target, settings, folds
        As in `cross_validate_table`.
    sizes : sequence of float
        Shares of the training rows of a fold.
    metric : str, optional
    progress : callable, optional
        ``progress(done, total)`` after each fit.

    Returns
    -------
    LearningCurve

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> data = load_iris(as_frame=True).frame
    >>> curve = learning_curve_of_table(data, "target", TrainingSettings(model="logistic"), sizes=(0.2, 1.0))
    >>> curve.rows
    (24, 120)
    """
    problem = _Problem(source, target, settings or TrainingSettings())
    return learning_curve(
        problem.fit,
        problem.table,
        problem.labels,
        task=problem.typed.target.task,
        metric=metric,
        classes=problem.names,
        sizes=sizes,
        folds=folds,
        seed=problem.settings.seed,
        progress=progress,
    )


class _Problem:
    """A table in memory, and how a model is made from some of its rows."""

    def __init__(self, source: Any, target: str | tuple[str, ...], settings: TrainingSettings) -> None:
        self.settings = settings
        self.typed: TypedTable = typed_table(source, target, settings)
        if self.typed.table is None:
            raise DataError(
                f"{self.typed.source.name} has {self.typed.schema.rows:,} rows, too many to train on again and again",
                fix="give a file with some of them",
            )
        self.table: pa.Table = self.typed.table
        outcome = self.typed.target
        self.names = list(outcome.classes) or None
        y = self.typed.targets
        #: Labels as they stand in the table, since models know their classes by these.
        self.labels: Array = np.array(outcome.classes)[y.astype(np.int64)] if outcome.classes else y

    def fit(self, table: pa.Table, labels: Array) -> TableModel:
        """A model of some rows, of which it keeps a part back itself to know when to stop."""
        settings, schema, outcome = self.settings, self.typed.schema, self.typed.target
        y = encoded(outcome, table)
        share = settings.validation_split if settings.early_stopping else 0.0
        parts = split(y, task=outcome.task, test=0.0, validation=share, seed=settings.seed)
        tables = {"training": table.take(parts.train), "validation": table.take(parts.validation)}
        rows = divided_already({name: part for name, part in tables.items() if part.num_rows}, schema, outcome)
        trained = Learning(rows, settings).run()
        return TableModel(rows.preprocessing, trained.architecture, trained.params)
