"""One column's cells, of whatever type they come in, as what the schema says the column is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.cells import BadCell, as_labels, check_no_nul, first_place, parse_numbers, plain, without_missing
from chainrule.tables.dates import MOMENT, parse_dates
from chainrule.tables.decimals import THOUSANDS, has_decimal_comma, with_commas_read
from chainrule.tables.schema import Column

__all__ = ["ARROW_TYPES", "convert"]

#: How columns of each kind are held: codes for categories, microseconds since 1970 for dates.
ARROW_TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.float64(),
    "boolean": pa.bool_(),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "date": MOMENT,
    "text": pa.string(),
    "ignored": pa.string(),
}

_TRUE = pa.array(["true", "yes", "1", "t", "y"])
_FALSE = pa.array(["false", "no", "0", "f", "n"])


def convert(cells: pa.Array, column: Column, markers: pa.Array, decimal: str = ".") -> pa.Array:
    """The cells in the type that `ARROW_TYPES` gives for the column's kind; null where there is no value.

    Parameters
    ----------
    cells : pyarrow.Array
    column : Column
    markers : pyarrow.Array
        Texts that mean "no value".
    decimal : {".", ","}
        What stands before the decimals of numbers that are text.

    Raises
    ------
    BadCell
        For the first cell that does not fit.

    Examples
    --------
    >>> convert(pa.array([" 1.5", "?"]), Column("size", "number"), pa.array(["?"])).to_pylist()
    [1.5, None]
    """
    cells = plain(cells)
    if pa.types.is_null(cells.type):
        return pa.nulls(len(cells), ARROW_TYPES[column.kind])
    if column.kind in ("number", "integer"):
        return _numbers(cells, column, markers, decimal)
    if column.kind == "boolean":
        return _booleans(_labels(cells, markers))
    if column.kind == "date":
        return _moments(cells, column, markers)
    if column.kind == "category":
        return _categories(cells, markers)
    return _labels(cells, markers)


def _numbers(cells: pa.Array, column: Column, markers: pa.Array, decimal: str) -> pa.Array:
    kind = cells.type
    if pa.types.is_string(kind):
        cells = _parsed(without_missing(cells, markers), column, decimal)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or kind == pa.bool_():
        cells = cells if kind == pa.float64() else pc.cast(cells, pa.float64(), safe=False)
    else:
        raise _wrong_type(cells, "is no number")
    if cells.null_count == 0 and np.isfinite(np.asarray(cells)).all():
        return cells
    unordered = pc.is_nan(cells)
    if pc.any(unordered).as_py():
        cells = pc.if_else(unordered, None, cells)
    infinite = first_place(pc.is_inf(cells))
    if infinite >= 0:
        raise BadCell(
            infinite, str(cells[infinite]), "is no finite number", "leave the cell empty if the value is missing"
        )
    return cells


def _parsed(cells: pa.Array, column: Column, decimal: str) -> pa.Array:
    if decimal == ",":
        return parse_numbers(with_commas_read(cells, has_thousands=column.format == THOUSANDS))
    try:
        return parse_numbers(cells)
    except BadCell as bad:
        if not has_decimal_comma(bad.value):
            raise
        why = "is written with a decimal comma, and the numbers of this table with a decimal point"
        raise BadCell(bad.index, bad.value, why, "write 12.5") from None


def _labels(cells: pa.Array, markers: pa.Array) -> pa.Array:
    if pa.types.is_string(cells.type):
        check_no_nul(cells)
        return without_missing(cells, markers)
    try:
        return as_labels(cells)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise _wrong_type(cells, "is no label") from None


def _categories(cells: pa.Array, markers: pa.Array) -> pa.Array:
    """Labels as a dictionary; what is done to text is done once for each different value."""
    if not pa.types.is_string(cells.type):
        return pc.dictionary_encode(_labels(cells, markers))
    codes = pc.dictionary_encode(cells)
    try:
        words = _labels(codes.dictionary, markers)
    except BadCell as bad:
        raise BadCell(first_place(pc.equal(cells, bad.value)), bad.value, bad.why, bad.fix) from None
    return codes if words.equals(codes.dictionary) else pc.dictionary_encode(words.take(codes.indices))


def _booleans(labels: pa.Array) -> pa.Array:
    small = pc.utf8_lower(labels)
    true = pc.is_in(small, value_set=_TRUE)
    bad = first_place(pc.and_(pc.is_valid(labels), pc.invert(pc.or_(true, pc.is_in(small, value_set=_FALSE)))))
    if bad >= 0:
        raise BadCell(bad, str(labels[bad]), "is neither true nor false", "write true or false")
    return pc.if_else(pc.is_valid(labels), true, None)


def _moments(cells: pa.Array, column: Column, markers: pa.Array) -> pa.Array:
    if pa.types.is_date(cells.type) or pa.types.is_timestamp(cells.type):
        return pc.cast(cells, MOMENT, safe=False)
    if not pa.types.is_string(cells.type):
        raise _wrong_type(cells, "is no date")
    return parse_dates(without_missing(cells, markers), column.format or "year-month-day")


def _wrong_type(cells: pa.Array, why: str) -> BadCell:
    first = max(first_place(pc.is_valid(cells)), 0)
    return BadCell(first, str(cells[first]), f"({cells.type}) {why}", "give a column as it was in training")


def fast_types(columns: Sequence[Column]) -> dict[str, pa.DataType]:
    """What pyarrow's CSV reader may parse by itself: where a cell does not fit, all is read as text and looked at."""
    return {column.name: pa.float64() for column in columns if column.kind in ("number", "integer")}
