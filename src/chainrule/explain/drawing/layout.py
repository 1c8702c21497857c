"""Where everything stands: boxes in columns from left to right, and edges that pass between them.

The method is Sugiyama's, in four steps: columns (`layers`), the order in each (`ordering`), heights (`coordinates`),
and then widths, here. Two things keep lines off boxes and labels without any searching. Each vertex has its row to
itself across the whole column, box, value and gradient included; and edges change their height only in the channels
between columns, where nothing else stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.explain.drawing.coordinates import assign_heights
from chainrule.explain.drawing.layers import assign_layers
from chainrule.explain.drawing.ordering import LayeredGraph, order_layers

__all__ = ["PORT_GAP", "PORT_MARGIN", "Layout", "Point", "Size", "lay_out"]

Point = tuple[float, float]

#: Room between two rows of a column: of vertices, of a vertex and a passing edge, of two passing edges.
_ROW_GAP, _EDGE_GAP, _BEND_GAP = 18.0, 13.0, 11.0
#: Width of a channel between columns, and how much of the greatest rise in it is added, so that edges are not steep.
_CHANNEL, _CHANNEL_SHARE, _CHANNEL_MOST = 26.0, 0.2, 120.0
#: How far apart edges arrive at a box, and how far from its corners.
PORT_GAP, PORT_MARGIN = 13.0, 9.0


@dataclass(frozen=True)
class Size:
    """How much room a vertex takes.

    Attributes
    ----------
    width, height : float
        Of the box.
    row : float
        Height of all that belongs to it, centred on the middle of the box.
    lead, tail : float
        Room to the left and to the right of the box: for arrowheads, and for the value and the gradient.
    leans_right : bool
        Whether it stands at the right end of its column, as leaves do, and not in its middle.
    """

    width: float
    height: float
    row: float
    lead: float
    tail: float
    leans_right: bool = False


@dataclass(frozen=True)
class Layout:
    """Places of all vertices and edges.

    Attributes
    ----------
    centres : list of (float, float)
        The middle of each box.
    routes : list of list of (float, float)
        The stations of each edge, from the right side of a box to the left side of another one. Between two stations
        of the same height runs a straight line, between others a curve that is level at both ends.
    width, height : float
        Of the rectangle from (0, 0) that holds everything.
    """

    centres: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def lay_out(sizes: Sequence[Size], edges: Sequence[tuple[int, int]]) -> Layout:
    """Find a place for each vertex and a route for each edge.

    Parameters
    ----------
    sizes : sequence of Size
        One for each vertex, in topological order.
    edges : sequence of (int, int)
        From a vertex to one that comes after it; each pair once, the edges to a vertex in the order in which its
        formula names its operands.

    Returns
    -------
    Layout

    Notes
    -----
    Time grows with the number of vertices and of columns that edges pass, times its logarithm.

    Examples
    --------
    >>> box = Size(width=40, height=40, row=40, lead=10, tail=10)
    >>> layout = lay_out([box, box, box], [(0, 2), (1, 2)])
    >>> [(round(x), round(y)) for x, y in layout.centres]
    [(30, 20), (30, 78), (120, 49)]
    """
    sources: list[list[int]] = [[] for _ in sizes]
    targets: list[list[int]] = [[] for _ in sizes]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    graph = LayeredGraph.build(assign_layers(sources, targets), targets)
    order_layers(graph, sources)
    heights = _heights(graph, sizes)
    ports = _ports(graph, sizes, heights)
    columns = _columns(graph, sizes, heights, ports)
    column_of = {vertex: columns[number] for number, column in enumerate(graph.layers) for vertex in column}
    centres = [
        (column_of[vertex].right_of_boxes - size.width / 2, heights[vertex])
        if size.leans_right
        else (column_of[vertex].middle, heights[vertex])
        for vertex, size in enumerate(sizes)
    ]
    routes = []
    for source, target in edges:
        pieces = _pieces(graph, source, target)
        x, y = centres[source]
        stations = [(x + sizes[source].width / 2, y), (column_of[source].right, y)]
        for bend in pieces[1:]:
            stations += [(column_of[bend].left, heights[bend]), (column_of[bend].right, heights[bend])]
        port = ports[pieces[-1], target]
        stations += [(column_of[target].left, port), (centres[target][0] - sizes[target].width / 2, port)]
        routes.append(_without_needless(stations))
    bottoms = [heights[vertex] + size.row / 2 for vertex, size in enumerate(sizes)]
    lowest = max(bottoms + heights[graph.count :], default=0.0)
    return Layout(centres, routes, columns[-1].right if columns else 0.0, lowest)


def _heights(graph: LayeredGraph, sizes: Sequence[Size]) -> list[float]:
    half = [size.row / 2 for size in sizes] + [0.0] * (len(graph.sources) - graph.count)

    def distance(upper: int, lower: int) -> float:
        bends = (upper >= graph.count) + (lower >= graph.count)
        return half[upper] + half[lower] + (_ROW_GAP, _EDGE_GAP, _BEND_GAP)[bends]

    heights = assign_heights(graph, distance)
    top = min([height - half[vertex] for vertex, height in enumerate(heights)], default=0.0)
    return [height - top for height in heights]


def _ports(graph: LayeredGraph, sizes: Sequence[Size], heights: list[float]) -> dict[tuple[int, int], float]:
    """Where each edge arrives at its box: in the order in which they come, one that comes straight in the middle.

    Where nearly all come from one side, the middle is not kept free for the other one.
    """
    ports: dict[tuple[int, int], float] = {}
    for vertex, size in enumerate(sizes):
        arriving = sorted(graph.sources[vertex], key=heights.__getitem__)
        if not arriving:
            continue
        middle = heights[vertex]
        above = sum([heights[source] < middle - 1 for source in arriving])
        below = sum([heights[source] > middle + 1 for source in arriving])
        room = max(size.height / 2 - PORT_MARGIN, 1.0)
        gap = min(PORT_GAP, 2 * room / max(len(arriving) - 1, 1))
        before = above if above + below < len(arriving) else above - 0.5
        first = max(middle - before * gap, middle - room)
        first = min(first, middle + room - (len(arriving) - 1) * gap)
        if len(arriving) == 1:
            first = middle
        for number, source in enumerate(arriving):
            ports[source, vertex] = first + number * gap
    return ports


@dataclass(frozen=True)
class _Column:
    left: float
    middle: float
    right_of_boxes: float
    right: float


def _columns(
    graph: LayeredGraph, sizes: Sequence[Size], heights: list[float], ports: dict[tuple[int, int], float]
) -> list[_Column]:
    columns: list[_Column] = []
    left = 0.0
    for layer in graph.layers:
        shown = [sizes[vertex] for vertex in layer if vertex < graph.count]
        if columns:
            rises = [
                abs(ports.get((source, vertex), heights[vertex]) - heights[source])
                for vertex in layer
                for source in graph.sources[vertex]
            ]
            left += _CHANNEL + min(_CHANNEL_SHARE * max(rises, default=0.0), _CHANNEL_MOST)
        lead = max([size.lead for size in shown])
        width = max([size.width for size in shown])
        # The widest box is often not the one with the longest labels: only their sum must find room.
        right = max(
            [size.tail + (width if size.leans_right else (width + size.width) / 2) for size in shown],
            default=width,
        )
        columns.append(_Column(left, left + lead + width / 2, left + lead + width, left + lead + right))
        left = columns[-1].right
    return columns


def _pieces(graph: LayeredGraph, source: int, target: int) -> list[int]:
    """The source and the bends on the way to a target, found backwards."""
    for piece in graph.sources[target]:
        way = [piece]
        while way[-1] >= graph.count:
            way.append(graph.sources[way[-1]][0])
        if way[-1] == source:
            return way[::-1]
    raise AssertionError("every edge was cut into pieces")


def _without_needless(stations: list[Point]) -> list[Point]:
    """Leave out stations on a straight line between their neighbours, and repeated ones."""
    kept: list[Point] = []
    for station in stations:
        if kept and kept[-1] == station:
            continue
        if len(kept) > 1 and kept[-2][1] == kept[-1][1] == station[1]:
            kept.pop()
        kept.append(station)
    return kept
