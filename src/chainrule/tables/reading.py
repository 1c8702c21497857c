"""The rows of a table, block by block, in the types that the schema says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import DataError
from chainrule.tables.cells import BadCell, first_place, marker_variants
from chainrule.tables.conversion import ARROW_TYPES, convert, fast_types
from chainrule.tables.parts import Part
from chainrule.tables.schema import Column, Schema, check_names
from chainrule.tables.sources import open_table

__all__ = ["read_batches"]


def read_batches(
    source: Any,
    schema: Schema,
    *,
    rows: int | None = None,
    columns: Sequence[str] | None = None,
    with_targets: bool = True,
) -> Iterator[pa.RecordBatch]:
    r"""The table's features and targets as Arrow record batches, numbers as float64, categories as dictionaries.

    Parameters
    ----------
    source : TableSource, or whatever `open_table` takes
        Its columns may stand in another order than those of the schema, and there may be more of them.
    schema : Schema
    rows : int, optional
        Rows in each batch but the last; without it, batches are as large as blocks of the file.
    columns : sequence of str, optional
        Names of the columns to read; without it, features and targets.
    with_targets : bool
        Whether `columns`, left out, has the targets too; then none of their cells may be missing.

    Yields
    ------
    pyarrow.RecordBatch

    Raises
    ------
    DataError
        If a column is missing, or a cell does not fit, naming row, column and value.

    Examples
    --------
    >>> import io
    >>> from chainrule.tables import infer_schema
    >>> table = open_table(io.StringIO("size,sold\n1.5,yes\n2,no\n4,yes\n1,no\n"))
    >>> schema = infer_schema(table, "sold")
    >>> [batch.column("size").to_pylist() for batch in read_batches(table, schema, rows=3)]
    [[1.5, 2.0, 4.0], [1.0]]
    """
    table = open_table(source, missing=schema.missing)
    if columns is None:
        names = [*(column.name for column in schema.features), *(schema.targets if with_targets else ())]
    else:
        check_names(columns, [column.name for column in schema.columns], "the schema")
        names = list(columns)
    table.check_names(names)
    reader = _Reader([schema[name] for name in names], schema)
    blocks = (block for part in table.parts for block in reader.blocks(part))
    yield from blocks if rows is None else _of_equal_size(blocks, rows)


class _Reader:
    """Blocks in the types of the schema."""

    def __init__(self, columns: Sequence[Column], schema: Schema) -> None:
        self._columns = columns
        self._names = [column.name for column in columns]
        self._targets = set(schema.targets)
        self._decimal = schema.decimal
        self._markers = pa.array(marker_variants(schema.missing))
        self._types = pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])

    def blocks(self, part: Part) -> Iterator[pa.RecordBatch]:
        """A part's rows; pyarrow parses the numbers, until it meets a cell that it does not understand."""
        done = 0
        try:
            for block in part.blocks(self._names, fast_types(self._columns) if part.is_text else {}, self._decimal):
                yield self._converted(part, block, done)
                done += block.num_rows
            return
        except pa.ArrowInvalid:
            skip = done
        row = 0
        for block in part.blocks(self._names):
            if row + block.num_rows > skip:
                yield self._converted(part, block.slice(max(skip - row, 0)), max(skip, row))
            row += block.num_rows

    def _converted(self, part: Part, block: pa.RecordBatch, row: int) -> pa.RecordBatch:
        arrays = []
        for cells, column in zip(block.columns, self._columns, strict=True):
            try:
                array = convert(cells, column, self._markers, self._decimal)
                if column.name in self._targets and array.null_count:
                    missing = first_place(pc.is_null(array))
                    raise BadCell(missing, "", "is missing", "fill the target in, or leave the row out")
            except BadCell as bad:
                what = f"{bad.value!r} {bad.why}" if bad.value else "the cell is missing"
                raise DataError(f"{part.place(row + bad.index)}, column {column.name!r}: {what}", fix=bad.fix) from None
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, schema=self._types)


def _of_equal_size(blocks: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    held: list[pa.RecordBatch] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.num_rows
        while count >= rows:
            table = pa.Table.from_batches(held).unify_dictionaries()
            yield _one_batch(table.slice(0, rows))
            rest = table.slice(rows)
            held, count = rest.to_batches(), rest.num_rows
    if count:
        yield _one_batch(pa.Table.from_batches(held).unify_dictionaries())


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    (batch,) = table.combine_chunks().to_batches()
    return batch
