"""A part of a table: one file, or one object in memory, read block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

__all__ = ["Part"]


class Part(ABC):
    """One file of a table, or one table in memory.

    Attributes
    ----------
    name : str
        As messages call it.
    columns : tuple of str
    rows : int or None
        None where only reading would tell.
    is_text : bool
        Whether the cells are text, whose types have to be decided.
    delimiter : str or None
        What separates the cells of text.
    held_bytes : int
        Bytes of a file that it keeps in memory, unpacked if it had to be.
    """

    name: str
    columns: tuple[str, ...]
    rows: int | None = None
    is_text = False
    delimiter: str | None = None
    held_bytes = 0

    @abstractmethod
    def blocks(
        self,
        columns: Sequence[str] | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        decimal: str = ".",
    ) -> Iterator[pa.RecordBatch]:
        """The rows, block by block.

        Parameters
        ----------
        columns : sequence of str, optional
            Only these, in this order.
        types : mapping, optional
            For text: the types of columns that are not to be read as text.
        decimal : {".", ","}
            For text: what stands before the decimals of those that are read as numbers.

        Raises
        ------
        pyarrow.ArrowInvalid
            If a cell is not of the type asked for.
        """

    def check_names(self) -> None:
        """Refuse names of columns that are no text.

        Raises
        ------
        DataError
        """
        return

    def in_encoding(self, encoding: str) -> Part:
        """The same, where it is text in this encoding."""
        return self

    def place(self, row: int) -> str:
        """Where row number `row`, counted from 0, stands."""
        return f"{self.name}, row {row + 1:,}"

    @property
    def description(self) -> str:
        """Name and format."""
        return self.name
