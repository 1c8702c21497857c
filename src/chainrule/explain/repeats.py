"""Which steps of a lesson repeat each other: the iterations of a loop, equal layers.

A block of steps repeats when the next steps have the same formulas and shapes, and everything that has a number goes
on counting: occurrences (h⁽²⁾, h⁽³⁾), digits in names (W1, W2; ``params[0]``, ``params[1]``), indices (``X[0]``,
``X[1]``), and which step a symbol stands for. Counting on by zero is counting, too: a weight that all iterations share.
In the first repetition, what comes out of the repetition before has a name of its own, such as h0: it comes from
outside.

Numbers in a formula must be equal, and so must all names but for their digits.

Of all ways to fold, the one is taken that leaves the fewest steps to be shown: of nested loops, the inner one if it is
long, and the outer one if it is. Blocks have at most 256 steps, so the search takes time in proportion to their number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from chainrule.explain.model import BackwardStep, ForwardStep
from chainrule.notation.tree import Expression, Item, Symbol

__all__ = ["FEWEST", "Place", "repeated_backward_groups", "repeated_groups"]

#: A block must be repeated that often to be folded: two or three layers are shown one by one.
FEWEST = 4
#: The longest block that is looked for.
_LONGEST = 256
_DIGITS = re.compile(r"\d{1,9}")


class Place(NamedTuple):
    """Where a step stands among repetitions: in which group of them, and in which one, counted from 1."""

    group: int
    repetition: int


def repeated_groups(steps: Sequence[ForwardStep]) -> list[Place | None]:
    """For each step of the forward pass the repeated block that it belongs to; None if it is not repeated.

    Groups are numbered from 1 in the order of the steps, and the steps of a group follow each other.

    Examples
    --------
    >>> from chainrule.notation.tree import call
    >>> x, h, steps = Symbol("x"), Symbol("h0"), []
    >>> for number in range(1, 5):
    ...     before, h = h, Symbol("h", number)
    ...     steps.append(ForwardStep(number, h, call("tanh", before * x), None, 0.5, (before, x)))
    >>> repeated_groups(steps)[1:3]
    [Place(group=1, repetition=2), Place(group=1, repetition=3)]
    """
    runs = _runs([_described(step.symbol, (step.formula,), step.value) for step in steps])
    return _places(len(steps), runs, range(1, len(runs) + 1))


def repeated_backward_groups(steps: Sequence[BackwardStep], forward: Sequence[ForwardStep] = ()) -> list[Place | None]:
    """The same for the backward pass.

    Closed forms are not compared: along a chain of equal steps, each is longer than the one before.

    Parameters
    ----------
    steps : sequence of BackwardStep
    forward : sequence of ForwardStep, optional
        With their groups: a block of gradients of one group's nodes, and of inputs, has that group's number.
    """
    known = {step.symbol: step.group for step in forward if step.group is not None}
    runs = _runs(
        [
            _described(
                step.symbol, tuple([part for part in (step.chain, step.formula) if part]), step.value, step.pattern
            )
            for step in steps
        ]
    )
    taken: set[int] = set()
    fresh = max(known.values(), default=0)
    numbers = []
    for run in runs:
        of_nodes = {known[step.symbol] for step in steps[run.start : run.stop] if step.symbol in known}
        if len(of_nodes) == 1 and not of_nodes & taken:
            number = of_nodes.pop()
        else:
            number = fresh = fresh + 1
        taken.add(number)
        numbers.append(number)
    return _places(len(steps), runs, numbers)


def _places(count: int, runs: Sequence[_Run], numbers: Iterable[int]) -> list[Place | None]:
    """The place of each step, from runs and the numbers of their groups."""
    places: list[Place | None] = [None] * count
    for run, number in zip(runs, numbers, strict=True):
        for step in range(run.start, run.stop):
            places[step] = Place(number, (step - run.start) // run.period + 1)
    return places


# What a step is compared by -------------------------------------------------------------------------------------------


class _Described(NamedTuple):
    """A step, taken apart into what must be equal and what counts on.

    Attributes
    ----------
    structure : hashable
        Formulas and shape, with all names left out.
    names : list of (str, int or None)
        Name and occurrence of the step's own symbol, then of those in the formulas. An array's index counts as one.
    """

    structure: Hashable
    names: list[tuple[str, int | None]]


def _described(symbol: Symbol, formulas: tuple[Expression, ...], value: Any, *more: Hashable) -> _Described:
    """Take a step apart; `more` must be equal, too."""
    structure: list[Hashable] = [np.shape(value), len(formulas), *more]
    names = [(symbol.name, symbol.occurrence)]
    stack: list[Expression] = list(formulas)
    while stack:
        part = stack.pop()
        if type(part) is Symbol:
            names.append((part.name, part.occurrence))
            structure.append(None)
            continue
        if isinstance(part, Item):
            names.append((part.index, None))
        structure.append(type(part).__name__)
        for field in _field_names(type(part)):
            held = getattr(part, field)
            if isinstance(held, Expression):
                stack.append(held)
            elif isinstance(held, tuple) and held and isinstance(held[0], Expression):
                structure.append(len(held))
                stack += held
            elif not (isinstance(part, Item) and field == "index"):
                structure.append(held if isinstance(held, (str, int)) else repr(held))
    return _Described(tuple(structure), names)


_known_fields: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a class of expressions; looked up once, as a graph may have 100,000 of them."""
    names = _known_fields.get(kind)
    if names is None:
        names = _known_fields[kind] = tuple([field.name for field in fields(kind) if field.name != "is_array"])
    return names


