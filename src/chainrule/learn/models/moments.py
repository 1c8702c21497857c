"""Mean and variance of columns, gathered batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Moments"]


class Moments:
    """Mean and variance of the rows seen so far, in float64; the variance divides by n.

    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a pairwise algorithm for computing sample
    variances (1979).

    Attributes
    ----------
    count : int
    mean, variance : array of shape (columns,)

    Examples
    --------
    >>> moments = Moments()
    >>> moments.add(np.array([[1.0], [2.0]]))
    >>> moments.add(np.array([[6.0]]))
    >>> moments.count, moments.mean.tolist(), moments.variance.round(4).tolist()
    (3, [3.0], [4.6667])
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self._squares: Any = 0.0

    @property
    def variance(self) -> Any:
        """The mean squared distance from the mean."""
        return self._squares / max(self.count, 1)

    def add(self, rows: Any) -> None:
        """Take in more rows, of shape (n, columns)."""
        if not len(rows):
            return
        mean = rows.mean(axis=0, dtype=np.float64)
        squares = ((rows - mean) ** 2).sum(axis=0)
        total = self.count + len(rows)
        distance = mean - self.mean
        self._squares = self._squares + squares + distance**2 * (self.count * len(rows) / total)
        self.mean = self.mean + distance * (len(rows) / total)
        self.count = total
