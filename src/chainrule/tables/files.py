"""The formats that tables come in: delimited text, Parquet and Arrow, compressed or not."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from chainrule.errors import DataError
from chainrule.tables.delimited import DELIMITERS, sniff
from chainrule.tables.diagnosis import diagnose, line_of_row
from chainrule.tables.parts import Part
from chainrule.tables.schema import MISSING

__all__ = ["ArrowFile", "DelimitedFile", "ParquetFile", "open_file"]

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
#: Memory in use is some fifty times as much: pyarrow reads several blocks ahead.
_SMALLEST_BLOCK, _LARGE_BLOCK = 1 << 21, 1 << 23
_LARGEST_BLOCK = 1 << 30
_GOOD_ROWS = 4096  # in a block, so that what is done for each column counts little
_TOO_SMALL = ("straddling object", "Empty CSV file or block")  # what pyarrow says of a block that holds no whole row
_FEWEST_ROWS = 64  # in tables so wide that a large block holds fewer
_ROWS_IN_MEMORY = 1 << 16


def open_file(path: str | os.PathLike[str], name: str | None = None, missing: Sequence[str] = MISSING) -> Part:
    """A file as a part of a table; its first bytes say what format it has.

    Raises
    ------
    DataError
        If there is no such file, or it is no table.
    """
    path = Path(path)
    name = name or str(path)
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}", fix="check the path") from None
    if not magic:
        raise DataError(f"{name} is empty", fix="give a file with a header and at least one row")
    if magic.startswith(b"PAR1"):
        return ParquetFile(path, name)
    if magic.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return ArrowFile(path, name, is_stream=magic.startswith(b"\xff"))
    compression = next((kind for start, kind in _COMPRESSIONS.items() if magic.startswith(start)), None)
    return DelimitedFile(path, name, compression, missing)


class DelimitedFile(Part):
    """CSV, or text with another delimiter.

    Parameters
    ----------
    path : Path
    name : str
    compression : {"gzip", "zstd"}, optional
    missing : sequence of str
        Cells that mean "no value".
    """

    is_text = True

    def __init__(self, path: Path, name: str, compression: str | None, missing: Sequence[str]) -> None:
        self.name = name
        self.missing = tuple(missing)
        self._path = path
        self._compression = compression
        with self._open() as file:
            try:
                self.dialect = sniff(name, file)
            except (OSError, pa.ArrowException) as error:
                raise self._damaged(error) from None
        self.columns = self.dialect.columns
        self._block_bytes = _block_bytes(self.dialect.row_bytes)
        if self.dialect.cells not in (None, len(self.columns)):
            self._raise_fault()

    def _open(self) -> Any:
        return io.BufferedReader(pa.input_stream(str(self._path), compression=self._compression), 1 << 20)

    @property
    def description(self) -> str:
        packed = f", {self._compression}" if self._compression else ""
        return f"{self.name} (cells separated by {DELIMITERS[self.dialect.delimiter]}{packed})"

    def place(self, row: int) -> str:
        line = line_of_row(self._open, self.dialect, row)
        return super().place(row) + (f" (line {line:,})" if line else "")

    def blocks(
        self, columns: Sequence[str] | None = None, types: Mapping[str, pa.DataType] | None = None
    ) -> Iterator[pa.RecordBatch]:
        wanted = list(self.columns if columns is None else columns)
        block_bytes, done = self._block_bytes, 0
        while True:
            try:
                for block in self._read(wanted, types or {}, block_bytes, done):
                    done += block.num_rows
                    yield block
                return
            except pa.ArrowInvalid as error:
                if any(sign in str(error) for sign in _TOO_SMALL) and block_bytes < _LARGEST_BLOCK:
                    block_bytes *= 8  # a row longer than a block, or a quote that is never closed
                elif "conversion error" in str(error) and "UTF8" not in str(error):
                    raise
                else:
                    self._raise_fault(error)
            except OSError as error:
                raise self._damaged(error) from None

    def _read(
        self, columns: list[str], types: Mapping[str, pa.DataType], block_bytes: int, skip: int
    ) -> Iterator[pa.RecordBatch]:
        """Blocks from row `skip` on."""
        from pyarrow import csv

        from chainrule.tables.cells import marker_variants

        places = {name: f"f{place}" for place, name in enumerate(self.columns)}
        options = csv.ConvertOptions(
            column_types={places[name]: types.get(name, pa.string()) for name in columns},
            include_columns=[places[name] for name in columns],
            null_values=marker_variants(self.missing),
            strings_can_be_null=True,
        )
        reader = csv.open_csv(
            pa.input_stream(str(self._path), compression=self._compression),
            read_options=csv.ReadOptions(
                block_size=block_bytes, skip_rows=self.dialect.header_lines, autogenerate_column_names=True
            ),
            parse_options=csv.ParseOptions(delimiter=self.dialect.delimiter, newlines_in_values=True),
            convert_options=options,
        )
        last = None
        for block in reader:
            if block.num_rows <= skip:
                skip -= block.num_rows
                continue
            block = block.slice(skip)
            skip = 0
            last = block
            yield pa.RecordBatch.from_arrays(block.columns, names=columns)
        if last is not None and _ends_with_line(last):
            diagnose(self.name, self._open, self.dialect)  # all that follows an open quote is in that cell

    def _raise_fault(self, error: Exception | None = None) -> None:
        diagnose(self.name, self._open, self.dialect)
        raise DataError(f"{self.name} cannot be read: {error}", fix="check that it is a CSV file in UTF-8")

    def _damaged(self, error: Exception) -> DataError:
        kind = f"{self._compression} " if self._compression else ""
        return DataError(
            f"{self.name} cannot be read: {error}", fix=f"the {kind}file is damaged or cut off: copy or pack it again"
        )


def _block_bytes(row_bytes: int) -> int:
    """How much to read at a time."""
    usual = min(max(_SMALLEST_BLOCK, _GOOD_ROWS * row_bytes), _LARGE_BLOCK)
    return min(max(usual, _FEWEST_ROWS * row_bytes), _LARGEST_BLOCK)


def _ends_with_line(block: pa.RecordBatch) -> bool:
    """Whether the last row has a text cell of several lines."""
    return any("\n" in str(column[-1].as_py()) for column in block.columns if pa.types.is_string(column.type))


class ParquetFile(Part):
    """A Parquet file, read by row groups.

    Parameters
    ----------
    path : Path
    name : str
    """

    def __init__(self, path: Path, name: str) -> None:
        from pyarrow import parquet

        self.name = name
        self._path = path
        try:
            with parquet.ParquetFile(path) as file:
                self.columns = tuple(file.schema_arrow.names)
                self.rows = file.metadata.num_rows
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{name} is no readable Parquet file: {error}", fix="copy or write it again") from None
        _check_columns(self)

    @property
    def description(self) -> str:
        return f"{self.name} (Parquet)"

    def blocks(
        self, columns: Sequence[str] | None = None, types: Mapping[str, pa.DataType] | None = None
    ) -> Iterator[pa.RecordBatch]:
        from pyarrow import parquet

        wanted = list(self.columns if columns is None else columns)
        try:
            with parquet.ParquetFile(self._path, pre_buffer=False) as file:
                for block in file.iter_batches(batch_size=_ROWS_IN_MEMORY, columns=wanted):
                    yield block.select(wanted)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{self.name} is a damaged Parquet file: {error}", fix="copy or write it again") from None


class ArrowFile(Part):
    """An Arrow IPC file or stream (Feather is the former).

    Parameters
    ----------
    path : Path
    name : str
    is_stream : bool
    """

    def __init__(self, path: Path, name: str, is_stream: bool) -> None:
        self.name = name
        self._path = path
        self._is_stream = is_stream
        try:
            with self._reader() as reader:
                self.columns = tuple(reader.schema.names)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{name} is no readable Arrow file: {error}", fix="copy or write it again") from None
        _check_columns(self)

    def _reader(self) -> Any:
        file = pa.OSFile(str(self._path))
        return pa.ipc.open_stream(file) if self._is_stream else pa.ipc.open_file(file)

    @property
    def description(self) -> str:
        return f"{self.name} (Arrow)"

    def blocks(
        self, columns: Sequence[str] | None = None, types: Mapping[str, pa.DataType] | None = None
    ) -> Iterator[pa.RecordBatch]:
        wanted = list(self.columns if columns is None else columns)
        try:
            with self._reader() as reader:
                batches = reader if self._is_stream else map(reader.get_batch, range(reader.num_record_batches))
                for block in batches:
                    yield block.select(wanted)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{self.name} is a damaged Arrow file: {error}", fix="copy or write it again") from None


def _check_columns(part: Part) -> None:
    for place, column in enumerate(part.columns):
        if column in part.columns[:place]:
            raise DataError(f"{part.name} has two columns named {column!r}", fix="rename one of them")
    if not part.columns or part.rows == 0:
        raise DataError(f"{part.name} has no {'rows' if part.columns else 'columns'}", fix="give at least one row")
