"""Preprocessing as an ONNX graph: from one input for each column to the design matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import StorageError
from chainrule.storage.onnx_graph import OnnxGraph
from chainrule.tables.cells import marker_variants
from chainrule.tables.encodings import CategoryEncoding, NumberEncoding
from chainrule.tables.preprocessing import Preprocessing
from chainrule.tables.schema import Column

__all__ = ["design_matrix", "input_names"]

_MICROSECONDS_OF_A_DAY = 86_400e6
#: What NumPy's NaT is as a whole number.
_NOT_A_TIME = np.iinfo(np.int64).min


def input_names(preprocessing: Preprocessing) -> list[str]:
    """The columns from which predictions are made; columns without influence are no inputs.

    Raises
    ------
    StorageError
        If a column has a name that ONNX cannot have.
    """
    names = list(dict.fromkeys(encoding.column for encoding in preprocessing.encodings))
    if "" in names:
        raise StorageError("a column has no name, and inputs in ONNX need one", fix="name all columns, and train again")
    return names


def design_matrix(graph: OnnxGraph, preprocessing: Preprocessing, dtype: Any) -> str:
    """Declare an input of shape (rows, 1) for each column, and compute what `Preprocessing.transform` does.

    Numbers and booleans are float64 with NaN where a value is missing. Categories are texts, empty where missing. Dates
    are whole numbers, microseconds since 1970 as in NumPy's ``datetime64[us]``, NaT where missing.

    Parameters
    ----------
    graph : OnnxGraph
    preprocessing : Preprocessing
    dtype : dtype
        Of the result.

    Returns
    -------
    str
        The name of an array of shape (rows, d).
    """
    schema = preprocessing.schema
    parts: dict[str, list[str]] = {name: [] for name in input_names(preprocessing)}
    for encoding in preprocessing.encodings:
        if isinstance(encoding, NumberEncoding):
            parts[encoding.column].append(encoding.part)
    sources = {name: _source(graph, schema[name], wanted) for name, wanted in parts.items()}
    pieces: list[str] = []
    origins: list[tuple[int, int]] = []  # of each piece's columns: the encoding's number, and which of its columns
    numbers = [(i, e) for i, e in enumerate(preprocessing.encodings) if isinstance(e, NumberEncoding)]
    if numbers:
        values, marks = _standardised(graph, [e for _, e in numbers], sources)
        scaled = [(i, e) for i, e in numbers if e.deviation]
        if scaled:
            pieces.append(values)
            origins += [(i, 0) for i, _ in scaled]
        marking = [(i, e) for i, e in numbers if e.marks_missing]
        if marking:
            pieces.append(marks)
            origins += [(i, len(e.names) - 1) for i, e in marking]
    for i, category in enumerate(preprocessing.encodings):
        if isinstance(category, CategoryEncoding):
            pieces.append(_one_hot(graph, category, sources[category.column][""], marker_variants(schema.missing)))
            origins += [(i, place) for place in range(len(category.names))]
    joined = graph.apply("Concat", *pieces, axis=1) if len(pieces) > 1 else pieces[0]
    order = np.array(sorted(range(len(origins)), key=origins.__getitem__))
    if (order != np.arange(len(order))).any():
        joined = graph.apply("Gather", joined, order, axis=1)
    return graph.apply("Cast", joined, to=graph.element_type(dtype))


def _source(graph: OnnxGraph, column: Column, parts: list[str]) -> dict[str, str]:
    """The column's input, or of a date the parts that are asked for, as arrays of shape (rows, 1)."""
    if column.kind == "date":
        graph.input(column.name, np.int64, (None, 1))
        return _parts_of_dates(graph, column.name, parts)
    graph.input(column.name, np.str_ if column.kind == "category" else np.float64, (None, 1))
    return {"": column.name}


