"""Where tables come from: files, folders, standard input, file objects, tables in memory."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chainrule.errors import DataError
from chainrule.tables.advising import with_encoding
from chainrule.tables.content import FileContent, MemoryContent
from chainrule.tables.delimited import LARGEST_HEADER
from chainrule.tables.files import UTF_8, open_content
from chainrule.tables.frames import Frame, is_frame
from chainrule.tables.parts import Part
from chainrule.tables.schema import MISSING, check_names

__all__ = ["TableSource", "open_table"]

#: Endings by which files of a folder are recognised as tables; what is in a file, its first bytes say.
ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst", ".parquet", ".arrow", ".feather", ".ipc")

#: How large packed bytes may become in memory, unless said otherwise.
MAX_BYTES = 1 << 30

#: Python's codecs of host names and program text, and one that always fails.
_NOT_OF_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})


class TableSource:
    """A table that can be read again and again, from one or several parts with the same columns.

    Attributes
    ----------
    parts : tuple of Part
    columns : tuple of str
        Names, in the order of the first part.
    rows : int or None
        None where only reading would tell.
    held_bytes : int
        Bytes of files that are kept in memory; frames are not counted.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.columns = self.parts[0].columns
        self.held_bytes = sum(part.held_bytes for part in self.parts)
        counts = [part.rows for part in self.parts]
        self.rows = None if None in counts else sum(count or 0 for count in counts)
        for part in self.parts[1:]:
            self._check_same_columns(part)

    def _check_same_columns(self, part: Part) -> None:
        first = self.parts[0]
        missing = [name for name in first.columns if name not in set(part.columns)]
        extra = [name for name in part.columns if name not in set(first.columns)]
        if missing or extra:
            name, has, has_not = (missing[0], first, part) if missing else (extra[0], part, first)
            raise DataError(
                f"the files differ: {has.name} has a column {name!r}, {has_not.name} has not",
                fix="give files with the same columns",
            )

    def check_names(self, wanted: Iterable[str]) -> None:
        """Refuse names of columns that are no text, and wanted ones that do not exist.

        Raises
        ------
        DataError
        """
        for part in self.parts:
            part.check_names()
        check_names(wanted, self.columns, self.name)

    def in_encoding(self, encoding: str) -> TableSource:
        """The same table, its text in this encoding."""
        return TableSource([part.in_encoding(encoding) for part in self.parts])

    @property
    def name(self) -> str:
        """As messages call it."""
        first = self.parts[0].name
        return first if len(self.parts) == 1 else f"{first} and {len(self.parts) - 1} more"

    @property
    def description(self) -> str:
        """Name and format."""
        first = self.parts[0].description
        return first if len(self.parts) == 1 else f"{first} and {len(self.parts) - 1} more"