class _Table:
    """All steps as arrays of whole numbers.

    Attributes
    ----------
    structures : array (steps,)
        Equal numbers for equal structures.
    offsets : array (steps + 1,)
        Where the rows of each step begin.
    names : array (rows,)
        For each name in a step, a number for the same name without digits.
    counters : array (rows, k)
        For each name the position of its step, −1 for a value from outside; its occurrence; the digits in it.
    """

    def __init__(self, steps: Sequence[_Described]) -> None:
        positions = {step.names[0]: position for position, step in enumerate(steps)}
        structures: dict[Hashable, int] = {}
        self.structures = np.array([structures.setdefault(step.structure, len(structures)) for step in steps], int)
        self.offsets = np.concatenate([[0], np.cumsum([len(step.names) for step in steps], dtype=int)])
        each: dict[tuple[str, int | None], int] = {}
        rows = np.array([each.setdefault(name, len(each)) for step in steps for name in step.names], int)
        without_digits: dict[Hashable, int] = {}
        numbers, counters = [], []
        for name, occurrence in each:
            key = (_DIGITS.sub("0", name), occurrence is None)
            numbers.append(without_digits.setdefault(key, len(without_digits)))
            digits = [int(run) for run in _DIGITS.findall(name)]
            counters.append([positions.get((name, occurrence), -1), occurrence or 0, *digits])
        width = max(map(len, counters))
        self.names = np.array(numbers, int)[rows]
        self.counters = np.array([counted + [0] * (width - len(counted)) for counted in counters], int)[rows]

    def rows(self, start: int, stop: int) -> slice:
        return slice(self.offsets[start], self.offsets[stop])


# Finding repetitions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """Steps from `start` to before `stop`: whole repetitions of a block of `period` steps."""

    start: int
    stop: int
    period: int

    @property
    def hidden(self) -> int:
        """How many steps need not be shown."""
        return self.stop - self.start - self.period


def _runs(steps: Sequence[_Described]) -> list[_Run]:
    """The repetitions to fold: they do not overlap, and are in order."""
    if len(steps) < FEWEST:
        return []
    table = _Table(steps)
    found: list[_Run] = []
    by_end: dict[int, _Run] = {}
    for period in range(1, min(_LONGEST, len(steps) // FEWEST) + 1):
        free = 0
        for start, end in _alike(table, period, by_end):
            start = max(start, free)
            if end - start < (FEWEST - 1) * period or _is_known(by_end, start, end, period):
                continue
            start = _with_first(table, period, start, free)
            repetitions = (end - start) // period
            if repetitions >= FEWEST:
                free = start + repetitions * period
                found.append(_Run(start, free, period))
                by_end[end] = found[-1]
    return _best(found)


def _is_known(by_end: Mapping[int, _Run], start: int, end: int, period: int) -> bool:
    """Whether a stretch is one of repetitions of a shorter block, so that several of these are the longer one."""
    known = by_end.get(end)
    return known is not None and known.start <= start and period % known.period == 0


def _alike(table: _Table, period: int, by_end: Mapping[int, _Run]) -> Iterator[tuple[int, int]]:
    """Stretches of steps in which each is like the one a period before, and counts on from it as that one did."""
    same = table.structures[period:] == table.structures[:-period]
    fewest = (FEWEST - 2) * period
    for first, last in _stretches(same):
        # Each step from `first` to before `last` has the structure of the one a period later.
        if last - first < fewest or _is_known(by_end, first, last + period, period):
            continue
        earlier, later = table.rows(first, last), table.rows(first + period, last + period)
        begins = table.offsets[first:last] - table.offsets[first]
        is_named_alike = np.logical_and.reduceat(table.names[later] == table.names[earlier], begins)
        growth = table.counters[later] - table.counters[earlier]
        ahead = table.offsets[first + period] - table.offsets[first]
        changes = (growth[ahead:] != growth[:-ahead]).any(axis=1)
        grows_differently = np.logical_or.reduceat(changes, begins[:-period])
        for start, end in _stretches(is_named_alike):
            if end - start < fewest:
                continue
            # A stretch cannot hold both a step and the one a period later if growth is different there.
            cuts = start + np.flatnonzero(grows_differently[start : max(end - period, start)])
            starts, ends = np.append(start, cuts + 1), np.append(cuts + period, end)
            for k in np.flatnonzero(ends - starts >= fewest):
                yield first + int(starts[k]), first + int(ends[k]) + period


def _with_first(table: _Table, period: int, start: int, lowest: int) -> int:
    """Where repetitions begin if the first one may take from outside what the others take from the one before."""
    outside = -2  # the last position, if repetitions went on to the front, of what comes from outside
    for step in range(start - 1, lowest - 1, -1):
        if step <= outside or table.structures[step] != table.structures[step + period]:
            break
        own, following, second = (table.rows(at, at + 1) for at in range(step, step + 3 * period, period))
        expected = 2 * table.counters[following] - table.counters[second]
        differs = (table.counters[own] != expected).any(axis=1) | (table.names[own] != table.names[following])
        is_carried = table.counters[second, 0] - table.counters[following, 0] == period
        if (differs & ~(is_carried & (expected[:, 0] < step))).any():
            break
        outside = max([outside, *expected[differs, 0].tolist()])
        start = step
    return start


def _best(runs: Sequence[_Run]) -> list[_Run]:
    """Runs that do not overlap and hide the most steps: weighted interval scheduling."""
    runs = sorted(runs, key=lambda run: run.stop)
    stops = [run.stop for run in runs]
    most = [0]
    before = []
    for run in runs:
        before.append(bisect_right(stops, run.start))
        most.append(max(most[-1], most[before[-1]] + run.hidden))
    chosen = []
    count = len(runs)
    while count:
        if most[count] == most[count - 1]:
            count -= 1
        else:
            chosen.append(runs[count - 1])
            count = before[count - 1]
    return chosen[::-1]


def _stretches(mask: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Where a mask is true: where each stretch starts, and where it has ended."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
