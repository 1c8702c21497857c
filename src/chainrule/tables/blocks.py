"""Cells of one column, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.cells import first_place

__all__ = ["Block", "First", "Place"]


@dataclass(frozen=True)
class First:
    """The first cell of some sort: its part of the table, its row there, from 0, and its text."""

    part: int
    row: int
    value: str


#: How a first cell is written in messages: file, row and line.
Place = Callable[[First], str]


class Block:
    """Cells, the first of which is in row `row` of part number `part`.

    Examples
    --------
    >>> block = Block(pa.array([None, "a", "b"]), part=0, row=100)
    >>> block.first_value(), block.first(pc.equal(block.cells, "c"))
    (First(part=0, row=101, value='a'), None)
    """

    def __init__(self, cells: pa.Array, part: int, row: int) -> None:
        self.cells, self.part, self.row = cells, part, row

    def first_value(self) -> First | None:
        """The first cell that has one."""
        if self.cells.null_count == 0:
            return First(self.part, self.row, _text(self.cells[0]))
        return self.first(pc.is_valid(self.cells))

    def first(self, flags: pa.Array) -> First | None:
        """The first cell whose flag is set."""
        index = first_place(flags)
        return First(self.part, self.row + index, _text(self.cells[index])) if index >= 0 else None


def _text(cell: pa.Scalar) -> str:
    """As Python prints it, or Arrow where Python cannot: its times end with the year 9999."""
    try:
        return str(cell)
    except OverflowError:
        return str(cell.cast(pa.string()))
