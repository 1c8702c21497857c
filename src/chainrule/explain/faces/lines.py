"""How a lesson is read: which lines a step has and in which order, and which repeated steps one line stands for.

Text, Markdown, LaTeX and HTML are made from these lines, so that all of them tell the same.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Closed, Factor, ForwardStep, InputGradient, LocalGradient
from chainrule.notation.numbers import preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Marked, Number, Symbol, Verbatim

__all__ = [
    "BACKWARD",
    "FORWARD",
    "GRAPH",
    "LOCAL",
    "RESULT",
    "Fold",
    "Line",
    "backward_lines",
    "backward_steps",
    "closed_note",
    "fold_text",
    "forward_lines",
    "forward_steps",
    "gradients",
    "joined_numbers",
    "local_gradients",
    "unmarked",
    "value_expression",
    "values_from_elsewhere",
    "verdict",
]

#: Titles of the five parts.
FORWARD = "Forward pass: every node computes its value"
GRAPH = "Graph: values go forward, gradients come back"
LOCAL = "Local gradients: what each node knows by itself"
BACKWARD = "Backward pass: local gradient times upstream gradient, from the output to the inputs"
RESULT = "Result"

_CLOSED = "closed form"
#: The block and the repetition of a step that is not repeated.
_ALONE = (None, 1)

LineKind = Literal["formula", "chain", "closed", "numbers", "value"]
_Step = TypeVar("_Step", ForwardStep, BackwardStep, LocalGradient)


@dataclass(frozen=True)
class Line:
    """One right-hand side of a step: the ``= x(ŷ − y)`` of ``∂L/∂w = … = x(ŷ − y) = −25``.

    Attributes
    ----------
    kind : {"formula", "chain", "closed", "numbers", "value"}
        In symbols; the chain rule; the closed form; with numbers put in; the value.
    formula : Expression
    note : str
        Why this is equal to the line before; empty where it needs no reason.
    factors : tuple of Factor
        Factors of the formula with the shapes to write under them; empty where no array takes part.
    """

    kind: LineKind
    formula: Expression
    note: str = ""
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True)
class Fold:
    """Repeated steps that one line stands for: "… the same 48 more times: h⁽²⁾ … h⁽⁴⁹⁾".

    Attributes
    ----------
    count : int
        How many repetitions of the block are left out.
    series : tuple of tuple of Symbol
        For each node of the block: the first and the last symbol that is left out.
    """

    count: int
    series: tuple[tuple[Symbol, Symbol], ...]


def values_from_elsewhere(lesson: Lesson, assignment: Callable[[Symbol, Any], str]) -> list[str]:
    """What the lesson begins with apart from inputs: "X = …, from outside of the function", "n = 4, divisor of a mean".

    Parameters
    ----------
    lesson : Lesson
    assignment : callable
        Writes a symbol with its value.
    """
    arrays = [assignment(part.symbol, part.value) for part in lesson.operands if not (part.is_input or part.is_count)]
    counts = [assignment(part.symbol, part.value) for part in lesson.operands if part.is_count]
    divisors = "divisor of a mean" if len(counts) == 1 else "divisors of means"
    words = ((arrays, "from outside of the function"), (counts, divisors))
    return [f"{', '.join(found)}, {told}" for found, told in words if found]


def forward_lines(step: ForwardStep) -> list[Line]:
    """What stands to the right of a node's name in the forward pass."""
    lines = [Line("formula", step.formula)]
    if step.substituted is not None:
        lines.append(Line("numbers", step.substituted))
    return _different(step.symbol, [*lines, Line("value", value_expression(step.value))])


def backward_lines(step: BackwardStep) -> list[Line]:
    """What stands to the right of ∂L/∂z: chain rule, local gradients put in, closed form, numbers, value."""
    lines: list[Line] = []
    if step.chain is not None:
        lines.append(Line("chain", step.chain))
    has_shapes = len(step.factors) > 1 and any(factor.shape for factor in step.factors)
    lines.append(Line("formula", step.formula, factors=step.factors if has_shapes else ()))
    if step.closed is not None:
        lines.append(Line("closed", step.closed.formula, closed_note(step.closed)))
    if step.substituted is not None:
        lines.append(Line("numbers", step.substituted))
    return _different(step.gradient, [*lines, Line("value", value_expression(step.value))])


