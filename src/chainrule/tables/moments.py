"""Mean and variance of columns of numbers that arrive block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Moments"]

Array = np.ndarray[Any, Any]


@dataclass
class Moments:
    """Count, mean and sum of squared deviations of each column, NaN left out.

    Blocks are joined by the pairwise update of Chan, Golub and LeVeque (1983), *Algorithms for computing the sample
    variance*, which loses no digits where the mean is large.

    Attributes
    ----------
    count, mean, squares : array of shape (k,)
    low, high : array of shape (k,)

    Examples
    --------
    >>> moments = Moments.empty(1)
    >>> for block in ([[1.0], [2.0]], [[3.0], [np.nan]]):
    ...     moments.add(np.array(block))
    >>> moments.count, moments.mean, moments.deviation
    (array([3.]), array([2.]), array([0.81649658]))
    """

    count: Array
    mean: Array
    squares: Array
    low: Array
    high: Array

    @classmethod
    def empty(cls, columns: int) -> Moments:
        """Of no rows."""
        zeros = np.zeros(columns)
        return cls(zeros, zeros, zeros, zeros + np.inf, zeros - np.inf)

    def add(self, block: Array) -> None:
        """Take in rows, an array of shape (n, k)."""
        if not len(block):
            return
        known = ~np.isnan(block)
        if known.all():
            self._join(float(len(block)), block.mean(axis=0), block, block.min(axis=0), block.max(axis=0))
            return
        count = known.sum(axis=0).astype(np.float64)
        mean = np.where(known, block, 0.0).sum(axis=0) / np.maximum(count, 1.0)
        low, high = np.where(known, block, np.inf).min(axis=0), np.where(known, block, -np.inf).max(axis=0)
        self._join(count, mean, np.where(known, block, mean), low, high)

    def _join(self, count: Array | float, mean: Array, block: Array, low: Array, high: Array) -> None:
        """Add a block with so many numbers, this mean and these extremes; its gaps are filled with the mean."""
        self.low, self.high = np.fmin(self.low, low), np.fmax(self.high, high)
        total = np.maximum(self.count + count, 1.0)
        shift = np.where(np.asarray(count) > 0, mean - self.mean, 0.0)
        with np.errstate(over="ignore"):  # then the deviation is infinite, for the caller to say so
            squares = np.square(block - mean).sum(axis=0)
            self.squares = self.squares + squares + np.square(shift) * (self.count * count / total)
        self.mean = self.mean + shift * count / total
        self.count = self.count + count

    @property
    def is_constant(self) -> Array:
        """Whether a column has no two different numbers."""
        return ~(self.low < self.high)

    @property
    def deviation(self) -> Array:
        """Standard deviation of each column, of the population; 0 where there are no numbers."""
        return np.sqrt(self.squares / np.maximum(self.count, 1.0))
