"""Columns with mean 0 and standard deviation 1, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Scaling"]


@dataclass(frozen=True)
class Scaling:
    """Weighted mean and standard deviation of columns; a constant column keeps its scale.

    Attributes
    ----------
    mean, scale : array of shape (d,), or () for a single column without an axis of its own

    Examples
    --------
    >>> scaling = Scaling.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> scaling.apply(np.array([[1.0, 5.0]])).tolist(), scaling.undo(np.array([[1.0, 1.0]])).tolist()
    ([[-1.0, 0.0]], [[3.0, 6.0]])
    """

    mean: Any
    scale: Any

    @classmethod
    def of(cls, columns: Any, weight: Any = None, *, centers: bool = True) -> Scaling:
        """Measure columns.

        Parameters
        ----------
        columns : array of shape (n, d) or (n,)
        weight : array of shape (n,), optional
        centers : bool, default True
            Without, the mean is taken as 0, and the scale is the root mean square.
        """
        dtype = columns.dtype
        mean = np.average(columns, axis=0, weights=weight) if weight is not None else _mean(columns)
        mean = np.asarray(mean, np.float64)
        distance = columns - (mean.astype(dtype) if centers else dtype.type(0))
        distance **= 2
        variance = np.average(distance, axis=0, weights=weight) if weight is not None else _mean(distance)
        scale = np.sqrt(np.asarray(variance, np.float64))
        # What rounding leaves of a constant column is no spread.
        floor = 10 * np.finfo(dtype).eps * np.abs(mean) + np.finfo(dtype).tiny
        scale = np.where(scale > floor, scale, 1.0)
        return cls((mean if centers else np.zeros_like(mean)).astype(dtype), scale.astype(dtype))

    @classmethod
    def none(cls, columns: Any) -> Scaling:
        """The one that changes nothing."""
        shape = columns.shape[1:]
        return cls(np.zeros(shape, columns.dtype), np.ones(shape, columns.dtype))

    def apply(self, columns: Any) -> Any:
        """Columns on the new scale."""
        scaled = np.asarray(columns - self.mean)
        scaled /= self.scale
        return scaled

    def undo(self, scaled: Any) -> Any:
        """Columns on their own scale."""
        return scaled * self.scale + self.mean


def _mean(columns: Any) -> Any:
    return np.mean(columns, axis=0, dtype=np.float64)
