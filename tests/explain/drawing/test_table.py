"""The table that says what the picture shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

from chainrule.explain.drawing.diagram import Diagram
from chainrule.explain.drawing.table import table_twin


def rows(diagram: Diagram) -> list[list[str]]:
    table = ElementTree.fromstring(table_twin(diagram))
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_a_row_for_each_node(logistic: Diagram) -> None:
    head, *body = rows(logistic)
    assert head == ["node", "formula", "value", "gradient ∂L/∂·", "forward step", "backward step", "used by"]
    assert body[0] == ["w", "input", "0", "−25", "", "5", "z"]
    assert body[4] == ["z", "wx + b", "0", "−0.5", "1", "3", "ŷ"]
    assert body[6] == ["L", "bce(ŷ, y)", "0.6931", "1", "3", "1", ""]


def test_gradients_that_are_not_computed(logistic: Diagram) -> None:
    bare = tuple(replace(vertex, gradient=None, backward_number=None) for vertex in logistic.vertices)
    head, *body = rows(replace(logistic, has_gradients=False, vertices=bare))
    assert head[3] == "gradient (not computed yet)"
    assert {row[3] for row in body} == {""}


def test_what_is_used_several_times_and_what_is_not_finite(logistic: Diagram) -> None:
    edges = tuple(replace(edge, uses=3) if edge.target.name == "y_hat" else edge for edge in logistic.edges)
    vertices = tuple(replace(vertex, is_bad=vertex.symbol.name == "L") for vertex in logistic.vertices)
    found = {row[0]: row for row in rows(replace(logistic, edges=edges, vertices=vertices))}
    assert found["z"][-1] == "ŷ (3 times)"
    assert "L (not finite)" in found


def test_nothing_is_folded(network: Callable[[int], Diagram]) -> None:
    assert len(rows(network(100))) == 503
