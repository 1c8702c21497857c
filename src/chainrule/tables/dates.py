"""Dates and times in text: which way they are written, and what moments they are."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.cells import BadCell, first_place

__all__ = ["FORMATS", "MOMENT", "date_formats", "likely_formats", "parse_dates"]

#: Moments are in microseconds since 1970, in UTC where the text names a time zone.
MOMENT = pa.timestamp("us")

_ISO = "year-month-day"
_DIGITS = {"year": r"\d{4}", "month": r"\d{1,2}", "day": r"\d{1,2}"}
_ORDERS = (("year", "month", "day"), ("month", "day", "year"), ("day", "month", "year"))
_TIME = r"(?:[ T](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?"
_LOOKED_AT = 32
_LOOKS_LIKE_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)")


def _pattern(order: Iterable[str], separator: str) -> str:
    return "^" + re.escape(separator).join(f"(?P<{part}>{_DIGITS[part]})" for part in order) + _TIME + "$"


#: Names of formats, such as ``"day.month.year"``, and what matches them. A time of day may follow. Where day and month
#: cannot be told apart, the first of the formats that fit is taken: with slashes and hyphens the month comes first.
FORMATS = {
    separator.join(order): _pattern(order, separator)
    for separator, order in itertools.product("-/.", _ORDERS)
    if (separator, order[0]) != (".", "month")
}


def date_formats(cells: pa.Array, among: Iterable[str] = FORMATS) -> list[str]:
    """Names of the formats that fit all cells.

    Examples
    --------
    >>> date_formats(pa.array(["31.12.2024", "1.1.2025 8:30"]))
    ['day.month.year']
    >>> date_formats(pa.array(["3/4/2024"]))
    ['month/day/year', 'day/month/year']
    """
    return [name for name in among if _fits(cells, name)]


def likely_formats(cells: pa.Array) -> list[str]:
    """Names of the formats that fit more than half of the first cells, best first."""
    texts = cells.slice(0, _LOOKED_AT).drop_null().to_pylist()
    if sum(_LOOKS_LIKE_DATE.match(text) is not None for text in texts) * 2 <= len(texts):
        return []
    fitting = Counter(name for text in texts for name in date_formats(pa.array([text])))
    most = max(fitting.values(), default=0)
    return [name for name in FORMATS if fitting[name] == most and most * 2 > len(texts)]


def _fits(cells: pa.Array, name: str) -> bool:
    try:
        parse_dates(cells, name)
    except BadCell:
        return False
    return True


def parse_dates(cells: pa.Array, name: str) -> pa.Array:
    """Moments from cells that are written in the format of this name; null where a cell is.

    Raises
    ------
    BadCell
        For the first that is no such date.
    """
    if name == _ISO:
        for kind in (MOMENT, pa.timestamp("us", "UTC")):
            try:
                return pc.cast(pc.cast(cells, kind), MOMENT)
            except pa.ArrowInvalid:
                continue
    parts = pc.extract_regex(pc.utf8_trim_whitespace(cells), FORMATS[name])
    bad = first_place(pc.and_(pc.is_null(parts), pc.is_valid(cells)))
    if bad >= 0:
        raise _bad(cells, bad, name)
    year, month, day, time = (pc.struct_field(parts, part) for part in ("year", "month", "day", "time"))
    time = pc.if_else(pc.equal(pc.utf8_length(time), 0), "00:00", pc.utf8_lpad(time, 5, "0"))
    iso = pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), pc.utf8_lpad(day, 2, "0"), "-")
    iso = pc.binary_join_element_wise(iso, time, "T")
    try:
        return pc.cast(iso, MOMENT)
    except pa.ArrowInvalid:
        raise _bad(cells, _first_impossible(iso), name) from None


def _first_impossible(iso: pa.Array) -> int:
    """Index of the first moment that no calendar has, by halving."""
    low, high = 0, len(iso)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pc.cast(iso.slice(low, middle - low), MOMENT)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return low


def _bad(cells: pa.Array, index: int, name: str) -> BadCell:
    return BadCell(index, str(cells[index]), f"is no date written as {name}", "write all dates of a column in one way")
