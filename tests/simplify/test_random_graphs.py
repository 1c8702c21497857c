"""Random graphs of many operations and shapes: simplified or not, values and gradients are the same to rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import constant, input_node
from chainrule.graph.verify import verify
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import add, divide, multiply, negative, power, reciprocal, sqrt, square, subtract
from chainrule.ops.comparison import greater
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log, sigmoid
from chainrule.ops.products import matmul
from chainrule.ops.reduction import mean, sum_
from chainrule.ops.selection import maximum, where
from chainrule.ops.shaping import broadcast_to, cast, expand_dims, reshape, transpose
from chainrule.ops.softmaxes import log_softmax, softmax
from chainrule.ops.trigonometric import tanh
from chainrule.simplify.closed_forms import close_forms
from chainrule.simplify.costs import cost
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.pipeline import shorten, simplify

LITERALS = [0.5, 1, 2, -1, 0.3, 1.0, 3, -0.25]
UNARY = [negative, tanh, sigmoid, softplus, square, lambda x: exp(-absolute(x)), lambda x: log(1 + square(x))]
SAFE = [lambda x: sqrt(1 + square(x)), lambda x: reciprocal(2 + tanh(x)), lambda x: power(x, 2), lambda x: power(x, 3)]
BINARY = [add, subtract, multiply, add, subtract, multiply, maximum, lambda x, y: divide(x, 2 + sigmoid(y))]
COMPLEMENTS = [lambda x: 1 - x, lambda x: x * (1 - x), lambda x: x - x * x, lambda x: sigmoid(x) + sigmoid(-x) * x]
MATRICES = [
    transpose,
    lambda x: x + sum_(x, 0),
    lambda x: x * mean(x, 1, keepdims=True),
    lambda x: softmax(x, axis=(1,)),
    lambda x: exp(log_softmax(x, axis=(1,))) * sum_(0.5 * x, 1, keepdims=True),
    lambda x: transpose(matmul(transpose(x), x)) if x.shape[0] == x.shape[1] else x,
    lambda x: reshape(reshape(x, (-1,)), x.shape),
    lambda x: x * expand_dims(sum_(x, 1), 1),
    lambda x: where(greater(x, 0.1), x, broadcast_to(mean(x), x.shape)),
    lambda x: cast(cast(x, dtype=np.dtype(np.longdouble)), dtype=x.dtype),
]


def random_graph(seed: int, dtype: Any, length: int) -> tuple[list[Node], list[Node]]:
    rng = np.random.default_rng(seed)
    inputs = [
        input_node(rng.uniform(-1, 1, (3, 3)).astype(dtype), "x"),
        input_node(rng.uniform(-1, 1, (3, 3)).astype(dtype), "y"),
        input_node(rng.uniform(-1, 1, 3).astype(dtype), "b"),
        input_node(rng.uniform(-1, 1, (3, 1)).astype(dtype), "c"),
        input_node(np.array(0.7, dtype), "s"),
    ]
    pool = list(inputs)

    def pick() -> Node:
        return pool[rng.integers(max(0, len(pool) - 8), len(pool))] if rng.random() < 0.7 else rng.choice(pool)

    for _ in range(length):
        kind = rng.random()
        if kind < 0.2:
            node = rng.choice([*UNARY, *SAFE])(pick())
        elif kind < 0.35:
            node = rng.choice(COMPLEMENTS)(pick())
        elif kind < 0.5:
            node = rng.choice([add, subtract, multiply])(pick(), LITERALS[rng.integers(len(LITERALS))])
        elif kind < 0.6:
            node = rng.choice([subtract, multiply])(LITERALS[rng.integers(len(LITERALS))], pick())
        elif kind < 0.85:
            node = rng.choice(BINARY)(pick(), pick())
        else:
            matrix = pick()
            node = rng.choice(MATRICES)(matrix) if matrix.ndim == 2 else negative(matrix)
        pool.append(node)
    total = sum([mean(tanh(node)) for node in pool[-4:]], start=sum_(inputs[0] * 0.1))
    return [total, pool[-1]], inputs


def computed(nodes: Sequence[Node]) -> list[Any]:
    values: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in ancestors(nodes):
            arguments = [values[source] for source in node.inputs]
            values[node] = node._value if node._value is not None else node.op.compute(*arguments, **node.params)
    return [np.asarray(values[node]) for node in nodes]


def with_gradients(outputs: list[Node], inputs: list[Node]) -> list[Node]:
    found = backpropagate(outputs[:1], [constant(np.ones((), outputs[0].dtype))], inputs)
    return [*outputs, *[found[node] for node in inputs if node in found]]


@pytest.mark.parametrize("run", [simplify, shorten], ids=lambda one: one.__name__)
@pytest.mark.parametrize("seed", range(60))
def test_values_and_gradients_to_second_order_are_the_same(seed: int, run: Any) -> None:
    dtype = np.float32 if seed % 3 == 0 else np.float64
    outputs, inputs = random_graph(seed, dtype, 5 + seed % 25)
    first = with_gradients(outputs, inputs)
    squares = sum([sum_(square(tanh(node))) for node in first[2:]], start=first[0])
    second = with_gradients([squares], inputs)
    verify(Graph(inputs, [*first, *second]))
    after = run([*first, *second], inputs)
    verify(Graph(inputs, after))
    tolerance = 2e-3 if dtype is np.float32 else 1e-9
    for old, new in zip(computed([*first, *second]), computed(after), strict=True):
        assert (old.shape, old.dtype) == (new.shape, new.dtype)
        size = 1 + np.max(np.abs(old), initial=0)
        np.testing.assert_allclose(new, old, rtol=tolerance, atol=tolerance * size)


def total_cost(nodes: list[Node]) -> int:
    return sum(map(cost, ancestors(nodes)))


@pytest.mark.parametrize("seed", range(60))
def test_closed_forms_never_make_a_graph_dearer(seed: int) -> None:
    outputs, inputs = random_graph(seed, np.float64, 40)
    before = shorten(with_gradients(outputs, inputs), inputs)
    assert total_cost(close_forms(before, inputs)) <= total_cost(before)


@pytest.mark.parametrize("seed", range(60))
def test_the_simplified_graph_is_not_dearer(seed: int) -> None:
    outputs, inputs = random_graph(seed, np.float64, 40)
    before = with_gradients(outputs, inputs)
    simplified = simplify(before, inputs)
    signs = sum([cost(node) for node in ancestors(simplified) if node.op is negative])  # they are moved, not counted
    assert total_cost(simplified) - signs <= total_cost(merge_equal(before, inputs))


@pytest.mark.parametrize("seed", range(10))
def test_simplifying_again_changes_no_number_and_costs_nothing(seed: int) -> None:
    outputs, inputs = random_graph(seed, np.float64, 30)
    once = simplify(with_gradients(outputs, inputs), inputs)
    twice = simplify(once, inputs)
    assert total_cost(twice) <= total_cost(once)
    for old, new in zip(computed(once), computed(twice), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-9, atol=1e-10)