def open_table(
    source: Any,
    *,
    missing: Sequence[str] = MISSING,
    name: str | None = None,
    encoding: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_header: int = LARGEST_HEADER,
) -> TableSource:
    r"""A table from wherever it is.

    Parameters
    ----------
    source : path, list of paths, folder, "-", file object, bytes, or table in memory
        Files are CSV (also with semicolons, tabs or vertical bars, also packed with gzip or zstd), Parquet or Arrow;
        of a folder, all of these. ``"-"`` is standard input; it and file objects are kept in a temporary file, because
        a table is read more than once. What a file holds may also be given as bytes, `io.BytesIO` or `io.StringIO`; it
        stays in memory. Tables in memory: pandas and polars frames, pyarrow tables, dictionaries of arrays, lists of
        dictionaries.
    missing : sequence of str
        Cells of text that mean "no value", in any case.
    name : str, optional
        What messages and reports call the table, if it is no file with a path.
    encoding : str, optional
        Of files that are text, such as ``"windows-1252"`` of many spreadsheets, or ``"utf-16"``; UTF-8 unless said
        otherwise. A `TableSource` is opened again in it.
    max_bytes : int
        How large bytes that are packed (gzip, zstd, or within Parquet and Arrow) may become in memory; 1 GiB unless
        said otherwise.
    max_header : int
        Of bytes that are text: in how many of them the header must end; 64 MiB unless said otherwise.

    Returns
    -------
    TableSource

    Raises
    ------
    DataError
        If it cannot be read, naming row and column.

    Examples
    --------
    >>> table = open_table(io.StringIO("size;sold\n1.5;yes\n"))
    >>> table.columns
    ('size', 'sold')
    >>> table.description
    'the data (cells separated by semicolons)'
    """
    if encoding is not None:
        _check_encoding(encoding)
    if isinstance(source, TableSource):
        return source if encoding is None else source.in_encoding(encoding)
    encoding = encoding or UTF_8
    if is_frame(source):
        return TableSource([Frame(source, name or "the table")])
    if isinstance(source, str) and source == "-":
        return TableSource([_spooled(sys.stdin.buffer, name or "standard input", missing, encoding)])
    data = _bytes_in_memory(source)
    if data is not None:
        content = MemoryContent(data, name or "the data", max_bytes, max_header)
        return TableSource([open_content(content, missing, _encoding_in(source, encoding))])
    if hasattr(source, "read"):
        return TableSource([_spooled(source, name or "the data", missing, encoding)])
    paths = [source] if isinstance(source, (str, os.PathLike)) else source
    if not isinstance(paths, Sequence) or not all(isinstance(path, (str, os.PathLike)) for path in paths):
        raise DataError(f"{type(source).__name__} is no table", fix="give a path, a file or a data frame")
    found = [file for path in paths for file in _files(Path(path))]
    if not found:
        raise DataError("no files were given", fix="give at least one path")
    return TableSource([open_content(FileContent(path, str(path)), missing, encoding) for path in found])


def _check_encoding(encoding: str) -> None:
    try:
        name = codecs.lookup(encoding).name
        if name not in _NOT_OF_FILES:
            "a".encode(encoding)  # codecs that are not from text to bytes refuse this
    except (LookupError, ValueError):
        raise DataError(f"there is no encoding {encoding!r} of text", fix=with_encoding("windows-1252")) from None
    if name in _NOT_OF_FILES:
        raise DataError(f"{encoding!r} is no encoding of files", fix=with_encoding("windows-1252"))


def _encoding_in(source: Any, encoding: str) -> str:
    """In what the bytes are that `source` gives: text that is text already becomes UTF-8."""
    return UTF_8 if isinstance(source, io.TextIOBase) else encoding


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    inside = sorted(file for file in path.iterdir() if file.is_file() and file.name.lower().endswith(ENDINGS))
    if not inside:
        raise DataError(
            f"the folder {path} has no tables", fix=f"give one with files that end with {', '.join(ENDINGS)}"
        )
    yield from inside


def _bytes_in_memory(source: Any) -> bytes | None:
    """What is in memory already, as a file would hold it; None for everything else."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, io.BytesIO):
        return source.read()
    if isinstance(source, io.StringIO):
        return source.read().encode("utf-8")
    return None


def _spooled(file: Any, name: str, missing: Sequence[str], encoding: str) -> Part:
    """What a file object gives, in a temporary file that goes when no part needs it."""
    handle, path = tempfile.mkstemp(prefix="chainrule-", suffix=".table")
    try:
        with os.fdopen(handle, "wb") as copy:
            if isinstance(file, io.TextIOBase):
                while text := file.read(1 << 20):
                    copy.write(text.encode("utf-8"))
            else:
                shutil.copyfileobj(file, copy, 1 << 20)
        content = FileContent(Path(path), name)
        part = open_content(content, missing, _encoding_in(file, encoding))
    except BaseException:
        os.unlink(path)
        raise
    weakref.finalize(content, Path(path).unlink, missing_ok=True)
    return part
