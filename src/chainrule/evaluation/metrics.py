"""The metrics of each task, computed by scikit-learn.

What is undefined is None, with a reason, and never NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.evaluation import classification, multilabel, regression
from chainrule.evaluation.checks import (
    as_codes,
    as_labels,
    as_probabilities,
    as_targets,
    as_weight,
)
from chainrule.evaluation.scores import Scores, Task

__all__ = ["MAIN_METRIC", "score"]

#: What models are compared by.
MAIN_METRIC: dict[Task, str] = {"regression": "r2", "binary": "accuracy", "multiclass": "accuracy", "multilabel": "f1"}


def score(
    task: Task,
    y: Any,
    predicted: Any,
    *,
    classes: Sequence[Any] | None = None,
    weight: Any = None,
) -> Scores:
    """Compare predictions with what is true.

    Parameters
    ----------
    task : {"regression", "binary", "multiclass", "multilabel"}
    y : array
        Numbers of shape (n,) or (n, targets); class numbers 0, 1, … of shape (n,); zeros and ones of shape (n, labels).
    predicted : array
        What `Network.predict` gives: numbers; the probability of class 1, of shape (n,), or of each class, of shape
        (n, classes); the probability of each label. Class numbers, as integers of shape (n,), are enough for a
        classifier without probabilities: what needs them is then None.
    classes : sequence, optional
        Names of classes, labels or targets. Without them they are numbered.
    weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If shapes do not fit, or a prediction is not finite.

    Examples
    --------
    >>> scores = score("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    >>> round(scores["r2"], 3), round(scores["rmse"], 3), round(scores["mae"], 3)
    (0.5, 0.577, 0.333)

    One class only: its ROC-AUC does not exist.

    >>> scores = score("binary", [1, 1], [0.8, 0.9])
    >>> scores["accuracy"], scores["roc_auc"], scores.reasons["roc_auc"]
    (1.0, None, "all rows are of class '1'")
    """
    if task == "regression":
        targets = as_targets(y, "y")
        return regression.scores(
            targets, as_targets(predicted, "predicted"), _names(classes, targets.shape[1]), as_weight(weight, len(y))
        )
    if task == "multilabel":
        labels = as_labels(y)
        probabilities = as_probabilities(predicted, *labels.shape, sum_to_one=False)
        return multilabel.scores(labels, probabilities, _names(classes, labels.shape[1]), as_weight(weight, len(y)))
    if task not in ("binary", "multiclass"):
        raise ConfigError(f"task is {task!r}", fix='choose "regression", "binary", "multiclass" or "multilabel"')
    given = np.asarray(predicted)
    is_hard = given.ndim == 1 and (np.issubdtype(given.dtype, np.integer) or given.dtype == bool)
    if classes is None:
        seen = [int(np.max(part, initial=0)) + 1 for part in (np.asarray(y), *([given] if is_hard else []))]
        classes = range(max([2, *seen, *given.shape[1:]]))
    names = _names(classes, len(classes))
    codes = as_codes(y, names)
    if is_hard:
        return classification.scores(task, codes, as_codes(given, names), None, names, as_weight(weight, len(codes)))
    probabilities = as_probabilities(given, len(codes), len(names), sum_to_one=True)
    chosen = probabilities.argmax(axis=1)
    return classification.scores(task, codes, chosen, probabilities, names, as_weight(weight, len(codes)))


def _names(classes: Sequence[Any] | None, count: int) -> tuple[str, ...]:
    names = tuple(str(name) for name in (range(count) if classes is None else classes))
    if len(names) != count:
        raise ConfigError(f"there are {count} classes or targets, but {len(names)} names", fix="give one name for each")
    return names
