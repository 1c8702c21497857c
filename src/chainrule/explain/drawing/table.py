"""The graph as a table: what the picture shows, for people who do not see it."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from chainrule.explain.drawing.diagram import Diagram, Vertex
from chainrule.explain.drawing.spelling import named
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Symbol

__all__ = ["table_twin"]


def table_twin(diagram: Diagram) -> str:
    """The graph as a table in HTML, a row for each node; nothing is folded or cut.

    Parameters
    ----------
    diagram : Diagram

    Returns
    -------
    str
        A ``<table>`` of the class ``cr-table``, with a caption and with headers for rows and columns.

    Examples
    --------
    >>> from chainrule.explain.drawing.diagram import Edge
    >>> x, y = Symbol("x"), Symbol("y")
    >>> square = Diagram(
    ...     "square", "y = x²", y,
    ...     (Vertex(x, "leaf", None, "3", "6", None, 2), Vertex(y, "output", x**2, "9", "1", 1, 1)),
    ...     (Edge(x, y),), True,
    ... )
    >>> '<th scope="row">x</th><td>input</td><td>3</td><td>6</td><td></td><td>2</td><td>y</td>' in table_twin(square)
    True
    """
    table = Element("table", {"class": "cr-table"})
    SubElement(table, "caption").text = diagram.description or f"The nodes of {diagram.title}"
    head = SubElement(SubElement(table, "thead"), "tr")
    derivative = to_text(Derivative(diagram.output, Symbol("·")))
    gradient = f"gradient {derivative}" if diagram.has_gradients else "gradient (not computed yet)"
    for title in ("node", "formula", "value", gradient, "forward step", "backward step", "used by"):
        SubElement(head, "th", {"scope": "col"}).text = title
    users: dict[Symbol, list[str]] = {vertex.symbol: [] for vertex in diagram.vertices}
    names = {vertex.symbol: named(vertex) for vertex in diagram.vertices}
    for edge in diagram.edges:
        users[edge.source].append(names[edge.target] + (f" ({edge.uses} times)" if edge.uses > 1 else ""))
    body = SubElement(table, "tbody")
    for vertex in diagram.vertices:
        _row(body, vertex, users[vertex.symbol])
    return tostring(table, "unicode", short_empty_elements=False)


def _row(body: Element, vertex: Vertex, users: list[str]) -> None:
    row = SubElement(body, "tr")
    SubElement(row, "th", {"scope": "row"}).text = named(vertex) + (" (not finite)" if vertex.is_bad else "")
    formula = to_text(vertex.formula) if vertex.formula else "input" if vertex.kind == "leaf" else ""
    for text in (
        formula,
        vertex.value,
        vertex.gradient,
        vertex.forward_number,
        vertex.backward_number,
        ", ".join(users),
    ):
        SubElement(row, "td").text = "" if text is None else str(text)
