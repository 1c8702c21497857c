"""A diagram with a place for everything on it: what SVG, TikZ and pixels are all printed from.

Coordinates are in pixels of a screen, from the upper left corner, y downwards.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.folding import folded
from chainrule.explain.drawing.layout import PORT_GAP, PORT_MARGIN, Point, Size, lay_out
from chainrule.explain.drawing.measure import width_of
from chainrule.explain.drawing.palette import Colour
from chainrule.explain.drawing.shortening import shortened
from chainrule.explain.drawing.spelling import described, named
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Expression, Symbol

__all__ = ["HEAD", "Badge", "Label", "Legend", "Picture", "PlacedEdge", "PlacedVertex", "picture_of"]

#: Length and half the height of an arrowhead.
HEAD = (9.0, 4.5)

_MARGIN = 26.0
_NAME, _FORMULA, _NUMBER, _SMALL = 19.0, 13.0, 14.0, 11.0
#: Widest formula under a name; a longer one is cut.
_FORMULA_WIDTH = 240.0
_LEAF, _BOX, _PLAIN_BOX, _ROW = 42.0, 52.0, 44.0, 58.0
#: Room for an arrowhead, and for "×2" in front of it.
_LEAD, _LEAD_WITH_USES = 12.0, 36.0
#: From the box to its value, and from the value to where edges part.
_BEFORE_LABELS, _AFTER_LABELS, _STUB = 7.0, 8.0, 20.0
_BADGE, _BADGE_GAP = 16.0, 4.0


@dataclass(frozen=True)
class Label:
    """A line of text.

    Attributes
    ----------
    text : str
    x, y : float
        Where it is anchored, on the baseline.
    size : float
    colour : Colour
    anchor : {"start", "middle", "end"}
    is_math : bool
        Whether it is set in an italic face with serifs, or as numbers and words are.
    is_bold : bool
    source : Expression or None
        What the text was made of, for printers that set formulas better.
    role : str
        What it says: ``value``, ``gradient``, ``name``, ``formula``, ``uses`` or ``legend``.
    """

    text: str
    x: float
    y: float
    size: float
    colour: Colour
    anchor: Literal["start", "middle", "end"] = "start"
    is_math: bool = False
    is_bold: bool = False
    source: Expression | None = None
    role: str = "legend"


@dataclass(frozen=True)
class Badge:
    """The number of a step: on a square for the forward pass, on a disc for the backward pass.

    Attributes
    ----------
    number : int
    is_forward : bool
    x, y : float
        The middle.
    width, height : float
    """

    number: int
    is_forward: bool
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedVertex:
    """A vertex with its box, texts and badges.

    Attributes
    ----------
    vertex : Vertex
    x, y : float
        The middle of the box.
    width, height : float
    corner : float
        Radius of its corners; half the height for leaves.
    labels : tuple of Label
    badges : tuple of Badge
    description : str
        In words, nothing cut.
    """

    vertex: Vertex
    x: float
    y: float
    width: float
    height: float
    corner: float
    labels: tuple[Label, ...]
    badges: tuple[Badge, ...]
    description: str


@dataclass(frozen=True)
class PlacedEdge:
    """An arrow; `edge` is None for one that leaves an output.

    Attributes
    ----------
    edge : Edge or None
    points : tuple of (float, float)
        Stations, as in `Layout.routes`; the last one is the tip of the arrowhead.
    label : Label or None
        How often the target uses the source, if more than once.
    """

    edge: Edge | None
    points: tuple[Point, ...]
    label: Label | None = None


@dataclass(frozen=True)
class Legend:
    """What colours, places and badges mean: a piece of an edge with its words.

    Attributes
    ----------
    line : tuple of (float, float)
    labels : tuple of Label
    badges : tuple of Badge
    """

    line: tuple[Point, Point]
    labels: tuple[Label, ...]
    badges: tuple[Badge, ...]


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn.

    Attributes
    ----------
    diagram : Diagram
        What is shown, folded if it was.
    width, height : float
    vertices : tuple of PlacedVertex
    edges : tuple of PlacedEdge
    legend : Legend
    """

    diagram: Diagram
    width: float
    height: float
    vertices: tuple[PlacedVertex, ...]
    edges: tuple[PlacedEdge, ...]
    legend: Legend


