"""Columns, order and heights on graphs where the right answer is plain."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.explain.drawing.layers import assign_layers
from chainrule.explain.drawing.layout import Layout, Size, lay_out
from chainrule.explain.drawing.ordering import LayeredGraph, order_layers

BOX = Size(width=40, height=40, row=40, lead=10, tail=10)


def neighbours(count: int, edges: list[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    return sources, targets


def crossings(graph: LayeredGraph) -> int:
    """Counted pair by pair."""
    total = 0
    for left, right in pairwise(graph.layers):
        pieces = [(left.index(source), at) for at, vertex in enumerate(right) for source in graph.sources[vertex]]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for at, a in enumerate(pieces) for b in pieces[at + 1 :])
    return total


def ordered(count: int, edges: list[tuple[int, int]]) -> LayeredGraph:
    sources, targets = neighbours(count, edges)
    graph = LayeredGraph.build(assign_layers(sources, targets), targets)
    order_layers(graph, sources)
    return graph


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 25))
    edges = []
    for target in range(1, count):
        edges += [(s, target) for s in draw(st.lists(st.integers(0, target - 1), max_size=3, unique=True))]
    return count, edges


@given(graphs())
def test_edges_lead_right_and_leaves_stand_beside_what_uses_them(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    sources, targets = neighbours(count, edges)
    layer = assign_layers(sources, targets)
    assert all(layer[source] < layer[target] for source, target in edges)
    assert min(layer) == 0
    for vertex in range(count):
        if not sources[vertex] and targets[vertex]:
            assert layer[vertex] == min(layer[target] for target in targets[vertex]) - 1


@given(graphs())
def test_long_edges_are_cut_and_share_their_pieces(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    layered = ordered(count, edges)
    column = {vertex: number for number, layer in enumerate(layered.layers) for vertex in layer}
    assert sorted(column) == list(range(len(layered.sources))), "each vertex and bend stands in one column"
    for vertex, near in enumerate(layered.sources):
        assert all(column[source] == column[vertex] - 1 for source in near)
        assert vertex < count or len(near) == 1
    bends = len(layered.sources) - count
    longest = {source: max(column[t] for s, t in edges if s == source) - column[source] for source, _ in edges}
    assert bends == sum(length - 1 for length in longest.values())


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_a_tree_is_drawn_without_crossings(numbers: list[int]) -> None:
    count = len(numbers) + 1
    # each vertex is used once, by one that comes later
    edges = [(vertex, vertex + 1 + numbers[vertex] % (count - vertex - 1)) for vertex in range(count - 1)]
    assert crossings(ordered(count, edges)) == 0


@settings(deadline=None)
@given(graphs())
def test_reordering_never_adds_crossings(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    sources, targets = neighbours(count, edges)
    plain = LayeredGraph.build(assign_layers(sources, targets), targets)
    again = ordered(count, edges)
    order_layers(again, sources)
    assert crossings(again) <= crossings(ordered(count, edges)) or crossings(again) <= crossings(plain)


def test_crossings_that_need_not_be_are_found() -> None:
    edges = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 7), (5, 8), (6, 9), (7, 9), (8, 9)]
    assert crossings(ordered(10, edges)) == 0


def test_operands_stand_in_the_order_of_the_formula() -> None:
    layout = lay_out([BOX] * 4, [(2, 3), (0, 3), (1, 3)])
    heights = [y for _, y in layout.centres]
    assert heights[2] < heights[0] < heights[1]
    assert heights[3] == heights[0], "level with the middle one"


def test_a_long_edge_rises_once_runs_straight_and_falls_once() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5)]
    layout = lay_out([BOX] * 6, edges)
    heights = [y for _, y in layout.routes[edges.index((0, 4))]]
    assert [one == other for one, other in pairwise(heights)] == [True, False, True, False, True]
    xs = [x for x, _ in layout.routes[edges.index((0, 4))]]
    assert xs[2] < layout.centres[1][0]
    assert xs[3] > layout.centres[3][0], "past all boxes between"


def test_the_channel_is_wide_enough_not_to_be_steep() -> None:
    wide = [(number, 40) for number in range(40)]
    layout = lay_out([BOX] * 41, wide)
    start, end = layout.routes[0][-3], layout.routes[0][-2]
    assert abs(end[1] - start[1]) / (end[0] - start[0]) < 12


def test_no_vertices_need_no_room() -> None:
    assert lay_out([], []) == Layout([], [], 0.0, 0.0)
