"""Where the bytes of a table are: in a file, or in memory, where they stay."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pyarrow as pa

from chainrule.errors import DataError
from chainrule.tables.delimited import LARGEST_HEADER

__all__ = ["Content", "FileContent", "MemoryContent", "compression_of"]

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PIECE = 1 << 20


def compression_of(start: bytes) -> str | None:
    """How data are packed, by their first bytes: ``"gzip"``, ``"zstd"`` or not at all.

    Examples
    --------
    >>> import gzip
    >>> compression_of(gzip.compress(b"a,b")[:8]), compression_of(b"a,b")
    ('gzip', None)
    """
    return next((kind for magic, kind in _COMPRESSIONS.items() if start.startswith(magic)), None)


class Content(ABC):
    """Bytes that can be read again and again.

    Attributes
    ----------
    name : str
        As messages call it.
    start : bytes
        The first ones, packed as they are, which tell the format.
    compression : {"gzip", "zstd"} or None
    max_bytes : int or None
        How large it may become when it is unpacked; None where nobody minds.
    max_header : int
        Bytes in which the header of text must end.
    held_bytes : int
        Bytes that are in memory for as long as this is.
    """

    name: str
    start: bytes
    compression: str | None
    max_bytes: int | None = None
    max_header: int = LARGEST_HEADER
    held_bytes: int = 0

    @abstractmethod
    def open(self) -> Any:
        """A file of what was packed, to be read from its beginning; one that is not packed can be read anywhere.

        Raises
        ------
        OSError
        """

    def damaged(self, error: Exception) -> DataError:
        """What to say where reading fails in the middle."""
        kind = f"{self.compression} " if self.compression else ""
        return DataError(
            f"{self.name} cannot be read: {error}", fix=f"the {kind}file is damaged or cut off: copy or pack it again"
        )

    def check_size(self, size: int) -> None:
        """Refuse what has become too large.

        Raises
        ------
        DataError
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise DataError(
                f"{self.name} is packed, and unpacked it is larger than {_amount(self.max_bytes)}",
                fix="give fewer rows or columns, or a path to the file: files are read piece by piece",
            )


class FileContent(Content):
    """The bytes of a file.

    Parameters
    ----------
    path : Path
    name : str

    Raises
    ------
    DataError
        If it cannot be opened.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path
        try:
            with path.open("rb") as file:
                self.start = file.read(8)
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror}", fix="check the path") from None
        self.compression = compression_of(self.start)

    def open(self) -> Any:
        if self.compression is None:
            return pa.OSFile(str(self._path))
        return pa.input_stream(str(self._path), compression=self.compression)


class MemoryContent(Content):
    r"""Bytes in memory; packed ones are unpacked there, once.

    Parameters
    ----------
    data : bytes
    name : str
    max_bytes : int
        How large they may become.
    max_header : int, optional
        Bytes in which the header of text must end.

    Raises
    ------
    DataError
        If they are damaged, or become larger.

    Examples
    --------
    >>> import gzip
    >>> content = MemoryContent(gzip.compress(b"a,b\n1,2\n"), "the data", max_bytes=100)
    >>> content.compression, content.open().read()
    ('gzip', b'a,b\n1,2\n')
    """

    def __init__(self, data: bytes, name: str, max_bytes: int, max_header: int = LARGEST_HEADER) -> None:
        self.name = name
        self.max_bytes = max_bytes
        self.max_header = max_header
        self.start = data[:8]
        self.compression = compression_of(data)
        self._data = data if self.compression is None else self._unpacked(data)
        self.held_bytes = len(self._data)

    def _unpacked(self, data: bytes) -> bytes:
        """Piece by piece, so that a small bomb is found before it has grown."""
        pieces, size = [], 0
        try:
            with pa.input_stream(pa.py_buffer(data), compression=self.compression) as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    self.check_size(size)
                    pieces.append(piece)
        except (OSError, pa.ArrowException) as error:
            raise self.damaged(error) from None
        return b"".join(pieces)

    def open(self) -> Any:
        return pa.BufferReader(self._data)


def _amount(size: int) -> str:
    """A size in the unit that suits it.

    >>> _amount(1 << 30), _amount(3 << 20), _amount(1000)
    ('1,024 MiB', '3 MiB', '1,000 bytes')
    """
    return f"{size >> 20:,} MiB" if size >= 1 << 20 else f"{size:,} bytes"
