"""What a node tells of itself: operation, inputs, shape, dtype, value, source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.node import ancestors


def f(x: Any, w: Any) -> Any:
    z = x @ w
    return np.sum(z, axis=0)


def traced() -> Any:
    return cr.trace(f, np.ones((2, 3)), np.arange(12.0).reshape(3, 4))


def test_a_node_knows_its_operation_inputs_and_settings() -> None:
    graph = traced()
    z, total = graph["z"], graph.outputs[0]
    assert z.op.name == "matmul"
    assert z.inputs == graph.inputs
    assert total.op.name == "sum"
    assert total.inputs == (z,)
    assert total.params["axis"] == (0,)


def test_a_node_knows_shape_and_dtype_before_its_value_is_computed() -> None:
    z = traced()["z"]
    assert (z.shape, z.dtype, z.ndim, z.size) == ((2, 4), np.float64, 2, 8)
    assert z._value is None


def test_a_value_is_computed_when_asked_for_and_then_kept() -> None:
    z = traced()["z"]
    np.testing.assert_array_equal(z.value, np.ones((2, 3)) @ np.arange(12.0).reshape(3, 4))
    assert z.value is z.value


def test_a_node_knows_file_and_line_of_the_users_code() -> None:
    filename, line = traced()["z"].source
    assert Path(filename).name == "test_nodes.py"
    assert Path(filename).read_text().splitlines()[line - 1].strip() == "z = x @ w"


def test_a_call_that_makes_several_nodes_gives_all_of_them_its_line() -> None:
    graph = cr.trace(lambda x: np.mean(np.reshape(x, (3, 2), order="F")), np.ones((2, 3)))
    lines = {node.source[1] for node in graph.nodes if node.inputs}
    assert len(lines) == 1


def test_inputs_have_no_source() -> None:
    assert traced().inputs[0].source is None


def test_float32_stays_float32_and_python_numbers_adapt() -> None:
    graph = cr.trace(lambda x: 2.0 * x + 1, np.ones(3, np.float32))
    assert graph.outputs[0].dtype == np.float32
    assert graph.outputs[0].value.dtype == np.float32


@pytest.mark.parametrize("scalar", [np.float64(2.0), np.array(2.0)])
def test_numpy_scalars_promote_as_numpy_promotes(scalar: Any) -> None:
    x = np.ones(3, np.float32)
    assert cr.trace(lambda x: x * scalar, x).outputs[0].dtype == (x * scalar).dtype


def test_comparisons_are_boolean_nodes() -> None:
    graph = cr.trace(lambda x: x > 0, np.array([1.0, -1.0]))
    assert graph.outputs[0].dtype == bool
    assert not graph.outputs[0].is_differentiable
    assert graph.outputs[0].value.tolist() == [True, False]


def test_ancestors_are_in_topological_order_and_each_is_there_once() -> None:
    graph = cr.trace(lambda x: (x + x) * (x + 1), 2.0)
    order = ancestors(graph.outputs)
    assert len(set(order)) == len(order)
    for position, node in enumerate(order):
        assert all(source in order[:position] for source in node.inputs)


def test_the_representation_of_a_node_names_operation_and_inputs() -> None:
    assert repr(traced()["z"]) == "<Node z = matmul(x, w) float64[2, 4]>"