def joined_numbers(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines by the row they stand in: each has its own, but numbers put in and their value share one."""
    rows: list[list[Line]] = []
    for line in lines:
        if line.kind == "value" and rows and rows[-1][-1].kind == "numbers":
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def closed_note(closed: Closed) -> str:
    """Why a closed form holds: the rules that led there, and the condition."""
    note = _CLOSED
    if closed.rules:
        note += f": {', '.join(closed.rules)}"
    return f"{note}; holds because {closed.condition}" if closed.condition else note


def value_expression(value: Any) -> Expression:
    """A value as part of a formula: a number, or the first elements of an array and its shape."""
    array = np.asarray(value)
    return Verbatim(preview(array), is_array=True) if array.ndim else Number(array.item())


def unmarked(expression: Expression) -> Expression:
    """The same formula without marks of local and upstream gradients; kept, as a page shows it in several places."""
    found = expression.kept("unmarked")
    if found is None:
        found = expression.replaced(lambda part: unmarked(part.operand) if isinstance(part, Marked) else None)
        expression.keep("unmarked", False if found is expression else found)  # what held itself would never be freed
    return found or expression


def _as_read(expression: Expression) -> str:
    return to_text(unmarked(expression)).removeprefix("(").removesuffix(")")


def _different(left: Expression, lines: list[Line]) -> list[Line]:
    """Leave out what repeats the left-hand side or an earlier line; of two equal lines, the one with a reason stays."""
    seen = {_as_read(left): -1}
    kept: list[Line] = []
    for line in lines:
        text = _as_read(line.formula)
        if text not in seen:
            seen[text] = len(kept)
            kept.append(line)
            continue
        place = seen[text]
        if place >= 0 and line.kind == "value" and kept[place].kind == "numbers":
            kept[place] = line  # the number that is put in is the value
        elif place >= 0 and line.note not in ("", _CLOSED):
            kept[place] = Line(kept[place].kind, kept[place].formula, line.note, kept[place].factors)
    return kept


def forward_steps(lesson: Lesson, *, folded: bool = True) -> list[ForwardStep | Fold]:
    """The steps of the forward pass; of repeated ones the first, then one `Fold` for the others."""
    return _folded(lesson.forward, lambda step: step.symbol, _repetition, folded)


def backward_steps(lesson: Lesson, *, folded: bool = True) -> list[BackwardStep | Fold]:
    """The steps of the backward pass, in the same way."""
    return _folded(lesson.backward, lambda step: step.symbol, _repetition, folded)


def local_gradients(lesson: Lesson, *, folded: bool = True) -> list[LocalGradient | Fold]:
    """The local gradients, in the same way: those of repeated nodes of the forward pass."""
    repetitions = {step.symbol: _repetition(step) for step in lesson.forward}
    return _folded(
        lesson.local, lambda local: local.symbol.of, lambda local: repetitions.get(local.symbol.of, _ALONE), folded
    )


def _repetition(step: ForwardStep | BackwardStep) -> tuple[int | None, int]:
    """Which block a step belongs to, if any, and which repetition of it."""
    return _ALONE if step.group is None else (step.group, step.repetition or 1)


def _folded(
    steps: Sequence[_Step],
    symbol: Callable[[_Step], Symbol],
    repetition: Callable[[_Step], tuple[int | None, int]],
    folded: bool,
) -> list[_Step | Fold]:
    """The repetition of each block that comes first; a run of others is a `Fold`, unless it is one step alone."""
    if not folded:
        return list(steps)
    first: dict[int | None, int] = {}
    for step in steps:
        group, number = repetition(step)
        first.setdefault(group, number)

    def hidden(step: _Step) -> int | None:
        group, number = repetition(step)
        return group if number != first[group] else None

    shown: list[_Step | Fold] = []
    for group, run in itertools.groupby(steps, hidden):
        members = list(run)
        if group is None or len(members) == 1:
            shown += members
        else:
            count = len({repetition(step) for step in members})
            shown.append(Fold(count, _series([symbol(step) for step in members])))
    return shown


def _series(symbols: Iterable[Symbol]) -> tuple[tuple[Symbol, Symbol], ...]:
    """The first and the last of the symbols that differ only in their number: z1 and z7, h⁽²⁾ and h⁽⁵⁾."""
    families: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        families.setdefault(re.sub(r"\d+$", "", symbol.name), []).append(symbol)
    return tuple([(members[0], members[-1]) for members in families.values()])


def fold_text(fold: Fold, print_symbol: Callable[[Expression], str] = to_text) -> str:
    """A fold in words; `print_symbol` writes its symbols, in Unicode if nothing else is said."""
    series = [
        print_symbol(first) if first == last else f"{print_symbol(first)} … {print_symbol(last)}"
        for first, last in fold.series
    ]
    times = "once more" if fold.count == 1 else f"{fold.count} more times"
    return f"… the same {times}: {', '.join(series)}"


def gradients(lesson: Lesson) -> dict[Symbol, BackwardStep]:
    """The step of the backward pass of each node that has one."""
    return {step.symbol: step for step in lesson.backward}


def verdict(gradient: InputGradient) -> str:
    """What the independent check by finite differences says."""
    if not np.isfinite(np.asarray(gradient.slope)).all():
        return "✗ not finite at this point"
    return "✓ finite differences agree" if gradient.agrees else "✗ finite differences give something else"
