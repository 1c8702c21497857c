"""What a network must beat: the majority class or the mean, and a linear model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.evaluation.checks import Array
from chainrule.evaluation.metrics import score
from chainrule.evaluation.scores import Scores, Task

__all__ = ["Baseline", "baselines"]

#: Rows that a baseline learns from: a linear model gains nothing from more, and a report is not worth the wait.
_MOST_ROWS = 100_000
_ITERATIONS = 1000


@dataclass(frozen=True)
class Baseline:
    """A simple model's scores on the rows on which the network is tested.

    Attributes
    ----------
    name : str
    scores : Scores
    predicted : array
        Its predictions, in the form that `score` takes.
    note : str
        What to know about it.
    """

    name: str
    scores: Scores
    predicted: Array
    note: str = ""


def baselines(
    task: Task,
    X_train: Any,
    y_train: Any,
    X_test: Any,
    y_test: Any,
    *,
    classes: Sequence[Any] | None = None,
    weight: Any = None,
    test_weight: Any = None,
    seed: int = 0,
) -> tuple[Baseline, ...]:
    """Fit the baselines and score them.

    Parameters
    ----------
    task : {"regression", "binary", "multiclass", "multilabel"}
    X_train, X_test : array of shape (n, d)
        As the network sees them.
    y_train, y_test : array
        As `score` takes them: class numbers for classes.
    classes : sequence, optional
    weight, test_weight : array of shape (n,), optional
    seed : int
        Which rows the linear model learns from, above 100,000.

    Returns
    -------
    tuple of Baseline
        The majority class (for numbers, the mean), and logistic (ridge) regression by scikit-learn with its default
        penalty, on standardised columns. There is no second one where all training rows are of one class.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [3.0]]
    >>> found = baselines("regression", X, [1.0, 3.0, 5.0, 7.0], X, [1.0, 3.0, 5.0, 7.0])
    >>> [(part.name, round(part.scores["r2"], 2)) for part in found]
    [('mean', 0.0), ('ridge regression', 0.96)]
    """
    y, X = np.asarray(y_train), np.asarray(X_train)
    w = None if weight is None else np.asarray(weight, np.float64)
    count = _class_count(task, y, y_test, classes)
    names = classes if classes is not None else (range(count) if count else None)
    simple = _majority(task, y, w, len(X_test), count)
    found = [("mean" if task == "regression" else "majority class", simple, "")]
    chosen = np.arange(len(X))
    note = ""
    if len(X) > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(X), _MOST_ROWS, replace=False))
        note = f"learnt from {_MOST_ROWS:,} of {len(X):,} rows"
    linear = _linear(task, X[chosen], y[chosen], None if w is None else w[chosen], np.asarray(X_test), count)
    if linear is not None:
        name = "ridge regression" if task == "regression" else "logistic regression"
        found.append((name, linear[0], "; ".join(filter(None, (note, linear[1])))))
    return tuple(
        Baseline(name, score(task, y_test, predicted, classes=names, weight=test_weight), predicted, note)
        for name, predicted, note in found
    )


def _class_count(task: Task, y: Array, y_test: Any, classes: Sequence[Any] | None) -> int:
    if task == "regression":
        return 0
    if task == "multilabel":
        return y.shape[1]
    seen = 1 + max(int(np.max(y)), int(np.max(y_test)))
    return len(classes) if classes is not None else max(2, seen)


def _majority(task: Task, y: Array, weight: Array | None, rows: int, count: int) -> Array:
    """The mean of numbers and labels, the shares of classes: the best that can be done without looking at X."""
    if task in ("binary", "multiclass"):
        y = np.eye(count)[y.astype(int)]
    mean = np.average(y.astype(np.float64), axis=0, weights=weight)
    return np.broadcast_to(mean, (rows, *np.shape(mean))).copy()


def _linear(
    task: Task, X: Array, y: Array, weight: Array | None, X_test: Array, count: int
) -> tuple[Array, str] | None:
    """Predictions of a linear model, and what to know about it."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if not X.size:
        return None
    if task == "regression":
        model = make_pipeline(StandardScaler(), Ridge()).fit(X, y, ridge__sample_weight=weight)
        return np.asarray(model.predict(X_test)), ""
    if task != "multilabel":
        return _logistic(X, y.astype(int), weight, X_test, count)
    columns, notes = [], []
    for label in y.T.astype(int):
        fitted = _logistic(X, label, weight, X_test, 2)
        constant = np.full(len(X_test), float(label[0]))
        columns.append(constant if fitted is None else fitted[0][:, 1])
        notes.append("" if fitted is None else fitted[1])
    return np.column_stack(columns), "; ".join(dict.fromkeys(filter(None, notes)))


def _logistic(X: Array, y: Array, weight: Array | None, X_test: Array, count: int) -> tuple[Array, str] | None:
    """Probabilities, with a column of zeros for a class that the training rows lack."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(np.unique(y)) < 2:
        return None
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_ITERATIONS))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        pipeline.fit(X, y, logisticregression__sample_weight=weight)
    stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    predicted = np.zeros((len(X_test), count))
    predicted[:, pipeline.classes_] = pipeline.predict_proba(X_test)
    return predicted, f"stopped after {_ITERATIONS:,} iterations" if stopped else ""
