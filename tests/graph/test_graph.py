"""A graph: inputs, outputs, nodes, lookup by name, and the gradients of its nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def loss(params: Any, x: Any) -> Any:
    W, b = params["W"], params["b"]
    z = W @ x + b
    a = np.tanh(z)
    return np.sum(a**2)


def traced() -> Any:
    return cr.trace(loss, {"W": np.ones((2, 3)), "b": np.zeros(2)}, np.array([0.1, 0.2, 0.3]))


def test_inputs_come_first_and_every_node_comes_after_its_inputs() -> None:
    graph = traced()
    assert graph.nodes[: len(graph.inputs)] == graph.inputs
    for position, node in enumerate(graph.nodes):
        assert all(source in graph.nodes[:position] for source in node.inputs)


def test_unused_inputs_are_still_inputs() -> None:
    graph = cr.trace(lambda x, y: x * 2, 1.0, 3.0)
    assert [node.name for node in graph.inputs] == ["x", "y"]
    assert graph.inputs[1] in graph.nodes


def test_a_node_is_found_by_the_name_of_its_variable() -> None:
    assert traced()["z"].op.name == "add"


def test_the_last_assignment_of_a_name_wins() -> None:
    def f(x: Any) -> Any:
        y = x + 1
        y = y * 2
        return y  # noqa: RET504

    assert cr.trace(f, 1.0)["y"].op.name == "multiply"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no node is named 'q'; the names are: .*z"):
        traced()["q"]


def test_containers_are_flattened_in_inputs_and_outputs() -> None:
    graph = cr.trace(lambda p: {"sum": p[0] + p[1], "parts": [p[0], p[1]]}, (1.0, 2.0))
    assert len(graph.inputs) == 2
    assert [float(value) for value in graph.values()] == [1.0, 2.0, 3.0]


def test_keyword_arguments_are_handed_on_untraced() -> None:
    graph = cr.trace(lambda x, scale: x * scale, 2.0, scale=3.0)
    assert [node.name for node in graph.inputs] == ["x"]
    assert graph.outputs[0].value == 6


def test_a_graph_of_gradients_knows_of_which_node_each_is_the_gradient() -> None:
    graph = traced()
    gradients = cr.backward(graph)
    z, a = graph["z"], graph["a"]
    np.testing.assert_allclose(gradients.gradient_of(a).value, 2 * a.value)
    np.testing.assert_allclose(gradients.gradient_of(z).value, 2 * a.value * (1 - a.value**2))
    for node, gradient in zip(graph.inputs, gradients.outputs, strict=True):
        assert gradients.gradient_of(node) is gradient


def test_one_node_may_be_the_gradient_of_several() -> None:
    graph = cr.trace(lambda x, y, z: (x + y) * z, 5.0, -2.0, -4.0)
    gradients = cr.backward(graph)
    assert [gradients.gradient_of(node).value for node in graph.inputs] == [-4.0, -4.0, 3.0]


def test_a_node_that_no_path_reaches_has_no_gradient() -> None:
    graph = cr.trace(lambda x, y: x * 2, 1.0, 3.0)
    gradients = cr.backward(graph, wrt=["x"])
    assert gradients.gradient_of(graph["y"]) is None


def test_the_gradient_of_an_unused_input_is_zero() -> None:
    graph = cr.trace(lambda x, y: np.sum(x * 2), np.ones(2), np.ones((3, 1)))
    assert cr.backward(graph, wrt=["y"]).outputs[0].value.tolist() == [[0.0]] * 3


def test_gradients_can_be_asked_for_by_node_or_by_name() -> None:
    graph = traced()
    by_name, by_node = cr.backward(graph, wrt=["z"]), cr.backward(graph, wrt=[graph["z"]])
    np.testing.assert_array_equal(by_name.outputs[0].value, by_node.outputs[0].value)


def test_the_gradient_graph_can_be_differentiated_again() -> None:
    graph = cr.trace(lambda x: x**3, 2.0)
    first = cr.backward(graph)
    second = cr.backward(cr.graph.graph.Graph(graph.inputs, first.outputs))
    assert second.outputs[0].value == pytest.approx(12.0)


def test_later_changes_of_the_arguments_do_not_reach_the_graph() -> None:
    x, large = np.ones(3), np.ones(10_000)
    graph = cr.trace(lambda x: np.sum(x) * np.sum(large), x)
    x[:] = 5
    large[:] = 7
    assert graph.outputs[0].value == 30_000


def test_the_length_of_a_graph_is_the_number_of_its_nodes() -> None:
    assert len(cr.trace(lambda x: x + x, 1.0)) == 2


def test_the_representation_counts_inputs_nodes_and_outputs() -> None:
    assert repr(cr.trace(loss, {"W": np.ones((2, 3)), "b": np.zeros(2)}, np.ones(3))).startswith(
        "<Graph loss: 3 inputs"
    )
