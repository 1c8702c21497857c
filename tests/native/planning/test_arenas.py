"""Places in the arena: values that are alive at the same time never share one, others do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.native.planning.buffers import Buffer, Home
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.memory import ALIGNMENT, Arena
from chainrule.native.planning.nodes import is_immediate, is_reduction
from chainrule.native.planning.stages import LoopStage, sources_of, written_buffers

Planned = Callable[..., tuple[Graph, Layout]]


def buffer(nbytes: int) -> Buffer:
    return Buffer(Home.ARENA, 0, np.dtype(np.int8), nbytes)


# One arena ------------------------------------------------------------------------------------------------------------


def test_places_begin_at_cache_lines() -> None:
    arena, made = Arena(), [buffer(nbytes) for nbytes in (1, 64, 65, 0, 8)]
    for one in made:
        arena.take(one)
    assert [one.offset for one in made] == [0, 64, 128, 256, 320]
    assert arena.size == 6 * ALIGNMENT


def test_a_place_that_was_given_back_is_used_again() -> None:
    arena, first, second, larger = Arena(), buffer(100), buffer(128), buffer(129)
    arena.take(first)
    arena.give_back(first)
    arena.take(larger)  # does not fit
    arena.take(second)
    assert (first.offset, larger.offset, second.offset) == (0, 128, 0)


def test_guards_stay_free() -> None:
    arena, first, second = Arena(guard=192), buffer(64), buffer(64)
    arena.take(first)
    arena.take(second)
    assert second.offset == 64 + 192
    assert arena.size == 2 * (64 + 192)


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=40), st.sampled_from([0, 64]))
def test_places_that_are_taken_do_not_overlap(steps: list[tuple[int, bool]], guard: int) -> None:
    arena, alive = Arena(guard), []
    for nbytes, gives_back in steps:
        if gives_back and alive:
            arena.give_back(alive.pop(nbytes % len(alive)))
            continue
        made = buffer(nbytes)
        arena.take(made)
        alive.append(made)
        assert not any(overlap(one, made) for one in alive[:-1])
        assert made.offset + nbytes <= arena.size


def overlap(a: Buffer, b: Buffer) -> bool:
    return a.offset < b.offset + b.nbytes and b.offset < a.offset + a.nbytes


# Whole layouts --------------------------------------------------------------------------------------------------------


def uses(layout: Layout) -> Iterator[tuple[set[Buffer], set[Buffer]]]:
    """For each stage in turn: the buffers in the arena of a thread that it reads, and those that it writes."""
    memory = layout.memory
    for section in layout.sections:
        for stage in section.stages:
            bases = {memory.base_of(source) for source in sources_of(stage)}
            read = {memory.view(base).buffer for base in bases if base in memory and not is_immediate(base)}
            written = set(written_buffers(stage, memory))
            yield tuple({one for one in part if one.home is Home.ARENA} for part in (read, written))  # type: ignore[misc]


def lifetimes(layout: Layout) -> dict[Buffer, tuple[int, int]]:
    """The first and the last stage that touches each buffer; what a pass over rows needs, it needs until it ends."""
    found: dict[Buffer, tuple[int, int]] = {}
    ends = []
    for section in layout.sections:
        ends += [(section.over_rows, len(ends), len(ends) + len(section.stages) - 1)] * len(section.stages)
    for number, (read, written) in enumerate(uses(layout)):
        over_rows, first, last = ends[number]
        for one in read | written:
            begin, end = found.get(one, (number, number))
            from_outside = over_rows and begin < first
            found[one] = begin, max(end, last if from_outside else number)
    return found


def assert_places_are_right(layout: Layout) -> None:
    alive = lifetimes(layout)
    for one in alive:
        assert one.offset % ALIGNMENT == 0
        assert one.offset + one.nbytes <= layout.arena_bytes
    for (a, (begin_a, end_a)), (b, (begin_b, end_b)) in combinations(alive.items(), 2):
        if begin_a <= end_b and begin_b <= end_a:
            assert not overlap(a, b)


def assert_everything_is_there_in_time(layout: Layout) -> None:
    """Each value that a stage reads was computed by an earlier one, or by the same one before."""
    memory = layout.memory
    computed = set(memory.given)
    for section in layout.sections:
        for stage in section.stages:
            here = stage.nodes if isinstance(stage, LoopStage) else [stage.node]
            seen: set[Node] = set()
            for node in here:
                for source in node.inputs:
                    in_register = source in seen and not is_reduction(source)
                    assert in_register or memory.base_of(source) in computed or is_immediate(source)
                seen.add(node)
            computed |= seen


def test_a_long_chain_of_products_takes_two_places(planned: Planned) -> None:
    def function(S: Any) -> Any:
        for _ in range(20):
            S = S @ S
        return S

    _, layout = planned(function, np.ones((16, 16)))
    assert layout.arena_bytes == 2 * 16 * 16 * 8
    assert len(lifetimes(layout)) == 19
    assert_places_are_right(layout)


def test_a_value_that_is_needed_to_the_end_keeps_its_place(planned: Planned) -> None:
    def function(S: Any) -> Any:
        first = S @ S
        last = first
        for _ in range(6):
            last = last @ S
        return last @ first

    graph, layout = planned(function, np.ones((16, 16)))
    kept = layout.memory.view(graph["first"]).buffer
    others = [one for one in lifetimes(layout) if one is not kept]
    assert len(others) == 6
    assert not any(overlap(kept, one) for one in others)
    assert layout.arena_bytes == 3 * 16 * 16 * 8


def test_what_a_pass_over_rows_needs_is_there_for_the_next_tile(planned: Planned) -> None:
    """The first stage of a pass reads V for the last time, and reads it once more for the next tile."""

    def function(X: Any, W: Any) -> Any:
        V = W @ W
        z = X @ V
        u = np.exp(z) @ W
        return np.sum(np.sin(u) @ W)

    graph, layout = planned(function, np.ones((16, 16)), np.ones((16, 16)), data=(0,))
    kept = layout.memory.view(graph["V"]).buffer
    others = [one for one in lifetimes(layout) if one is not kept]
    assert [section.over_rows for section in layout.sections] == [False, True]
    assert sum(one.nbytes == kept.nbytes for one in others) >= 4
    assert not any(overlap(kept, one) for one in others)
    assert_places_are_right(layout)


#: All of these keep the shape, or transpose it.
UNARY: list[Callable[[Any], Any]] = [
    np.exp,
    np.sin,
    lambda x: x * 2.0,
    lambda x: -x,
    lambda x: x.T,
    lambda x: x[::-1],
    lambda x: x[:, :1] + x,
    lambda x: np.sum(x, axis=0) + x,
    lambda x: x / np.max(x, axis=1, keepdims=True),
    lambda x: x.T.reshape(x.shape),
]
#: These take two arrays of one shape.
BINARY: list[Callable[[Any, Any], Any]] = [
    np.add,
    np.multiply,
    lambda x, y: np.sin(x) / y,
    lambda x, y: (x @ y.T) @ x,
    lambda x, y: x @ (x.T @ y),
]


@st.composite
def functions(draw: Any) -> Callable[..., Any]:
    """Steps that each take earlier values from a list; two values whose shapes differ are passed over."""
    numbers = st.integers(0, 30)
    unary = st.tuples(st.sampled_from(UNARY), numbers)
    binary = st.tuples(st.sampled_from(BINARY), numbers, numbers)
    steps = draw(st.lists(unary | binary, min_size=3, max_size=30))

    def function(*arguments: Any) -> Any:
        values = list(arguments)
        for step, *positions in steps:
            taken = [values[position % len(values)] for position in positions]
            if taken[0].shape == taken[-1].shape:
                values.append(step(*taken))
        return values[-1], np.sum(values[len(values) // 2] * 1.5)

    return function


@settings(max_examples=60, deadline=None)
@given(functions())
def test_of_random_graphs_all_places_are_right(planned: Planned, function: Callable[..., Any]) -> None:
    _, layout = planned(function, np.ones((6, 6)), np.ones((6, 6)))
    assert_everything_is_there_in_time(layout)
    assert_places_are_right(layout)


@settings(max_examples=60, deadline=None)
@given(functions())
def test_of_random_graphs_by_rows_all_places_are_right(planned: Planned, function: Callable[..., Any]) -> None:
    square = np.ones((16, 16))  # weights take as many bytes as the rows of a tile

    def layers(X: Any, W: Any, V: Any) -> Any:
        return function(X @ np.exp(W), X @ np.exp(V))

    _, layout = planned(layers, square, square, square, data=(0,))
    assert_everything_is_there_in_time(layout)
    assert_places_are_right(layout)
