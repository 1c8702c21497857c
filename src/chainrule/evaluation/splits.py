"""Which rows to learn from, and which to keep back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.evaluation.checks import Array
from chainrule.evaluation.scores import Task

__all__ = ["Split", "folds", "split"]


@dataclass(frozen=True)
class Split:
    """Numbers of rows, each of them in one part and in ascending order.

    Attributes
    ----------
    train, validation, test : array of int
    note : str
        What to know about it; empty where each class has its share in each part.
    """

    train: Array
    validation: Array
    test: Array
    note: str = ""


def split(
    y: Any, *, task: Task, test: float = 0.2, validation: float = 0.0, seed: int = 0, stratify: bool = True
) -> Split:
    """Divide rows at random into training, validation and test rows.

    Parameters
    ----------
    y : array
        One entry for each row.
    task : {"regression", "binary", "multiclass", "multilabel"}
    test, validation : float
        Shares of all rows, rounded up. 0 for none.
    seed : int
    stratify : bool, default True
        For classes: give each part its share of every class. Classes with too few rows for that are shared out
        together.

    Returns
    -------
    Split

    Raises
    ------
    DataError
        If a part would have no rows.

    Examples
    --------
    >>> import numpy as np
    >>> parts = split(np.array([0] * 10 + [1] * 10), task="binary", test=0.2, validation=0.2)
    >>> [len(part) for part in (parts.train, parts.validation, parts.test)], np.sum(parts.test >= 10)
    ([12, 4, 4], np.int64(2))
    """
    count = len(y)
    if min(test, validation) < 0 or test + validation >= 1:
        raise DataError(
            f"shares of {test:g} for testing and {validation:g} for validation leave nothing to learn from",
            fix="choose shares ≥ 0 that add up to less than 1",
        )
    sizes = {"test": int(np.ceil(test * count)), "validation": int(np.ceil(validation * count))}
    if count - sum(sizes.values()) < 1:
        raise DataError(
            f"{count} rows are too few to keep {sum(sizes.values())} of them back",
            fix="give more rows, or smaller shares",
        )
    strata, note = (None, "") if task in ("regression", "multilabel") or not stratify else _strata(y)
    rest, held_out = np.arange(count), {}
    for name, size in sizes.items():
        rest, held_out[name], part_note = _parted(rest, size, strata, seed)
        note = note or part_note
    return Split(rest, held_out["validation"], held_out["test"], note)


def folds(y: Any, *, task: Task, count: int = 5, seed: int = 0) -> list[tuple[Array, Array]]:
    """Training and test rows of each fold of a cross-validation, shuffled; stratified for classes.

    Raises
    ------
    DataError
        If there are more folds than rows.

    Examples
    --------
    >>> [test.tolist() for _, test in folds([0, 0, 0, 1, 1, 1], task="binary", count=3)]
    [[2, 4], [1, 5], [0, 3]]
    """
    import warnings

    from sklearn.model_selection import KFold, StratifiedKFold

    rows = len(y)
    if not 2 <= count <= rows:
        raise DataError(f"{rows} rows cannot be divided into {count} folds", fix=f"choose 2 to {rows} folds")
    labels = (
        np.zeros(rows) if task in ("regression", "multilabel") else np.unique(np.asarray(y), return_inverse=True)[1]
    )
    is_stratified = np.ptp(labels) > 0 and np.bincount(labels.astype(int)).max() >= count
    splitter = (StratifiedKFold if is_stratified else KFold)(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a class with fewer rows than folds is missing in some: their metrics say so
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return [(train, test) for train, test in splitter.split(np.zeros(rows), labels)]


def _strata(y: Any) -> tuple[Array, str]:
    """Class numbers; classes with fewer than three rows, too few for three parts, are one stratum."""
    labels, inverse, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
    rare = counts < 3
    if not rare.any():
        return inverse, ""
    name = labels[np.flatnonzero(rare)[0]]
    strata = np.where(rare[inverse], len(labels), inverse)
    return strata, f"class {str(name)!r} has too few rows to be in each part"


def _parted(rows: Array, size: int, strata: Array | None, seed: int) -> tuple[Array, Array, str]:
    """Rows to keep, rows to hold out, and what to know about it."""
    from sklearn.model_selection import train_test_split

    if size == 0:
        return rows, rows[:0], ""
    labels, note = None if strata is None else strata[rows], ""
    if labels is not None:
        counts = np.unique(labels, return_counts=True)[1]
        if counts.min() < 2 or min(size, len(rows) - size) < len(counts):
            labels, note = None, "there are too few rows to give each class its share of each part"
    kept, held_out = train_test_split(rows, test_size=size, random_state=seed, stratify=labels)
    return np.sort(kept), np.sort(held_out), note
