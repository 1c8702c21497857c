"""The order of vertices in their columns: as few crossings as can be found quickly."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LayeredGraph", "order_layers"]

#: Sweeps over all columns; more than this rarely finds a better order.
_SWEEPS = 10
#: Exchanging neighbours looks at pairs one by one: only where a picture is small enough to be looked at closely.
_EXCHANGE_LIMIT = 400


@dataclass(frozen=True)
class LayeredGraph:
    """A graph in columns whose edges lead to the next column only.

    An edge over several columns is cut into pieces by *bends*: vertices without a box, numbered after the real ones.
    All long edges of one vertex share their bends, as they carry the same value; they part where they must.

    Attributes
    ----------
    count : int
        How many vertices are real.
    layers : list of list of int
        The vertices of each column, from top to bottom.
    sources, targets : list of list of int
        Neighbours in the columns to the left and to the right.
    """

    count: int
    layers: list[list[int]]
    sources: list[list[int]]
    targets: list[list[int]]

    @classmethod
    def build(cls, layer: Sequence[int], targets: Sequence[Sequence[int]]) -> LayeredGraph:
        """Cut long edges into pieces."""
        count = len(layer)
        layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
        for vertex, column in enumerate(layer):
            layers[column].append(vertex)
        left: list[list[int]] = [[] for _ in range(count)]
        right: list[list[int]] = [[] for _ in range(count)]
        for vertex, users in enumerate(targets):
            trunk = [vertex]  # the vertex, then its bends in the columns that follow
            for target in sorted(users, key=lambda user: layer[user]):
                for column in range(layer[vertex] + len(trunk), layer[target]):
                    bend = len(left)
                    left.append([trunk[-1]])
                    right.append([])
                    right[trunk[-1]].append(bend)
                    layers[column].append(bend)
                    trunk.append(bend)
                fork = trunk[layer[target] - layer[vertex] - 1]
                right[fork].append(target)
                left[target].append(fork)
        return cls(count, layers, left, right)


def order_layers(graph: LayeredGraph, preferred: Sequence[Sequence[int]]) -> None:
    """Sort each column so that few edges cross; the same graph is always sorted in the same way.

    Parameters
    ----------
    graph : LayeredGraph
        Its columns are sorted in place.
    preferred : sequence of sequence of int
        The sources of each vertex in the order in which its formula names them; followed where it costs nothing.
    """
    _order_as_visited(graph, preferred)
    best, fewest = [list(column) for column in graph.layers], _crossings(graph)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        _sweep(graph, rightwards=sweep % 2 == 1)
        if len(graph.sources) <= _EXCHANGE_LIMIT:
            _exchange(graph)
        found = _crossings(graph)
        if found < fewest:
            best, fewest = [list(column) for column in graph.layers], found
    graph.layers[:] = best


def _order_as_visited(graph: LayeredGraph, preferred: Sequence[Sequence[int]]) -> None:
    """Depth first from the last column, sources in the order of the formula: a tree comes out without crossings."""
    columns = {vertex: number for number, column in enumerate(graph.layers) for vertex in column}
    origin = list(range(len(graph.sources)))  # the real vertex that a bend belongs to
    for vertex in range(graph.count, len(origin)):
        origin[vertex] = origin[graph.sources[vertex][0]]
    for vertex in range(graph.count):
        place = {source: number for number, source in enumerate(preferred[vertex])}
        graph.sources[vertex].sort(key=lambda piece: place[origin[piece]])
    seen: set[int] = set()
    ordered: list[list[int]] = [[] for _ in graph.layers]
    for column in reversed(graph.layers):
        for end in column:
            stack = [end]
            while stack:
                vertex = stack.pop()
                if vertex not in seen:
                    seen.add(vertex)
                    ordered[columns[vertex]].append(vertex)
                    stack += reversed(graph.sources[vertex])
    graph.layers[:] = ordered


def _sweep(graph: LayeredGraph, *, rightwards: bool) -> None:
    """Sort one column after the other by the mean position of each vertex's neighbours in the column before."""
    neighbours = graph.sources if rightwards else graph.targets
    columns = graph.layers if rightwards else graph.layers[::-1]
    place = _places(graph)
    for column in columns[1:]:
        wanted = {
            vertex: sum([place[near] for near in neighbours[vertex]]) / len(neighbours[vertex])
            if neighbours[vertex]
            else float(place[vertex])
            for vertex in column
        }
        column.sort(key=wanted.__getitem__)
        for number, vertex in enumerate(column):
            place[vertex] = number


def _exchange(graph: LayeredGraph) -> None:
    """Exchange vertices with the one below them as long as this removes crossings."""
    place = _places(graph)
    for _ in range(4):
        changed = False
        for column in graph.layers:
            for number in range(len(column) - 1):
                upper, lower = column[number], column[number + 1]
                if _gain(graph.sources, place, upper, lower) + _gain(graph.targets, place, upper, lower) > 0:
                    column[number], column[number + 1] = lower, upper
                    place[lower], place[upper] = number, number + 1
                    changed = True
        if not changed:
            break


def _gain(neighbours: list[list[int]], place: list[int], upper: int, lower: int) -> int:
    """How many crossings of the edges of two adjacent vertices vanish when they change places."""
    gain = 0
    for one in neighbours[upper]:
        for other in neighbours[lower]:
            gain += (place[one] > place[other]) - (place[one] < place[other])
    return gain


def _places(graph: LayeredGraph) -> list[int]:
    place = [0] * len(graph.sources)
    for column in graph.layers:
        for number, vertex in enumerate(column):
            place[vertex] = number
    return place


def _crossings(graph: LayeredGraph) -> int:
    """Edges between two columns cross where their ends are in another order than their beginnings."""
    place = _places(graph)
    total = 0
    for column in graph.layers[1:]:
        passed: list[int] = []
        for vertex in column:
            ends = [place[source] for source in graph.sources[vertex]]
            total += sum([len(passed) - bisect_right(passed, end) for end in ends])
            for end in ends:
                insort(passed, end)
    return total
