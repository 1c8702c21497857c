"""Where exactly a file of delimited text is broken: read slowly, once something has gone wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import no_nul, with_encoding
from chainrule.tables.delimited import DELIMITERS, Dialect

__all__ = ["diagnose", "line_of_row"]

Opener = Callable[[], BinaryIO]

#: In what text is that is not in UTF-8: so do spreadsheets write it in western Europe and America.
_LIKELY = "windows-1252"
_NO_TEXT = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_SHOWN = 60
_PIECE = 1 << 20
_LINE_END = re.compile(rb"\r\n?|\n")
_QUOTES = re.compile(rb'"+')


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file.

    Attributes
    ----------
    line : int
        The line on which it begins, from 1.
    raw : bytes
    closed : bool
        Whether its last quote is closed.
    """

    line: int
    raw: bytes
    closed: bool


def line_of_row(open_file: Opener, dialect: Dialect, row: int) -> int | None:
    """The line on which data row `row`, counted from 0, begins."""
    with open_file() as file:
        for number, record in enumerate(_records(file, dialect)):
            if number == row + 1:
                return record.line
    return None


def diagnose(name: str, open_file: Opener, dialect: Dialect) -> None:
    """Raise for the first row that is not well formed; return if all are.

    Raises
    ------
    DataError
        Naming line, row and column: bytes that are no UTF-8, NUL bytes, too many or too few cells, a quote without end.
    """
    with open_file() as file:
        for number, record in enumerate(_records(file, dialect)):
            where = f"{name}, row {number:,} (line {record.line:,})" if number else f"{name}, header"
            _check_record(where, record, dialect, is_header=number == 0)


def _check_record(where: str, record: Record, dialect: Dialect, *, is_header: bool) -> None:
    text = _text(where, record.raw, dialect, is_header=is_header)
    if not record.closed:
        raise DataError(
            f"{where}: a quote opens here and is never closed: {_short(text)}",
            fix='close it, or write a quotation mark inside of a quoted cell twice: ""',
        )
    if "\0" in text:
        column = _column(text[: text.index("\0")], dialect)
        raise DataError(
            f"{where}, column {column!r}: the cell has a NUL byte",
            fix=Advice.of(no_nul(), "; the file may be damaged, or be no CSV at all"),
        )
    cells = _cells(text, dialect.delimiter)
    if len(cells) != len(dialect.columns):
        end = dialect.columns[min(len(cells), len(dialect.columns)) - 1]
        few = len(cells) < len(dialect.columns)
        raise DataError(
            f"{where}: {len(cells)} cells, but the header has {len(dialect.columns)} columns;"
            f" {'the row ends with' if few else 'there are cells after'} column {end!r}: {_short(text)}",
            fix="fill the row up with empty cells"
            if few
            else f"quote cells that contain {DELIMITERS[dialect.delimiter]}, or name all columns in the header",
        )


def _text(where: str, raw: bytes, dialect: Dialect, *, is_header: bool) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        place = max(len(_cells(raw[: error.start].decode("utf-8"), dialect.delimiter)), 1) - 1
        column = None if is_header else dialect.columns[min(place, len(dialect.columns) - 1)]
        found = f"byte 0x{raw[error.start]:02x} is no UTF-8"
    text = raw.decode(_LIKELY, errors="replace").rstrip("\r\n")
    if _NO_TEXT.search(text):
        said = f", column {column!r}" if column else ""
        raise DataError(
            f"{where}{said}: {found}, and the bytes around it are no text",
            fix="give a CSV file in UTF-8",
            column=column,
        )
    cells = _cells(text, dialect.delimiter)
    shown = _short(cells[place] if place < len(cells) else "")
    said = f", column {column!r}: {found}; the cell" if column else f": {found}; the name of column {place + 1}"
    raise DataError(
        f"{where}{said}, read as {_LIKELY}, is {shown!r}",
        fix=Advice.of("if that is right, ", with_encoding(_LIKELY), "; otherwise save the file as UTF-8"),
        column=column,
        encoding=_LIKELY,
    )


def _column(before: str, dialect: Dialect) -> str:
    """The column in which a row's text, cut off somewhere, ends."""
    place = max(len(_cells(before, dialect.delimiter)), 1) - 1
    return dialect.columns[min(place, len(dialect.columns) - 1)]


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of a row; the csv module would stop at cells of 128 KiB."""
    if '"' not in text:
        return text.split(delimiter)
    cells, place = [], 0
    while True:
        begin = place
        if text[place : place + 1] == '"':
            place = text.find('"', place + 1)
            while place >= 0 and text[place + 1 : place + 2] == '"':
                place = text.find('"', place + 2)
        end = text.find(delimiter, place) if place >= 0 else -1
        cell = text[begin:] if end < 0 else text[begin:end]
        cells.append(cell[1:].removesuffix('"').replace('""', '"') if cell.startswith('"') else cell)
        if end < 0:
            return cells
        place = end + 1


def _records(file: BinaryIO, dialect: Dialect) -> Iterator[Record]:
    """The rows of a file, header included, blank lines left out."""
    delimiter = dialect.delimiter.encode()
    held = bytearray()
    number = begin = 1
    for piece in _pieces(file):
        place = 0
        while place < len(piece):
            if held:  # a quoted cell of many short lines is passed by at once
                end = _begin_of_last_quoted_line(piece, place)
                if end > place:
                    held += piece[place:end]
                    number += _count_line_ends(piece[place:end])
                    place = end
                    continue
            found = _LINE_END.search(piece, place)
            end = found.end() if found else len(piece)
            line = piece[place:end]
            place = end
            if not held:
                begin = number
            number += 1
            if not held and not line.strip(b"\r\n"):
                continue
            inside = _ends_inside_quotes(line, delimiter, bool(held)) if b'"' in line else bool(held)
            held += line
            if not inside:
                yield Record(begin, bytes(held), True)
                held.clear()
    if held:
        yield Record(begin, bytes(held), False)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of whole lines, which end with a line feed, a carriage return or both."""
    piece = file.read(_PIECE).removeprefix(codecs.BOM_UTF8)
    while piece:
        yield piece + file.readline()
        piece = file.read(_PIECE)


def _begin_of_last_quoted_line(piece: bytes, place: int) -> int:
    """Where the line begins on which a quoted cell is closed, or the end of the piece.

    Inside of the cell, two quotes stand for one, so that an odd number of them closes it.
    """
    for quotes in _QUOTES.finditer(piece, place):
        if (quotes.end() - quotes.start()) % 2:
            last = max(piece.rfind(end, place, quotes.start()) for end in (b"\n", b"\r"))
            return max(last + 1, place)
    return len(piece)


def _count_line_ends(lines: bytes) -> int:
    return lines.count(b"\n") + lines.count(b"\r") - lines.count(b"\r\n")


def _ends_inside_quotes(line: bytes, delimiter: bytes, inside: bool) -> bool:
    """Whether a quoted cell is still open at the end of a line; quotes count where a cell begins with one."""
    place = 0
    while True:
        if inside:
            place = line.find(b'"', place)
            if place < 0:
                return True
            if line[place + 1 : place + 2] == b'"':
                place += 2
                continue
            inside = False
            place += 1
        elif line[place : place + 1] == b'"':
            inside = True
            place += 1
            continue
        place = line.find(delimiter, place)
        if place < 0:
            return False
        place += 1


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
