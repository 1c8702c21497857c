"""Mean and spread of scores over models that were each tested on rows they had not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.evaluation.models import classes_of, evaluate, take_rows
from chainrule.evaluation.scores import METRICS, Scores, Task
from chainrule.evaluation.splits import folds as rows_of_folds

__all__ = ["CrossValidation", "Spread", "cross_validate", "summarise"]

#: ``fit(X, y)``, or ``fit(X, y, weight)`` where rows have weights, gives a model as `evaluate` takes it.
Fit = Callable[..., Any]


@dataclass(frozen=True)
class Spread:
    """One metric over several folds.

    Attributes
    ----------
    mean : float or None
        Over the folds that have it.
    sd : float or None
        Standard deviation over these folds (n − 1); None for a single one.
    ends : tuple of float or None
        The lowest and the highest.
    folds : int
        How many have it.
    """

    mean: float | None
    sd: float | None
    ends: tuple[float | None, float | None]
    folds: int

    def text(self, key: str) -> str:
        """``97.2 % ± 1.4 %``.

        Examples
        --------
        >>> Spread(0.972, 0.014, (0.96, 0.99), 5).text("accuracy"), Spread(0.08, None, (0.08, 0.08), 1).text("log_loss")
        ('97.2 % ± 1.4 %', '0.08')
        """
        metric = METRICS[key]
        if self.sd is None:
            return metric.text(self.mean)
        sd = self.sd if metric.unit != "number" else float(f"{self.sd:.2g}")  # more of its digits are chance
        return f"{metric.text(self.mean)} ± {metric.text(sd)}"


@dataclass(frozen=True)
class CrossValidation:
    """Scores of every fold, and of all together.

    Attributes
    ----------
    task : str
    folds : tuple of Scores
    spread : mapping of str to Spread
        By the keys of `METRICS`.
    reasons : mapping of str to str
        Why folds lack a metric.
    """

    task: Task
    folds: tuple[Scores, ...]
    spread: Mapping[str, Spread]
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything, for `json.dumps`."""
        return {
            "task": self.task,
            "folds": [part.to_json() for part in self.folds],
            "mean": {key: part.mean for key, part in self.spread.items()},
            "sd": {key: part.sd for key, part in self.spread.items()},
            "reasons": dict(self.reasons),
        }


def cross_validate(
    fit: Fit,
    X: Any,
    y: Any,
    *,
    task: Task,
    classes: Sequence[Any] | None = None,
    folds: int = 5,
    seed: int = 0,
    weight: Any = None,
    progress: Callable[[int, Scores], None] | None = None,
) -> CrossValidation:
    """Fit and test once for each fold; for classes the folds are stratified.

    Parameters
    ----------
    fit : callable
        ``fit(X, y)`` gives a model with `predict_proba` or `predict`. Preprocessing belongs inside: what it learns from
        data, it must learn from the training rows alone. With `weight` it is called as ``fit(X, y, weight)``.
    X : array or table
        Of numbers, or a pandas, polars or Arrow table.
    y : array
    task : {"regression", "binary", "multiclass", "multilabel"}
    classes : sequence, optional
    folds : int, default 5
    seed : int
    weight : array of shape (n,), optional
    progress : callable, optional
        ``progress(fold, scores)`` after each of them.

    Returns
    -------
    CrossValidation

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> found = cross_validate(lambda X, y: LogisticRegression(max_iter=500).fit(X, y), X, y, task="multiclass")
    >>> found.spread["accuracy"].text("accuracy")
    '96.0 % ± 1.5 %'
    """
    targets = np.asarray(y)
    if classes is None and task in ("binary", "multiclass"):
        classes = classes_of(targets)
    weights = None if weight is None else np.asarray(weight)
    found = []
    for number, (train, test) in enumerate(rows_of_folds(targets, task=task, count=folds, seed=seed)):
        extra = () if weights is None else (weights[train],)
        model = fit(take_rows(X, train), targets[train], *extra)
        scores = evaluate(
            model,
            take_rows(X, test),
            targets[test],
            task=task,
            classes=classes,
            weight=None if weights is None else weights[test],
        )
        found.append(scores)
        if progress is not None:
            progress(number, scores)
    return summarise(task, found)


def summarise(task: Task, folds: Sequence[Scores]) -> CrossValidation:
    """Mean and standard deviation over folds, of those that have a value."""
    spread, reasons = {}, {}
    for key in folds[0].values:
        known = [value for part in folds if (value := part.values[key]) is not None]
        sd = float(np.std(known, ddof=1)) if len(known) > 1 else None
        ends = (min(known), max(known)) if known else (None, None)
        spread[key] = Spread(float(np.mean(known)) if known else None, sd, ends, len(known))
        if len(known) < len(folds):
            number, reason = next((i, part.reasons[key]) for i, part in enumerate(folds) if part.values[key] is None)
            reasons[key] = f"missing in {len(folds) - len(known)} of {len(folds)} folds; in fold {number + 1}, {reason}"
    return CrossValidation(task, tuple(folds), spread, reasons)
