"""Formats that keep columns and their types: Parquet and Arrow."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from chainrule.errors import DataError
from chainrule.tables.content import Content
from chainrule.tables.expansion import declared_size, expanded_size, row_width
from chainrule.tables.parts import Part

__all__ = ["ArrowFile", "ParquetFile"]

_ROWS_IN_MEMORY = 1 << 16
_UNREADABLE = (OSError, pa.ArrowException, UnicodeDecodeError)
_FILE_MAGIC = b"ARROW1"
_FILE_START = 8  # where the stream within an Arrow file begins


class ParquetFile(Part):
    """Parquet, read by row groups.

    Parameters
    ----------
    content : Content
    """

    def __init__(self, content: Content) -> None:
        self.name = content.name
        self._content = content
        self.held_bytes = content.held_bytes
        try:
            with self._open() as file:
                schema = file.schema_arrow
                self.columns = tuple(schema.names)
                self.rows = file.metadata.num_rows
                leaves = [file.schema.column(place) for place in range(len(file.schema))]
        except _UNREADABLE as error:
            raise DataError(f"{self.name} is no readable Parquet file: {error}", fix="copy or write it again") from None
        _check_columns(self)
        content.check_size(self.rows * row_width(schema))
        # In memory, text stays a dictionary until it is known how large it is.
        text = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        self._as_dictionary = [] if content.max_bytes is None else text
        self._dictionaries = {field.name for field in schema if pa.types.is_dictionary(field.type)}

    def _open(self, **options: Any) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(self._content.open(), **options)

    @property
    def description(self) -> str:
        return f"{self.name} (Parquet)"

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        decimal: str = ".",
    ) -> Iterator[pa.RecordBatch]:
        wanted = list(self.columns if columns is None else columns)
        try:
            with self._open(pre_buffer=False, read_dictionary=self._as_dictionary) as file:
                blocks = file.iter_batches(batch_size=_ROWS_IN_MEMORY, columns=wanted)
                for block in _bounded(self._content, blocks):
                    yield self._with_plain_text(block.select(wanted)) if self._as_dictionary else block.select(wanted)
        except _UNREADABLE as error:
            raise DataError(f"{self.name} is a damaged Parquet file: {error}", fix="copy or write it again") from None

    def _with_plain_text(self, block: pa.RecordBatch) -> pa.RecordBatch:
        """With dictionaries only where the file has them."""
        columns = [
            column.dictionary_decode()
            if pa.types.is_dictionary(column.type) and name not in self._dictionaries
            else column
            for name, column in zip(block.schema.names, block.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, names=block.schema.names)


class ArrowFile(Part):
    """An Arrow IPC file or stream (Feather is the former).

    Parameters
    ----------
    content : Content
    is_stream : bool
    """

    def __init__(self, content: Content, is_stream: bool) -> None:
        self.name = content.name
        self._content = content
        self.held_bytes = content.held_bytes
        self._is_stream = is_stream
        try:
            if content.max_bytes is not None:
                self._check_size()
            with self._reader() as reader:
                self.columns = tuple(reader.schema.names)
        except (*_UNREADABLE, struct.error) as error:
            raise DataError(f"{self.name} is no readable Arrow file: {error}", fix="copy or write it again") from None
        _check_columns(self)

    def _check_size(self) -> None:
        """Before anything is unpacked; from then on a file is read as the stream that was measured."""
        data = self._content.open()
        if not self._is_stream:
            data.seek(data.size() - len(_FILE_MAGIC))
            if data.read() != _FILE_MAGIC:
                raise pa.ArrowInvalid("its end is missing")
            data.seek(_FILE_START)
        size, messages = 0, pa.ipc.MessageReader.open_stream(data)
        for message in messages:
            size += declared_size(message)
            self._content.check_size(size)

    def _reader(self) -> Any:
        data = self._content.open()
        if self._content.max_bytes is not None and not self._is_stream:
            data.seek(_FILE_START)
            return pa.ipc.open_stream(data)
        return pa.ipc.open_stream(data) if self._is_stream else pa.ipc.open_file(data)

    @property
    def description(self) -> str:
        return f"{self.name} (Arrow)"

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        decimal: str = ".",
    ) -> Iterator[pa.RecordBatch]:
        wanted = list(self.columns if columns is None else columns)
        try:
            with self._reader() as reader:
                for block in _bounded(self._content, _batches(reader)):
                    yield block.select(wanted)
        except _UNREADABLE as error:
            raise DataError(f"{self.name} is a damaged Arrow file: {error}", fix="copy or write it again") from None


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if hasattr(reader, "num_record_batches"):
        return map(reader.get_batch, range(reader.num_record_batches))
    return iter(reader)


def _bounded(content: Content, blocks: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same blocks, until they are larger than the content may become; and only if they are sound.

    Offsets that point outside of the data would crash the process.
    """
    if content.max_bytes is None:
        yield from blocks
        return
    size = 0
    for block in blocks:
        block.validate(full=True)
        size += expanded_size(block)
        content.check_size(size)
        yield block


def _check_columns(part: Part) -> None:
    seen: set[str] = set()
    for column in part.columns:
        if column in seen:
            raise DataError(f"{part.name} has two columns named {column!r}", fix="rename one of them")
        seen.add(column)
    if not part.columns or part.rows == 0:
        raise DataError(f"{part.name} has no {'rows' if part.columns else 'columns'}", fix="give at least one row")
