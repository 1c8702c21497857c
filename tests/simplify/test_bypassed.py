"""The gradient of an intermediate node is that of the function as written, whatever its stable form passes by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.interpret import Program
from chainrule.simplify.bypassed import bypassed
from chainrule.simplify.stabilise import stabilise
from chainrule.transforms.running import ones_for


def gradients_as_written(graph: Graph, nodes: list[Node]) -> list[Any]:
    """Backpropagation through the recorded nodes, without any stable form."""
    found = backpropagate(graph.outputs, [ones_for(graph.outputs[0])], nodes)
    return Program([found[node] for node in nodes], graph.inputs).run([node.value for node in graph.inputs])


def inner_nodes(graph: Graph) -> list[Node]:
    reached = backpropagate(graph.outputs, [ones_for(graph.outputs[0])], graph.inputs)
    return [node for node in graph.nodes if node in reached and node is not graph.outputs[0]]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def used_beside_its_logarithm(z: Any) -> Any:
    y_hat = sigmoid(z)
    return -np.log(y_hat) + y_hat**2


def computed_twice(u: Any) -> Any:
    z = np.sqrt(1 + u**2)
    return z * np.sqrt(1 + u**2) * u


def shifted_softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z))
    p = e / np.sum(e)
    return np.sum(p[0] * np.log(p) + e)


def sigmoid_of_a_sum_and_its_parts(a: Any) -> Any:
    z = a * 3 + 1
    p = sigmoid(z)
    return -p * np.log(1 - p) + z * p


@pytest.mark.parametrize(
    ("fun", "point"),
    [
        (used_beside_its_logarithm, 0.3),
        (computed_twice, 1.1),
        (shifted_softmax, np.array([0.3, -0.4, 1.2])),
        (sigmoid_of_a_sum_and_its_parts, -0.2),
    ],
)
def test_the_gradient_of_every_node_is_that_of_the_function_as_written(fun: Callable[..., Any], point: Any) -> None:
    graph = cr.trace(fun, point)
    nodes = inner_nodes(graph)
    for found, expected in zip(cr.backward(graph, nodes).values(), gradients_as_written(graph, nodes), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_what_is_below_a_stable_form_keeps_its_stable_gradient() -> None:
    def loss(w: Any, b: Any) -> Any:
        z = w * 50.0 + b
        y_hat = sigmoid(z)
        return -np.log(y_hat)

    graph = cr.trace(loss, -20.0, 0.0)
    assert cr.backward(graph, ["z", "b", "w"]).values() == pytest.approx((-1.0, -1.0, -50.0))


def test_a_graph_without_stable_forms_passes_nothing_by() -> None:
    graph = cr.trace(lambda x, y: x * y + x, 2.0, 3.0)
    stabilise(graph.nodes)
    assert bypassed(graph.nodes) == set()


STEPS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: sigmoid(a),
    lambda a, b: -np.log(sigmoid(a)),
    lambda a, b: np.log(1 - sigmoid(b)),
    lambda a, b: np.sqrt(1 + a**2) * np.sqrt(1 + a**2),
    lambda a, b: np.log(1 + np.exp(a)),
    lambda a, b: np.exp(a) / (np.exp(a) + np.exp(b)),
    lambda a, b: np.log(np.exp(a) + np.exp(b)),
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: np.tanh(a - b),
    lambda a, b: np.log(1 + a**2),
    lambda a, b: np.exp(-np.abs(b)),
]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_random_compositions(choices: list[tuple[int, int, int]]) -> None:
    def fun(x: Any, y: Any) -> Any:
        values = [x, y]
        for step, first, second in choices:
            values.append(STEPS[step](values[-1 - first % len(values)], values[-1 - second % len(values)]))
        return sum(value * (0.3 + 0.1 * number) for number, value in enumerate(values))

    graph = cr.trace(fun, 0.4, -0.7)
    nodes = inner_nodes(graph)
    for found, expected in zip(cr.backward(graph, nodes).values(), gradients_as_written(graph, nodes), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-10)
