"""The main score and the confusion matrix alone: for pictures that are drawn many times a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.evaluation.checks import Array

__all__ = ["QuickScore", "quick_score"]


@dataclass(frozen=True)
class QuickScore:
    """How good predictions are.

    Attributes
    ----------
    key : {"accuracy", "r2"}
    value : float or None
        None where there is none: without rows, without any variance, or with predictions that are not finite.
    confusion : array of shape (classes, classes) or None
        Rows are true classes, columns predicted ones.
    """

    key: str
    value: float | None
    confusion: Array | None = None


def quick_score(task: str, y: Array, predicted: Array, *, classes: int = 0) -> QuickScore:
    """What `score` has as accuracy and confusion matrix, or as R², and nothing else.

    Parameters
    ----------
    task : {"regression", "binary", "multiclass"}
    y : array of shape (n,)
        Numbers, or class numbers.
    predicted : array of shape (n,) or (n, classes)
        What `Network.predict` gives.
    classes : int
        How many there are.

    Returns
    -------
    QuickScore

    Examples
    --------
    >>> found = quick_score("binary", np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.9]), classes=2)
    >>> found.value, found.confusion.tolist()
    (0.75, [[1, 1], [0, 2]])
    """
    is_known = len(y) > 0 and bool(np.isfinite(predicted).all())
    if task == "regression":
        return QuickScore("r2", _r2(y, predicted) if is_known else None)
    if not is_known:
        return QuickScore("accuracy", None)
    chosen = predicted > 0.5 if task == "binary" else predicted.argmax(axis=1)
    pairs = y.astype(np.int64) * classes + chosen
    confusion = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return QuickScore("accuracy", float(np.trace(confusion) / len(y)), confusion)


def _r2(y: Array, predicted: Array) -> float | None:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)²."""
    total = float(np.sum((y - y.mean()) ** 2))
    return 1.0 - float(np.sum((y - predicted) ** 2)) / total if total else None
