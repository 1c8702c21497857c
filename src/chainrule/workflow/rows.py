"""The rows of a table, in memory or as a stream, divided into those to learn from and those that are kept back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import DataError
from chainrule.evaluation.splits import split
from chainrule.tables.inference import infer_schema
from chainrule.tables.preprocessing import Preprocessing
from chainrule.tables.reading import read_batches
from chainrule.tables.schema import Column, Schema
from chainrule.tables.sources import TableSource, open_table
from chainrule.tables.streaming import RowStream
from chainrule.tables.targets import Target, target_of
from chainrule.workflow.settings import TrainingSettings

__all__ = ["DividedRows", "TypedTable", "design_width", "divided", "typed_table"]

Array = np.ndarray[Any, Any]

#: Tables whose arrays need more bytes than this are streamed. A fixed number, so that a run is the same everywhere.
_MOST_BYTES = 1 << 29
#: Of a stream, so many bytes are kept in memory for each part that is kept back.
_PART_BYTES = 1 << 24
#: Categories that get a column of their own, as `Preprocessing.fit` has it.
_MOST_CATEGORIES = 100
#: Rows that are divided at a time.
_BLOCK = 1 << 18
#: Of a stream, so many bytes are mixed at a time; mixing takes three times as many.
_BUFFER_BYTES = 1 << 24
#: Rows that the training loop gets at a time from a stream: one native call for many steps.
_CHUNK = 1 << 14


@dataclass(frozen=True)
class TypedTable:
    """A table with its schema.

    Attributes
    ----------
    source : TableSource
    schema : Schema
    target : Target
    table : pyarrow.Table or None
        All rows, in the types of the schema; None where they are too many for memory.
    """

    source: TableSource
    schema: Schema
    target: Target
    table: pa.Table | None

    @property
    def targets(self) -> Array:
        """The targets of all rows as `Target.encode` gives them; the table must be in memory."""
        assert self.table is not None
        return encoded(self.target, self.table)


@dataclass
class DividedRows:
    """What a network learns from, and what is kept back.

    Attributes
    ----------
    preprocessing : Preprocessing
        Learnt from the training rows.
    training : pyarrow.Table or RowStream
    tables : dict of str to pyarrow.Table
        Rows in memory by part: ``"training"`` (of a stream, some of them), ``"validation"`` and ``"test"``; parts
        without rows are left out.
    note : str
        What to know about the division.
    numbers : dict of str to array
        Which rows of the table these are, counted from 0; of a stream they are not known.
    """

    preprocessing: Preprocessing
    training: pa.Table | RowStream
    tables: dict[str, pa.Table]
    note: str = ""
    numbers: dict[str, Array] = field(default_factory=dict)
    _arrays: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    @property
    def is_stream(self) -> bool:
        """Whether the training rows are not in memory."""
        return isinstance(self.training, RowStream)

    @property
    def rows(self) -> int:
        """How many rows there are to learn from."""
        return self.training.rows if isinstance(self.training, RowStream) else self.training.num_rows

    @property
    def dtype(self) -> Any:
        """Of the design matrix."""
        return np.dtype(np.float32 if self.is_stream else np.float64)

    def arrays(self, part: str) -> tuple[Array, Array]:
        """Design matrix and targets of a part in memory."""
        if part not in self._arrays:
            self._arrays[part] = self.preprocessing.arrays(self.tables[part], self.dtype)
        return self._arrays[part]

    @property
    def fingerprint(self) -> str:
        """The same for the same rows, divided in the same way."""
        counts = {name: table.num_rows for name, table in self.tables.items()}
        known = [self.preprocessing.schema.to_json(), self.preprocessing.to_json(), counts, self.rows]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def close(self) -> None:
        """Give temporary files back."""
        if isinstance(self.training, RowStream):
            self.training.close()


def typed_table(source: Any, target: str | tuple[str, ...], settings: TrainingSettings) -> TypedTable:
    """Look at all rows, decide what the columns are, and keep the rows in memory if they fit in comfortably.

    Parameters
    ----------
    source : whatever `open_table` takes
    target : str or tuple of str
    settings : TrainingSettings

    Returns
    -------
    TypedTable

    Raises
    ------
    DataError
        If the table cannot be used, naming row and column.
    """
    table = open_table(source)
    schema = infer_schema(table, target, types=settings.types, decimal=settings.decimal)
    outcome = target_of(schema, settings.task)  # type: ignore[arg-type]  # checked by the settings
    streams = _bytes_of(schema) > _MOST_BYTES if settings.stream is None else settings.stream
    return TypedTable(table, schema, outcome, None if streams else in_memory(table, schema))


def in_memory(source: Any, schema: Schema) -> pa.Table:
    """All features and targets of a table, in the types of a schema."""
    return pa.Table.from_batches(read_batches(source, schema)).unify_dictionaries()


def encoded(target: Target, table: pa.Table) -> Array:
    """The targets of typed rows, as `Target.encode` gives them."""
    return np.concatenate([target.encode(batch) for batch in table.to_batches()])


def divided(typed: TypedTable, settings: TrainingSettings, *, batch_size: int = _CHUNK) -> DividedRows:
    """Keep rows back for validation and testing, and learn the preprocessing from the others.

    Parameters
    ----------
    typed : TypedTable
    settings : TrainingSettings
    batch_size : int
        Of a stream.

    Returns
    -------
    DividedRows

    Raises
    ------
    DataError
        If there are too few rows.
    """
    if typed.table is None:
        return _divided_stream(typed, settings, batch_size)
    parts = split(
        typed.targets,
        task=typed.target.task,
        test=settings.test_split,
        validation=settings.validation_split,
        seed=settings.seed,
    )
    rows = {"training": parts.train, "validation": parts.validation, "test": parts.test}
    tables = {name: typed.table.take(numbers) for name, numbers in rows.items() if len(numbers)}
    note = _named_class(parts.note, typed.target)
    made = divided_already(tables, typed.schema, typed.target, note)
    made.numbers = {name: rows[name] for name in tables}
    return made


def divided_already(tables: Mapping[str, pa.Table], schema: Schema, target: Target, note: str = "") -> DividedRows:
    """Rows in memory whose parts are known.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        With ``"training"``.
    schema : Schema
    target : Target
    note : str, optional
    """
    preprocessing = Preprocessing.fit(tables["training"], schema, task=target.task)
    return DividedRows(preprocessing, tables["training"], dict(tables), note)


def _named_class(note: str, target: Target) -> str:
    """A note about a class, by the name of the class in place of its number."""
    for number, name in enumerate(target.classes):
        for code in (number, float(number)):
            note = note.replace(f"class {str(code)!r}", f"class {name!r}")
    return note


# Streams --------------------------------------------------------------------------------------------------------------


def _divided_stream(typed: TypedTable, settings: TrainingSettings, batch_size: int) -> DividedRows:
    schema, count = typed.schema, typed.schema.rows
    most = max(_PART_BYTES // (8 * design_width(schema)), 1)
    shares = {
        "validation": min(settings.validation_split, most / count),
        "test": min(settings.test_split, most / count),
    }
    codes = _drawn(count, shares, settings.seed)
    held: dict[str, list[pa.RecordBatch]] = {name: [] for name in shares}
    sample: list[pa.RecordBatch] = []
    learnt = Preprocessing.fit(
        _training_batches(typed, codes, list(shares), held, sample, most), schema, task=typed.target.task
    )
    tables = {"training": sample, **held}
    found = {
        name: pa.Table.from_batches(batches).unify_dictionaries()
        for name, batches in tables.items()
        if sum(batch.num_rows for batch in batches)
    }
    if "training" not in found:
        raise DataError(f"{count} rows are too few to divide", fix="give more rows, or smaller shares")
    rows = _training_batches(typed, codes, list(shares), None, None, most)
    stream = RowStream(rows, learnt, batch_size=batch_size, seed=settings.seed, buffer_bytes=_BUFFER_BYTES)
    return DividedRows(learnt, stream, found)


def _drawn(count: int, shares: Mapping[str, float], seed: int) -> Array:
    """For each row 0 to learn from it, or the number of the part that keeps it back; one byte each."""
    rng = np.random.default_rng([seed, count])
    edges = np.cumsum(list(shares.values()))
    codes = np.empty(count, np.uint8)
    for start in range(0, count, _BLOCK):
        drawn = rng.random(min(_BLOCK, count - start))
        place = np.searchsorted(edges, drawn, side="right")
        codes[start : start + _BLOCK] = np.where(place < len(edges), place + 1, 0)
    return codes


def _training_batches(
    typed: TypedTable,
    codes: Array,
    names: list[str],
    held: dict[str, list[pa.RecordBatch]] | None,
    sample: list[pa.RecordBatch] | None,
    most: int,
) -> Iterator[pa.RecordBatch]:
    """The rows to learn from; on the way, those that are kept back are put aside, and some of the others as well."""
    done = sampled = 0
    share = min(most / len(codes), 1.0)
    for batch in read_batches(typed.source, typed.schema):
        these = codes[done : done + batch.num_rows]
        done += batch.num_rows
        if held is not None:
            for number, name in enumerate(names, 1):
                held[name].append(batch.filter(pa.array(these == number)))
        kept = batch.filter(pa.array(these == 0))
        if sample is not None:
            wanted = min(int(np.ceil(share * kept.num_rows)), most - sampled)
            sampled += wanted
            sample.append(kept.take(pa.array(np.arange(wanted))))  # a slice would keep the whole batch alive
        yield kept


def design_width(schema: Schema) -> int:
    """About how many columns the design matrix will have, before it is made.

    Parameters
    ----------
    schema : Schema

    Examples
    --------
    >>> city = Column("city", "category", categories=("Oslo", "Rome"))
    >>> design_width(Schema((Column("size", "number"), city)))
    5
    """
    return max(sum(map(_columns_of, schema.features)), 1)


def _columns_of(column: Column) -> int:
    if column.kind == "category":
        return min(len(column.categories) or 2, _MOST_CATEGORIES) + 2
    return (4 if column.kind == "date" else 1) + bool(column.missing)


def _bytes_of(schema: Schema) -> int:
    """Of the table and its design matrix."""
    return 8 * schema.rows * (len(schema.features) + design_width(schema))
