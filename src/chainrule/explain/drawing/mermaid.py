"""The picture of a graph as a Mermaid diagram: text that stands in the document, which GitHub and Jupyter draw."""

from __future__ import annotations

from chainrule.explain.drawing.diagram import Diagram, Vertex
from chainrule.notation.text import to_text

__all__ = ["diagram_mermaid"]

#: A larger picture is no picture any more.
_MOST_VERTICES = 60
_CLASSES = """\
    classDef leaf fill:#E8F1F8,stroke:#0065A8,color:#1B2430
    classDef inner fill:#FBFAF7,stroke:#6B7683,color:#1B2430
    classDef output fill:#FBEDE3,stroke:#C24A00,color:#1B2430
    classDef folded fill:#FBFAF7,stroke:#6B7683,color:#1B2430,stroke-dasharray:4 3
    classDef bad fill:#FFFFFF,stroke:#B00020,color:#B00020,stroke-width:3px"""


def diagram_mermaid(diagram: Diagram) -> str:
    """The diagram as Mermaid text, or nothing where it has too many nodes."""
    if len(diagram.vertices) > _MOST_VERTICES:
        return ""
    identifiers = {vertex.symbol: f"n{number}" for number, vertex in enumerate(diagram.vertices)}
    lines = [
        f'    {identifiers[vertex.symbol]}["{_label(vertex, diagram)}"]:::{"bad" if vertex.is_bad else vertex.kind}'
        for vertex in diagram.vertices
    ]
    for edge in diagram.edges:
        arrow = f'-->|"{edge.uses} ×"|' if edge.uses > 1 else "-->"
        lines.append(f"    {identifiers[edge.source]} {arrow} {identifiers[edge.target]}")
    return "\n".join(["flowchart LR", *lines, _CLASSES])


def _label(vertex: Vertex, diagram: Diagram) -> str:
    """Name and formula; below them the value and the gradient."""
    name = to_text(vertex.symbol)
    rows = [f"<b>{_escaped(name)}</b>{f' = {_escaped(to_text(vertex.formula))}' if vertex.formula else ''}"]
    if vertex.value is not None:
        rows.append(f"value {_escaped(vertex.value)}")
    if vertex.gradient is not None:
        rows.append(f"∂{_escaped(to_text(diagram.output))}/∂{_escaped(name)} = {_escaped(vertex.gradient)}")
    return "<br/>".join(rows)


def _escaped(text: str) -> str:
    """Characters that mean something to Mermaid, as its entities."""
    return "".join([f"#{ord(character)};" if character in '"<>#;&`' else character for character in text])
