"""A lesson laid out in rows of characters, with a role for every piece that a terminal may colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.explain.faces.cells import (
    Role,
    Row,
    Span,
    blank,
    labelled,
    pad,
    row_width,
    spans_of,
    table,
    text_width,
    wrapped,
)
from chainrule.explain.faces.lines import (
    BACKWARD,
    FORWARD,
    GRAPH,
    LOCAL,
    RESULT,
    Fold,
    Line,
    backward_lines,
    backward_steps,
    fold_text,
    forward_lines,
    forward_steps,
    gradients,
    joined_numbers,
    local_gradients,
    value_expression,
    verdict,
)
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault, ForwardStep, LocalGradient
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Symbol

__all__ = ["WIDTH", "lesson_rows"]

#: Rows are not longer, unless one word is.
WIDTH = 100
_INDENT = 3
_ROOM = WIDTH - _INDENT
#: How long a preview of an array may be in a table; a longer one gives way to the shape. The first that fits is taken.
_CELLS = (60, 26, 0)

#: Shapes that do not fit below their factors are listed, unless there are more of them.
_FEW = 4

_EMPTY: Row = ()
_EQUALS = Span(" = ")


def lesson_rows(lesson: Lesson, *, folded: bool = True) -> list[Row]:
    """Heading and up to five parts, with a fault where the lesson stops."""
    fault = lesson.fault
    forward = _forward(lesson, folded)
    backward = _backward(lesson, folded)
    if fault is not None:
        (backward if fault.in_backward else forward).extend([_EMPTY, *_fault(fault)])
    parts = [
        (FORWARD, forward),
        (GRAPH, _graph(lesson, folded)),
        (LOCAL, _local(lesson, folded)),
        (BACKWARD, backward),
        (RESULT, _result(lesson)),
    ]
    rows = _heading(lesson)
    for number, (title, body) in enumerate([part for part in parts if part[1]], 1):
        rows += [_EMPTY, (Span(f"{number}. {title}", "title"),), *[_indented(row) for row in body]]
    return rows


def _heading(lesson: Lesson) -> list[Row]:
    """``loss at w = 0, x = 50``, arrays from outside of the function, and divisors of means."""
    inputs = [operand for operand in lesson.operands if operand.is_input]
    others = [operand for operand in lesson.operands if not (operand.is_input or operand.is_count)]
    counts = [operand for operand in lesson.operands if operand.is_count]
    starts = Span(f"{lesson.title} at ", "title"), Span("and "), Span("with means over ")
    rows: list[Row] = []
    for start, operands in zip(starts, (inputs, others, counts), strict=True):
        pieces = [
            (*spans_of(operand.symbol), Span(" = "), *spans_of(value_expression(operand.value), "value"))
            for operand in operands
        ]
        rows += _listed(start, pieces) if pieces else []
    return rows or [(Span(lesson.title, "title"),)]


def _listed(start: Span, pieces: Sequence[Row]) -> list[Row]:
    """Pieces behind one another with commas between them, as many to a row as there is room for."""
    indent = text_width(start.text)
    rows: list[Row] = [(start, *pieces[0])]
    for piece in pieces[1:]:
        if row_width(rows[-1]) + row_width(piece) + 2 <= WIDTH:
            rows[-1] = (*rows[-1], Span(", "), *piece)
        else:
            rows[-1] = (*rows[-1], Span(","))
            rows.append((Span(" " * indent), *piece))
    return rows


def _forward(lesson: Lesson, folded: bool) -> list[Row]:
    steps = forward_steps(lesson, folded=folded)
    width = _widest([step.symbol for step in steps if isinstance(step, ForwardStep)])
    rows: list[Row] = []
    for step in steps:
        if isinstance(step, Fold):
            rows.append(_fold(step))
        else:
            left = pad(spans_of(step.symbol), width)
            rows += _equalities(left, [forward_lines(step)], "value", in_one_row=True)
    return rows


def _graph(lesson: Lesson, folded: bool) -> list[Row]:
    """A table of nodes: what each is made of, its value and its gradient, and its number in both passes."""
    return _first_that_fits([_graph_table(lesson, folded, longest) for longest in _CELLS])


def _graph_table(lesson: Lesson, folded: bool, longest: int) -> list[Row]:
    steps = gradients(lesson)
    heads = ("forward", "node", "from", "value", *(("gradient", "backward") if steps else ("", "")))
    cells: list[tuple[Row, ...]] = [tuple([(Span(head, "faint"),) for head in heads])]

    def add(symbol: Symbol, number: str, sources: Sequence[Symbol], value: Any) -> None:
        step = steps.get(symbol)
        arrow = f"← {', '.join([to_text(source) for source in sources])}" if sources else ""
        gradient = _cell(step.value, "gradient", longest) if step else ()
        badge = (Span(str(step.number), "gradient"),) if step else ()
        known = _cell(value, "value", longest)
        cells.append(((Span(number, "value"),), spans_of(symbol), (Span(arrow),), known, gradient, badge))

    for operand in lesson.operands:
        add(operand.symbol, "", (), operand.value)
    folds: dict[int, Row] = {}
    for step in forward_steps(lesson, folded=folded):
        if isinstance(step, Fold):
            folds[len(cells) + len(folds)] = _fold(step)
        else:
            add(step.symbol, str(step.number), step.sources, step.value)
    rows = table(cells, right=(0, 5))
    for place, row in folds.items():
        rows.insert(place, row)
    return rows


def _first_that_fits(tables: Sequence[list[Row]]) -> list[Row]:
    return next((rows for rows in tables if max(map(row_width, rows)) <= _ROOM), tables[-1])


def _cell(value: Any, role: Role, longest: int) -> Row:
    """A value for a table: in one line, or else its shape."""
    expression = value_expression(value)
    text = to_text(expression)
    if expression.is_array and text_width(text) > longest:
        text = f"array {np.shape(value)}"
    return (Span(text, role),)


def _local(lesson: Lesson, folded: bool) -> list[Row]:
    shown = local_gradients(lesson, folded=folded)
    width = _widest([local.symbol for local in shown if isinstance(local, LocalGradient)])
    rows: list[Row] = []
    for local in shown:
        if isinstance(local, Fold):
            rows.append(_fold(local))
        else:
            left = pad(spans_of(local.symbol, "local"), width)
            rows += _equalities(left, [[Line("formula", local.formula)]], "plain")
    return rows


def _backward(lesson: Lesson, folded: bool) -> list[Row]:
    steps = backward_steps(lesson, folded=folded)
    digits = max((len(str(step.number)) for step in lesson.backward), default=1)
    blocks: list[list[Row]] = []
    for step in steps:
        blocks.append([_fold(step)] if isinstance(step, Fold) else _backward_step(step, digits))
    return [row for block in blocks for row in (_EMPTY, *block)][1:]


def _backward_step(step: BackwardStep, digits: int) -> list[Row]:
    badge = Span(f"{step.number:>{digits}}. ", "gradient")
    left = (badge, *spans_of(step.gradient))
    rows = _equalities(left, joined_numbers(backward_lines(step)), "gradient")
    indent = len(badge.text)
    words = wrapped((Span(step.pattern, "faint"),), _ROOM - indent) if step.pattern else []
    return [*rows, *[(blank(indent), *row) for row in words]]


def _equalities(left: Row, lines: list[list[Line]], role: Role, *, in_one_row: bool = False) -> list[Row]:
    """``left = a = b``: in one row if that is wished and fits, otherwise with the equal signs below one another."""
    indent = row_width(left) + row_width((_EQUALS,))
    if in_one_row:
        whole = [line for members in lines for line in members]
        row = (*left, _EQUALS, *_right(whole, role))
        lines = [whole] if row_width(row) <= _ROOM else joined_numbers(whole)
    rows: list[Row] = []
    for members in _separated(lines, _ROOM - indent):
        start = (*left, _EQUALS) if not rows else (blank(row_width(left)), _EQUALS)
        rows += _equality(start, _right(members, role), members[-1])
    return rows


def _separated(lines: Iterable[list[Line]], width: int) -> Iterator[list[Line]]:
    """Lines that share a row, one by one where they are too wide together."""
    for members in lines:
        if row_width(_right(members, "plain")) <= width:
            yield members
        else:
            yield from ([line] for line in members)


def _right(lines: Sequence[Line], role: Role) -> Row:
    """``a = b``; values have the colour of their pass."""
    row: list[Span] = []
    for line in lines:
        row += [_EQUALS] if row else []
        row += spans_of(line.formula, role if line.kind == "value" else "plain")
    return tuple(row)


def _equality(start: Row, right: Row, line: Line) -> list[Row]:
    """One equality, with shapes below its factors and with what is to be noted behind it."""
    indent = row_width(start)
    below: Row = ()
    note = line.note
    if line.factors:
        spread, below = labelled(right, [(factor.formula, _shape(factor.shape)) for factor in line.factors])
        if indent + max(row_width(spread), row_width(below)) <= _ROOM:
            right = spread
        else:
            below = ()
            note = "; ".join(
                filter(
                    None,
                    [
                        note,
                        f"shapes {', '.join([str(factor.shape) for factor in line.factors])}"
                        if len(line.factors) <= _FEW
                        else "",
                    ],
                )
            )
    first, *others = wrapped(right, _ROOM - indent)
    rows = [(*start, *first), *[(blank(indent), *row) for row in (*others, below) if row]]
    if note and not below and row_width(rows[-1]) + len(note) + 3 <= _ROOM:
        rows[-1] = (*rows[-1], blank(3), Span(note, "faint"))
    elif note:
        rows += [(blank(indent), *row) for row in wrapped((Span(note, "faint"),), _ROOM - indent)]
    return rows


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else ""


def _result(lesson: Lesson) -> list[Row]:
    """The gradients, checked independently, and the update rules."""
    if not lesson.result:
        return []
    tables = [
        _result_table(lesson, longest, with_closed=True) if beside else _forms_below(lesson, longest)
        for longest in _CELLS
        for beside in (True, False)
    ]
    updates = [spans_of(part.update) for part in lesson.result]
    return [*_first_that_fits(tables), _EMPTY, (Span("Gradient descent with learning rate lr:", "faint"),), *updates]


def _result_table(lesson: Lesson, longest: int, *, with_closed: bool) -> list[Row]:
    closed = "closed form" if with_closed and any(part.closed for part in lesson.result) else ""
    heads = ("symbol", "value", "gradient", closed, "check")
    cells: list[tuple[Row, ...]] = [tuple([(Span(head, "faint"),) for head in heads])]
    for part in lesson.result:
        said = verdict(part)
        cells.append(
            (
                spans_of(part.symbol),
                _cell(part.value, "value", longest),
                (*spans_of(part.gradient), Span(" = "), *_cell(part.slope, "gradient", longest)),
                spans_of(part.closed.formula) if part.closed and with_closed else (),
                (Span(said, "good" if said.startswith("✓") else "bad"),),
            )
        )
    return table(cells)


def _forms_below(lesson: Lesson, longest: int) -> list[Row]:
    """The table of gradients, and below it the closed forms that have no room in it."""
    forms = _closed_forms(lesson)
    return [*_result_table(lesson, longest, with_closed=False), *([_EMPTY, *forms] if forms else [])]


def _closed_forms(lesson: Lesson) -> list[Row]:
    rows: list[Row] = []
    closed = [part for part in lesson.result if part.closed]
    width = _widest([part.gradient for part in closed])
    for part in closed:
        if part.closed:
            left = pad(spans_of(part.gradient), width)
            rows += _equalities(left, [[Line("closed", part.closed.formula)]], "plain")
    return rows


def _fault(fault: Fault) -> list[Row]:
    """Where the lesson stops, why, and what to write instead."""
    kind = "gradient" if fault.in_backward else "value"
    what = (Span(f"✗ The lesson stops here: the {kind} of ", "bad"), *spans_of(fault.symbol, "bad"))
    rows: list[Row] = [(*what, Span(f" is not finite, {fault.reason}", "bad"))]
    rows += [(Span(f"  at  {fault.where}", "faint"),)] if fault.where else []
    rows += (
        [
            (Span("  fix "), *row) if index == 0 else (blank(6), *row)
            for index, row in enumerate(wrapped((Span(fault.fix),), _ROOM - 6))
        ]
        if fault.fix
        else []
    )
    return rows


def _fold(fold: Fold) -> Row:
    return (Span(fold_text(fold), "faint"),)


def _widest(expressions: Iterable[Expression]) -> int:
    return max((text_width(to_text(expression)) for expression in expressions), default=0)


def _indented(row: Row) -> Row:
    return (blank(_INDENT), *row) if row else row
