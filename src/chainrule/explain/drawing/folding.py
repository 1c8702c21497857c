"""Large graphs made small: stretches of columns merged into single vertices.

The columns near the input and near the output stay as they are. What lies between is cut into bands of columns, and
in each band what hangs together becomes one vertex. Every edge leads from a column to a later one, so no path leaves a
band and comes back: what remains is a graph without cycles, in which a path exists wherever there was one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.layers import assign_layers
from chainrule.notation.tree import Relation, Symbol

__all__ = ["folded"]


def folded(diagram: Diagram, limit: int = 150) -> Diagram:
    """The diagram itself if it is small; else one in which stretches are merged.

    Parameters
    ----------
    diagram : Diagram
    limit : int, default 150
        More vertices than this are folded. The result has at most as many: a third stays unfolded at both ends, and
        the rest becomes few, so that the picture stays one that can be looked at.

    Returns
    -------
    Diagram
        A folded vertex has the kind ``folded`` and knows its `members`. It shows the value and the gradient of the
        member that others use, if there is just one.

    Examples
    --------
    >>> names = [Symbol("x", number) for number in range(200)]
    >>> chain = Diagram(
    ...     "chain", "", names[-1],
    ...     tuple([Vertex(name, "inner", None, None, None) for name in names]),
    ...     tuple([Edge(one, other) for one, other in zip(names, names[1:])]), False,
    ... )
    >>> small = folded(chain)
    >>> len(small.vertices) <= 150, sum([max(len(vertex.members), 1) for vertex in small.vertices])
    (True, 200)
    """
    if len(diagram.vertices) <= limit:
        return diagram
    graph = _Columns(diagram)
    kept = graph.kept_columns(max(limit // 3, 1))
    most = max(limit // 10, 1) + sum([len(graph.columns[column]) for column in kept])
    groups: list[int] = []
    for merges_all in (False, True):
        for doublings in range(1, len(graph.columns).bit_length() + 1):
            groups = graph.groups(kept, 2**doublings, merges_all=merges_all)
            if len(set(groups)) <= most:
                return _merged(diagram, groups)
    return _merged(diagram, groups)


class _Columns:
    """The vertices of a diagram in columns, by number."""

    def __init__(self, diagram: Diagram) -> None:
        number_of = {vertex.symbol: number for number, vertex in enumerate(diagram.vertices)}
        self.sources: list[list[int]] = [[] for _ in diagram.vertices]
        self.targets: list[list[int]] = [[] for _ in diagram.vertices]
        for edge in diagram.edges:
            self.sources[number_of[edge.target]].append(number_of[edge.source])
            self.targets[number_of[edge.source]].append(number_of[edge.target])
        self.layer = assign_layers(self.sources, self.targets)
        self.columns: list[list[int]] = [[] for _ in range(max(self.layer) + 1)]
        for vertex, column in enumerate(self.layer):
            self.columns[column].append(vertex)
        self.alone = {
            number for number, vertex in enumerate(diagram.vertices) if vertex.is_bad or vertex.symbol == diagram.output
        }
        self.bounds = {self.layer[number] for number in self.alone}

    def kept_columns(self, budget: int) -> set[int]:
        """Columns that stay as they are: in turn from the right and from the left, as many as the budget allows."""
        kept: set[int] = set()
        for position in range(len(self.columns)):
            for column in (len(self.columns) - 1 - position, position):
                budget -= 0 if column in kept else len(self.columns[column])
                if budget < 0:
                    return kept
                kept.add(column)
        return kept

    def groups(self, kept: set[int], thickness: int, *, merges_all: bool) -> list[int]:
        """The number of a group for each vertex."""
        band_of, bands, filled = [0] * len(self.columns), 0, 0
        for column in range(len(self.columns)):
            is_bound = any(near in kept or near in self.bounds for near in (column, column - 1))
            if is_bound or filled == thickness:
                bands, filled = bands + 1, 0
            band_of[column] = bands
            filled += 1
        parent = list(range(len(self.layer)))

        def find(vertex: int) -> int:
            while parent[vertex] != vertex:
                parent[vertex] = parent[parent[vertex]]
                vertex = parent[vertex]
            return vertex

        first: dict[int, int] = {}
        for vertex, column in enumerate(self.layer):
            if column in kept or vertex in self.alone:
                continue
            band = band_of[column]
            near: Sequence[int] = [first.setdefault(band, vertex)] if merges_all else self.sources[vertex]
            for other in near:
                if band_of[self.layer[other]] == band and other not in self.alone:
                    parent[find(other)] = find(vertex)
        self._take_leaves_in(kept, groups := [find(vertex) for vertex in range(len(self.layer))])
        return groups

    def _take_leaves_in(self, kept: set[int], groups: list[int]) -> None:
        """A leaf that only one folded vertex uses becomes part of it."""
        sizes = Counter(groups)
        for vertex, column in enumerate(self.layer):
            users = {groups[target] for target in self.targets[vertex]}
            if column not in kept and vertex not in self.alone and not self.sources[vertex] and len(users) == 1:
                (user,) = users
                if sizes[user] > 1 and sizes[groups[vertex]] == 1:
                    groups[vertex] = user


def _merged(diagram: Diagram, groups: list[int]) -> Diagram:
    """The diagram with each group of several vertices as one."""
    members: dict[int, list[Vertex]] = {}
    for vertex, group in zip(diagram.vertices, groups, strict=True):
        members.setdefault(group, []).append(vertex)
    group_of = {vertex.symbol: group for vertex, group in zip(diagram.vertices, groups, strict=True)}
    uses: dict[tuple[int, int], int] = {}
    exits: dict[int, dict[Symbol, None]] = {}
    for edge in diagram.edges:
        ends = group_of[edge.source], group_of[edge.target]
        if ends[0] != ends[1]:
            uses[ends] = uses.get(ends, 0) + edge.uses
            exits.setdefault(ends[0], {})[edge.source] = None
    shown = {group: _vertex(inside, list(exits.get(group, ()))) for group, inside in members.items()}
    return Diagram(
        diagram.title,
        diagram.description,
        diagram.output,
        tuple([shown[group] for group in _topological(list(members), uses)]),
        tuple([Edge(shown[one].symbol, shown[other].symbol, count) for (one, other), count in uses.items()]),
        diagram.has_gradients,
    )


def _vertex(inside: list[Vertex], exits: list[Symbol]) -> Vertex:
    if len(inside) == 1:
        return inside[0]
    way_out = next((vertex for vertex in inside if [vertex.symbol] == exits), None)
    first, last = inside[0].symbol, (way_out or inside[-1]).symbol
    return Vertex(
        Symbol(f"{first.name} … {last.name}", last.occurrence),
        "folded",
        Relation("…", (first, last)),
        way_out.value if way_out else None,
        way_out.gradient if way_out else None,
        members=tuple(inside),
    )


def _topological(groups: list[int], uses: dict[tuple[int, int], int]) -> list[int]:
    users: dict[int, list[int]] = {group: [] for group in groups}
    waiting = dict.fromkeys(groups, 0)
    for one, other in uses:
        users[one].append(other)
        waiting[other] += 1
    order = [group for group in groups if not waiting[group]]
    for group in order:
        for user in users[group]:
            waiting[user] -= 1
            if not waiting[user]:
                order.append(user)
    return order
