"""The verifier accepts what is recorded and derived, and finds every kind of damage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError
from chainrule.graph.graph import Graph
from chainrule.graph.op import constant, literal
from chainrule.graph.verify import verify


def f(x: Any, w: Any) -> Any:
    z = x @ w
    total = np.sum(np.tanh(z) * 2.0, axis=0)
    return total[0] + 1


def traced() -> Graph:
    return cr.trace(f, np.ones((2, 3)), np.ones((3, 4)))


def test_a_recorded_graph_is_accepted_before_and_after_its_values_are_computed() -> None:
    graph = traced()
    verify(graph)
    for node in graph.nodes:
        assert node.value is not None
    verify(graph)


def test_a_graph_of_gradients_and_its_stable_form_are_accepted() -> None:
    def loss(z: Any, y: Any) -> Any:
        p = 1 / (1 + np.exp(-z))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    graph = cr.trace(loss, np.linspace(-900, 900, 5), np.ones(5))
    gradients = cr.backward(graph)
    for result in (graph, gradients):
        verify(result)
        result.values()
        verify(result)
        verify(Graph(result.inputs, [node.stable or node for node in result.outputs]))


def test_operations_with_several_results_and_shapes_told_by_values_are_accepted() -> None:
    @cr.custom_vjp
    def both(x: Any) -> Any:
        return x, np.sum(x)

    both.defvjp(lambda x: ((x, np.sum(x)), None), lambda saved, g: (g[0] + g[1],))
    graph = cr.trace(lambda x: both(x[x > 0])[0] * 2, np.array([1.0, -1.0, 3.0]))
    verify(graph)
    graph.values()
    verify(graph)


def broken(change: Any) -> pytest.RaisesExc[GraphError]:
    graph = traced()
    change(graph)
    with pytest.raises(GraphError) as caught:
        verify(graph)
    return caught


def test_a_wrong_shape_is_found_and_the_node_is_named() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "shape", (4, 2)))
    assert "z = matmul(x, w)" in str(caught.value)
    assert "claims shape (4, 2), float64, but matmul gives shape (2, 4), float64" in str(caught.value)
    assert "z = x @ w" in str(caught.value)


def test_a_wrong_dtype_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["total"], "dtype", np.dtype(np.float32)))
    assert "total" in str(caught.value)
    assert "float32, but sum gives shape (4,), float64" in str(caught.value)


def test_a_cycle_is_found() -> None:
    def turn_back(graph: Any) -> None:
        graph["z"].inputs = (graph.outputs[0], graph["z"].inputs[1])

    assert "does not come before it" in str(broken(turn_back).value)


def test_a_node_that_uses_itself_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "inputs", (graph["z"], graph["z"])))
    assert "does not come before it" in str(caught.value)


def test_nodes_out_of_order_are_found() -> None:
    def swap(graph: Any) -> None:
        graph.__dict__["nodes"] = tuple(reversed(graph.nodes))

    assert "does not come before it" in str(broken(swap).value)


def test_a_missing_input_of_an_operation_is_found() -> None:
    def drop(graph: Any) -> None:
        node = graph.outputs[0]
        node.inputs = node.inputs[:1]

    assert "add takes 2 inputs, and it has 1" in str(broken(drop).value)


def test_a_missing_input_of_a_product_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "inputs", graph["z"].inputs[:1]))
    assert "matmul takes 2 inputs, and it has 1" in str(caught.value)


def test_an_unknown_setting_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["total"], "params", {"axes": (0,), "keepdims": False}))
    assert "sum does not take its inputs and settings" in str(caught.value)


def test_a_missing_setting_is_found() -> None:
    assert "missing" in str(broken(lambda graph: setattr(graph["total"], "params", {"axis": (0,)})).value)


def test_inputs_that_do_not_fit_the_operation_are_found() -> None:
    def swap(graph: Any) -> None:
        graph["z"].inputs = graph["z"].inputs[::-1]

    assert "matmul does not fit its inputs: 4 columns meet 2 rows" in str(broken(swap).value)


def test_an_input_that_is_no_node_is_found() -> None:
    caught = broken(lambda graph: graph.__dict__.update(nodes=graph.nodes, inputs=(*graph.inputs, 3.0)))
    assert "3.0" in str(caught.value)


def test_a_value_of_another_shape_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "_value", np.ones((4, 2))))
    assert "its value has shape (4, 2), float64, where it claims (2, 4), float64" in str(caught.value)


def test_a_value_of_another_dtype_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "_value", np.ones((2, 4), np.float32)))
    assert "its value has shape (2, 4), float32" in str(caught.value)


def test_a_literal_that_is_no_python_number_is_found() -> None:
    def damage(graph: Any) -> None:
        next(node for node in graph.nodes if node.op.name == "literal")._value = np.float64(2.0)

    assert "a literal is a Python number" in str(broken(damage).value)


def test_a_literal_of_another_kind_is_found() -> None:
    def damage(graph: Any) -> None:
        next(node for node in graph.nodes if node.op.name == "literal").kind = complex

    assert "a literal is a Python number" in str(broken(damage).value)


def test_a_constant_without_a_value_is_found() -> None:
    empty = constant(np.ones(3))
    empty._value = None
    with pytest.raises(GraphError, match="a constant is an array, and this one is None"):
        verify(Graph([], [empty]))


def test_an_input_that_the_graph_does_not_list_is_found() -> None:
    graph = traced()
    with pytest.raises(GraphError, match="it is an input that the graph does not list"):
        verify(Graph(graph.inputs[:1], graph.outputs))


def test_an_operation_without_inputs_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "inputs", ()))
    assert "neither input, constant nor literal" in str(caught.value)


def test_an_output_that_is_not_among_the_nodes_is_found() -> None:
    graph = traced()
    assert graph.nodes
    graph.outputs = (literal(1.0),)
    with pytest.raises(GraphError, match="not among the nodes"):
        verify(graph)


def test_a_graph_without_outputs_is_refused() -> None:
    with pytest.raises(GraphError, match="no outputs"):
        verify(Graph([], []))


def test_a_stable_form_of_another_shape_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "stable", graph["x"]))
    assert "its stable form has shape (2, 3)" in str(caught.value)


def test_a_gradient_of_another_shape_than_its_node_is_found() -> None:
    caught = broken(lambda graph: setattr(graph["z"], "gradient_of", graph["x"]))
    assert "the node whose gradient it is has shape (2, 3)" in str(caught.value)
