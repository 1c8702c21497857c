"""From one column of a table to columns of the design matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DATE_PARTS", "CategoryEncoding", "Encoding", "NumberEncoding", "numbers_of"]

Array = np.ndarray[Any, Any]

#: What a model sees of a date: days since 1970 (with the time of day as a fraction), month (1-12), day of the week
#: (1 is Monday), hour (0-23).
DATE_PARTS = ("days", "month", "weekday", "hour")


def numbers_of(cells: pa.Array, part: str = "") -> Array:
    """Numbers, booleans or one part of dates as float64; NaN where there is no value.

    Examples
    --------
    >>> numbers_of(pa.array([1.5, None]))
    array([1.5, nan])
    """
    if part == "days":
        cells = pc.divide(pc.cast(pc.cast(cells, pa.int64()), pa.float64(), safe=False), 86_400e6)
    elif part == "month":
        cells = pc.month(cells)
    elif part == "weekday":
        cells = pc.day_of_week(cells, count_from_zero=False)
    elif part == "hour":
        cells = pc.hour(cells)
    if cells.type != pa.float64():
        cells = pc.cast(cells, pa.float64())
    return np.asarray(cells.to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class NumberEncoding:
    """A number as its distance from the mean in standard deviations: 0 where it is missing, which is the mean.

    Attributes
    ----------
    column : str
    part : str
        Of a date: one of `DATE_PARTS`.
    mean, deviation : float
        A deviation of 0 says that the column was constant, and is no feature.
    marks_missing : bool
        Whether a further column is 1 where the value is missing.
    """

    column: str
    part: str
    mean: float
    deviation: float
    marks_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns in the design matrix."""
        name = f"{self.column} {self.part}".rstrip()
        shown = (name,) if self.deviation else ()
        return (*shown, f"{self.column} missing") if self.marks_missing else shown

    @property
    def width(self) -> int:
        """How many columns it has in the design matrix."""
        return bool(self.deviation) + self.marks_missing

    @property
    def unseen(self) -> tuple[bool, ...]:
        """For each of its columns, whether it was zero in all rows of training."""
        return (False,) * len(self.names)

    def compact(self, cells: pa.Array) -> Array:
        """The standardised numbers, shape (n,); NaN where they are missing."""
        values = numbers_of(cells, self.part) - self.mean
        return values / self.deviation if self.deviation else values

    def expand(self, out: Array, compact: Array) -> None:
        """Write its columns, an array of shape (n, number of names), from what `compact` gave."""
        missing = np.isnan(compact)
        if self.deviation:
            out[:, 0] = np.where(missing, 0.0, compact)
        if self.marks_missing:
            out[:, -1] = missing

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold."""
        return dict(vars(self))


@dataclass(frozen=True)
class CategoryEncoding:
    """A category as one column for each value that was frequent in training: 1 in the column of the row's value.

    Attributes
    ----------
    column : str
    categories : tuple of str
    rare : tuple of str
        Further values of the training rows, which share a column.
    marks_missing : bool
        Whether a column is 1 where the value is missing.
    """

    column: str
    categories: tuple[str, ...]
    rare: tuple[str, ...]
    marks_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns in the design matrix."""
        further = ["rare"] if self.rare else []
        further += ["unknown"] + (["missing"] if self.marks_missing else [])
        return (*(f"{self.column}={value}" for value in self.categories), *(f"{self.column} {one}" for one in further))

    @property
    def width(self) -> int:
        """How many columns it has in the design matrix."""
        return len(self.categories) + bool(self.rare) + 1 + self.marks_missing

    @property
    def unseen(self) -> tuple[bool, ...]:
        """For each of its columns, whether it was zero in all rows of training."""
        return tuple(name == f"{self.column} unknown" for name in self.names)

    def compact(self, cells: pa.Array) -> Array:
        """Numbers of the columns in which the ones stand, shape (n,); NaN where the value is missing."""
        known = len(self.categories)
        places = {value: place for place, value in enumerate(self.categories)}
        places.update(dict.fromkeys(self.rare, known))
        unknown = known + bool(self.rare)
        found = [places.get(value, unknown) for value in cells.dictionary.to_pylist()]
        codes = cells.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
        return np.array([*found, np.nan])[codes]

    def expand(self, out: Array, compact: Array) -> None:
        """Write its columns, an array of shape (n, number of names), from what `compact` gave."""
        out[:] = 0.0
        missing = np.isnan(compact)
        rows = np.flatnonzero(~missing)
        out[rows, compact[rows].astype(np.int64)] = 1.0
        if self.marks_missing:
            out[:, -1] = missing

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold."""
        return {**vars(self), "categories": list(self.categories), "rare": list(self.rare)}


Encoding = NumberEncoding | CategoryEncoding


def encoding_from_json(data: Mapping[str, Any]) -> Encoding:
    """The encoding whose `to_json` wrote this."""
    if "categories" in data:
        return CategoryEncoding(
            data["column"], tuple(data["categories"]), tuple(data["rare"]), bool(data["marks_missing"])
        )
    return NumberEncoding(
        data["column"], data["part"], float(data["mean"]), float(data["deviation"]), bool(data["marks_missing"])
    )
