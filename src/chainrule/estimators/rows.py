"""Rows in an order of their own, each of them once.

Training in batches depends on the order of rows, so a row that is there twice would not mean the same as one with the
weight 2, and zero weights would shift all batches. Rows that are the same are therefore added up to one with the sum of
their weights, and all are brought into an order that depends on their numbers alone. From then on chance has the same
to draw from, in whatever order and form the data came.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["distinct_rows"]

#: Numbers that are hashed at once, so that they stay in the cache.
_CHUNK = 1 << 16


def distinct_rows(X: Any, y: Any, weight: Any = None) -> tuple[Any, Any, Any]:
    """The different rows of features and targets, in the order of their hashes, with the sums of their weights.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array of shape (n,) or (n, k), of numbers
    weight : array of shape (n,), optional
        Without, each row counts once.

    Returns
    -------
    X, y : array
    weight : array of shape (m,) or None
        None where all are the same.

    Examples
    --------
    >>> X, y, weight = distinct_rows(np.array([[1.0], [2.0], [1.0]]), np.array([5.0, 6.0, 5.0]))
    >>> X.ravel()[np.argsort(weight)].tolist(), sorted(weight.tolist())
    ([2.0, 1.0], [1.0, 2.0])
    """
    columns = y.reshape(len(y), -1)
    hashes = _hashes(X, 1) + _hashes(columns, 2)
    order = np.argsort(hashes, kind="stable")
    is_new = np.ones(len(order), bool)
    is_new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    followers = np.flatnonzero(~is_new)
    if len(followers):
        alike = _are_same(X, columns, order[followers], order[followers - 1])
        if not alike.all():  # different rows with the same hash: once in millions of years, or made on purpose
            order = np.lexsort([*columns.T, *X.T])
            is_new[1:] = ~_are_same(X, columns, order[1:], order[:-1])
    firsts = order[is_new]
    if weight is None and is_new.all():
        return X[firsts], y[firsts], None
    sums = np.add.reduceat(np.ones(len(order)) if weight is None else weight[order], np.flatnonzero(is_new))
    return X[firsts], y[firsts], None if (sums == sums[0]).all() else sums


def _are_same(X: Any, y: Any, rows: Any, others: Any) -> Any:
    return (X[rows] == X[others]).all(axis=1) & (y[rows] == y[others]).all(axis=1)


def _hashes(array: Any, salt: int) -> Any:
    """A 64-bit hash of each row; −0 counts as 0.

    The bits of each number are mixed by multiplications with odd constants (those of SplitMix64: G. L. Steele, D. Lea,
    C. H. Flood, Fast splittable pseudorandom number generators, 2014), and summed with random odd factors.
    """
    factors = np.random.default_rng(salt).integers(1 << 64, size=array.shape[1], dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(len(array), np.uint64)
    rows = max(1, _CHUNK // max(array.shape[1], 1))
    for start in range(0, len(array), rows):
        bits = (array[start : start + rows].astype(np.float64) + 0.0).view(np.uint64)
        bits ^= bits >> np.uint64(30)
        bits *= np.uint64(0xBF58476D1CE4E5B9)
        bits ^= bits >> np.uint64(27)
        bits *= np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
        bits *= factors
        hashes[start : start + rows] = bits.sum(axis=1, dtype=np.uint64)
    return hashes
