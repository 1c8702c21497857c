"""Scores in a terminal: the short table that training ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chainrule.evaluation.baselines import Baseline
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


def scores_table(
    scores: Mapping[str, Scores], baselines: Sequence[Baseline] = (), *, title: str | None = None
) -> Table:
    """A row for each part of the data and for each baseline, a column for each of the most telling metrics.

    Parameters
    ----------
    scores : mapping of str to Scores
        By part of the data, such as ``"training"`` and ``"test"``.
    baselines : sequence of Baseline
        On the rows of the last part.
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
    last = list(scores)[-1]
    for name, part in scores.items():
        style = "bold" if name == last else ""
        table.add_row(Text(name), f"{part.rows:,}", *(part.text(key) for key in keys), style=style)
    for baseline in baselines:
        found = baseline.scores
        table.add_row(Text(baseline.name), f"{found.rows:,}", *(found.text(key) for key in keys), style="dim")
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
    """A row for each metric: mean ± standard deviation over folds, and the range of the folds."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("mean ± sd", justify="right", no_wrap=True)
    table.add_column(f"of {len(found.folds)} folds: lowest", justify="right")
    table.add_column("highest", justify="right")
    for key, spread in found.spread.items():
        metric = METRICS[key]
        table.add_row(metric.label, spread.text(key), *(metric.text(end) for end in spread.ends))
    return table


def notes(reasons: Mapping[str, str]) -> Sequence[str]:
    """Why values are missing, one line each.

    Examples
    --------
    >>> notes({"roc_auc": "all rows are of class 'a'"})
    ["ROC-AUC: all rows are of class 'a'"]
    """
    return [f"{METRICS[key].label}: {reason}" for key, reason in reasons.items()]
