r"""The picture of a graph as TikZ code, from the same coordinates as the SVG.

A document needs ``\usepackage{tikz}``, and amsmath for the formulas; colours are defined inside of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.layout import Point
from chainrule.explain.drawing.palette import LIGHT, Colour
from chainrule.explain.drawing.picture import HEAD, Badge, Label, PlacedVertex, picture_of
from chainrule.explain.drawing.style import CROSS_ARM, CROSS_RADIUS, Outline, cross_centre, outlines
from chainrule.notation.latex import escape, to_latex

__all__ = ["diagram_tikz"]

#: Points of TeX in one pixel.
_SCALE = 0.75
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def diagram_tikz(diagram: Diagram, *, fold: bool = True) -> str:
    r"""The picture of a graph as a ``tikzpicture`` environment.

    Parameters
    ----------
    diagram : Diagram
    fold : bool, default True
        Merge stretches of a graph of more than 150 vertices.

    Returns
    -------
    str

    Examples
    --------
    >>> from chainrule.explain.drawing.diagram import Edge, Vertex
    >>> from chainrule.notation.tree import Symbol
    >>> x, y = Symbol("x"), Symbol("y")
    >>> square = Diagram(
    ...     "square", "y = x²", y,
    ...     (Vertex(x, "leaf", None, "3", "6", None, 2), Vertex(y, "output", x**2, "9", "1", 1, 1)),
    ...     (Edge(x, y),), True,
    ... )
    >>> lines = diagram_tikz(square).splitlines()
    >>> print(lines[0], lines[-1], sep="\n")
    \begin{tikzpicture}[x=0.75pt, y=-0.75pt, inner sep=0pt, outer sep=0pt]
    \end{tikzpicture}
    """
    picture = picture_of(diagram, fold=fold)
    lines = [rf"\begin{{tikzpicture}}[x={_SCALE}pt, y=-{_SCALE}pt, inner sep=0pt, outer sep=0pt]"]
    lines += [rf"\definecolor{{cr{name}}}{{HTML}}{{{value[1:]}}}" for name, value in LIGHT.items()]
    for edge in picture.edges:
        lines += _arrow(edge.points)
        lines += [_text(edge.label)] if edge.label else []
    for vertex in picture.vertices:
        lines += _vertex(vertex)
    lines += _arrow(picture.legend.line)
    lines += [_text(label) for label in picture.legend.labels]
    for badge in picture.legend.badges:
        lines += _badge(badge)
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _arrow(points: Sequence[Point]) -> Iterator[str]:
    x, y = points[0]
    parts = [_at(x, y)]
    for number, (next_x, next_y) in enumerate(points[1:], 1):
        end = next_x - HEAD[0] + 1 if number == len(points) - 1 else next_x
        if next_y == y:
            parts.append(f"-- {_at(end, y)}")
        else:
            middle = (x + end) / 2
            parts.append(f".. controls {_at(middle, y)} and {_at(middle, next_y)} .. {_at(end, next_y)}")
        x, y = next_x, next_y
    yield rf"\draw[crline, line width=0.9pt] {' '.join(parts)};"
    back, half = x - HEAD[0], HEAD[1]
    yield rf"\fill[crline] {_at(x, y)} -- {_at(back, y - half)} -- {_at(back, y + half)} -- cycle;"


def _vertex(placed: PlacedVertex) -> Iterator[str]:
    for outline in outlines(placed):
        yield _rectangle(placed, outline)
    for label in placed.labels:
        yield _text(label)
    for badge in placed.badges:
        yield from _badge(badge)
    if placed.vertex.is_bad:
        x, y = cross_centre(placed)
        yield rf"\fill[crbad] {_at(x, y)} circle [radius={CROSS_RADIUS * _SCALE:.2f}pt];"
        for sign in (1, -1):
            ends = _at(x - CROSS_ARM, y + sign * CROSS_ARM), _at(x + CROSS_ARM, y - sign * CROSS_ARM)
            yield rf"\draw[crcard, line width=1.3pt, line cap=round] {ends[0]} -- {ends[1]};"


def _rectangle(placed: PlacedVertex, outline: Outline) -> str:
    half_width, half_height = placed.width / 2 - outline.inset, placed.height / 2 - outline.inset
    style = [
        f"draw=cr{outline.colour}",
        f"line width={outline.width * _SCALE:.2f}pt",
        # a corner of exactly half the height leaves TikZ without a side
        f"rounded corners={max(min(placed.corner - outline.inset, half_height - 0.05), 0) * _SCALE:.2f}pt",
    ]
    if outline.fill is not None:
        style.append(f"fill=cr{outline.fill}")
    if outline.is_dashed:
        style.append("dash pattern=on 5pt off 3pt")
    corners = _at(placed.x - half_width, placed.y - half_height), _at(placed.x + half_width, placed.y + half_height)
    return rf"\path[{', '.join(style)}] {corners[0]} rectangle {corners[1]};"


def _badge(badge: Badge) -> Iterator[str]:
    colour: Colour = "forward" if badge.is_forward else "backward"
    corner = 3.0 if badge.is_forward else badge.height / 2 - 0.05
    corners = (
        _at(badge.x - badge.width / 2, badge.y - badge.height / 2),
        _at(badge.x + badge.width / 2, badge.y + badge.height / 2),
    )
    style = f"cr{colour}, rounded corners={corner * _SCALE:.2f}pt"
    yield rf"\fill[{style}] {corners[0]} rectangle {corners[1]};"
    yield rf"\node[text=crcard] at {_at(badge.x, badge.y)} {{\scriptsize\sffamily\bfseries {badge.number}}};"


def _text(label: Label) -> str:
    if label.source is not None:
        content = f"${to_latex(label.source, macros=False)}$"
    else:
        content = escape(label.text)
    if not label.is_math:
        content = (r"\sffamily\bfseries " if label.is_bold else r"\sffamily ") + content
    style = f"anchor={_ANCHORS[label.anchor]}, text=cr{label.colour}"
    return rf"\node[{style}] at {_at(label.x, label.y)} {{{_size(label.size)}{content}}};"


def _size(pixels: float) -> str:
    """The nearest of LaTeX's sizes that every font has, in a document of 10 or 11 points."""
    for largest, command in ((11.5, r"\scriptsize"), (13.5, r"\footnotesize"), (16.0, r"\small")):
        if pixels <= largest:
            return command + " "
    return r"\large "


def _at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"
