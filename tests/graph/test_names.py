"""Names of nodes: from parameters, unpacking and assignments of the user's code."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr


def names(graph: Any) -> list[str | None]:
    return [node.name for node in graph.nodes if node.inputs]


def test_inputs_are_named_after_the_parameters() -> None:
    def f(weight: Any, *rest: Any) -> Any:
        return weight * rest[0] * rest[1]

    assert [node.name for node in cr.trace(f, 1.0, 2.0, 3.0).inputs] == ["weight", "rest[0]", "rest[1]"]


def test_leaves_of_containers_are_named_by_their_path() -> None:
    graph = cr.trace(lambda p: p["W"][0] * p["b"], {"W": [1.0, 2.0], "b": 3.0})
    assert [node.name for node in graph.inputs] == ["p['W'][0]", "p['W'][1]", "p['b']"]


def test_unpacking_gives_the_leaves_better_names() -> None:
    def f(params: Any) -> Any:
        (W1, b1), scale = params
        return (W1 + b1) * scale

    assert [node.name for node in cr.trace(f, ((1.0, 2.0), 3.0)).inputs] == ["W1", "b1", "scale"]


def test_a_parameter_keeps_its_own_name_when_it_is_assigned_to_another_variable() -> None:
    def f(x: Any) -> Any:
        y = x
        return y * 2

    assert cr.trace(f, 1.0).inputs[0].name == "x"


def test_assignments_name_their_values() -> None:
    def f(x: Any) -> Any:
        z = 2 * x + 1
        y_hat: Any = 1 / (1 + np.exp(-z))
        return np.log(y_hat)

    graph = cr.trace(f, 1.0)
    assert graph["z"].op.name == "add"
    assert graph["y_hat"].op.name == "divide"
    assert graph.outputs[0].name is None


def test_tuple_assignment_names_every_part() -> None:
    def f(x: Any, y: Any) -> Any:
        s, d = x + y, x - y
        return s * d

    graph = cr.trace(f, 1.0, 2.0)
    assert graph["s"].op.name == "add"
    assert graph["d"].op.name == "subtract"


def test_augmented_and_chained_assignment_and_walrus() -> None:
    def f(x: Any) -> Any:
        total = x * 2
        total += 1
        a = b = total * 3
        return (c := a + b) * c

    graph = cr.trace(f, 1.0)
    assert graph["total"].op.name == "add"
    assert graph["a"].op.name == "multiply"
    assert graph["c"].op.name == "add"


def test_values_in_a_loop_carry_the_name_of_their_variable() -> None:
    def f(x: Any) -> Any:
        for _ in range(3):
            x = np.sin(x)
        return x

    assert names(cr.trace(f, 1.0)) == ["x", "x", "x"]


def test_names_in_functions_that_are_called_count_too() -> None:
    def layer(x: Any) -> Any:
        pre = x * 2
        return np.tanh(pre)

    def f(x: Any) -> Any:
        out = layer(x)
        return out + 1

    graph = cr.trace(f, 1.0)
    assert graph["pre"].op.name == "multiply"
    assert graph["out"].op.name == "tanh"


def test_an_array_that_is_assigned_into_keeps_its_name() -> None:
    def f(v: Any) -> Any:
        v[0] = v[1] * 2
        return np.sum(v)

    assert cr.trace(f, np.ones(3)).outputs[0].inputs[0].name == "v"
