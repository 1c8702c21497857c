"""Tables in memory: data frames, Arrow tables, dictionaries of arrays, lists of dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import DataError
from chainrule.tables.parts import Part

__all__ = ["Frame", "is_frame"]

_ROWS_PER_BLOCK = 1 << 16


def is_frame(table: Any) -> bool:
    """Whether something is a table in memory, rather than a file or a name of one."""
    if isinstance(table, (pa.Table, pa.RecordBatch, Mapping)) or hasattr(table, "__arrow_c_stream__"):
        return True
    return isinstance(table, Sequence) and bool(table) and all(isinstance(row, Mapping) for row in table)


class Frame(Part):
    """A table in memory as a part of a table.

    Parameters
    ----------
    table : pandas or polars DataFrame, pyarrow Table or RecordBatch, dict of arrays, list of dicts
    name : str

    Raises
    ------
    DataError
        If it is no table.

    Examples
    --------
    >>> Frame({"x": [1, 2], "y": ["a", "b"]}).columns
    ('x', 'y')
    """

    def __init__(self, table: Any, name: str = "the table") -> None:
        self.name = name
        self._table = _arrow_table(table, name)
        self.columns = tuple(self._table.column_names)
        self.rows = self._table.num_rows
        if len(set(self.columns)) < len(self.columns):
            twice = next(column for place, column in enumerate(self.columns) if column in self.columns[:place])
            raise DataError(f"{name} has two columns named {twice!r}", fix="rename one of them")

    def place(self, row: int) -> str:
        return f"{super().place(row)} (index {row:,})"

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        decimal: str = ".",
    ) -> Iterator[pa.RecordBatch]:
        table = self._table if columns is None else self._table.select(list(columns))
        yield from table.to_batches(max_chunksize=_ROWS_PER_BLOCK)


def _arrow_table(table: Any, name: str) -> pa.Table:
    try:
        if isinstance(table, pa.Table):
            return table
        if isinstance(table, pa.RecordBatch):
            return pa.Table.from_batches([table])
        if hasattr(table, "__arrow_c_stream__"):
            return _without_index(pa.table(table))
        if isinstance(table, Mapping):
            return pa.table({str(column): _array(str(column), values) for column, values in table.items()})
        return pa.table({column: _array(column, values) for column, values in _by_columns(table).items()})
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(
            f"{name} cannot be read: {error}",
            fix="give columns of equal length, each with values of one type, and each name once",
        ) from None


def _array(name: str, values: Any) -> pa.Array:
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise ValueError(f"column {name!r} is an array of shape {values.shape}, not (n,)")
    if isinstance(values, np.ndarray) and values.dtype.kind == "U":
        values = values.tolist()
    try:
        return pa.array(values, from_pandas=True)  # NaN between words is a missing word
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"column {name!r} has values of several types ({error})") from None


def _by_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = {str(name): None for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def _without_index(table: pa.Table) -> pa.Table:
    """Without the columns in which pandas hides the index."""
    return table.select([name for name in table.column_names if not name.startswith("__index_level_")])
