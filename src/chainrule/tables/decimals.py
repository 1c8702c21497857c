"""Numbers that are written with a decimal comma, and with points between thousands: 12,5 and 1.234,5."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.blocks import Block, First
from chainrule.tables.cells import BadCell

__all__ = [
    "DECIMALS",
    "THOUSANDS",
    "Spelling",
    "has_decimal_comma",
    "have_decimal_commas",
    "in_points",
    "with_commas_read",
]

#: What stands before the decimals of a number in text; ``"auto"`` where that is to be found out.
DECIMALS = ("auto", ".", ",")

#: The format of columns with points between thousands.
THOUSANDS = "1.234,5"

_SPACE = r"[ \t]*"
_EXPONENT = r"([eE][+-]?\d+)?"
_GROUPS = r"[1-9]\d{0,2}(\.\d{3})"


def _whole(pattern: str, exponent: str = "") -> str:
    return f"^{_SPACE}[+-]?({pattern}){exponent}{_SPACE}$"


#: 12,5 and ,5 and 1,2e3
_COMMA = _whole(r"\d+,\d*|,\d+", _EXPONENT)
#: 1,234 is also how a thousand is written in English.
_EITHER_COMMA = _whole(r"[1-9]\d{0,2},\d{3}")
#: 1.234,5 and 1.234.567, whose points cannot stand before decimals
_GROUPED = _whole(rf"{_GROUPS}+,\d*|{_GROUPS}{{2,}}")
#: 1.234 is a thousand, or a little more than one.
_EITHER_POINT = _whole(_GROUPS)
_POINT = _whole(r"\d+\.\d*|\.\d+", _EXPONENT)
_SPELT_WITH_COMMA = re.compile(f"{_COMMA}|{_GROUPED}")


def has_decimal_comma(text: str) -> bool:
    """Whether a text is a number only if its comma stands before decimals, or its points between thousands.

    Examples
    --------
    >>> [has_decimal_comma(text) for text in ("12,5", "1.234,5", "1.234.567", "12.5", "12", "1,2,3")]
    [True, True, True, False, False, False]
    """
    return bool(_SPELT_WITH_COMMA.match(text))


def have_decimal_commas(cells: pa.Array) -> pa.Array:
    """The same for each of these cells.

    Examples
    --------
    >>> have_decimal_commas(pa.array(["12,5", None, "12.5"])).to_pylist()
    [True, None, False]
    """
    return pc.match_substring_regex(cells, f"{_COMMA}|{_GROUPED}")


def in_points(cells: pa.Array) -> pa.Array:
    """Cells as they would be written with decimal points only; what is no number with a decimal comma stays as it is.

    Points that may stand between thousands are taken as such; `Spelling` knows whether that is right.

    Examples
    --------
    >>> in_points(pa.array(["12,5", "1.234,5", "1.234", "3.5", "1,2,3", None])).to_pylist()
    ['12.5', '1234.5', '1234', '3.5', '1,2,3', None]
    """
    if pc.any(pc.match_substring(cells, ".")).as_py():
        grouped = pc.match_substring_regex(cells, f"{_GROUPED}|{_EITHER_POINT}")
        cells = pc.if_else(grouped, pc.replace_substring(cells, ".", ""), cells)
    if pc.any(pc.match_substring(cells, ",")).as_py():
        commas = pc.match_substring_regex(cells, _COMMA)
        cells = pc.if_else(commas, pc.replace_substring(cells, ",", "."), cells)
    return cells


def with_commas_read(cells: pa.Array, *, has_thousands: bool) -> pa.Array:
    """The same for cells of a column of which the spelling is known.

    Parameters
    ----------
    cells : pyarrow.Array
    has_thousands : bool
        Whether its points stand between thousands; otherwise 1.234 might be a little more than 1.

    Raises
    ------
    BadCell
        For the first number with a decimal point, or with one that may be that.
    """
    block = Block(cells, 0, 0)
    spelling = Spelling()
    spelling.add(block)
    if spelling.point:
        raise BadCell(
            spelling.point.row,
            spelling.point.value,
            "is written with a decimal point, and the numbers of this table with a decimal comma",
            "write 12,5",
        )
    if spelling.either_point and not has_thousands:
        raise BadCell(
            spelling.either_point.row,
            spelling.either_point.value,
            "has a point, which may stand between thousands or before decimals",
            "write 1234 or 1,234: the numbers of this table have decimal commas",
        )
    return in_points(cells)


@dataclass
class Spelling:
    """How the numbers of a column are written: the first cell of each sort.

    Attributes
    ----------
    comma : First or None
        With a decimal comma: 12,5 or 1.234,5.
    either_comma : First or None
        With a comma before decimals or between thousands: 1,234.
    point : First or None
        With a decimal point: 3.5.
    either_point : First or None
        With a point before decimals or between thousands: 1.234.
    grouped : First or None
        With points between thousands: 1.234,5 or 1.234.567.
    plain : First or None
        With neither comma nor point: 12.
    """

    comma: First | None = None
    either_comma: First | None = None
    point: First | None = None
    either_point: First | None = None
    grouped: First | None = None
    plain: First | None = None

    def add(self, block: Block) -> None:
        """Look at further cells.

        Examples
        --------
        >>> spelling = Spelling()
        >>> spelling.add(Block(pa.array(["12,5", "1.234", "1.234,5"]), part=0, row=0))
        >>> spelling.comma.value, spelling.either_point.value, spelling.grouped.value, spelling.point
        ('12,5', '1.234', '1.234,5', None)
        """
        cells = block.cells
        if pc.any(pc.match_substring(cells, ",")).as_py():
            either = pc.match_substring_regex(cells, _EITHER_COMMA)
            self.either_comma = self.either_comma or block.first(either)
            if self.comma is None:
                commas = pc.match_substring_regex(cells, f"{_COMMA}|{_GROUPED}")
                self.comma = block.first(pc.and_not(pc.and_(commas, pc.match_substring(cells, ",")), either))
        if pc.any(pc.match_substring(cells, ".")).as_py():
            either = pc.match_substring_regex(cells, _EITHER_POINT)
            self.either_point = self.either_point or block.first(either)
            self.grouped = self.grouped or block.first(pc.match_substring_regex(cells, _GROUPED))
            if self.point is None:
                self.point = block.first(pc.and_not(pc.match_substring_regex(cells, _POINT), either))
        self.plain = self.plain or block.first(pc.invert(pc.match_substring_regex(cells, "[.,]")))

    @property
    def has_commas(self) -> bool:
        """Whether there are commas that may stand before decimals."""
        return bool(self.comma or self.either_comma)

    @property
    def only_groups(self) -> bool:
        """Whether all cells are as 1.234.567, which may also be addresses (192.168.100.200) or versions."""
        others = (self.comma, self.either_comma, self.point, self.either_point, self.plain)
        return self.grouped is not None and not any(others)

    @property
    def has_thousands(self) -> bool:
        """Whether there are points between thousands, if commas stand before decimals."""
        return bool(self.grouped or self.either_point)
