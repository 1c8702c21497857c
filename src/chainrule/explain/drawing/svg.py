"""The picture of a graph as SVG: a tree of elements, which any XML parser reads.

A page that holds the picture finds its parts by attributes. Each vertex is a group of the class ``cr-vertex`` with
``data-symbol``, ``data-forward`` and ``data-backward`` (numbers of steps; of a folded vertex, those of all its
members), so that ``[data-forward~="3"]`` is the vertex of step 3. Each edge is a group of the class ``cr-edge`` with
``data-source`` and ``data-target``, which hold symbols.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, tostring

from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.layout import Point
from chainrule.explain.drawing.measure import SCRIPT_SIZE, runs_of
from chainrule.explain.drawing.palette import DARK, LIGHT, Colour
from chainrule.explain.drawing.picture import HEAD, Badge, Label, Picture, PlacedEdge, PlacedVertex, picture_of
from chainrule.explain.drawing.spelling import key_of
from chainrule.explain.drawing.style import CROSS_ARM, CROSS_RADIUS, Outline, cross_centre, outlines

__all__ = ["diagram_svg", "picture_element"]

_MATH = "'STIX Two Text', 'Cambria Math', 'DejaVu Serif', Georgia, serif"
_SANS = "'Inter', 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"

_FOCUS = (
    ".cr-picture .cr-vertex:focus{outline:none}"
    ".cr-picture .cr-vertex:focus-visible .cr-shape{stroke:#0065A8;stroke-width:3.5}"
)


def diagram_svg(
    diagram: Diagram, *, prefix: str = "cr-", is_inline: bool = False, has_style: bool = True, fold: bool = True
) -> str:
    """The picture of a graph as SVG.

    Parameters
    ----------
    diagram : Diagram
    prefix : str, default "cr-"
        What all ids begin with; two pictures in one page need different ones. A letter, then letters, digits, ``-``
        and ``_``.
    is_inline : bool, default False
        Whether the picture is part of a page: then it follows the page into dark mode. A file keeps its light card.
    has_style : bool, default True
        Whether the picture brings the styles that it needs. A page that allows no style in its markup has them in a
        style sheet, such as ``lesson.css``.
    fold : bool, default True
        Merge stretches of a graph of more than 150 vertices.

    Returns
    -------
    str
        An ``<svg>`` element, valid XML, that needs nothing from elsewhere.

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
    >>> svg = diagram_svg(square)
    >>> svg[:4], 'data-symbol="y"' in svg, 'data-source="x"' in svg
    ('<svg', True, True)
    """
    style = _FOCUS + (_dark() if is_inline else "") if has_style else ""
    return tostring(picture_element(picture_of(diagram, fold=fold), prefix=prefix, style=style), "unicode")


def picture_element(picture: Picture, *, prefix: str, style: str) -> Element:
    """The picture as an element, to be put into a larger tree."""
    width, height = _number(picture.width), _number(picture.height)
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "cr-picture",
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
            # Not "img": what is inside of an image cannot be focused.
            "role": "group",
            "aria-labelledby": f"{prefix}title {prefix}desc",
        },
    )
    SubElement(root, "title", {"id": f"{prefix}title"}).text = picture.diagram.title or "Computational graph"
    SubElement(root, "desc", {"id": f"{prefix}desc"}).text = _description(picture.diagram)
    if style:
        SubElement(root, "style").text = style
    SubElement(
        root,
        "rect",
        {
            "class": "cr-card cr-fill-card cr-stroke-rim",
            "x": "1",
            "y": "1",
            "width": _number(picture.width - 2),
            "height": _number(picture.height - 2),
            "rx": "14",
            **_fill("card"),
            **_stroke("rim", 1.5),
        },
    )
    ids = _Ids(prefix)
    edges = SubElement(root, "g", {"class": "cr-edges", "aria-hidden": "true"})
    for edge in picture.edges:
        edges.append(_edge(edge, ids))
    vertices = SubElement(root, "g", {"class": "cr-vertices"})
    for vertex in picture.vertices:
        vertices.append(_vertex(vertex, ids))
    root.append(_legend(picture))
    for part in (*root, *edges, *vertices):
        part.tail = "\n"  # for people who read the file; not inside of texts, where a line break is a space
    return root


class _Ids:
    """Ids made of symbols: of ASCII letters and digits, each once."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.taken: set[str] = set()

    def __call__(self, *keys: str) -> str:
        plain = ["".join([c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in key]) for key in keys]
        wanted = self.prefix + "-".join(plain)
        found, number = wanted, 1
        while found in self.taken:
            number += 1
            found = f"{wanted}.{number}"
        self.taken.add(found)
        return found


