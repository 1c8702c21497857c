"""Text with delimiters: what separates the cells, and what the columns are called."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import no_nul, with_encoding

__all__ = ["DELIMITERS", "LARGEST_HEADER", "Dialect", "sniff"]

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

#: Bytes in which a header must end, unless said otherwise.
LARGEST_HEADER = 1 << 26
_FIRST_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 20
_WIDE = 1_000  # so many columns tell the delimiter by themselves


@dataclass(frozen=True)
class Dialect:
    """How a file of text is written.

    Attributes
    ----------
    delimiter : str
    columns : tuple of str
    header_lines : int
        Lines up to the end of the header.
    cells : int or None
        How many the first data row has; None if it is longer than the beginning of the file that was looked at.
    row_bytes : int
        Size of the largest of the first rows.
    """

    delimiter: str
    columns: tuple[str, ...]
    header_lines: int
    cells: int | None
    row_bytes: int


def sniff(name: str, file: BinaryIO, max_header: int = LARGEST_HEADER) -> Dialect:
    """Delimiter and column names from the beginning of a file.

    Parameters
    ----------
    name : str
    file : file object
    max_header : int
        Bytes in which the header must end.

    Raises
    ------
    DataError
        If the file is empty, is no text, or its header has no or equal names.
    """
    sample, ended = _sample(file, max_header)
    _check_is_text(name, sample)
    text = sample.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    if not text.strip():
        raise DataError(f"{name} is empty", fix="give a file with a header and at least one row")
    tried = {delimiter: list(_records(text, delimiter, ended)) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: _likelihood([cells for cells, _ in tried[one]]))
    records = tried[delimiter]
    if not records:
        raise DataError(f"{name}: the header does not end within {max_header >> 10:,} KiB", fix="check its quotes")
    header, header_lines = records[0]
    if ended and not any(line.strip(" ") for line in text.splitlines()[header_lines:]):
        raise DataError(f"{name} has a header but no rows", fix="give at least one row")
    return Dialect(
        delimiter,
        _names(name, header),
        header_lines,
        len(records[1][0]) if len(records) > 1 else None,
        max(sum(map(len, cells)) + len(cells) for cells, _ in records),
    )


def _sample(file: BinaryIO, max_header: int) -> tuple[bytes, bool]:
    """The beginning of a file, long enough for the header and a row, and whether that is all of it."""
    sample, size = b"", min(_FIRST_SAMPLE, max_header)
    while True:
        more = file.read(size - len(sample))
        sample += more
        if len(sample) < size and not more:
            return sample, True
        if len(sample) == size:
            if sample.count(b"\n") + sample.count(b"\r") >= 4 or size == max_header:
                return sample, False
            size = min(4 * size, max_header)


def _check_is_text(name: str, sample: bytes) -> None:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        said = with_encoding("utf-16")
        raise DataError(
            f"{name} is UTF-16 text, as Excel's 'Unicode text' is",
            fix=Advice.of(
                "save it as 'CSV UTF-8'",
                Advice(f", or say so: {said}", command=f", or say so: {said.command}", page=""),
            ),
        )
    if sample.startswith(b"PK\x03\x04"):
        raise DataError(f"{name} is a ZIP archive or an Excel workbook", fix="save the sheet as CSV, or unpack it")
    if sample.lstrip()[:1] in (b"{", b"["):
        raise DataError(f"{name} looks like JSON", fix="convert it to CSV or Parquet")


def _records(text: str, delimiter: str, ended: bool) -> Iterator[tuple[list[str], int]]:
    """The first records, each with the number of its last line; the one that the sample cuts off is left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    previous: tuple[list[str], int] | None = None
    try:
        for count, cells in enumerate(reader):
            if previous is not None:
                yield previous
            if count == _SAMPLE_RECORDS or (count > 2 and len(cells) > _WIDE):
                return
            previous = (cells, reader.line_num) if cells else previous and None
    except csv.Error:  # a cell of 128 KiB: not this delimiter, a quote that is never closed, or a long text
        ended = True
    if previous is not None and ended:
        yield previous


def _likelihood(records: list[list[str]]) -> tuple[bool, bool, int]:
    """Several columns are likelier than one, equally many in each row likelier than not, and many likelier than few."""
    counts = [len(cells) for cells in records]
    if not counts:
        return False, False, 0
    return counts[0] > 1, len(set(counts)) == 1, counts[0]


def _names(name: str, header: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(header, 1))
    seen: dict[str, int] = {}
    for place, column in enumerate(names, 1):
        if column in seen:
            raise DataError(
                f"{name} has two columns named {column!r}, number {seen[column]} and number {place}",
                fix="rename one of them in the header, row 1 of the file",
            )
        seen[column] = place
    if "\0" in "".join(names):
        raise DataError(f"{name}, header: a column name has a NUL byte", fix=no_nul())
    return names
