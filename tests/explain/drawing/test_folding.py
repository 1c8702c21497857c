"""Large graphs folded: no cycles, no node lost, and a path wherever there was one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.folding import folded
from chainrule.notation.tree import Symbol


@st.composite
def diagrams(draw: st.DrawFn) -> Diagram:
    count = draw(st.integers(2, 60))
    reach = draw(st.integers(1, 60))
    symbols = [Symbol("v", number) for number in range(count)]
    vertices, edges = [], []
    for number, symbol in enumerate(symbols):
        nearest = st.integers(max(0, number - reach), number - 1)
        sources = draw(st.lists(nearest, max_size=3, unique=True)) if number else []
        kind = "leaf" if not sources else "output" if number == count - 1 else "inner"
        vertices.append(Vertex(symbol, kind, None, str(number), None, is_bad=draw(st.integers(0, 30)) == 0))
        edges += [Edge(symbols[source], symbol, draw(st.integers(1, 2))) for source in sources]
    return Diagram("random", "", symbols[-1], tuple(vertices), tuple(edges), has_gradients=False)


def members_of(diagram: Diagram) -> dict[Symbol, Symbol]:
    """The shown vertex of each original one."""
    return {member.symbol: vertex.symbol for vertex in diagram.vertices for member in (vertex.members or (vertex,))}


@settings(max_examples=200, deadline=None)
@given(diagrams(), st.integers(1, 30))
def test_a_folded_graph_is_faithful(diagram: Diagram, limit: int) -> None:
    small = folded(diagram, limit)
    shown = members_of(small)
    assert sorted(shown, key=str) == sorted([vertex.symbol for vertex in diagram.vertices], key=str)
    place = {vertex.symbol: number for number, vertex in enumerate(small.vertices)}
    assert all(place[edge.source] < place[edge.target] for edge in small.edges), "topological order, so no cycles"
    uses: dict[tuple[Symbol, Symbol], int] = {}
    for edge in diagram.edges:
        ends = shown[edge.source], shown[edge.target]
        if ends[0] != ends[1]:
            uses[ends] = uses.get(ends, 0) + edge.uses
    assert {(edge.source, edge.target): edge.uses for edge in small.edges} == uses


@settings(max_examples=100, deadline=None)
@given(diagrams(), st.integers(3, 30))
def test_the_output_and_what_is_not_finite_stay_visible(diagram: Diagram, limit: int) -> None:
    shown = {vertex.symbol for vertex in folded(diagram, limit).vertices}
    assert diagram.output in shown
    assert all(vertex.symbol in shown for vertex in diagram.vertices if vertex.is_bad)


@pytest.mark.parametrize("depth", [30, 60, 200, 1000])
def test_a_deep_network_becomes_small(network: Callable[[int], Diagram], depth: int) -> None:
    diagram = network(depth)
    small = folded(diagram)
    assert len(small.vertices) <= 150
    kinds = [vertex.kind for vertex in small.vertices]
    assert 2 <= kinds.count("folded") <= 30
    shown = {vertex.symbol.name for vertex in small.vertices}
    assert {"x", "W0", "h0", f"W{depth - 1}", f"h{depth - 1}", "L"} <= shown, "both ends stay as they are"


def test_a_small_graph_stays_as_it_is(network: Callable[[int], Diagram]) -> None:
    assert folded(network(29)) == network(29)
    assert folded(network(29), limit=20) != network(29)


def test_a_wide_graph_becomes_small() -> None:
    total = Symbol("total")
    leaves = [Symbol("x", number) for number in range(1000)]
    diagram = Diagram(
        "sum",
        "",
        total,
        (*[Vertex(leaf, "leaf", None, "1", None) for leaf in leaves], Vertex(total, "output", None, "1000", None)),
        tuple([Edge(leaf, total) for leaf in leaves]),
        has_gradients=False,
    )
    small = folded(diagram)
    assert [len(vertex.members) for vertex in small.vertices] == [1000, 0]
    assert small.edges == (replace(small.edges[0], target=total, uses=1000),)


def test_a_folded_vertex_shows_what_leaves_it_if_that_is_one_thing() -> None:
    names = [Symbol("x", number) for number in range(300)]
    chain = Diagram(
        "chain",
        "",
        names[-1],
        tuple([Vertex(name, "inner", None, f"v{number}", f"g{number}") for number, name in enumerate(names)]),
        tuple([Edge(one, other) for one, other in pairwise(names)]),
        has_gradients=True,
    )
    for vertex in folded(chain).vertices:
        if vertex.kind == "folded":
            assert (vertex.value, vertex.gradient) == (vertex.members[-1].value, vertex.members[-1].gradient)