def _description(diagram: Diagram) -> str:
    gradients = (
        "The value of the forward pass stands above the edge that leaves a node, the gradient below it."
        if diagram.has_gradients
        else "Values stand above the edges. Gradients are not computed yet."
    )
    return " ".join(filter(None, [diagram.description.rstrip(".") + "." if diagram.description else "", gradients]))


def _dark() -> str:
    """The colours of dark mode, by the classes that carry those of light mode; rules of the page go first."""
    rules = [
        f":where(.cr-picture) .cr-{what}-{colour}{{{what}:{value}}}"
        for colour, value in DARK.items()
        for what in ("fill", "stroke")
    ]
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _fill(colour: Colour) -> dict[str, str]:
    return {"fill": LIGHT[colour]}


def _stroke(colour: Colour, width: float) -> dict[str, str]:
    return {"stroke": LIGHT[colour], "stroke-width": _number(width)}


def _number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    rounded = round(value, 1) + 0.0  # no "-0"
    return f"{rounded:g}" if abs(rounded) < 1e4 else f"{rounded:.1f}"


def _edge(placed: PlacedEdge, ids: _Ids) -> Element:
    attributes = {"class": "cr-edge cr-output-edge"}
    if placed.edge is not None:
        source, target = key_of(placed.edge.source), key_of(placed.edge.target)
        attributes = {
            "id": ids("edge", source, target),
            "class": "cr-edge",
            "data-source": source,
            "data-target": target,
        }
    group = Element("g", attributes)
    tip = placed.points[-1]
    line = {"class": "cr-line cr-stroke-line", "d": _path(placed.points), "fill": "none", **_stroke("line", 1.8)}
    SubElement(group, "path", line)
    SubElement(group, "path", {"class": "cr-head cr-fill-line", "d": _head(tip), **_fill("line")})
    if placed.label is not None:
        group.append(_text(placed.label))
    return group


def _path(points: Iterable[Point]) -> str:
    """Straight lines between stations of one height, curves that are level at both ends between others."""
    (x, y), *rest = points
    parts = [f"M{_number(x)} {_number(y)}"]
    for number, (next_x, next_y) in enumerate(rest, 1):
        end = next_x - HEAD[0] + 1 if number == len(rest) else next_x
        if next_y == y:
            parts.append(f"H{_number(end)}")
        else:
            middle = _number((x + end) / 2)
            parts.append(f"C{middle} {_number(y)} {middle} {_number(next_y)} {_number(end)} {_number(next_y)}")
        x, y = next_x, next_y
    return "".join(parts)


def _head(tip: Point) -> str:
    length, half = HEAD
    x, y = tip
    return f"M{_number(x)} {_number(y)}L{_number(x - length)} {_number(y - half)}V{_number(y + half)}Z"


def _vertex(placed: PlacedVertex, ids: _Ids) -> Element:
    vertex = placed.vertex
    key = key_of(vertex.symbol)
    attributes = {
        "id": ids("node", key),
        "class": f"cr-vertex cr-{vertex.kind}" + (" cr-bad" if vertex.is_bad else ""),
        "role": "img",
        "tabindex": "0",
        "aria-label": placed.description,
        "data-symbol": key,
    }
    for name, numbers in (
        ("data-forward", [each.forward_number for each in vertex.members or (vertex,)]),
        ("data-backward", [each.backward_number for each in vertex.members or (vertex,)]),
    ):
        if any(numbers):
            attributes[name] = " ".join([str(number) for number in numbers if number])
    group = Element("g", attributes)
    SubElement(group, "title").text = placed.description
    for outline in outlines(placed):
        group.append(_box(placed, outline))
    for label in placed.labels:
        group.append(_text(label))
    for badge in placed.badges:
        group.append(_badge(badge))
    if vertex.is_bad:
        group.append(_cross(placed))
    return group


