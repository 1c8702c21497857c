"""Recorded graphs show themselves, with what is known and nothing more."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np

import chainrule as cr
from chainrule.explain.drawing.graphs import graph_diagram
from chainrule.explain.drawing.picture import picture_of
from chainrule.graph.graph import Graph
from chainrule.notation.text import to_text


def product_of_sum(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    return q * z


def test_every_operation_is_a_vertex() -> None:
    diagram = graph_diagram(cr.trace(product_of_sum, 5.0, -2.0, -4.0))
    assert [(v.symbol.name, v.kind) for v in diagram.vertices] == [
        ("x", "leaf"),
        ("y", "leaf"),
        ("z", "leaf"),
        ("q", "inner"),
        ("product_of_sum", "output"),
    ]
    assert [to_text(v.formula) for v in diagram.vertices if v.formula] == ["x + y", "qz"]
    assert [(e.source.name, e.target.name) for e in diagram.edges] == [
        ("x", "q"),
        ("y", "q"),
        ("q", "product_of_sum"),
        ("z", "product_of_sum"),
    ]


def test_values_are_shown_where_they_are_known_and_not_computed_for_it() -> None:
    graph = cr.trace(product_of_sum, 5.0, -2.0, -4.0)
    assert [vertex.value for vertex in graph_diagram(graph).vertices] == ["5", "−2", "−4", None, None]
    graph["q"].value  # noqa: B018 - asking for it computes it
    assert [vertex.value for vertex in graph_diagram(graph).vertices] == ["5", "−2", "−4", "3", None]


def test_gradients_are_not_computed_yet_and_never_zero() -> None:
    graph = cr.trace(product_of_sum, 5.0, -2.0, -4.0)
    diagram = graph_diagram(graph)
    assert not diagram.has_gradients
    assert {vertex.gradient for vertex in diagram.vertices} == {None}
    svg = graph._repr_svg_()
    assert "gradients: not computed yet" in svg
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"


def test_two_graphs_in_one_notebook_have_different_ids() -> None:
    svgs = [cr.trace(fun, 1.0)._repr_svg_() for fun in (np.sin, np.cos)]
    one, other = ({part.get("id") for part in ElementTree.fromstring(svg).iter() if part.get("id")} for svg in svgs)
    assert one
    assert not one & other


def test_numbers_casts_and_taken_out_results_are_part_of_formulas() -> None:
    def f(x: Any) -> Any:
        s = np.linalg.svd(x)[1]
        return 2 * s[0] + np.sum(x * x) / 3.0

    diagram = graph_diagram(cr.trace(f, np.eye(2)))
    formulas = [to_text(vertex.formula) for vertex in diagram.vertices if vertex.formula]
    assert any(formula.startswith("svd(x") and formula.endswith("[1]") for formula in formulas)
    assert all(vertex.kind != "leaf" or vertex.symbol.name == "x" for vertex in diagram.vertices)
    assert [edge.uses for edge in diagram.edges if edge.source.name == "x"] == [1, 2]


def test_graphs_of_gradients_of_several_outputs_and_of_none() -> None:
    graph = cr.trace(product_of_sum, 5.0, -2.0, -4.0)
    gradients = cr.backward(graph)
    outputs = [vertex for vertex in graph_diagram(gradients).vertices if vertex.kind == "output"]
    assert outputs
    assert ElementTree.fromstring(gradients._repr_svg_()) is not None
    assert graph_diagram(Graph([], [])).vertices == ()
    assert "not computed yet" in Graph([], [])._repr_svg_()


def test_each_of_several_outputs_has_an_arrow_to_the_right() -> None:
    diagram = graph_diagram(cr.trace(lambda x: (np.sin(x), np.cos(x)), 3.0))
    assert [vertex.kind for vertex in diagram.vertices] == ["leaf", "output", "output"]
    assert [placed.edge is None for placed in picture_of(diagram).edges] == [False, False, True, True]


def test_an_output_that_is_an_input_or_a_number() -> None:
    assert [v.symbol.name for v in graph_diagram(cr.trace(lambda x: x, 3.0)).vertices] == ["x"]
    assert ElementTree.fromstring(cr.trace(lambda x: 2.0, 3.0)._repr_svg_()) is not None


def test_a_long_loop_is_drawn_folded() -> None:
    def f(x: Any) -> Any:
        for _ in range(400):
            x = np.tanh(x) + 1.0
        return x

    root = ElementTree.fromstring(cr.trace(f, 0.5)._repr_svg_())
    vertices = [part for part in root.iter() if "cr-vertex" in part.get("class", "").split()]
    assert 10 < len(vertices) <= 150
