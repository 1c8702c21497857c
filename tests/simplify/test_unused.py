"""Results that nobody uses are not computed."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.verify import verify
from chainrule.simplify.unused import drop_unused_results

X = np.array([0.3, 0.8, -0.5])


def pruned(f: Any, *args: Any) -> tuple[Graph, dict[str, Node]]:
    """The graph without unused results, which passes the verifier and has the same values; and its loops by name."""
    graph = cr.trace(f, *args)
    result = Graph(graph.inputs, drop_unused_results(graph.outputs))
    verify(result)
    for one, other in zip(result.values(), graph.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    return result, {node.op.name: node for node in result.nodes if node.is_tuple}


def test_a_scan_without_unused_results_carries_and_inputs() -> None:
    def f(x: Any, w: Any) -> Any:
        def step(carry: Any, row: Any) -> Any:
            a, b, c = carry
            return (a * row[0], b + row[1] * w, c + a), (a, b * w)

        (_, _, c), _ = cr.scan(step, (1.0, 2.0, 3.0), (x, x * 2))
        return c

    _, loops = pruned(f, X, 2.0)
    loop = loops["scan"]
    assert (loop.params["carries"], loop.params["columns"], len(loop.inputs), len(loop.shape)) == (2, 1, 3, 2)


def test_a_stacked_result_keeps_the_carry_that_it_needs() -> None:
    _, loops = pruned(lambda x: cr.scan(lambda c, x: ((c[0] * x, c[1] + x), c[0]), (1.0, 2.0), x)[1], X)
    loop = loops["scan"]
    assert (loop.params["carries"], len(loop.shape)) == (1, 2)


def test_a_cond_without_unused_results_and_operands() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return cr.cond(x > 0, lambda x, y, z: (x, y * z), lambda x, y, z: (2 * x, y), x, y, z)[0]

    _, loops = pruned(f, 1.0, 2.0, 3.0)
    assert (len(loops["cond"].inputs), len(loops["cond"].shape)) == (2, 1)


def test_a_while_loop_keeps_what_its_condition_needs() -> None:
    def f(x: Any, w: Any) -> Any:
        def step(carry: Any) -> Any:
            n, v, no = carry
            return n + 1, v * x, no + w

        return cr.while_loop(lambda carry: carry[0] < 3, step, (0, 1.0, 2.0))[1]

    _, loops = pruned(f, 0.5, 2.0)
    loop = loops["while_loop"]
    assert (loop.params["carries"], len(loop.inputs), len(loop.shape)) == (2, 3, 2)


def test_what_only_a_dropped_result_needed_goes_too() -> None:
    def f(x: Any) -> Any:
        _, first = cr.scan(lambda c, x: (c + x, (c, c * x)), 0.0, x)
        _, second = cr.scan(lambda c, v: (c + v[0], v[1]), 0.0, first)
        return second

    _, loops = pruned(f, X)
    assert len(loops) == 1
    result, _ = pruned(f, X)
    scans = [node for node in result.nodes if node.op.name == "scan"]
    assert [len(node.shape) for node in scans] == [2, 1]


def test_a_graph_without_such_operations_is_left_alone() -> None:
    graph = cr.trace(lambda x: np.linalg.svd(x)[1], np.eye(3))
    assert drop_unused_results(graph.outputs) == list(graph.outputs)
