"""From the columns of a table to the design matrix: learnt on training rows, saved with the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import DataError
from chainrule.notation.numbers import number_text
from chainrule.tables.encodings import (
    DATE_PARTS,
    CategoryEncoding,
    Encoding,
    NumberEncoding,
    encoding_from_json,
    numbers_of,
)
from chainrule.tables.moments import Moments
from chainrule.tables.reading import read_batches
from chainrule.tables.schema import Column, Schema
from chainrule.tables.targets import Target, Task, target_of

__all__ = ["Preprocessing", "typed_batches"]

Array = np.ndarray[Any, Any]

_VERSION = 1


@dataclass(frozen=True)
class Preprocessing:
    r"""How rows of a table become rows of a design matrix.

    Numbers are standardised: 0 is the mean of the training rows, 1 is one standard deviation above it. A missing number
    is taken as the mean; if numbers of its column were missing in training, a further column says where. Of a date, the
    model sees the day, the month, the day of the week and the hour, as numbers. A category has a column for each of its
    values, one for rare values together, and one for values that were not there in training. Constant columns are left
    out.

    Attributes
    ----------
    schema : Schema
    encodings : tuple
        One for each column of numbers or categories, four for each date.
    outcome : Target or None
        What is to be predicted, and how it becomes an array.

    Examples
    --------
    >>> import io
    >>> from chainrule.tables import infer_schema, open_table
    >>> table = open_table(io.StringIO("size,city,sold\n1,Rome,yes\n,Oslo,no\n3,Rome,yes\n2,Oslo,no\n"))
    >>> preprocessing = Preprocessing.fit(table, infer_schema(table, "sold"))
    >>> preprocessing.feature_names
    ('size', 'size missing', 'city=Oslo', 'city=Rome', 'city unknown')
    >>> preprocessing.transform({"city": ["Rome", "Bonn"], "size": [2.0, None]})
    array([[0., 0., 0., 1., 0.],
           [0., 1., 0., 0., 1.]])
    """

    schema: Schema
    encodings: tuple[Encoding, ...]
    outcome: Target | None = None

    @classmethod
    def fit(cls, source: Any, schema: Schema, *, task: Task | None = None, max_categories: int = 100) -> Preprocessing:
        """Learn means, deviations and categories in one pass.

        Parameters
        ----------
        source : TableSource, whatever `open_table` takes, or iterator of batches that `read_batches` made
        schema : Schema
        task : {"regression", "binary", "multiclass", "multilabel"}, optional
            What the target is; without it, the schema decides.
        max_categories : int
            So many of the most frequent values of a category have a column of their own.

        Returns
        -------
        Preprocessing

        Raises
        ------
        DataError
            If a row does not fit the schema, or no column is left to learn from.
        """
        if max_categories < 1:
            raise DataError(f"max_categories is {max_categories}", fix="give a number from 1 on")
        learner = _Learner(schema.features, max_categories)
        for batch in typed_batches(source, schema):
            learner.add(batch)
        encodings = learner.encodings()
        if not encodings:
            raise DataError("each column is constant or empty, so there is nothing to learn from", fix="give more rows")
        return cls(schema, encodings, target_of(schema, task) if schema.targets else None)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of the columns of the design matrix."""
        return tuple(name for encoding in self.encodings for name in encoding.names)

    @property
    def units(self) -> tuple[Array, Array]:
        """Mean and deviation of each column of the design matrix, both (d,).

        ``X * deviation + mean`` is in the units of the table. Columns of zeros and ones have 0 and 1; a part of a date
        is in days, months or hours.
        """
        pairs = [
            (encoding.mean, encoding.deviation) if isinstance(encoding, NumberEncoding) and is_number else (0.0, 1.0)
            for (encoding, _), is_number in zip(self._columns(), self.number_features, strict=True)
        ]
        means, deviations = np.array(pairs).T
        return means, deviations

    @property
    def number_features(self) -> Array:
        """Which columns of the design matrix are standardised numbers, not zeros and ones: boolean, shape (d,)."""
        return np.array(
            [
                isinstance(encoding, NumberEncoding) and place == 0 and encoding.deviation != 0
                for encoding, place in self._columns()
            ],
            dtype=bool,
        )

    def _columns(self) -> Iterator[tuple[Encoding, int]]:
        """For each column of the design matrix, its encoding and its place among the columns of that."""
        return ((encoding, place) for encoding in self.encodings for place in range(encoding.width))

    @property
    def task(self) -> Task | None:
        """What sort of prediction is called for; None without a target."""
        return self.outcome.task if self.outcome else None

    @property
    def classes(self) -> tuple[str, ...]:
        """Of binary and multi-class targets, in order."""
        return self.outcome.classes if self.outcome else ()

    @property
    def unseen_features(self) -> Array:
        """Which columns of the design matrix were zero in all rows of training: boolean, shape (d,).

        A weight of such a column learns nothing, so it should be zero: else a value that was not there in
        training moves the prediction by chance.
        """
        return np.array([flag for encoding in self.encodings for flag in encoding.unseen], dtype=bool)

    def transform(self, table: Any, dtype: Any = np.float64) -> Array:
        """The design matrix of a table.

        Parameters
        ----------
        table : data frame, dictionary of arrays, list of dictionaries, or whatever `open_table` takes
            With the columns of the training table in any order; the target may be left out.
        dtype : dtype, default float64

        Returns
        -------
        array of shape (n, d)

        Raises
        ------
        DataError
            If a column is missing or a value does not fit, naming row, column and value.
        """
        rows = [self.transform_batch(batch, dtype) for batch in read_batches(table, self.schema, with_targets=False)]
        return np.concatenate(rows) if rows else self.expand(np.empty((0, len(self.encodings)), dtype))

    def transform_batch(self, batch: pa.RecordBatch, dtype: Any = np.float64) -> Array:
        """The design matrix of a batch that `read_batches` made: array of shape (n, d)."""
        columns = (encoding.compact(batch.column(encoding.column)) for encoding in self.encodings)
        return self._expanded(columns, batch.num_rows, dtype)

    def compact(self, batch: pa.RecordBatch, dtype: Any = np.float64) -> Array:
        """The same with one number for each encoding, shape (n, len(encodings)), to be kept until `expand`."""
        out = np.empty((batch.num_rows, len(self.encodings)), dtype)
        for place, encoding in enumerate(self.encodings):
            out[:, place] = encoding.compact(batch.column(encoding.column))
        return out

    def expand(self, compact: Array) -> Array:
        """The design matrix, shape (n, d), from what `compact` gave."""
        return self._expanded(compact.T, len(compact), compact.dtype)

    def _expanded(self, columns: Iterable[Array], rows: int, dtype: Any) -> Array:
        widths = [encoding.width for encoding in self.encodings]
        out = np.empty((rows, sum(widths)), dtype)
        place = 0
        for encoding, width, column in zip(self.encodings, widths, columns, strict=True):
            encoding.expand(out[:, place : place + width], column)
            place += width
        return out

    def target(self, table: Any) -> Array:
        """What is to be predicted, of a table or of a batch that `read_batches` made; see `Target.encode`.

        Raises
        ------
        DataError
            If a target is missing, or is none of the classes.
        """
        if self.outcome is None:
            raise DataError("the schema has no target", fix="name the column to be predicted: target='…'")
        batches = read_batches(table, self.schema, columns=self.outcome.names)
        return np.concatenate([self.outcome.encode(batch) for batch in batches])

    def arrays(self, source: Any, dtype: Any = np.float64) -> tuple[Array, Array]:
        """Design matrix and targets of a table, in one reading.

        Parameters
        ----------
        source : TableSource, or whatever `open_table` takes
        dtype : dtype, default float64

        Returns
        -------
        X : array of shape (n, d)
        y : array
            See `Target.encode`.
        """
        if self.outcome is None:
            raise DataError("the schema has no target", fix="name the column to be predicted: target='…'")
        pairs = [
            (self.transform_batch(batch, dtype), self.outcome.encode(batch))
            for batch in read_batches(source, self.schema)
        ]
        return np.concatenate([X for X, _ in pairs]), np.concatenate([y for _, y in pairs])

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of what JSON can hold, without the schema."""
        return {
            "version": _VERSION,
            "encodings": [encoding.to_json() for encoding in self.encodings],
            "target": self.outcome.to_json() if self.outcome else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], schema: Schema) -> Preprocessing:
        """What `to_json` wrote, with the schema that it belongs to.

        Raises
        ------
        DataError
            If it is no such dictionary.
        """
        try:
            if data["version"] != _VERSION:
                raise DataError(f"the preprocessing has version {data['version']!r}; only version {_VERSION} is known")
            encodings = tuple(map(encoding_from_json, data["encodings"]))
            outcome = Target.from_json(data["target"]) if data["target"] is not None else None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"this is no preprocessing: {error!r}", fix="give what Preprocessing.to_json returned"
            ) from None
        for encoding in encodings:
            if encoding.column not in schema:
                raise DataError(f"the preprocessing has a column {encoding.column!r}, the schema has not")
        return cls(schema, encodings, outcome)


def typed_batches(source: Any, schema: Schema) -> Iterable[pa.RecordBatch]:
    """Batches that are typed already, or those of a table."""
    return source if isinstance(source, Iterator) else read_batches(source, schema)


class _Learner:
    """Gathers what the encodings need, batch by batch."""

    def __init__(self, columns: tuple[Column, ...], max_categories: int) -> None:
        self._columns = columns
        self._max_categories = max_categories
        self._numbers = [
            (column.name, part)
            for column in columns
            if column.kind != "category"
            for part in (DATE_PARTS if column.kind == "date" else ("",))
        ]
        self._counts = {column.name: Counter[str | None]() for column in columns if column.kind == "category"}
        self._moments = Moments.empty(len(self._numbers))
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in a batch."""
        self._rows += batch.num_rows
        if self._numbers and batch.num_rows:
            self._moments.add(np.stack([numbers_of(batch.column(name), part) for name, part in self._numbers]).T)
        for name, counter in self._counts.items():
            table = batch.column(name).value_counts()
            values = (
                table.field(0).dictionary_decode() if pa.types.is_dictionary(table.field(0).type) else table.field(0)
            )
            for value, count in zip(values.to_pylist(), table.field(1).to_pylist(), strict=True):
                counter[value] += count

    def encodings(self) -> tuple[Encoding, ...]:
        """One for each column, in the order of the schema."""
        numbers: dict[str, list[Encoding]] = {}
        deviation = np.where(self._moments.is_constant, 0.0, self._moments.deviation)
        for place, (name, part) in enumerate(self._numbers):
            if not np.isfinite(deviation[place]):
                largest = number_text(self._moments.high[place])
                raise DataError(
                    f"column {name!r} has numbers up to {largest}, too large to be standardised",
                    fix="replace them by their logarithm, or leave the column out",
                )
            marks = part in ("", "days") and bool(self._moments.count[place] < self._rows)
            numbers.setdefault(name, []).append(
                NumberEncoding(name, part, float(self._moments.mean[place]), float(deviation[place]), marks)
            )
        found: list[Encoding] = []
        for column in self._columns:
            found += numbers[column.name] if column.name in numbers else [self._category(column)]
        return tuple(encoding for encoding in found if encoding.width)

    def _category(self, column: Column) -> Encoding:
        counter = self._counts[column.name]
        marks = counter.pop(None, 0) > 0
        if len(counter) < 2 and not marks:
            return NumberEncoding(column.name, "", 0.0, 0.0, False)  # constant: no columns
        places = {value: place for place, value in enumerate(column.categories)}

        def order(value: str | None) -> tuple[int, str]:
            return places.get(str(value), len(places)), str(value)

        frequent = sorted(counter, key=lambda value: (-counter[value], order(value)))
        kept, rare = frequent[: self._max_categories], frequent[self._max_categories :]
        return CategoryEncoding(
            column.name, tuple(map(str, sorted(kept, key=order))), tuple(map(str, sorted(rare, key=order))), marks
        )
