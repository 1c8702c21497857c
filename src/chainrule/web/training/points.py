"""The rows of a run as points in a plane of two features, in the units of the table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.tables.encodings import CategoryEncoding, NumberEncoding
from chainrule.tables.preprocessing import Preprocessing
from chainrule.web.training.numbers import rounded
from chainrule.web.training.texts import short
from chainrule.workflow.rows import DividedRows

__all__ = ["Plane", "Points"]

Array = np.ndarray[Any, Any]

#: Free space around the points, as a share of their range.
_MARGIN = 0.08
#: Rows from which the first pair of axes is found, evenly over the training rows.
_MOST_TESTED = 5000


@dataclass(frozen=True)
class Plane:
    """Two columns of the design matrix, and what the others are meanwhile.

    Attributes
    ----------
    axes : tuple of int
        Two columns of the design matrix, counted from 0.
    x, y : tuple of float
        From where to where the plane goes, in table units.
    typical : array of shape (d,)
        A row whose numbers are means, and whose categories are the most frequent ones.
    means, deviations : array of shape (d,)
        Of the columns: ``X * deviations + means`` is in table units.
    """

    axes: tuple[int, int]
    x: tuple[float, float]
    y: tuple[float, float]
    typical: Array
    means: Array
    deviations: Array

    def grid(self, rows: int, columns: int) -> Array:
        """The centres of a grid of cells as a design matrix, row by row from the top: (rows · columns, d)."""
        X = np.broadcast_to(self.typical, (rows * columns, len(self.typical))).copy()
        first, second = self.axes
        X[:, first] = np.tile(self._centres(first, self.x, columns), rows)
        X[:, second] = np.repeat(self._centres(second, self.y, rows)[::-1], columns)
        return X

    def _centres(self, axis: int, span: tuple[float, float], count: int) -> Array:
        low, high = span
        centres = low + (high - low) * (np.arange(count) + 0.5) / count
        found: Array = (centres - self.means[axis]) / self.deviations[axis]
        return found

    @property
    def range(self) -> dict[str, list[float]]:
        """As a frame has it."""
        return {"x": list(self.x), "y": list(self.y)}


class Points:
    """The training and validation rows of a run.

    Parameters
    ----------
    rows : DividedRows
    most : int
        So many of them are drawn, evenly over all.
    """

    def __init__(self, rows: DividedRows, most: int) -> None:
        self.preprocessing = rows.preprocessing
        self.names = rows.preprocessing.feature_names
        parts = [name for name in ("training", "validation") if name in rows.tables]
        self._X = [rows.arrays(name)[0] for name in parts]
        self._targets = [rows.arrays(name)[1] for name in parts]
        self._numbers = np.concatenate([rows.numbers[name] for name in parts]) + 1
        count = len(self._numbers)
        self._drawn = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
        self._typical = _typical_row(rows.preprocessing, self._X[0])

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The columns that may span a plane: not those of values that no training row has."""
        unseen = self.preprocessing.unseen_features
        return [
            {"index": index, "name": short(self._dates.get(index, name)), "is_date": index in self._dates}
            for index, name in enumerate(self.names)
            if not unseen[index]
        ]

    @cached_property
    def _dates(self) -> dict[int, str]:
        """The columns that are the days of dates, and what the dates are called."""
        found: dict[int, str] = {}
        place = 0
        for encoding in self.preprocessing.encodings:
            if isinstance(encoding, NumberEncoding) and encoding.part == "days" and encoding.deviation:
                found[place] = encoding.column
            place += encoding.width
        return found

    def _shown(self, axis: int, value: float) -> float:
        """A place on an axis; of dates, to some seconds."""
        return round(float(value), 4) if axis in self._dates else rounded(value)

    @cached_property
    def first_axes(self) -> tuple[int, int] | None:
        """The two columns of numbers that say most about the target, or any two; None where there is one column."""
        if len(self.names) < 2:
            return None
        numbers = np.flatnonzero(self.preprocessing.number_features)
        if len(numbers) > 2:
            first, second = sorted(numbers[_telling(self._X[0][:, numbers], self._targets[0], self.preprocessing.task)])
            return int(first), int(second)
        others = [place for place in range(len(self.names)) if place not in numbers]
        first, second = [*numbers.tolist(), *others][:2]
        return first, second

    @property
    def target_range(self) -> list[float]:
        """The smallest and the largest target."""
        return [rounded(min(y.min() for y in self._targets)), rounded(max(y.max() for y in self._targets))]

    def plane(self, axes: tuple[int, int]) -> Plane:
        """The plane of two features that has all points in it."""
        means, deviations = self.preprocessing.units
        spans = []
        for axis in axes:
            low = min(X[:, axis].min() for X in self._X) * deviations[axis] + means[axis]
            high = max(X[:, axis].max() for X in self._X) * deviations[axis] + means[axis]
            margin = _MARGIN * (high - low) or 1.0
            spans.append((self._shown(axis, low - margin), self._shown(axis, high + margin)))
        return Plane(axes, spans[0], spans[1], self._typical, means, deviations)

    def drawn(self, axes: tuple[int, int] | None) -> dict[str, list[Any]] | None:
        """The points as the page draws them: rows of the table, counted from 1, places, targets and parts."""
        if axes is None:
            return None
        means, deviations = self.preprocessing.units
        rows = self._drawn
        x, y = (self._column(axis)[rows] * deviations[axis] + means[axis] for axis in axes)
        return {
            "rows": self._numbers[rows].tolist(),
            "x": [self._shown(axes[0], value) for value in x],
            "y": [self._shown(axes[1], value) for value in y],
            "target": [rounded(value) for value in np.concatenate(self._targets)[rows]],
            "part": (rows >= len(self._X[0])).astype(int).tolist(),
        }

    def _column(self, axis: int) -> Array:
        return np.concatenate([X[:, axis] for X in self._X])


def _telling(X: Array, y: Array, task: str | None) -> Array:
    """The two columns with the largest F statistics: of the variance between classes, or of the line of regression."""
    from sklearn.feature_selection import f_classif, f_regression

    every = -(-len(X) // _MOST_TESTED)
    X, y = X[::every], y[::every]
    places = np.flatnonzero(np.ptp(X, axis=0) > 0)  # what is the same in all rows says nothing
    if len(places) < 2 or np.ptp(y) == 0:
        return np.arange(2)
    test = f_regression if task == "regression" else f_classif
    # A column that tells all classes apart has F = ∞, or with rounding something large, which may be below zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.abs(np.nan_to_num(test(X[:, places], y)[0]))
    best: Array = places[np.argsort(-scores, kind="stable")[:2]]
    return best


def _typical_row(preprocessing: Preprocessing, X: Array) -> Array:
    """Zero is the mean of numbers, and no mark; of each category the most frequent value."""
    typical = np.zeros(X.shape[1], X.dtype)
    place = 0
    for encoding in preprocessing.encodings:
        if isinstance(encoding, CategoryEncoding):
            block = X[:, place : place + encoding.width]
            typical[place + int(block.sum(axis=0).argmax())] = 1.0
        place += encoding.width
    return typical
