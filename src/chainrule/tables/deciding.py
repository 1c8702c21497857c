"""From what the cells tell to what a column is: the rules, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import kind_of, no_kind
from chainrule.tables.blocks import Place
from chainrule.tables.decimals import THOUSANDS
from chainrule.tables.evidence import MOST_CATEGORIES, Evidence
from chainrule.tables.schema import Column

__all__ = ["MOST_NUMBER_CLASSES", "decide", "in_order"]

_FALSE_TRUE = ("false", "true")
_BOOLEAN = set(_FALSE_TRUE)
_GIVEN_BOOLEAN = [{"true", "false"}, {"yes", "no"}, {"1", "0"}, {"t", "f"}, {"y", "n"}]
_FEW_ROWS = 20
#: A target of whole numbers with at most so many different values has them as classes.
MOST_NUMBER_CLASSES = 20


def decide(evidence: Evidence, is_target: bool, place: Place, *, takes_row_numbers: bool = False) -> Column:
    """What a column is; whole numbers that count the rows are no feature, unless they are taken all the same.

    Raises
    ------
    DataError
        If it has infinite numbers, or does not fit the kind that the user gave.
    """
    given = evidence.given if evidence.given != "target" else ""
    if given == "ignored":  # its cells were not looked at
        return _column(evidence, "ignored", note="ignored, as you say")
    if evidence.state == "other":
        return _column(evidence, "ignored", note=f"{evidence.other_type} values are no features")
    if evidence.values == 0:
        if given:
            raise DataError(f"column {evidence.name!r}: all cells are missing", fix=no_kind(evidence.name))
        return _column(evidence, "ignored", note="all cells are missing")
    if given:
        return _GIVEN[given](evidence, place)
    if evidence.state in ("integer", "number"):
        return _numbers(evidence, is_target, place, takes_row_numbers=takes_row_numbers)
    if evidence.state == "date":
        return _date(evidence, [""])
    return _text(evidence, is_target, place)


def _numbers(evidence: Evidence, is_target: bool, place: Place, *, takes_row_numbers: bool = True) -> Column:
    if evidence.infinite:
        raise DataError(
            f"{place(evidence.infinite)}, column {evidence.name!r}: {evidence.infinite.value!r} is no finite number",
            fix="leave the cell empty if the value is missing, or write a number",
        )
    kind = evidence.state
    if is_target:
        few = evidence.numbers is not None and len(evidence.numbers) <= MOST_NUMBER_CLASSES
        labels = [f"{number:.17g}" for number in sorted(evidence.numbers or ())] if few else []
        return _column(evidence, kind, categories=tuple(labels))
    if evidence.numbers is not None and len(evidence.numbers) == 1:
        return _column(evidence, "ignored", note=f"constant: each value is {evidence.example.value}")  # type: ignore[union-attr]
    if kind == "integer" and not evidence.repeats and evidence.values > 1 and evidence.may_be_identifier:
        return _column(evidence, "ignored", note="an identifier: no value is there twice")
    column = _column(evidence, kind)
    if evidence.values < _FEW_ROWS or not evidence.counts_rows:
        return column
    if evidence.may_be_row_number and not takes_row_numbers:
        return _column(evidence, "ignored", note="a row number: in each row one more than in that before")
    counts = "counts the rows one by one: leave it out if it only numbers them"
    return replace(column, note="; ".join(filter(None, [column.note, counts])))


def _text(evidence: Evidence, is_target: bool, place: Place) -> Column:
    notes = _remarks(evidence, place)
    if evidence.formats and not is_target:
        return _date(evidence, evidence.formats)
    counts = evidence.counts
    if counts is not None and {value.lower() for value in counts} == _BOOLEAN:
        return _column(evidence, "boolean", categories=_FALSE_TRUE, distinct=2)
    if is_target and evidence.values > _FEW_ROWS and not evidence.repeats:
        return _column(evidence, "text", note="; ".join([*notes, "no value is there twice"]))
    if is_target:
        return _category(evidence, "category", notes)
    if counts is not None and len(counts) == 1:
        return _column(evidence, "ignored", note="; ".join([f"constant: each value is {next(iter(counts))!r}", *notes]))
    if not evidence.repeats and (counts is None or len(counts) == evidence.values):
        return _column(evidence, "ignored", note="; ".join([*notes, "an identifier: no value is there twice"]))
    if counts is None or len(counts) > max(evidence.values / 2, _FEW_ROWS):
        return _column(evidence, "text", note="; ".join([*notes, "text: too many different values for a category"]))
    return _category(evidence, "category", notes)


def _remarks(evidence: Evidence, place: Place) -> list[str]:
    remarks = []
    if evidence.words and evidence.mostly_numbers:
        remarks.append(f"numbers, but {place(evidence.words)} is {evidence.words.value!r}")
    if evidence.codes:
        remarks.append(f"codes such as {evidence.codes.value!r}, not numbers")
    if evidence.huge:
        remarks.append(f"whole numbers beyond 2^53 such as {evidence.huge.value}, taken as labels")
    if evidence.other_dates:
        remarks.append(
            f"dates, but {place(evidence.other_dates)} is {evidence.other_dates.value!r}, which does not fit the others"
        )
    return remarks


def _date(evidence: Evidence, formats: list[str]) -> Column:
    note = f"read as {formats[0]}; {formats[1]} would fit too" if len(formats) > 1 else ""
    low, high = evidence.spans[formats[0]]
    return _column(evidence, "date", format=formats[0], low=low, high=high, note=note)


def _category(evidence: Evidence, kind: str, notes: list[str]) -> Column:
    if evidence.counts is None:
        return _column(evidence, "text", note="; ".join([*notes, "text: too many different values for a category"]))
    kept = dict(evidence.counts)
    if len(kept) > MOST_CATEGORIES:
        notes = [f"{len(kept):,} categories, of which the {MOST_CATEGORIES:,} most frequent are kept", *notes]
        kept = dict(sorted(kept.items(), key=lambda item: -item[1])[:MOST_CATEGORIES])
    ordered = in_order(kept)
    return _column(
        evidence,
        kind,
        categories=tuple(ordered),
        counts=tuple(kept[value] for value in ordered),
        note="; ".join(notes),
    )


def in_order(values: dict[str, int]) -> list[str]:
    """Labels as numbers where all are numbers, alphabetically otherwise.

    Examples
    --------
    >>> in_order({"10": 1, "9": 1}), in_order({"yes": 1, "no": 1})
    (['9', '10'], ['no', 'yes'])
    """
    try:
        return sorted(values, key=lambda value: (float(value), value))
    except ValueError:
        return sorted(values)


def _column(evidence: Evidence, kind: str, **more: object) -> Column:
    counted = evidence.counts if evidence.state in ("text", "boolean") else evidence.numbers
    known = np.isfinite(evidence.low) and kind in ("number", "integer", "ignored")
    settings: dict[str, object] = {
        "missing": evidence.missing,
        "distinct": len(counted) if counted is not None else None,
        "low": evidence.low if known and evidence.state != "text" else None,
        "high": evidence.high if known and evidence.state != "text" else None,
        "example": evidence.example.value if evidence.example else "",
    }
    if kind in ("number", "integer") and evidence.spelling and evidence.spelling.has_thousands:
        grouped = evidence.spelling.grouped or evidence.spelling.either_point
        settings |= {"format": THOUSANDS, "note": f"points between thousands, as in {grouped.value!r}"}  # type: ignore[union-attr]
    return Column(evidence.name, kind, **{**settings, **more})  # type: ignore[arg-type]


# What the user says ---------------------------------------------------------------------------------------------------


def _given_number(evidence: Evidence, place: Place) -> Column:
    if evidence.state not in ("integer", "number"):
        raise DataError(
            f"column {evidence.name!r} holds {evidence.state} values and cannot be taken as numbers",
            fix=no_kind(evidence.name),
        )
    return _numbers(evidence, True, place)


def _given_category(evidence: Evidence, place: Place) -> Column:
    column = _category(evidence, "category", _remarks(evidence, place))
    if column.kind == "text":
        raise DataError(
            f"column {evidence.name!r} has too many different values for a category", fix=no_kind(evidence.name)
        )
    return column


def _given_boolean(evidence: Evidence, place: Place) -> Column:
    values = {value.lower() for value in evidence.counts or {"": 0}}
    if not any(values <= pair for pair in _GIVEN_BOOLEAN):
        shown = ", ".join(map(repr, list(evidence.counts or {})[:5]))
        raise DataError(
            f"column {evidence.name!r} has other values than true and false: {shown}",
            fix=Advice.of("take it as a category: ", kind_of(evidence.name, "category")),
        )
    return _column(evidence, "boolean", categories=_FALSE_TRUE)


def _given_date(evidence: Evidence, place: Place) -> Column:
    if evidence.state == "date":
        return _date(evidence, [""])
    if evidence.other_dates:
        raise DataError(
            f"{place(evidence.other_dates)}, column {evidence.name!r}: {evidence.other_dates.value!r}"
            " is no date written as those before",
            fix="write all dates of a column in one way, best as 2024-12-31",
        )
    if not evidence.formats:
        raise DataError(
            f"column {evidence.name!r} holds no dates that are all written in one known way;"
            f" the first is {evidence.example.value!r}",  # type: ignore[union-attr]
            fix="write them as 2024-12-31",
        )
    return _date(evidence, evidence.formats[:1])


_GIVEN: dict[str, Callable[[Evidence, Place], Column]] = {
    "number": _given_number,
    "integer": _given_number,
    "category": _given_category,
    "boolean": _given_boolean,
    "date": _given_date,
    "text": lambda evidence, place: _column(evidence, "text", note="text, as you say"),
}