def picture_of(diagram: Diagram, *, fold: bool = True) -> Picture:
    """Give everything on a diagram a place.

    Parameters
    ----------
    diagram : Diagram
    fold : bool, default True
        Merge stretches of a large graph into vertices that say how many they stand for.

    Returns
    -------
    Picture
    """
    if fold:
        diagram = folded(diagram)
    number_of = {vertex.symbol: number for number, vertex in enumerate(diagram.vertices)}
    used_often = {edge.target for edge in diagram.edges if edge.uses > 1}
    used = {edge.source for edge in diagram.edges}
    ends = {
        vertex.symbol
        for vertex in diagram.vertices
        if vertex.symbol not in used and (vertex.kind == "output" or vertex.symbol == diagram.output)
    }
    arriving = Counter([edge.target for edge in diagram.edges])
    boxes = [_Box.of(vertex, arriving[vertex.symbol]) for vertex in diagram.vertices]
    sizes = []
    for vertex, box in zip(diagram.vertices, boxes, strict=True):
        lead = _LEAD_WITH_USES if vertex.symbol in used_often else _LEAD
        sizes.append(
            Size(
                box.width,
                box.height,
                max(_ROW, box.height),
                lead,
                box.tail + (_STUB if vertex.symbol in ends else 0.0),
                vertex.kind == "leaf",
            )
        )
    layout = lay_out(sizes, [(number_of[edge.source], number_of[edge.target]) for edge in diagram.edges])
    vertices = [
        box.placed(vertex, x + _MARGIN, y + _MARGIN)
        for vertex, box, (x, y) in zip(diagram.vertices, boxes, layout.centres, strict=True)
    ]
    edges = [
        _placed_edge(edge, [(x + _MARGIN, y + _MARGIN) for x, y in route])
        for edge, route in zip(diagram.edges, layout.routes, strict=True)
    ]
    for placed, size in zip(vertices, sizes, strict=True):
        if placed.vertex.symbol in ends:
            start = placed.x + placed.width / 2
            edges.append(PlacedEdge(None, ((start, placed.y), (start + size.tail, placed.y))))
    legend, legend_width, legend_height = _legend(diagram, _MARGIN, layout.height + 2 * _MARGIN)
    return Picture(
        diagram,
        max(layout.width, legend_width) + 2 * _MARGIN,
        layout.height + 2 * _MARGIN + legend_height + 0.6 * _MARGIN,
        tuple(vertices),
        tuple(edges),
        legend,
    )


