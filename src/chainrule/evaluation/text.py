"""Scores in a terminal: the short table that training ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chainrule.evaluation.cross_validation import CrossValidation
from chainrule.evaluation.scores import METRICS, Scores
from chainrule.notation.numbers import number_text

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["confusion_table", "cross_validation_table", "notes", "scores_table", "shown_metrics"]

#: Above this many classes a confusion matrix does not fit a terminal.
_MOST_CLASSES = 8

_SHOWN = {
    "regression": ("r2", "rmse", "mae"),
    "binary": ("accuracy", "f1", "roc_auc", "log_loss", "brier"),
    "multiclass": ("accuracy", "f1", "roc_auc", "log_loss", "brier"),
    "multilabel": ("accuracy", "hamming_loss", "f1", "roc_auc", "log_loss"),
}


def shown_metrics(task: str) -> tuple[str, ...]:
    """The metrics of the short table; the report has them all."""
    return _SHOWN[task]


def scores_table(scores: Mapping[str, Scores], *, title: str | None = None) -> Table:
    """A row for each model or part of the data, a column for each of the most telling metrics.

    Parameters
    ----------
    scores : mapping of str to Scores
        By the name of the row: ``train``, ``test``, ``test: majority class``.
    title : str, optional

    Returns
    -------
    rich.table.Table

    Examples
    --------
    >>> from chainrule.evaluation.metrics import score
    >>> table = scores_table({"test": score("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0])})
    >>> [column.header for column in table.columns], table.row_count
    (['', 'rows', 'R²', 'RMSE', 'MAE'], 1)
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("")
    table.add_column("rows", justify="right")
    keys = shown_metrics(next(iter(scores.values())).task)
    for key in keys:
        table.add_column(METRICS[key].label, justify="right", no_wrap=True)
    for name, part in scores.items():
        table.add_row(Text(name), f"{part.rows:,}", *(part.text(key) for key in keys))
    return table


def confusion_table(scores: Scores) -> Table | None:
    """True classes down, predicted ones across; None where there is none, or it is too large for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    counts = scores.confusion
    if counts is None or counts.ndim != 2 or len(counts) > _MOST_CLASSES:
        return None
    table = Table(box=SIMPLE_HEAD, title="predicted →", title_justify="right", pad_edge=False)
    table.add_column("true ↓")
    for name in scores.classes:
        table.add_column(Text(name), justify="right")
    for i, (name, row) in enumerate(zip(scores.classes, counts, strict=True)):
        cells = [Text(number_text(count), style="bold" if i == j else "") for j, count in enumerate(row)]
        table.add_row(Text(name), *cells)
    return table


def cross_validation_table(found: CrossValidation) -> Table:
    """A row for each metric: mean ± standard deviation over folds, and each fold."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("mean ± sd", justify="right", no_wrap=True)
    for number in range(1, len(found.folds) + 1):
        table.add_column(f"fold {number}", justify="right")
    for key, spread in found.spread.items():
        table.add_row(METRICS[key].label, spread.text(key), *(part.text(key) for part in found.folds))
    return table


def notes(reasons: Mapping[str, str]) -> Sequence[str]:
    """Why values are missing, one line each.

    Examples
    --------
    >>> notes({"roc_auc": "all rows are of class 'a'"})
    ["ROC-AUC: all rows are of class 'a'"]
    """
    return [f"{METRICS[key].label}: {reason}" for key, reason in reasons.items()]
