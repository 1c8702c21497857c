"""Targets and predictions as the metrics need them, or an error that names the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError

__all__ = ["Array", "as_codes", "as_labels", "as_probabilities", "as_targets", "as_weight"]

Array = np.ndarray[Any, Any]

#: Rows of probabilities may miss 1 by this much: float32, and a softmax over many classes.
_SUM_TOLERANCE = 1e-3


def as_codes(y: Any, classes: Sequence[str]) -> Array:
    """Class numbers, of shape (n,), also of one-hot rows."""
    given = np.asarray(y)
    _some_rows(given, "y")
    if given.ndim == 2 and _is_one_hot(given, len(classes)):
        return np.asarray(given.argmax(axis=1))
    if given.ndim != 1:
        raise DataError(
            f"y has shape {given.shape}, but class numbers are of shape (n,)",
            fix='give the number of each row\'s class, or choose task="multilabel"',
        )
    if not np.issubdtype(given.dtype, np.number) and given.dtype != bool:
        raise DataError(
            f"y has dtype {given.dtype}, but class numbers are 0, 1, …",
            fix="give labels to `evaluate`, which looks their numbers up",
        )
    wrong = np.flatnonzero(~np.isin(given, np.arange(len(classes))))
    if wrong.size:
        raise DataError(
            f"y[{wrong[0]}] is {given[wrong[0]]}, but there are classes 0 to {len(classes) - 1}",
            fix="give the number of each row's class in `classes`",
        )
    return given.astype(np.int64)


def as_labels(y: Any) -> Array:
    """Zeros and ones, of shape (n, labels)."""
    given = np.asarray(y)
    _some_rows(given, "y")
    if given.ndim != 2 or not np.isin(given, (0, 1)).all():
        raise DataError(
            f"y of shape {given.shape} does not hold a 0 or 1 for each row and label",
            fix="give an array of shape (n, labels) of zeros and ones",
        )
    return given.astype(np.int64)


def as_targets(values: Any, name: str) -> Array:
    """Finite numbers, of shape (n, targets)."""
    given = np.asarray(values, dtype=np.float64)
    _some_rows(given, name)
    _finite(given, name)
    return given[:, np.newaxis] if given.ndim == 1 else given


def as_probabilities(values: Any, rows: int, classes: int, *, sum_to_one: bool) -> Array:
    """Probabilities, of shape (n, classes); those of class 1 are enough where there are two."""
    given = np.asarray(values, dtype=np.float64)
    _finite(given, "predicted")
    if sum_to_one and classes == 2 and (given.ndim == 1 or given.shape[1:] == (1,)):
        given = np.column_stack([1.0 - given.reshape(-1), given.reshape(-1)])
    if given.shape != (rows, classes):
        raise DataError(
            f"predicted has shape {given.shape}, but y has {rows} rows and there are {classes} classes",
            fix=f"give probabilities of shape {(rows, classes)}",
        )
    outside = np.argwhere((given < -_SUM_TOLERANCE) | (given > 1 + _SUM_TOLERANCE))
    if outside.size:
        row, column = outside[0]
        raise DataError(
            f"predicted[{row}, {column}] is {given[row, column]:g}, and no probability",
            fix="apply the sigmoid or softmax to logits first",
        )
    given = np.clip(given, 0.0, 1.0)
    if not sum_to_one:
        return given
    total = given.sum(axis=1, keepdims=True)
    wrong = np.flatnonzero(np.abs(total[:, 0] - 1) > _SUM_TOLERANCE)
    if wrong.size:
        raise DataError(
            f"the probabilities of row {wrong[0]} add up to {total[wrong[0], 0]:g}, not to 1",
            fix="apply the softmax to logits first",
        )
    return np.asarray(given / total)


def as_weight(weight: Any, rows: int) -> Array | None:
    """One number ≥ 0 for each row, some of them positive."""
    if weight is None:
        return None
    given = np.asarray(weight, dtype=np.float64)
    if given.shape != (rows,):
        raise DataError(f"weight has shape {given.shape}, but there are {rows} rows", fix="give one number per row")
    _finite(given, "weight")
    if (given < 0).any() or not given.any():
        raise DataError("weights must be ≥ 0, and some of them positive", fix="leave out rows that do not count")
    return given


def _some_rows(given: Array, name: str) -> None:
    if given.ndim == 0 or len(given) == 0:
        raise DataError(f"{name} has no rows, so there is nothing to evaluate", fix="give at least one row")


def _finite(given: Array, name: str) -> None:
    wrong = np.argwhere(~np.isfinite(given))
    if wrong.size:
        place = ", ".join(map(str, wrong[0]))
        raise DataError(
            f"{name}[{place}] is {given[tuple(wrong[0])]}, so no metric has a meaning",
            fix="look for diverged training (a smaller learning rate) or values in X that are not finite",
        )


def _is_one_hot(given: Array, classes: int) -> bool:
    return given.shape[1] == classes and bool(np.isin(given, (0, 1)).all() and (given.sum(axis=1) == 1).all())
