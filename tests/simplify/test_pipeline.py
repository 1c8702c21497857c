"""The stages together: what is kept, what is gone, what the log tells, and graphs of any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import constant, input_node
from chainrule.graph.verify import verify
from chainrule.interpret import Program
from chainrule.ops.arithmetic import add, multiply, negative, subtract
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log1p, sigmoid
from chainrule.ops.products import matmul
from chainrule.ops.reduction import sum_
from chainrule.ops.selection import maximum
from chainrule.ops.shaping import transpose
from chainrule.ops.trigonometric import tanh
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.pipeline import shorten, simplify
from chainrule.simplify.rewrite import Rewrite


def names(*nodes: Node) -> list[str]:
    return [node.op.name for node in ancestors(nodes) if node.inputs]


def test_equal_subexpressions_are_computed_once_in_whatever_order_they_are_written() -> None:
    x, y = input_node(np.ones(3), "x"), input_node(np.ones(3), "y")
    first, second = merge_equal([tanh(add(x, y)), tanh(add(y, x))], [x, y])
    assert first is second
    different = merge_equal([subtract(x, y), subtract(y, x)], [x, y])
    assert different[0] is not different[1]


def test_small_constants_are_compared_by_value_and_given_ones_never() -> None:
    x, ones, others = input_node(np.ones(3)), constant(np.arange(3.0)), constant(np.arange(3.0))
    first, second = merge_equal([add(x, ones), add(x, others)], [x])
    assert first is second
    first, second = merge_equal([add(x, ones), add(x, others)], [x, ones, others])
    assert first is not second
    zeros = merge_equal([add(x, constant(np.zeros(3))), add(x, constant(-np.zeros(3)))], [x])
    assert zeros[0] is not zeros[1]


def test_numbers_of_different_types_are_not_merged() -> None:
    k = input_node(np.arange(3), "k")
    whole, real = merge_equal([multiply(k, 2), multiply(k, 2.0)], [k])
    assert (whole.dtype.kind, real.dtype.kind) == ("i", "f")


def test_leaves_are_neither_replaced_nor_looked_into() -> None:
    x = input_node(np.ones(3), "x")
    leaf = multiply(x, 1.0)
    fixed = constant(np.ones(3))
    outputs = simplify([leaf, multiply(leaf, fixed), fixed], [x, leaf, fixed])
    assert outputs[0] is leaf
    assert outputs[1].inputs == (leaf, fixed)
    assert outputs[2] is fixed


def test_a_constant_of_equal_numbers_is_one_number() -> None:
    x = input_node(np.arange(3.0), "x")
    assert simplify([multiply(x, constant(np.ones(3)))], [x])[0] is x
    (half,) = simplify([multiply(x, constant(np.full(3, 0.5)))], [x])
    assert half.inputs[1]._value == 0.5
    (kept,) = simplify([add(x, constant(np.array([0.0, -0.0, 0.0])))], [x])
    assert kept.inputs[1].op.name == "constant"


def test_a_constant_of_another_dtype_still_decides_the_dtype_of_the_result() -> None:
    x = input_node(np.ones(3, np.float32), "x")
    (result,) = simplify([multiply(x, constant(np.float64(0.5)))], [x])
    assert result.dtype == np.float64


def test_the_log_names_rules_with_nodes_before_and_after() -> None:
    x = input_node(np.ones(3), "x")
    log: list[Rewrite] = []
    (result,) = simplify([negative(negative(tanh(x)))], [x], log=log)
    (entry,) = log
    assert entry.rule == "double negation"
    assert entry.before.op is negative
    assert entry.after is result
    rule, before, after = entry
    assert (rule, before, after) == (entry.rule, entry.before, entry.after)


def test_names_and_lines_survive() -> None:
    def f(x: float) -> float:
        squared = x**2
        return np.tanh(squared)

    graph = cr.trace(f, 0.5)
    (result,) = simplify(graph.outputs, graph.inputs)
    assert (result.inputs[0].op.name, result.inputs[0].name) == ("square", "squared")
    assert result.inputs[0].source == graph["squared"].source


def test_a_transposed_product_is_turned_around_only_if_it_is_used_nowhere_else() -> None:
    a, b = input_node(np.ones((4, 3)), "a"), input_node(np.ones((4, 2)), "b")
    product = matmul(transpose(a), b)
    (alone,) = simplify([transpose(product)], [a, b])
    assert names(alone) == ["transpose", "matmul"]
    both = simplify([transpose(product), product], [a, b])
    assert names(*both).count("matmul") == 1


def test_the_gradient_of_a_layer_with_transposed_weights_needs_no_transpose_of_its_product() -> None:
    def loss(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.sum((x @ weights.T) ** 2)

    graph = cr.trace(loss, np.ones((2, 3)), np.ones((4, 3)))
    gradient = cr.backward(graph, wrt=["weights"])
    (result,) = simplify(gradient.outputs, graph.inputs)
    assert result.op is matmul
    np.testing.assert_allclose(result.value, cr.grad(loss)(np.ones((2, 3)), np.ones((4, 3))))


def test_a_shared_exponential_serves_softplus_and_sigmoid_where_that_is_allowed() -> None:
    z = input_node(np.array([-800.0, -1.0, -0.0, 0.0, 2.0, 800.0, np.inf, -np.inf, np.nan]), "z")
    y = input_node(np.zeros(9), "y")
    loss = add(subtract(maximum(z, 0.0), multiply(y, z)), log1p(exp(negative(absolute(z)))))
    outputs = [loss, subtract(sigmoid(z), y)]
    log: list[Rewrite] = []
    shared = simplify(outputs, [z, y], allow=frozenset(["sigmoid from a shared exponential"]), log=log)
    assert [entry.rule for entry in log] == ["sigmoid from a shared exponential"]
    assert names(*shared).count("exp") == 1
    assert "sigmoid" not in names(*shared)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(shared[1].value, 1 / (1 + np.exp(-z.value)), rtol=1e-15)
    assert "sigmoid" in names(*simplify(outputs, [z, y]))
    (alone,) = simplify(outputs[1:], [z, y], allow=frozenset(["sigmoid from a shared exponential"]))
    assert "sigmoid" in names(alone)


def test_a_row_sum_that_is_allowed_to_lose_its_factor_shows_the_closed_form() -> None:
    z, y = np.linspace(-1, 1, 12).reshape(4, 3), np.full((4, 3), 0.5)

    def loss(z: np.ndarray, y: np.ndarray) -> np.ndarray:
        return -np.mean(np.sum(y * np.log(cr.softmax(z)), axis=1))

    graph = cr.trace(loss, z, y)
    gradient = cr.backward(graph, wrt=["z"])
    (plain,) = simplify([gradient.outputs[0].stable], graph.inputs)
    (allowed,) = simplify([gradient.outputs[0].stable], graph.inputs, allow=frozenset(["factor of any sum"]))
    sums = [node for node in ancestors([allowed]) if node.op.name == "sum"]
    assert [node.inputs[0].name for node in sums] == ["y"]
    np.testing.assert_allclose(allowed.value, plain.value, rtol=1e-15)


CHAINS: dict[str, Callable[[Node, Node, int], Node]] = {
    "sums": lambda v, y, i: v + y if i % 2 else v - y,
    "squares": lambda v, y, i: v * v * 0.5 + y,
    "layers": lambda v, y, i: tanh(v * y + 0.1),
    "signs": lambda v, y, i: -v,
    "numbers": lambda v, y, i: v * 1.5 / 1.5 + 1,
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_long_chain_is_no_special_case(name: str) -> None:
    x, y = input_node(np.full(2, 0.1), "x"), input_node(np.full(2, 0.2), "y")
    node = x
    for i in range(4_000):
        node = CHAINS[name](node, y, i)
    (result,) = simplify([node], [x, y])
    verify(Graph([x, y], [result]))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(Program([result], [x, y]).run([x.value, y.value])[0], node.value, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("run", [simplify, shorten], ids=lambda one: one.__name__)
def test_a_gradient_of_a_hundred_thousand_nodes(run: Callable[..., list[Node]]) -> None:
    x, y = input_node(np.full(2, 0.1), "x"), input_node(np.full(2, 0.2), "y")
    node = x
    for i in range(10_000):
        node = CHAINS["layers"](node, y, i)
    total = sum_(node)
    found = backpropagate([total], [constant(np.ones(()))], [x, y])
    outputs = [total, found[x], found[y]]
    assert len(ancestors(outputs)) > 100_000
    results = run(outputs, [x, y])
    for new, old in zip(Program(results, [x, y]).run([x.value, y.value]), outputs, strict=True):
        np.testing.assert_allclose(new, old.value, rtol=1e-9)
