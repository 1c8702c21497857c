"""Which column each vertex of a picture stands in."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["assign_layers"]


def assign_layers(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[int]:
    """Columns from left to right, such that every edge leads to a column further right.

    A vertex stands one column behind the last of its sources: the longest path from the leaves decides. Leaves, and
    whatever else has room, then move right until they stand beside the vertex that uses them, so that edges are short.

    Parameters
    ----------
    sources, targets : sequence of sequence of int
        Neighbours of each vertex; vertices are numbered in topological order.

    Returns
    -------
    list of int

    Examples
    --------
    ``z = w x``, ``p = σ(z)``, ``L = loss(p, y)``; the leaf y stands beside p, not beside w and x:

    >>> assign_layers([[], [], [], [0, 1], [3], [4, 2]], [[3], [3], [5], [4], [5], []])
    [0, 0, 2, 1, 2, 3]
    """
    layer = [0] * len(sources)
    for vertex, given in enumerate(sources):
        if given:
            layer[vertex] = 1 + max([layer[source] for source in given])
    inner = [sum([1 for source in given if sources[source]]) for given in sources]
    for vertex in range(len(sources) - 1, -1, -1):
        # Leaves follow their consumer anyway, so only edges from inner vertices become longer by a move to the right.
        if targets[vertex] and inner[vertex] <= len(targets[vertex]):
            layer[vertex] = min([layer[target] for target in targets[vertex]]) - 1
    first = min(layer, default=0)
    return [column - first for column in layer]
