"""What the picture of a lesson shows."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.explain.drawing.diagram import Diagram


def product_of_sum(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    f = q * z
    return f  # noqa: RET504


def edges(diagram: Diagram) -> list[tuple[str, str, int]]:
    return [(edge.source.name, edge.target.name, edge.uses) for edge in diagram.edges]


def test_vertices_have_values_gradients_and_numbers() -> None:
    diagram = cr.explain(product_of_sum, 5.0, -2.0, -4.0).diagram
    found = {
        v.symbol.name: (v.kind, v.value, v.gradient, v.forward_number, v.backward_number) for v in diagram.vertices
    }
    assert found == {
        "x": ("leaf", "5", "−4", None, 5),
        "y": ("leaf", "−2", "−4", None, 4),
        "z": ("leaf", "−4", "3", None, 2),
        "q": ("inner", "3", "−4", 1, 3),
        "f": ("output", "−12", "1", 2, 1),
    }
    assert edges(diagram) == [("x", "q", 1), ("y", "q", 1), ("q", "f", 1), ("z", "f", 1)]


def test_what_is_not_differentiated_has_no_gradient() -> None:
    diagram = cr.explain(product_of_sum, 5.0, -2.0, -4.0, wrt=["x"]).diagram
    assert {v.symbol.name for v in diagram.vertices if v.gradient is None} == {"y", "z"}


def test_an_input_that_nothing_uses_is_not_drawn() -> None:
    diagram = cr.explain(lambda x, y: x * 2.0, 1.0, 2.0).diagram
    assert [v.symbol.name for v in diagram.vertices] == ["x", "f"]


def test_an_input_that_is_the_output_is_drawn() -> None:
    (vertex,) = cr.explain(lambda x: x, 4.0).diagram.vertices
    assert (vertex.symbol.name, vertex.value, vertex.gradient) == ("x", "4", "1")


def test_a_bad_node_is_marked_and_nothing_behind_it_is_known() -> None:
    def f(x: Any) -> Any:
        a = x - 1.0
        b = np.log(a)
        c = b * 2.0
        return c  # noqa: RET504

    vertices = {v.symbol.name: v for v in cr.explain(f, 1.0).diagram.vertices}
    assert [name for name, vertex in vertices.items() if vertex.is_bad] == ["b"]
    assert vertices["b"].value == "−∞"
    assert vertices["c"].value is None
    assert all(vertex.gradient is None for vertex in vertices.values())


def test_the_description_says_it_in_words() -> None:
    diagram = cr.explain(product_of_sum, 5.0, -2.0, -4.0).diagram
    assert diagram.description == "The computational graph of product_of_sum at x = 5, y = −2, z = −4."
    (said,) = [v.tooltip for v in diagram.vertices if v.symbol.name == "q"]
    assert said == "q = x + y; value 3; ∂f/∂q = −4"