@dataclass(frozen=True)
class _Box:
    """A vertex measured, before it has a place."""

    name: str
    source: Expression
    formula: str | None
    formula_source: Expression | None
    width: float
    height: float
    tail: float
    description: str

    @classmethod
    def of(cls, vertex: Vertex, arriving: int) -> _Box:
        is_leaf = vertex.kind == "leaf"
        name = named(vertex)
        shown = vertex.formula and shortened(vertex.formula, _fits)
        formula = to_text(shown) if shown else None
        height = _LEAF if is_leaf else _BOX if formula else _PLAIN_BOX
        height = max(height, PORT_GAP * (arriving - 1) + 2 * PORT_MARGIN)
        width = width_of(name, _NAME) + (16 if is_leaf else 28)
        if formula:
            width = max(width, width_of(formula, _FORMULA) + 22)
        numbers = [
            width_of(text or "", _NUMBER, is_bold=True) + (_badge_width(step) + _BADGE_GAP if step else 0.0)
            for text, step in ((vertex.value, vertex.forward_number), (vertex.gradient, vertex.backward_number))
        ]
        tail = _BEFORE_LABELS + max(numbers) + _AFTER_LABELS if any(numbers) else _AFTER_LABELS
        return cls(name, vertex.symbol, formula, shown, max(width, _LEAF), height, tail, described(vertex))

    def placed(self, vertex: Vertex, x: float, y: float) -> PlacedVertex:
        is_folded = vertex.kind == "folded"
        labels = [
            Label(
                self.name,
                x,
                y - 3 if self.formula else y + 6,
                _NAME * 0.8 if is_folded else _NAME,
                "ink",
                "middle",
                is_math=not is_folded,
                source=None if is_folded else self.source,
                role="name",
            )
        ]
        if self.formula:
            labels.append(
                Label(
                    self.formula,
                    x,
                    y + 16,
                    _FORMULA,
                    "faint",
                    "middle",
                    is_math=True,
                    source=self.formula_source,
                    role="formula",
                )
            )
        badges: list[Badge] = []
        start = x + self.width / 2 + _BEFORE_LABELS
        for text, step, is_forward in (
            (vertex.value, vertex.forward_number, True),
            (vertex.gradient, vertex.backward_number, False),
        ):
            _add_number(labels, badges, text, step, is_forward, start, y)
        corner = self.height / 2 if vertex.kind == "leaf" else 10.0
        return PlacedVertex(
            vertex, x, y, self.width, self.height, corner, tuple(labels), tuple(badges), self.description
        )


def _fits(expression: Expression) -> bool:
    return width_of(to_text(expression), _FORMULA) <= _FORMULA_WIDTH


def _badge_width(number: int) -> float:
    return max(_BADGE, width_of(str(number), _SMALL, is_bold=True) + 5)


def _add_number(
    labels: list[Label], badges: list[Badge], text: str | None, step: int | None, is_forward: bool, x: float, y: float
) -> None:
    """A value above the line, or a gradient below it, behind the number of its step."""
    if step:
        width = _badge_width(step)
        badges.append(Badge(step, is_forward, x + width / 2, y + (-14 if is_forward else 14), width, _BADGE))
        x += width + _BADGE_GAP
    if text:
        labels.append(
            Label(
                text,
                x,
                y + (-9 if is_forward else 19),
                _NUMBER,
                "forward" if is_forward else "backward",
                is_bold=True,
                role="value" if is_forward else "gradient",
            )
        )


def _placed_edge(edge: Edge, route: list[Point]) -> PlacedEdge:
    if edge.uses < 2:
        return PlacedEdge(edge, tuple(route))
    x, y = route[-1]
    label = Label(f"×{edge.uses}", x - HEAD[0] - 2, y - 4, _SMALL, "ink", "end", is_bold=True, role="uses")
    return PlacedEdge(edge, tuple(route), label)


def _legend(diagram: Diagram, x: float, y: float) -> tuple[Legend, float, float]:
    """A piece of an edge, with words where the numbers stand; its width and its height."""
    middle = y + 22
    labels: list[Label] = []
    badges: list[Badge] = []
    has_forward = any(vertex.forward_number for vertex in diagram.vertices)
    has_backward = any(vertex.backward_number for vertex in diagram.vertices)
    above = "value (forward)"
    below = f"{to_text(Derivative(diagram.output, Symbol('·')))} (backward)"
    if not diagram.has_gradients:
        below = "gradients: not computed yet"
    _add_number(labels, badges, above, 1 if has_forward else None, True, x + 8, middle)
    _add_number(labels, badges, below, 1 if has_backward else None, False, x + 8, middle)
    width = max([label.x - x + width_of(label.text, label.size, is_bold=True) for label in labels]) + 18
    words = tuple([replace(label, role="legend") for label in labels])
    return Legend(((x, middle), (x + width, middle)), words, tuple(badges)), width, 44.0
