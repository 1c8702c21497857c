"""`train_table`: from a table to a trained model, its scores, and what it has to beat."""

from __future__ import annotations

import dataclasses
import datetime
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import ConfigError, DerivativeCheckError
from chainrule.evaluation.baselines import Baseline
from chainrule.evaluation.comparison import Comparison
from chainrule.evaluation.learning_rate import LearningRateTest
from chainrule.evaluation.metrics import MAIN_METRIC
from chainrule.evaluation.report import Report, network_report
from chainrule.evaluation.report.lesson import instructive_row
from chainrule.evaluation.report.network import row_losses
from chainrule.evaluation.scores import Scores
from chainrule.learn.gradient_check import GradientCheck
from chainrule.learn.training import Training
from chainrule.storage.model import TableModel
from chainrule.storage.plain import plain
from chainrule.version import __version__
from chainrule.workflow.checkpointing import Checkpoints
from chainrule.workflow.learning import Learning, Trained
from chainrule.workflow.lessons import explain_typed_row
from chainrule.workflow.recipe import Recipe, optimizer_name, require_fitting
from chainrule.workflow.rows import DividedRows, divided, typed_table
from chainrule.workflow.settings import TrainingSettings

__all__ = ["TrainedTable", "record_of", "scored", "train_table"]


@dataclass(frozen=True, repr=False)
class TrainedTable:
    """A trained model, and how good it is.

    Attributes
    ----------
    model : TableModel
    training : Training
        What the run did.
    recipe : Recipe
        Network, optimiser, epochs and batches, as the data chose them.
    settings : TrainingSettings
    report : Report
        Scores, baselines and facts; `full_report` has the lesson as well.
    note : str
        What to know about the split.
    learning_rate : LearningRateTest or None
        With ``lr="auto"``.
    gradient_check : GradientCheck or None
    parts : mapping of str to pyarrow.Table
        The rows of each part; of a stream, those that are in memory.
    """

    model: TableModel
    training: Training
    recipe: Recipe
    settings: TrainingSettings
    report: Report
    note: str = ""
    learning_rate: LearningRateTest | None = None
    gradient_check: GradientCheck | None = None
    parts: Mapping[str, pa.Table] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        last = list(self.scores)[-1]
        key = MAIN_METRIC[self.scores[last].task]
        return f"<TrainedTable {self.model!r}, {last} {key} {self.scores[last].text(key)}>"

    @property
    def scores(self) -> Mapping[str, Scores]:
        """Of each part of the rows: training, validation, test."""
        return self.report.scores

    @property
    def baselines(self) -> Sequence[Baseline]:
        """The majority class or the mean, and a linear model, scored on the rows of the last part."""
        return self.report.baselines

    @property
    def comparison(self) -> Comparison | None:
        """Of the model with the linear baseline."""
        return self.report.comparison

    @property
    def diverged(self) -> bool:
        """Whether the run ended because the loss became infinite or NaN, or grew without end."""
        return self.training.stopped == "diverged"

    def full_report(self, *, again: str = "") -> Report:
        """The report with the lesson of one row of the last part.

        Parameters
        ----------
        again : str, optional
            The command that makes it.

        Returns
        -------
        Report
        """
        rows = self.parts[list(self.scores)[-1]]
        number = self._instructive_row(rows)
        row = rows.slice(number, 1)
        return dataclasses.replace(
            self.report,
            lesson=explain_typed_row(self.model, row),
            lesson_row=row.to_pylist()[0],
            again=again,
            made_by=f"chainrule {__version__}, {self.model.record['created']}",
        )

    def _instructive_row(self, rows: pa.Table) -> int:
        model = self.model
        X, y = model.preprocessing.arrays(rows, model.params["W1"].dtype)
        predicted = model.network.predict(model.params, X)
        return instructive_row(row_losses(model.task, y, predicted, model.architecture.loss))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Scores, baselines and facts in dictionaries, for `json.dumps`."""
        made: dict[str, Any] = plain(
            {
                "task": self.model.task,
                "target": list(self.model.target.names),
                "classes": list(self.model.classes),
                "model": dict(self.report.model),
                "training": dict(self.report.training) | {"stopped": self.training.stopped},
                "scores": {name: found.to_json() for name, found in self.scores.items()},
                "baselines": {found.name: found.scores.to_json() for found in self.baselines},
                "comparison": None if self.comparison is None else self.comparison.to_json(),
                "learning_rate": None if self.learning_rate is None else self.learning_rate.to_json(),
                "settings": self.settings.to_json(),
                "note": self.note,
            }
        )
        return made


def train_table(
    source: Any,
    target: str | tuple[str, ...],
    settings: TrainingSettings | None = None,
    *,
    title: str | None = None,
    checkpoints: Checkpoints | None = None,
    gradient_check: bool = False,
    progress: bool = False,
    on_schema: Callable[[Any], None] | None = None,
) -> TrainedTable:
    """Train a model on a table, and score it on rows that it has not seen.

    Parameters
    ----------
    source : whatever `open_table` takes
        A file, a folder, ``"-"``, a pandas or polars frame, a dictionary of arrays.
    target : str or tuple of str
        The column to be predicted, or several.
    settings : TrainingSettings, optional
    title : str, optional
        Of the report; by default what the source is called.
    checkpoints : Checkpoints, optional
    gradient_check : bool, default False
        Whether to hold the gradient against finite differences first.
    progress : bool, default False
        Whether to show a progress bar in a terminal.
    on_schema : callable, optional
        ``on_schema(schema)`` is called once it is decided, before anything is trained.

    Returns
    -------
    TrainedTable

    Raises
    ------
    DataError
        If the table cannot be used, naming row and column.
    ConfigError
        If the settings do not fit the table.
    DerivativeCheckError
        If the gradient is wrong.
    KeyboardInterrupt
        At Ctrl-C, after a checkpoint was written, if there are such; its message says how to go on.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> trained = train_table(load_iris(as_frame=True).frame, "target", TrainingSettings(model="logistic"))
    >>> trained.scores["test"].rows, trained.scores["test"]["accuracy"] > 0.9
    (30, True)
    >>> trained.model.predict({name: [4.0] for name in load_iris().feature_names})
    array([2])
    """
    settings = settings or TrainingSettings()
    typed = typed_table(source, target, settings)
    require_fitting(settings, typed.target)
    if checkpoints is not None and optimizer_name(settings, is_stream=typed.table is None) == "lbfgs":
        _refuse(checkpoints)
        checkpoints = None
    if on_schema is not None:
        on_schema(typed.schema)
    rows = divided(typed, settings)
    try:
        learning = Learning(rows, settings)
        checked = _checked(learning) if gradient_check else None
        trained = _run(learning, rows, settings, checkpoints, progress)
        return scored(title or typed.source.name, rows, learning, trained, settings, checked)
    finally:
        rows.close()


def _refuse(checkpoints: Checkpoints) -> None:
    """L-BFGS has no state to go on from; that matters only to those who asked for one."""
    if checkpoints.every or checkpoints.resume:
        raise ConfigError(
            "a run of L-BFGS is short, and cannot be gone on with in the middle: it has no checkpoints",
            fix='leave them out, or write optimizer="adam"',
        )


def _checked(learning: Learning) -> GradientCheck:
    found = learning.check_gradients()
    if not found.passed:
        raise DerivativeCheckError(
            f"the gradient differs from finite differences:\n{found}",
            fix="report this with the settings: it is an error in chainrule",
        )
    return found


def _run(
    learning: Learning,
    rows: DividedRows,
    settings: TrainingSettings,
    checkpoints: Checkpoints | None,
    progress: bool,
) -> Trained:
    if checkpoints is None:
        trained = learning.run(progress=progress)
        if trained.training.stopped == "interrupted":
            raise KeyboardInterrupt("interrupted: nothing was saved")
        return trained
    start = checkpoints.start(settings, rows.fingerprint, learning.recipe.lr)
    callback = checkpoints.after_epoch if checkpoints.every else None
    trained = learning.run(start=start, callback=callback, progress=progress)
    stopped = trained.training.stopped
    if stopped == "interrupted":
        checkpoints.save(trained.training)
        raise KeyboardInterrupt(
            f"{trained.training.message}; saved in {checkpoints.path}. To go on, give the same command with --resume"
        )
    if stopped != "diverged" and (checkpoints.every or checkpoints.resume):
        checkpoints.save(trained.training)
    return trained


def record_of(
    title: str, rows: DividedRows, recipe: Recipe, training: Training, settings: TrainingSettings
) -> dict[str, Any]:
    """How a model came about, without its scores.

    Parameters
    ----------
    title : str
        Of the table.
    rows : DividedRows
    recipe : Recipe
    training : Training
    settings : TrainingSettings

    Returns
    -------
    dict
        As `TableModel` keeps it.
    """
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {"chainrule": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "data": {"name": title, "rows": rows.preprocessing.schema.rows, "training rows": rows.rows},
        "settings": settings.to_json(),
        "optimizer": recipe.optimizer_name,
        "lr": recipe.lr,
        "batch_size": recipe.batch_size,
        "epochs": training.epochs,
        "best_epoch": training.best_epoch,
        "stopped": training.stopped,
        "message": training.message,
        "history": {name: values for name, values in training.history.items() if name != "gradient_norm"},
    }


def scored(
    title: str,
    rows: DividedRows,
    learning: Learning,
    trained: Trained,
    settings: TrainingSettings,
    checked: GradientCheck | None = None,
) -> TrainedTable:
    """A trained network with its scores, its report and the record of how it came about.

    Parameters
    ----------
    title : str
        Of the report.
    rows : DividedRows
    learning : Learning
    trained : Trained
    settings : TrainingSettings
    checked : GradientCheck, optional

    Returns
    -------
    TrainedTable
    """
    recipe = learning.recipe
    training, schema = trained.training, rows.preprocessing.schema
    outcome = rows.preprocessing.outcome
    assert outcome is not None
    shown = {name: "training sample" if rows.is_stream and name == "training" else name for name in rows.tables}
    parts = {shown[name]: rows.arrays(name) for name in rows.tables}
    report = network_report(
        title,
        learning.network,
        trained.params,
        parts,
        classes=outcome.classes or (outcome.names if len(outcome.names) > 1 else None),
        training=training,
        optimizer=None if recipe.is_lbfgs else recipe.optimizer(),
        schema=schema,
        data={"Table": title, "Rows": schema.rows, "Target": ", ".join(outcome.names)}
        | ({"Note": schema.note} if schema.note else {}),
        with_lesson=False,
        learning_rate=learning.learning_rate,
    )
    record = record_of(title, rows, recipe, training, settings) | {
        "scores": {name: dict(found.values) for name, found in report.scores.items()},
        "baselines": {found.name: dict(found.scores.values) for found in report.baselines},
    }
    model = TableModel(rows.preprocessing, trained.architecture, trained.params, record)
    tables = {shown[name]: table for name, table in rows.tables.items()}
    return TrainedTable(model, training, recipe, settings, report, rows.note, learning.learning_rate, checked, tables)