def _box(placed: PlacedVertex, outline: Outline) -> Element:
    classes = [f"cr-stroke-{outline.colour}"]
    if outline.fill is not None:
        classes = ["cr-shape", f"cr-fill-{outline.fill}", *classes]
    box = Element(
        "rect",
        {
            "class": " ".join(classes),
            "x": _number(placed.x - placed.width / 2 + outline.inset),
            "y": _number(placed.y - placed.height / 2 + outline.inset),
            "width": _number(placed.width - 2 * outline.inset),
            "height": _number(placed.height - 2 * outline.inset),
            "rx": _number(placed.corner - outline.inset),
            **({"fill": "none"} if outline.fill is None else _fill(outline.fill)),
            **_stroke(outline.colour, outline.width),
        },
    )
    if outline.is_dashed:
        box.set("stroke-dasharray", "7 4")
    return box


def _cross(placed: PlacedVertex) -> Element:
    """✗ in the upper left corner of a box, drawn: not every font has it."""
    x, y = cross_centre(placed)
    arm = CROSS_ARM
    group = Element("g", {"class": "cr-cross"})
    SubElement(
        group,
        "circle",
        {"class": "cr-fill-bad", "cx": _number(x), "cy": _number(y), "r": _number(CROSS_RADIUS), **_fill("bad")},
    )
    strokes = "".join(
        [
            f"M{_number(x - arm)} {_number(y + sign * arm)}L{_number(x + arm)} {_number(y - sign * arm)}"
            for sign in (1, -1)
        ]
    )
    SubElement(
        group, "path", {"class": "cr-stroke-card", "d": strokes, **_stroke("card", 2.2), "stroke-linecap": "round"}
    )
    return group


def _text(label: Label) -> Element:
    attributes = {
        "class": f"cr-{label.role} cr-fill-{label.colour}",
        "x": _number(label.x),
        "y": _number(label.y),
        "font-size": _number(label.size),
        "font-family": _MATH if label.is_math else _SANS,
        **_fill(label.colour),
    }
    if label.anchor != "start":
        attributes["text-anchor"] = label.anchor
    if label.is_math:
        attributes["font-style"] = "italic"
    if label.is_bold:
        attributes["font-weight"] = "600"
    element = Element("text", attributes)
    _fill_with_runs(element, label)
    return element


def _fill_with_runs(element: Element, label: Label) -> None:
    """Subscripts are lowered by ``dy``, and what follows is raised again: some know no ``baseline-shift``."""
    runs = runs_of(label.text) if label.is_math else ()
    if len(runs) < 2:
        element.text = label.text
        return
    drop = label.size * 0.22
    is_low = False
    for run in runs:
        piece = SubElement(element, "tspan")
        piece.text = run.text
        if run.is_subscript != is_low:
            piece.set("dy", _number(drop if run.is_subscript else -drop))
        if run.is_subscript:
            piece.set("font-size", _number(label.size * SCRIPT_SIZE))
            piece.set("font-style", "normal")
        is_low = run.is_subscript


def _badge(badge: Badge) -> Element:
    colour: Colour = "forward" if badge.is_forward else "backward"
    group = Element("g", {"class": "cr-badge cr-badge-forward" if badge.is_forward else "cr-badge cr-badge-backward"})
    SubElement(
        group,
        "rect",
        {
            "class": f"cr-fill-{colour}",
            "x": _number(badge.x - badge.width / 2),
            "y": _number(badge.y - badge.height / 2),
            "width": _number(badge.width),
            "height": _number(badge.height),
            "rx": "3" if badge.is_forward else _number(badge.height / 2),
            **_fill(colour),
        },
    )
    text = SubElement(
        group,
        "text",
        {
            "class": "cr-fill-card",
            "x": _number(badge.x),
            "y": _number(badge.y + 4),
            "font-size": "11",
            "font-family": _SANS,
            "font-weight": "600",
            "text-anchor": "middle",
            **_fill("card"),
        },
    )
    text.text = str(badge.number)
    return group


def _legend(picture: Picture) -> Element:
    legend = picture.legend
    group = Element("g", {"class": "cr-legend", "aria-hidden": "true"})
    line = {"class": "cr-stroke-line", "d": _path(legend.line), "fill": "none", **_stroke("line", 1.8)}
    SubElement(group, "path", line)
    SubElement(group, "path", {"class": "cr-fill-line", "d": _head(legend.line[-1]), **_fill("line")})
    for label in legend.labels:
        group.append(_text(label))
    for badge in legend.badges:
        group.append(_badge(badge))
    return group
