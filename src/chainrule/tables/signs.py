"""Whether a point or a comma stands before the decimals of a table's numbers: decided for all of it, never guessed."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import no_numbers, with_decimal
from chainrule.tables.blocks import First, Place
from chainrule.tables.decimals import Spelling
from chainrule.tables.evidence import Evidence

__all__ = ["check_commas", "have_commas", "is_read", "may_have_commas"]

_NUMBERS = ("integer", "number")


def may_have_commas(evidence: Evidence) -> bool:
    """Whether a column was taken for text, and a cell of it is a number with a decimal comma."""
    return evidence.comma is not None


def have_commas(again: Sequence[Evidence], place: Place, *, is_open: bool) -> bool:
    """Whether the numbers of a table have decimal commas.

    Parameters
    ----------
    again : sequence of Evidence
        Of the columns whose numbers have points, or may have commas, read with commas.
    place : callable
    is_open : bool
        Whether commas can stand nowhere but within numbers, because something else separates the cells, and nobody has
        said that there are none.

    Raises
    ------
    DataError
        If numbers have commas that cannot be read, or points which then would mean something else.
    """
    for evidence in again:
        spelling = _spelling(evidence)
        is_wanted = is_open or evidence.given in _NUMBERS or not spelling.comma  # 1,234 and 3.5 are English
        if is_wanted and evidence.state in _NUMBERS and spelling.has_commas and spelling.point:
            refuse = _refuse_point if spelling.comma else _refuse_thousands
            refuse(evidence, spelling.point, place)
    with_commas = [evidence for evidence in again if is_read(evidence) and _spelling(evidence).has_commas]
    if not with_commas:
        return False
    sure = [evidence for evidence in with_commas if _spelling(evidence).comma]
    if not sure:
        _refuse_either_comma(with_commas[0], place)
    if not is_open:
        _refuse_comma(sure[0], place)
    others = [evidence for evidence in again if evidence.state in _NUMBERS and not _spelling(evidence).has_commas]
    _check_points(others, with_commas, place)
    return True


def is_read(evidence: Evidence) -> bool:
    """Whether all cells of a column are numbers that have no decimal point."""
    spelling = _spelling(evidence)
    are_numbers = evidence.given in _NUMBERS or not spelling.only_groups
    return evidence.state in _NUMBERS and are_numbers and not spelling.point


def check_commas(evidences: Sequence[Evidence], place: Place) -> None:
    """Refuse decimal points where the user says that there are decimal commas.

    Raises
    ------
    DataError
    """
    for evidence in evidences:
        if evidence.state in _NUMBERS and evidence.spelling and evidence.spelling.point:
            _refuse_point(evidence, evidence.spelling.point, place)


def _spelling(evidence: Evidence) -> Spelling:
    assert evidence.spelling is not None
    return evidence.spelling


def _first(cell: First | None) -> First:
    """The first cell of a sort of which there is one."""
    assert cell is not None
    return cell


def _refuse_point(evidence: Evidence, point: First, place: Place) -> None:
    raise DataError(
        f"{place(point)}, column {evidence.name!r}: {point.value!r} is written with a decimal point,"
        " and other numbers with a decimal comma",
        fix=Advice.of("write the numbers of a table in one way; ", no_numbers(evidence.name)),
        column=evidence.name,
    )


def _refuse_thousands(evidence: Evidence, point: First, place: Place) -> None:
    first = _first(_spelling(evidence).either_comma)
    raise DataError(
        f"{place(first)}, column {evidence.name!r}: {first.value!r} is written with a comma,"
        f" and {point.value!r} with a decimal point",
        fix=Advice.of("write thousands without a comma (1234); ", no_numbers(evidence.name)),
        column=evidence.name,
    )


def _refuse_comma(evidence: Evidence, place: Place) -> None:
    first = _first(_spelling(evidence).comma)
    raise DataError(
        f"{place(first)}, column {evidence.name!r}: {first.value!r} is written with a decimal comma",
        fix=Advice.of(
            "write numbers with a decimal point (1234.5), or say that they have commas: ",
            with_decimal(","),
            "; ",
            no_numbers(evidence.name),
        ),
        column=evidence.name,
    )


def _refuse_either_comma(evidence: Evidence, place: Place) -> None:
    first = _first(_spelling(evidence).either_comma)
    raise DataError(
        f"{place(first)}, column {evidence.name!r}: the comma of {first.value!r} may stand before decimals"
        " or between thousands, and no other number of the column tells",
        fix=Advice.of(
            "if it stands between thousands, write them without it (1234); if it stands before decimals, ",
            with_decimal(","),
            "; ",
            no_numbers(evidence.name),
        ),
        column=evidence.name,
    )


def _check_points(evidences: Sequence[Evidence], with_commas: Sequence[Evidence], place: Place) -> None:
    """Refuse points of columns without commas, if the decimal commas of other columns change what they mean."""
    sure = next(evidence for evidence in with_commas if _spelling(evidence).comma)
    comma = _first(_spelling(sure).comma)
    pointed = [evidence for evidence in evidences if _spelling(evidence).point]
    if pointed:
        point = _first(_spelling(pointed[0]).point)
        cells = [(sure, comma, "comma"), (pointed[0], point, "point")]  # the odd ones are those to be changed
        (odd, cell, sign), (usual, other, sign_of_other) = cells if len(pointed) >= len(with_commas) else cells[::-1]
        raise DataError(
            f"{place(cell)}, column {odd.name!r}: {cell.value!r} is written with a decimal {sign},"
            f" but {other.value!r} in column {usual.name!r} with a decimal {sign_of_other}",
            fix=Advice.of("write the numbers of a table in one way; ", no_numbers(odd.name)),
            column=odd.name,
        )
    for evidence in evidences:
        spelling = _spelling(evidence)
        if spelling.either_point and not spelling.grouped:
            raise DataError(
                f"{place(spelling.either_point)}, column {evidence.name!r}: the point of"
                f" {spelling.either_point.value!r} may stand between thousands or before decimals;"
                f" {comma.value!r} in column {sure.name!r} has a decimal comma",
                fix=Advice.of(
                    "if all points stand between thousands, ",
                    with_decimal(","),
                    "; if not, write decimals with commas too",
                ),
                column=evidence.name,
            )
