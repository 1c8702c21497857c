"""Heights of vertices: straight long edges, and vertices level with their neighbours, after Brandes and Köpf.

U. Brandes and B. Köpf, "Fast and simple horizontal coordinate assignment", Graph Drawing 2001. Four drawings are made,
each leaning to another corner: vertices are strung together with the median of their neighbours to *blocks*, and blocks
are pushed together as far as the order allows. The drawing is the mean of the two middle ones of the four, which
keeps every distance that all four keep. Blocks are pushed together along longest paths in the graph of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from chainrule.explain.drawing.ordering import LayeredGraph

__all__ = ["assign_heights"]

Distance = Callable[[int, int], float]


def assign_heights(graph: LayeredGraph, distance: Distance) -> list[float]:
    """The height of the middle of each vertex and bend, counted downwards.

    Parameters
    ----------
    graph : LayeredGraph
        With its columns in their final order.
    distance : callable
        How far apart two vertices must be that stand below each other in a column.

    Returns
    -------
    list of float
    """
    conflicts = _conflicts(graph)
    is_leaf = _is_leaf(graph)
    strong_sources = [_without_leaves(near, is_leaf) for near in graph.sources]
    strong_targets: list[list[int]] = [[] for _ in graph.targets]
    for vertex, near in enumerate(strong_sources):
        for source in near:
            strong_targets[source].append(vertex)
    drawings: list[list[float]] = []
    for leftwards in (False, True):
        for upside_down in (False, True):
            columns = graph.layers[::-1] if leftwards else graph.layers
            neighbours = strong_targets if leftwards else strong_sources
            sign = -1.0 if upside_down else 1.0
            if upside_down:
                columns = [column[::-1] for column in columns]
            roots = _blocks(columns, neighbours, conflicts)
            drawings.append([sign * height for height in _compacted(columns, roots, distance)])
    heights = _middle(drawings)
    for column in graph.layers:
        _settle_leaves(graph, column, heights, distance)
    return heights


def _is_leaf(graph: LayeredGraph) -> list[bool]:
    """Whether a vertex, or the one that a bend belongs to, is computed from nothing."""
    is_leaf = [not graph.sources[vertex] for vertex in range(graph.count)]
    for bend in range(graph.count, len(graph.sources)):
        is_leaf.append(is_leaf[graph.sources[bend][0]])
    return is_leaf


def _without_leaves(sources: list[int], is_leaf: list[bool]) -> list[int]:
    inner = [source for source in sources if not is_leaf[source]]
    return inner or sources


def _settle_leaves(graph: LayeredGraph, column: list[int], heights: list[float], distance: Distance) -> None:
    """Move the leaves of a column towards what uses them, as far as their neighbours in the column let them."""
    for number, vertex in enumerate(column):
        if vertex >= graph.count or graph.sources[vertex] or not graph.targets[vertex]:
            continue
        users = [heights[target] for target in graph.targets[vertex]]
        wanted = sum(users) / len(users)
        if number > 0:
            wanted = max(wanted, heights[column[number - 1]] + distance(column[number - 1], vertex))
        if number + 1 < len(column):
            wanted = min(wanted, heights[column[number + 1]] - distance(vertex, column[number + 1]))
        heights[vertex] = wanted


def _conflicts(graph: LayeredGraph) -> set[tuple[int, int]]:
    """Edges that cross the inner piece of a long edge: the long edge has the right of way, and stays straight."""
    found: set[tuple[int, int]] = set()
    for before, column in pairwise(graph.layers):
        place = {vertex: number for number, vertex in enumerate(before)}
        first, begun = 0, 0
        for number, vertex in enumerate(column):
            inner = _inner_source(graph, vertex)
            if inner is None and number < len(column) - 1:
                continue
            last = len(before) - 1 if inner is None else place[inner]
            for user in column[begun : number + 1]:
                for source in graph.sources[user]:
                    is_inner = source >= graph.count and user >= graph.count
                    if not is_inner and not first <= place[source] <= last:
                        found.add((source, user))
            begun, first = number + 1, last
    return found


def _inner_source(graph: LayeredGraph, vertex: int) -> int | None:
    if vertex >= graph.count and graph.sources[vertex][0] >= graph.count:
        return graph.sources[vertex][0]
    return None


def _blocks(
    columns: Sequence[Sequence[int]], neighbours: Sequence[Sequence[int]], conflicts: set[tuple[int, int]]
) -> list[int]:
    """For each vertex the first one of its block: each is strung to a median neighbour, without crossings."""
    root = list(range(len(neighbours)))
    place = [0] * len(neighbours)
    for column in columns:
        for number, vertex in enumerate(column):
            place[vertex] = number
    taken = [False] * len(neighbours)
    for column in columns:
        last = -1
        for vertex in column:
            near = sorted(neighbours[vertex], key=place.__getitem__)
            for middle in dict.fromkeys(((len(near) - 1) // 2, len(near) // 2)) if near else ():
                other = near[middle]
                is_free = not taken[other] and last < place[other]
                if is_free and (other, vertex) not in conflicts and (vertex, other) not in conflicts:
                    taken[other] = True
                    root[vertex] = root[other]
                    last = place[other]
                    break
    return root


def _compacted(columns: Sequence[Sequence[int]], root: list[int], distance: Distance) -> list[float]:
    """Blocks as far up as they can be; then each as far down again as its lower neighbours let it, to close gaps."""
    below: dict[int, dict[int, float]] = {block: {} for column in columns for block in [root[v] for v in column]}
    waiting = dict.fromkeys(below, 0)
    for column in columns:
        for upper, lower in pairwise(column):
            needed, users = distance(upper, lower), below[root[upper]]
            if root[lower] not in users:
                waiting[root[lower]] += 1
            users[root[lower]] = max(needed, users.get(root[lower], needed))
    height = dict.fromkeys(below, 0.0)
    order = [block for block in below if not waiting[block]]
    for block in order:
        for lower, needed in below[block].items():
            height[lower] = max(height[lower], height[block] + needed)
            waiting[lower] -= 1
            if not waiting[lower]:
                order.append(lower)
    for block in reversed(order):
        if below[block]:
            height[block] = max(height[block], min([height[low] - needed for low, needed in below[block].items()]))
    return [height[block] for block in root]


def _middle(drawings: list[list[float]]) -> list[float]:
    """The drawings laid over the narrowest of them, by the edge that they lean to; then the mean of the middle two."""
    if not drawings[0]:
        return []
    narrowest = min(drawings, key=lambda heights: max(heights) - min(heights))
    shifts = [
        (min(narrowest) - min(heights)) if number % 2 == 0 else (max(narrowest) - max(heights))
        for number, heights in enumerate(drawings)
    ]
    middle = []
    for found in zip(*drawings, strict=True):
        values = sorted([height + shift for height, shift in zip(found, shifts, strict=True)])
        middle.append((values[1] + values[2]) / 2)
    return middle
