"""Whose code a node comes from: the user's line, or nobody's where a formula was typed."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.explain.formulas import parse
from chainrule.graph.provenance import where_recorded


def test_a_node_knows_the_line_that_recorded_it() -> None:
    graph = cr.trace(lambda x: np.exp(x), 1.0)
    where = where_recorded(graph.outputs[0])
    assert where is not None
    assert "test_source.py" in where
    assert where.endswith("graph = cr.trace(lambda x: np.exp(x), 1.0)")


def test_a_typed_formula_has_no_line_and_no_name_of_the_caller() -> None:
    graph = cr.trace(parse("z = w*x + 1; -exp(z)"), 1.0, 2.0)
    assert [node.name for node in graph.nodes if node.inputs] == [None, "z", None, None]
    assert [where_recorded(node) for node in graph.nodes if node.inputs] == [None] * 4


def test_a_lesson_of_a_typed_formula_has_its_statements_as_nodes() -> None:
    lesson = cr.explain(parse("z = w*x + 1; L = -exp(z)*z"), 1.0, 2.0)
    assert [step.symbol.name for step in lesson.forward] == ["z", "L"]