def _standardised(
    graph: OnnxGraph, encodings: list[NumberEncoding], sources: dict[str, dict[str, str]]
) -> tuple[str, str]:
    """Numbers as distances from their means, 0 where they are missing; and ones where they are missing.

    All columns are computed as one matrix: those with a deviation first, then those that are marked.
    """
    scaled = [encoding for encoding in encodings if encoding.deviation]
    marked = [encoding for encoding in encodings if encoding.marks_missing]
    values = marks = ""
    if scaled:
        raw = graph.apply("Concat", *(sources[encoding.column][encoding.part] for encoding in scaled), axis=1)
        mean = np.array([encoding.mean for encoding in scaled])
        deviation = np.array([encoding.deviation for encoding in scaled])
        distance = graph.apply("Div", graph.apply("Sub", raw, mean), deviation)
        values = graph.apply("Where", graph.apply("IsNaN", raw), np.array(0.0), distance)
    if marked:
        raw = graph.apply("Concat", *(sources[encoding.column][encoding.part] for encoding in marked), axis=1)
        marks = graph.apply("Cast", graph.apply("IsNaN", raw), to=graph.element_type(np.float64))
    return values, marks


def _one_hot(graph: OnnxGraph, encoding: CategoryEncoding, source: str, markers: list[str]) -> str:
    """Rows of a table of zeros and ones, chosen by the number of the category."""
    width, known = len(encoding.names), len(encoding.categories)
    numbers = {value: place for place, value in enumerate(encoding.categories)}
    numbers |= dict.fromkeys(encoding.rare, known)
    missing = width - 1 if encoding.marks_missing else width  # the last row of the table has zeros only
    numbers = dict.fromkeys(["", *markers], missing) | numbers
    unknown = known + bool(encoding.rare)
    found = graph.apply(
        "LabelEncoder",
        source,
        keys_strings=list(numbers),
        values_int64s=list(numbers.values()),
        default_int64=unknown,
    )
    rows = np.concatenate([np.eye(width), np.zeros((1, width))])
    return graph.apply("Gather", rows, graph.apply("Reshape", found, np.array([-1])), axis=0)


def _parts_of_dates(graph: OnnxGraph, source: str, parts: list[str]) -> dict[str, str]:
    """Days since 1970 with a fraction, month, day of the week and hour, as far as they are asked for.

    The month by H. Hinnant, chrono-compatible low-level date algorithms (2013), civil_from_days.
    """

    def number(value: float) -> np.ndarray[Any, Any]:
        return np.array(float(value))

    def whole(value: str, divisor: float) -> str:
        return graph.apply("Floor", graph.apply("Div", value, number(divisor)))

    def rest(value: str, divisor: float) -> str:
        return graph.apply("Sub", value, graph.apply("Mul", whole(value, divisor), number(divisor)))

    def plus(value: str, summand: float) -> str:
        return graph.apply("Add", value, number(summand))

    def month(day: str) -> str:
        day_of_era = rest(plus(day, 719_468), 146_097)  # eras of 400 years begin on a first of March
        leap = graph.apply("Sub", whole(day_of_era, 36_524), whole(day_of_era, 1_460))
        leap = graph.apply("Sub", leap, whole(day_of_era, 146_096))
        year = whole(graph.apply("Add", day_of_era, leap), 365)
        began = graph.apply("Mul", year, number(365))
        began = graph.apply("Sub", graph.apply("Add", began, whole(year, 4)), whole(year, 100))
        day_of_year = graph.apply("Sub", day_of_era, began)
        from_march = whole(plus(graph.apply("Mul", day_of_year, number(5)), 2), 153)
        return plus(rest(plus(from_march, 2), 12), 1)

    is_missing = graph.apply("Equal", source, np.array(_NOT_A_TIME))
    time = graph.apply("Cast", source, to=graph.element_type(np.float64))
    day = whole(time, _MICROSECONDS_OF_A_DAY)
    computed = {
        "days": lambda: graph.apply("Div", time, number(_MICROSECONDS_OF_A_DAY)),
        "month": lambda: month(day),
        "weekday": lambda: plus(rest(plus(day, 3), 7), 1),  # 1970 began on a Thursday
        "hour": lambda: whole(rest(time, _MICROSECONDS_OF_A_DAY), 3_600e6),
    }
    return {part: graph.apply("Where", is_missing, np.array(np.nan), computed[part]()) for part in parts}
