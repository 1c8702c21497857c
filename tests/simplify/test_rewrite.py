"""The machinery of rewriting: order, names, provenance, and rules that undo each other."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.op import input_node
from chainrule.graph.verify import verify
from chainrule.ops.arithmetic import add, multiply, negative, subtract
from chainrule.simplify.patterns import is_literal, negated, one_plus, same_value
from chainrule.simplify.rewrite import Rule, RuleSet, rebuild


def double(node: Node) -> Node | None:
    x, y = node.inputs
    return multiply(2.0, x) if x is y else None


DOUBLE = Rule("x + x = 2 x", ("add",), double)


def test_a_rule_replaces_the_node_and_everything_above_it_is_built_anew() -> None:
    graph = cr.trace(lambda x: np.sin(x + x) * x, 1.5)
    done: dict[Node, Node] = {}
    log: list[tuple[str, Node]] = []
    RuleSet("test", [DOUBLE]).rewrite(graph.nodes, done, log=log)
    result = Graph(graph.inputs, [done[graph.outputs[0]]])
    verify(result)
    assert [name for name, *_ in log] == ["x + x = 2 x"]
    assert [node.op.name for node in result.nodes if node.inputs] == ["multiply", "sin", "multiply"]
    assert result.outputs[0].value == graph.outputs[0].value


def test_the_original_graph_is_left_alone() -> None:
    graph = cr.trace(lambda x: x + x, 1.5)
    before = str(graph)
    RuleSet("test", [DOUBLE]).rewrite(graph.nodes, {})
    assert str(graph) == before


def test_nodes_that_no_rule_touches_stay_the_same_objects() -> None:
    graph = cr.trace(lambda x: np.sin(x) * 3.0, 1.5)
    done: dict[Node, Node] = {}
    RuleSet("test", [DOUBLE]).rewrite(graph.nodes, done)
    assert all(done[node] is node for node in graph.nodes)


def test_a_replacement_keeps_name_and_line_of_what_it_replaces() -> None:
    def f(x: float) -> float:
        twice = x + x
        return twice * 3.0

    graph = cr.trace(f, 1.5)
    done: dict[Node, Node] = {}
    RuleSet("test", [DOUBLE]).rewrite(graph.nodes, done)
    replacement = done[graph["twice"]]
    assert replacement.op is multiply
    assert (replacement.name, replacement.source) == ("twice", graph["twice"].source)


def test_rules_apply_to_what_rules_produce() -> None:
    def to_sum(node: Node) -> Node | None:
        x, y = node.inputs
        return add(x, y.inputs[0]) if y.op is negative else None

    graph = cr.trace(lambda x: x - (-x), 1.5)
    done: dict[Node, Node] = {}
    log: list[tuple[str, Node]] = []
    RuleSet("test", [DOUBLE, Rule("x - (-y) = x + y", ("subtract",), to_sum)]).rewrite(graph.nodes, done, log=log)
    assert [name for name, *_ in log] == ["x - (-y) = x + y", "x + x = 2 x"]
    assert done[graph.outputs[0]].op is multiply


def test_rules_that_undo_each_other_are_detected_by_name() -> None:
    to_sum = Rule("difference to sum", ("subtract",), lambda node: add(node.inputs[0], negative(node.inputs[1])))
    to_difference = Rule(
        "sum to difference",
        ("add",),
        lambda node: subtract(node.inputs[0], node.inputs[1].inputs[0]) if node.inputs[1].op is negative else None,
    )
    graph = cr.trace(lambda x, y: x - y, 1.0, 2.0)
    with pytest.raises(GraphError, match=r"the rules of 'test' undo each other .* the last was 'difference to sum'"):
        RuleSet("test", [to_sum, to_difference]).rewrite(graph.nodes, {})


def test_a_rule_that_replaces_a_node_by_its_like_for_ever_is_detected() -> None:
    swap = Rule("swap", ("add",), lambda node: add(node.inputs[1], node.inputs[0]))
    graph = cr.trace(lambda x, y: x + y, 1.0, 2.0)
    with pytest.raises(GraphError, match="'swap'"):
        RuleSet("test", [swap]).rewrite(graph.nodes, {})


def test_rebuilding_asks_the_record_for_shape_and_dtype() -> None:
    node = cr.trace(lambda x: np.sum(x, axis=0), np.ones((2, 3))).outputs[0]
    assert rebuild(node, (input_node(np.ones((5, 7), np.float32)),)).shape == (7,)


def test_a_long_chain_is_rewritten_without_recursion() -> None:
    x = input_node(np.float64(1.0))
    node = x
    for _ in range(5000):
        node = add(node, node)
    done: dict[Node, Node] = {}
    RuleSet("test", [DOUBLE]).rewrite(Graph([x], [node]).nodes, done)
    assert done[node].op is multiply


def test_patterns_look_at_values_not_at_objects() -> None:
    def f(z: float, w: float) -> tuple[float, ...]:
        return np.exp(-z), np.exp(-z), np.exp(-w), np.exp(-(z + 1)), np.exp(-(z + 1)), np.exp(-(z + 1.0))

    a, b, other, c, d, literal = cr.trace(f, 1.0, 1.0).outputs
    assert same_value(a, a)
    assert same_value(a, b)
    assert same_value(c, d)
    assert not same_value(a, other)
    assert not same_value(a, c)
    assert not same_value(c, literal)


def test_two_constants_are_never_the_same_value() -> None:
    first, second = cr.trace(lambda x: (x * np.ones(2), x * np.ones(2)), np.ones(2)).outputs
    assert not same_value(first, second)


def test_small_patterns() -> None:
    minus, plus, reverse, two = cr.trace(lambda x: (-x, 1 + x, x + 1.0, x + 2), 3.0).outputs
    assert negated(minus) is minus.inputs[0]
    assert negated(plus).op is negative
    assert one_plus(plus) is plus.inputs[1]
    assert one_plus(reverse) is reverse.inputs[0]
    assert one_plus(two) is None
    assert is_literal(two.inputs[1], 2)
    assert not is_literal(two.inputs[0], 3)
