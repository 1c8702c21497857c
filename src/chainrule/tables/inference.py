"""From a table to its schema, in one pass over all of its rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from chainrule.advice import Advice
from chainrule.errors import DataError
from chainrule.tables.advising import left_out, with_decimal
from chainrule.tables.blocks import First
from chainrule.tables.cells import BadCell, marker_variants
from chainrule.tables.dates import FORMATS
from chainrule.tables.deciding import decide
from chainrule.tables.decimals import DECIMALS, Spelling
from chainrule.tables.evidence import Evidence
from chainrule.tables.schema import KINDS, MISSING, Column, Schema
from chainrule.tables.signs import check_commas, have_commas, is_read, may_have_commas
from chainrule.tables.sources import TableSource, open_table

__all__ = ["infer_schema"]

#: Blocks with fewer rows keep the interpreter busy rather than Arrow, which threads only hinder.
_WORTH_A_THREAD = 4096


def infer_schema(
    source: Any,
    target: str | Sequence[str] | None = None,
    *,
    types: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    decimal: str = "auto",
    on_rows: Callable[[int], None] = lambda rows: None,
) -> Schema:
    """Decide what the columns of a table are, from all of its rows.

    Parameters
    ----------
    source : TableSource, or whatever `open_table` takes
    target : str or sequence of str, optional
        What is to be predicted.
    types : mapping from column name to kind, optional
        What you know better: ``{"zip": "category", "when": "date:day/month/year", "remark": "ignored"}``.
    missing : sequence of str, optional
        Further cells that mean "no value", beside those of `MISSING`.
    decimal : {"auto", ".", ","}, default "auto"
        What stands before the decimals of numbers in text. With ``"auto"`` it is a comma where no comma separates the
        cells, a column has numbers such as 12,5 and nothing else, and no number of another one has a decimal point.
    on_rows : callable, optional
        ``on_rows(count)`` after each block of rows, with how many there are up to its end; what it raises ends the
        pass.

    Returns
    -------
    Schema

    Raises
    ------
    DataError
        If the table cannot be used, naming row and column. Where it can be used without that column, `column` is its
        name, and the message says how to leave it out.

    Examples
    --------
    >>> import io
    >>> print(infer_schema(io.StringIO('''zip,size,sold
    ... 01067,1,yes
    ... 10115,2,no
    ... 01067,3.25,yes
    ... 10115,?,no
    ... '''), target="sold"))
    column  kind      missing  values      example  note
    zip     category        0  2 distinct  01067    codes such as '01067', not numbers
    size    number          1  1 … 3.25    1
    sold    category        0  2 distinct  yes      target
    """
    if decimal not in DECIMALS:
        raise DataError(f"decimal is one of {', '.join(map(repr, DECIMALS))}, not {decimal!r}", fix=with_decimal(","))
    markers = tuple(dict.fromkeys((*MISSING, *missing)))
    table = open_table(source, missing=markers)
    targets = (target,) if isinstance(target, str) else tuple(target or ())
    table.check_names((*targets, *(types or ())))
    evidences = _evidences(table, targets, types or {}, markers)
    if decimal == ",":
        for evidence in evidences:
            evidence.spelling = Spelling()
    with _could_be_left_out(targets):
        rows = _gather(table, [evidence for evidence in evidences if evidence.given != "ignored"], on_rows)
    if rows == 0 and evidences:
        raise DataError(f"{table.name} has no rows", fix="give at least one row below the header")

    def place(first: First) -> str:
        return table.parts[first.part].place(first.row)

    with _could_be_left_out(targets):
        if decimal == ",":
            check_commas(evidences, place)
            _take_groups_as_text(evidences)
        else:
            evidences, decimal = _with_decimal(table, evidences, place, is_open=decimal == "auto")
    late = [evidence for evidence in evidences if evidence.late]
    if late:  # their first blocks were numbers, so their values were not counted
        with _could_be_left_out(targets):
            _gather(table, [_start_again(evidence) for evidence in late])
    columns = _decided(evidences, targets, place)
    if not any(column.is_feature and column.name not in targets for column in columns):
        columns = _decided(evidences, targets, place, takes_row_numbers=True)  # such as time, if there is nothing else
    schema = Schema(columns, target if target is None or isinstance(target, str) else targets, rows, markers, decimal)
    _check_targets(schema)
    return schema


def _decided(
    evidences: Sequence[Evidence],
    targets: Sequence[str],
    place: Callable[[First], str],
    *,
    takes_row_numbers: bool = False,
) -> tuple[Column, ...]:
    columns = []
    for evidence in evidences:
        with _could_be_left_out(targets, evidence.name):
            columns.append(decide(evidence, evidence.name in targets, place, takes_row_numbers=takes_row_numbers))
    return tuple(columns)


def _evidences(
    table: TableSource, targets: Sequence[str], types: Mapping[str, str], markers: Sequence[str]
) -> list[Evidence]:
    variants = pa.array(marker_variants(markers))
    evidences = []
    for name in table.columns:
        given, _, form = types.get(name, "").partition(":")
        given = "ignored" if given == "ignore" else given
        if given and given not in KINDS:
            raise DataError(f"column {name!r}: there is no kind {given!r}", fix=f"choose among {', '.join(KINDS)}")
        if form and (given != "date" or form not in FORMATS):
            raise DataError(f"column {name!r}: {form!r} is no date format", fix=f"choose among {', '.join(FORMATS)}")
        if not given and name in targets:
            given = "target"
        evidence = Evidence(name, given, variants)
        if form:
            evidence.formats = [form]
        evidences.append(evidence)
    return evidences


def _with_decimal(
    table: TableSource, evidences: list[Evidence], place: Callable[[First], str], *, is_open: bool
) -> tuple[list[Evidence], str]:
    """The same for the sign before the decimals, which is a comma only if cells that were no numbers are some then."""
    if not any(map(may_have_commas, evidences)):
        return evidences, "."
    again = {
        evidence.name: Evidence(evidence.name, evidence.given, evidence.markers, spelling=Spelling())
        for evidence in evidences
        if may_have_commas(evidence) or evidence.state == "number"
    }
    _gather(table, list(again.values()))
    for evidence in filter(may_have_commas, evidences):
        _know_words(evidence, again[evidence.name])
    is_open = is_open and all(part.delimiter not in (None, ",") for part in table.parts)
    if not have_commas(list(again.values()), place, is_open=is_open):
        return evidences, "."
    read = {name: evidence for name, evidence in again.items() if is_read(evidence)}
    return [read.get(evidence.name, evidence) for evidence in evidences], ","


def _take_groups_as_text(evidences: Sequence[Evidence]) -> None:
    """Of columns in which all cells are as 1.234.567, which nothing tells to be numbers."""
    for evidence in evidences:
        if not evidence.given and evidence.state == "integer" and evidence.spelling and evidence.spelling.only_groups:
            evidence.codes, evidence.late = evidence.spelling.grouped, True


def _know_words(evidence: Evidence, again: Evidence) -> None:
    """Take over what its cells tell that are no numbers with a comma either, where the others are."""
    if again.words and again.mostly_numbers:
        evidence.words, evidence.mostly_numbers = again.words, True
    if again.state in ("integer", "number") and again.spelling and again.spelling.only_groups:
        evidence.codes = again.spelling.grouped


def _start_again(evidence: Evidence) -> Evidence:
    """Forget the counts, but not what sort of text was found."""
    evidence.rows = evidence.missing = 0
    evidence.state, evidence.counts, evidence.formats, evidence.repeats = "text", {}, [], False
    evidence.example = None
    evidence.late = False
    return evidence


def _gather(
    table: TableSource, evidences: Sequence[Evidence], on_rows: Callable[[int], None] = lambda rows: None
) -> int:
    """Take in all rows; returns how many there are."""
    names = [evidence.name for evidence in evidences]
    workers = min(pa.cpu_count(), len(evidences)) or 1
    rows = 0
    with ThreadPoolExecutor(workers) as pool:
        for number, part in enumerate(table.parts):
            row = 0
            for block in part.blocks(names):
                pairs = list(zip(evidences, block.columns, strict=True))
                groups = [pairs[start::workers] for start in range(workers)]
                run = pool.map if block.num_rows >= _WORTH_A_THREAD else map
                try:
                    list(run(_add, groups, [number] * workers, [row] * workers))
                except _BadColumn as bad:
                    cell, place = bad.cell, part.place(row + bad.cell.index)
                    raise DataError(
                        f"{place}, column {bad.name!r}: {cell.value!r} {cell.why}", fix=cell.fix, column=bad.name
                    ) from None
                row += block.num_rows
                on_rows(rows + row)
            rows += row
    return rows


@contextlib.contextmanager
def _could_be_left_out(targets: Sequence[str], name: str | None = None) -> Iterator[None]:
    """Errors that are about one column (this one, or that which they name) say how to do without it."""
    try:
        yield
    except DataError as error:
        name = name or error.column
        if name is None or name in targets:
            raise DataError(error.what, fix=error.fix, encoding=error.encoding) from None
        fix = Advice.of(error.fix or "", "; or ", left_out(name))
        raise DataError(error.what, fix=fix, column=name, encoding=error.encoding) from None


class _BadColumn(Exception):  # noqa: N818 — becomes a DataError where the file is known
    def __init__(self, name: str, cell: BadCell) -> None:
        super().__init__(name, cell)
        self.name, self.cell = name, cell


def _add(pairs: Sequence[tuple[Evidence, pa.Array]], part: int, row: int) -> None:
    for evidence, cells in pairs:
        try:
            evidence.add(cells, part, row)
        except BadCell as cell:
            raise _BadColumn(evidence.name, cell) from None


def _check_targets(schema: Schema) -> None:
    for name in schema.targets:
        column = schema[name]
        if not column.is_feature:
            raise DataError(
                f"the target {name!r} cannot be predicted: {column.note or column.kind}",
                fix="choose a target with numbers or with classes",
            )
    if schema.targets and not schema.features:
        notes = "; ".join(f"{c.name}: {c.note}" for c in schema.columns[:5] if c.note)
        raise DataError(f"there is no column to learn from ({notes})", fix="give at least one column of numbers")
