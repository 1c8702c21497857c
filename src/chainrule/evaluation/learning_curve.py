"""Whether more data would help: scores over the number of rows to learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.evaluation.checks import Array
from chainrule.evaluation.cross_validation import Fit
from chainrule.evaluation.metrics import MAIN_METRIC
from chainrule.evaluation.models import classes_of, evaluate, take_rows
from chainrule.evaluation.scores import Task
from chainrule.evaluation.splits import folds as rows_of_folds

__all__ = ["LearningCurve", "learning_curve"]


@dataclass(frozen=True)
class LearningCurve:
    """One metric on training rows and on held-out rows, for growing training sets.

    Attributes
    ----------
    metric : str
        A key of `METRICS`.
    rows : tuple of int
        Sizes of the training sets.
    train, test : tuple of float or None
        Means over folds.
    train_sd, test_sd : tuple of float or None
        Standard deviations over folds.
    reasons : tuple of str
        Why points are missing.
    """

    metric: str
    rows: tuple[int, ...]
    train: tuple[float | None, ...]
    test: tuple[float | None, ...]
    train_sd: tuple[float | None, ...]
    test_sd: tuple[float | None, ...]
    reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Everything, for `json.dumps`."""
        return asdict(self)


def learning_curve(
    fit: Fit,
    X: Any,
    y: Any,
    *,
    task: Task,
    metric: str | None = None,
    classes: Sequence[Any] | None = None,
    sizes: Sequence[float] = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    folds: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> LearningCurve:
    """Fit on growing parts of the training rows of each fold, and test each time on the fold's test rows.

    Parameters
    ----------
    fit, X, y, task, classes, folds, seed
        As in `cross_validate`.
    metric : str, optional
        Default the accuracy of classes, the R² of numbers, the F1 of labels.
    sizes : sequence of float
        Shares of a fold's training rows. Smaller parts are contained in larger ones.
    progress : callable, optional
        ``progress(done, total)`` after each fit.

    Returns
    -------
    LearningCurve

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True)
    >>> curve = learning_curve(lambda X, y: GaussianNB().fit(X, y), X, y, task="multiclass", sizes=(0.2, 1.0))
    >>> curve.rows, [round(value, 2) for value in curve.test]
    ((24, 120), [0.95, 0.96])
    """
    key = MAIN_METRIC[task] if metric is None else metric
    targets = np.asarray(y)
    if classes is None and task in ("binary", "multiclass"):
        classes = classes_of(targets)
    parts = rows_of_folds(targets, task=task, count=folds, seed=seed)
    smallest = min(len(train) for train, _ in parts)
    counts = sorted({max(1, round(share * smallest)) for share in sizes if 0 < share <= 1})
    if not counts:
        raise DataError(f"sizes {tuple(sizes)} hold no share between 0 and 1", fix="give shares such as (0.1, 0.5, 1)")
    found: dict[tuple[int, str], list[float]] = {(count, part): [] for count in counts for part in ("train", "test")}
    reasons: list[str] = []
    done = 0
    for number, (train, test) in enumerate(parts):
        order = _order(train, targets, task, np.random.default_rng([seed, number]))
        for count in counts:
            rows = np.sort(order[:count])
            missing = _missing(targets[rows], task)
            if missing:
                reasons.append(f"{count} rows: {missing}")
            else:
                model = fit(take_rows(X, rows), targets[rows])
                for part, chosen in (("train", rows), ("test", test)):
                    scores = evaluate(model, take_rows(X, chosen), targets[chosen], task=task, classes=classes)
                    value = scores[key]
                    if value is None:
                        reasons.append(f"{count} rows: {scores.reasons[key]}")
                    else:
                        found[count, part].append(value)
            done += 1
            if progress is not None:
                progress(done, len(parts) * len(counts))

    def column(part: str, of: Callable[[list[float]], float], least: int) -> tuple[float | None, ...]:
        return tuple(float(of(found[count, part])) if len(found[count, part]) >= least else None for count in counts)

    def sd(values: list[float]) -> float:
        return float(np.std(values, ddof=1))

    def mean(values: list[float]) -> float:
        return float(np.mean(values))

    return LearningCurve(
        key,
        tuple(counts),
        column("train", mean, 1),
        column("test", mean, 1),
        column("train", sd, 2),
        column("test", sd, 2),
        tuple(dict.fromkeys(reasons)),
    )


def _order(rows: Array, y: Array, task: Task, rng: np.random.Generator) -> Array:
    """An order whose beginnings have all classes in about their shares: the k-th of n rows of a class comes at k/n."""
    shuffled = rng.permutation(rows)
    if task in ("regression", "multilabel"):
        return shuffled
    place = np.empty(len(shuffled))
    for label in np.unique(y[shuffled]):
        of_class = np.flatnonzero(y[shuffled] == label)
        place[of_class] = (np.arange(len(of_class)) + rng.uniform()) / len(of_class)
    return shuffled[np.argsort(place, kind="stable")]


def _missing(y: Array, task: Task) -> str:
    """What training data lack that no model can do without."""
    if task in ("binary", "multiclass") and len(np.unique(y)) < 2:
        return f"all are of class {str(y[0])!r}"
    return ""
