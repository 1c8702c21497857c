"""Any model with `predict` or `predict_proba`, on data with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.evaluation.checks import Array
from chainrule.evaluation.metrics import score
from chainrule.evaluation.scores import Scores, Task

__all__ = ["class_numbers", "classes_of", "evaluate", "take_rows"]


def evaluate(
    model: Any, X: Any, y: Any, *, task: Task, classes: Sequence[Any] | None = None, weight: Any = None
) -> Scores:
    """Predict and compare.

    Parameters
    ----------
    model : object
        With `predict_proba(X)` if it is a classifier that has probabilities, else with `predict(X)`: scikit-learn's
        estimators, and models that were loaded from a file. Its `classes_` or `classes`, if it has them, say
        which column is which class.
    X : array or table
    y : array
        Numbers, labels, or zeros and ones of shape (n, labels).
    task : {"regression", "binary", "multiclass", "multilabel"}
    classes : sequence, optional
        The labels in the order of the confusion matrix; default those in `y` and those of the model.
    weight : array of shape (n,), optional

    Returns
    -------
    Scores

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> evaluate(LogisticRegression(max_iter=500).fit(X, y), X, y, task="multiclass").text("accuracy")
    '97.3 %'
    """
    names = None if classes is None else [str(name) for name in classes]
    if task == "regression":
        return score(task, y, model.predict(X), classes=names, weight=weight)
    if task == "multilabel":
        probabilities = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
        return score(task, y, probabilities, classes=names, weight=weight)
    known = _known_classes(model)
    if classes is None:
        classes = classes_of(y) if known is None else _union(known, classes_of(y))
    codes = class_numbers(y, classes)
    if hasattr(model, "predict_proba"):
        predicted = _columns(np.asarray(model.predict_proba(X)), known, classes)
    else:
        predicted = class_numbers(model.predict(X), classes)
    return score(task, codes, predicted, classes=[str(name) for name in classes], weight=weight)


def classes_of(y: Any) -> list[Any]:
    """The different labels in `y`, sorted."""
    return list(np.unique(np.asarray(y)).tolist())


def class_numbers(y: Any, classes: Sequence[Any]) -> Array:
    """The number of each row's label.

    Raises
    ------
    DataError
        If a label is none of the classes.

    Examples
    --------
    >>> class_numbers(["cat", "dog", "cat"], ["dog", "cat"])
    array([1, 0, 1])
    """
    number = {label: i for i, label in enumerate(classes)}
    labels = np.asarray(y).reshape(-1).tolist()
    try:
        return np.array([number[label] for label in labels], dtype=np.int64)
    except KeyError:
        row = next(i for i, label in enumerate(labels) if label not in number)
        shown = ", ".join(repr(name) for name in list(classes)[:8]) + (", …" if len(classes) > 8 else "")
        raise DataError(
            f"row {row} is of class {labels[row]!r}, which is none of {shown}",
            fix="train on data that have this class, or leave such rows out",
        ) from None


def take_rows(X: Any, rows: Array) -> Any:
    """Rows of an array, of a list, or of a pandas, polars or Arrow table."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if hasattr(X, "to_pydict"):  # of Arrow
        return X.take(rows)
    return X[rows] if hasattr(X, "shape") else np.asarray(X)[rows]


def _known_classes(model: Any) -> list[Any] | None:
    for name in ("classes_", "classes"):
        known = getattr(model, name, None)
        if known is not None and len(known):
            return list(np.asarray(known).tolist())
    return None


def _union(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    return [*first, *(label for label in second if label not in first)]


def _columns(probabilities: Array, known: Sequence[Any] | None, classes: Sequence[Any]) -> Array:
    """A column for each class: one that the model has never seen gets the probability 0."""
    if known is None or list(known) == list(classes):
        return probabilities
    if probabilities.ndim == 1 and len(known) == 2:
        probabilities = np.column_stack([1.0 - probabilities, probabilities])
    found = np.zeros((len(probabilities), len(classes)))
    for column, label in enumerate(known):
        if label in classes:
            found[:, list(classes).index(label)] = probabilities[:, column]
    return found
