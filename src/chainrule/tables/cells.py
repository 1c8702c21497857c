"""Questions to many text cells at once, answered on Arrow's buffers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.advice import Advice
from chainrule.tables.advising import no_nul

__all__ = [
    "BadCell",
    "as_labels",
    "check_no_nul",
    "first_place",
    "has_codes",
    "has_outer_spaces",
    "marker_variants",
    "not_numbers",
    "parse_numbers",
    "plain",
    "without_missing",
]

_SHORT_MARKER = 4
_NUMBER = r"^[ \t]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t]*$"


class BadCell(Exception):  # noqa: N818 — what happened to a cell becomes a DataError once its row is known
    """A cell that does not fit its column.

    Parameters
    ----------
    index : int
        Its place in the block, from 0.
    value : str
    why : str
        Such as ``"is no number"``.
    fix : str
    """

    def __init__(self, index: int, value: str, why: str, fix: str) -> None:
        super().__init__(index, value, why, fix)
        self.index, self.value, self.why, self.fix = index, value, why, fix


def plain(cells: pa.Array) -> pa.Array:
    """The same cells without dictionaries, and text as Arrow's `string`, whatever way it is held."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    if pa.types.is_dictionary(cells.type):
        words = plain(cells.dictionary)
        cells = words.take(cells.indices)
    if pa.types.is_large_string(cells.type) or pa.types.is_string_view(cells.type):
        cells = pc.cast(cells, pa.string())
    return cells


def marker_variants(markers: Sequence[str]) -> list[str]:
    """The markers with their letters in every case; long ones in small letters, capitals and capitalised only.

    Examples
    --------
    >>> marker_variants(["NA"])
    ['NA', 'Na', 'nA', 'na']
    """
    forms = set()
    for marker in markers:
        forms |= {marker, marker.lower(), marker.upper(), marker.title()}
        if len(marker) <= _SHORT_MARKER:
            forms |= set(map("".join, itertools.product(*((letter.lower(), letter.upper()) for letter in marker))))
    return sorted(forms)


def _offsets_and_bytes(cells: pa.Array) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where cells begin (one more than there are) in the bytes of all of them."""
    _, offsets, data = cells.buffers()
    begin = np.frombuffer(offsets, dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return begin, np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8)


def has_outer_spaces(cells: pa.Array) -> bool:
    """Whether a cell begins or ends with white space."""
    begin, data = _offsets_and_bytes(cells)
    filled = begin[1:] > begin[:-1]
    first, last = begin[:-1][filled], begin[1:][filled] - 1
    return bool((data[first] <= 32).any() or (data[last] <= 32).any())


def has_codes(cells: pa.Array) -> bool:
    """Whether a cell is a code rather than a number: ``007``, ``00.5``, ``0x1F``."""
    begin, data = _offsets_and_bytes(cells)
    long = np.flatnonzero(begin[1:] - begin[:-1] > 1)
    first = begin[:-1][long]
    zero = first[data[first] == ord("0")]
    return bool(_IS_CODE[data[zero + 1]].any())


#: For each byte, whether a cell that has it after a leading zero is no number.
_IS_CODE = ~np.isin(np.arange(256), np.frombuffer(b".eE \t", dtype=np.uint8))


def check_no_nul(cells: pa.Array) -> None:
    """Raise for a cell with a NUL byte, which no text has: the file is damaged.

    Raises
    ------
    BadCell
        For the first such cell.
    """
    begin, data = _offsets_and_bytes(cells)
    if (data[begin[0] : begin[-1]] == 0).any():
        index = first_place(pc.match_substring(cells, "\0"))
        raise BadCell(index, str(cells[index]), "has a NUL byte", Advice.of(no_nul(), ", or repair the file"))


def without_missing(cells: pa.Array, markers: pa.Array) -> pa.Array:
    """The cells without the spaces around them; those that mean "no value" are null."""
    if has_outer_spaces(cells):
        cells = pc.utf8_trim_whitespace(cells)
    missing = pc.is_in(cells, value_set=markers)
    return pc.if_else(missing, pa.scalar(None, cells.type), cells) if pc.any(missing).as_py() else cells


def first_place(flags: pa.Array) -> int:
    """Index of the first true one, or -1; null is false."""
    return int(pc.index(flags, pa.scalar(True)).as_py())


def not_numbers(cells: pa.Array) -> pa.Array:
    """Which cells are words; null where a cell is."""
    return pc.invert(pc.match_substring_regex(cells, _NUMBER))


def parse_numbers(cells: pa.Array) -> pa.Array:
    """The cells as float64.

    Raises
    ------
    BadCell
        For the first that is no number.
    """
    try:
        return pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(cells)
    try:
        return pc.cast(trimmed, pa.float64())
    except pa.ArrowInvalid:
        index = max(first_place(not_numbers(trimmed)), 0)
        raise BadCell(
            index, str(cells[index]), "is no number", "write a number, or leave the cell empty if it is missing"
        ) from None


def as_labels(values: pa.Array) -> pa.Array:
    """Values of any simple type as text: 3 and 3.0 are "3", true is "true"."""
    values = plain(values)
    kind = values.type
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
        values = pc.add(values, pa.scalar(0.0, kind))  # no "-0"
    return pc.cast(values, pa.string())
