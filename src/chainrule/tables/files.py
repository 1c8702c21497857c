"""Delimited text as a part of a table; and which format bytes have."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from chainrule.errors import DataError
from chainrule.tables.columnar import ArrowFile, ParquetFile
from chainrule.tables.content import Content
from chainrule.tables.delimited import DELIMITERS, sniff
from chainrule.tables.diagnosis import diagnose, line_of_row
from chainrule.tables.parts import Part
from chainrule.tables.schema import MISSING

__all__ = ["UTF_8", "DelimitedFile", "open_content"]

UTF_8 = "utf-8"

#: Memory in use is some fifty times as much: pyarrow reads several blocks ahead.
_SMALLEST_BLOCK, _LARGE_BLOCK = 1 << 21, 1 << 23
_LARGEST_BLOCK = 1 << 30
_GOOD_ROWS = 4096  # in a block, so that what is done for each column counts little
_TOO_SMALL = ("straddling object", "Empty CSV file or block")  # what pyarrow says of a block that holds no whole row
_FEWEST_ROWS = 64  # in tables so wide that a large block holds fewer


def open_content(content: Content, missing: Sequence[str] = MISSING, encoding: str = UTF_8) -> Part:
    """Bytes as a part of a table; the first ones say what format they have, and text is in the encoding that is given.

    Raises
    ------
    DataError
        If they are no table.
    """
    start = content.start
    if not start:
        raise DataError(f"{content.name} is empty", fix="give a file with a header and at least one row")
    if start.startswith(b"PAR1"):
        return ParquetFile(content)
    if start.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return ArrowFile(content, is_stream=start.startswith(b"\xff"))
    return DelimitedFile(content, missing, encoding)


class DelimitedFile(Part):
    """CSV, or text with another delimiter.

    Parameters
    ----------
    content : Content
    missing : sequence of str
        Cells that mean "no value".
    encoding : str
        Of the text.
    """

    is_text = True

    def __init__(self, content: Content, missing: Sequence[str], encoding: str = UTF_8) -> None:
        self.name = content.name
        self.encoding = encoding
        self.missing = tuple(missing)
        self._content = content
        self.held_bytes = content.held_bytes
        with self._open() as file:
            try:
                self.dialect = sniff(self.name, file, content.max_header)
            except UnicodeError as error:
                raise self._undecodable(error) from None
            except (OSError, pa.ArrowException) as error:
                raise content.damaged(error) from None
        self.columns = self.dialect.columns
        self.delimiter = self.dialect.delimiter
        self._block_bytes = _block_bytes(self.dialect.row_bytes)
        if self.dialect.cells not in (None, len(self.columns)):
            self._raise_fault()

    def in_encoding(self, encoding: str) -> Part:
        return DelimitedFile(self._content, self.missing, encoding)

    def _stream(self) -> Any:
        """The text from its beginning, in UTF-8."""
        stream = self._content.open()
        return stream if self.encoding == UTF_8 else pa.transcoding_input_stream(stream, self.encoding, UTF_8)

    def _open(self) -> Any:
        return io.BufferedReader(self._stream(), 1 << 20)

    @property
    def description(self) -> str:
        packed = f", {self._content.compression}" if self._content.compression else ""
        encoding = "" if self.encoding == UTF_8 else f", {self.encoding}"
        return f"{self.name} (cells separated by {DELIMITERS[self.dialect.delimiter]}{encoding}{packed})"

    def check_names(self) -> None:
        if any("\ufffd" in column for column in self.columns):  # in place of bytes that are no UTF-8
            diagnose(self.name, self._open, self.dialect)

    def place(self, row: int) -> str:
        line = line_of_row(self._open, self.dialect, row)
        return super().place(row) + (f" (line {line:,})" if line else "")

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        decimal: str = ".",
    ) -> Iterator[pa.RecordBatch]:
        wanted = list(self.columns if columns is None else columns)
        block_bytes, done = self._block_bytes, 0
        while True:
            try:
                for block in self._read(wanted, types or {}, decimal, block_bytes, done):
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
            except UnicodeError as error:
                raise self._undecodable(error) from None
            except OSError as error:
                raise self._content.damaged(error) from None

    def _read(
        self, columns: list[str], types: Mapping[str, pa.DataType], decimal: str, block_bytes: int, skip: int
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
            decimal_point=decimal,
        )
        reader = csv.open_csv(
            self._stream(),
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

    def _undecodable(self, error: UnicodeError) -> DataError:
        why = f": {error}"  # such as that no byte order mark stands at the beginning
        if isinstance(error, UnicodeDecodeError):
            byte = f"0x{error.object[error.start]:02x}"
            has_single_bytes = error.encoding in ("charmap", "ascii")
            why = f", which has no byte {byte}" if has_single_bytes else f": {error.reason} (byte {byte})"
        return DataError(
            f"{self.name} is no text in {self.encoding}{why}",
            fix="give another encoding, or save the file as UTF-8",
        )

    def _raise_fault(self, error: Exception | None = None) -> None:
        diagnose(self.name, self._open, self.dialect)
        raise DataError(f"{self.name} cannot be read: {error}", fix="check that it is a CSV file in UTF-8")


def _block_bytes(row_bytes: int) -> int:
    """How much to read at a time."""
    usual = min(max(_SMALLEST_BLOCK, _GOOD_ROWS * row_bytes), _LARGE_BLOCK)
    return min(max(usual, _FEWEST_ROWS * row_bytes), _LARGEST_BLOCK)


def _ends_with_line(block: pa.RecordBatch) -> bool:
    """Whether the last row has a text cell of several lines."""
    return any("\n" in str(column[-1].as_py()) for column in block.columns if pa.types.is_string(column.type))
