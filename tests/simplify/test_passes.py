"""Every pass on every kind of program: the verifier accepts what comes out, and the numbers are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.backward import backpropagate
from chainrule.forward import push_forward
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import constant, input_node
from chainrule.graph.verify import verify
from chainrule.interpret import Program, signature
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.closed_forms import close_forms
from chainrule.simplify.constants import fold_constants
from chainrule.simplify.merging import Merger, merge_equal
from chainrule.simplify.pipeline import apply_rules, simplify
from chainrule.simplify.sharing import SHARING
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.stabilise import stable

X, W = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]), np.array([[0.2, 0.9], [1.1, -0.4], [0.6, 0.1]])


def logistic(x: Any, w: Any) -> Any:
    p = 1 / (1 + np.exp(-(x @ w)))
    return -np.mean(0.3 * np.log(p) + 0.7 * np.log(1 - p))


def softmax_cross_entropy(x: Any, w: Any) -> Any:
    e = np.exp(x @ w)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(np.log(p[np.arange(2), [0, 1]]))


def branches(x: Any, w: Any) -> Any:
    z = np.where(x @ w > 0, np.sqrt(np.abs(x @ w)), 0.0)
    return np.sum(np.maximum(z, 0.1) * np.max(z, axis=0)) + np.min(w)


def moved(x: Any, w: Any) -> Any:
    return np.sum((x.T[::-1] @ x)[1:, None] * w.reshape(1, -1)[:, :3] / 1 - -x[0]) * 1.0


def assigned(x: Any, w: Any) -> Any:
    v = x * 2.0
    v[0] = w[:, 0]
    v[:, 1] += np.sum(w)
    v[[0, 0], [1, 2]] *= 3.0
    return np.sum(v**2)


def constants(x: Any, w: Any) -> Any:
    return np.sum(x) * np.sum(np.sin(np.arange(3.0)) * 2) + np.sum(w * (np.ones((3, 2)) @ np.eye(2)))


def decompositions(x: Any, w: Any) -> Any:
    values, vectors = np.linalg.eigh(x @ x.T + np.eye(2))
    return np.sum(values**2) + np.linalg.det(w.T @ w) + np.sum(np.abs(vectors) ** 2)


def wrapped(x: Any, w: Any) -> Any:
    layer = cr.checkpoint(lambda x, w: (np.tanh(x @ w), np.sum(x)))
    hidden, total = layer(x, w)
    return np.sum(hidden) * total + 0.0 * cr.stop_gradient(total)


PROGRAMS = [logistic, softmax_cross_entropy, branches, moved, assigned, constants, decompositions, wrapped]


def stabilised(graph: Graph) -> Sequence[Node]:
    return [stable(node) for node in graph.outputs]


def canonicalised(graph: Graph) -> Sequence[Node]:
    done: dict[Node, Node] = {}
    CANONICALISE.rewrite(ancestors(graph.outputs), done)
    return [done[node] for node in graph.outputs]


def folded(graph: Graph) -> Sequence[Node]:
    return fold_constants(graph.outputs, graph.inputs)


def merged(graph: Graph) -> Sequence[Node]:
    return merge_equal(graph.outputs, graph.inputs)


def closed(graph: Graph) -> Sequence[Node]:
    return close_forms(merged(graph), graph.inputs)


def specialised(graph: Graph) -> Sequence[Node]:
    return apply_rules(SPECIALISE, graph.outputs, graph.inputs)


def simplified(graph: Graph) -> Sequence[Node]:
    return simplify(graph.outputs, graph.inputs)


def simplified_freely(graph: Graph) -> Sequence[Node]:
    allowed = frozenset(
        rule.name for rules in (CANONICALISE, SPECIALISE, SHARING) for rule in rules.rules if rule.opt_in
    )
    return simplify(graph.outputs, graph.inputs, allow=allowed)


PASSES = [stabilised, canonicalised, folded, merged, closed, specialised, simplified, simplified_freely]


def derivatives(graph: Graph) -> Graph:
    """Gradients and tangents of the graph, themselves a graph."""
    (output,) = graph.outputs
    found = backpropagate([output], [constant(np.ones(()))], graph.inputs)
    tangents = push_forward([output], graph.inputs, [constant(np.ones(node.shape)) for node in graph.inputs])
    return Graph(graph.inputs, [*[found[node] for node in graph.inputs], *tangents])


@pytest.mark.parametrize("derived", [False, True], ids=["recorded", "derivatives"])
@pytest.mark.parametrize("apply", PASSES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_a_pass_gives_a_valid_graph_with_the_same_numbers(
    fun: Callable[..., Any], apply: Callable[[Graph], Sequence[Node]], derived: bool
) -> None:
    graph = cr.trace(fun, X, W)
    if derived:
        graph = derivatives(graph)
    verify(graph)
    result = Graph(graph.inputs, apply(graph))
    verify(result)
    for new, old in zip(result.outputs, graph.outputs, strict=True):
        np.testing.assert_allclose(new.value, old.value, rtol=1e-12, atol=1e-13)
    verify(result)


@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_all_passes_together_in_a_program_give_the_same_numbers(fun: Callable[..., Any]) -> None:
    graph = derivatives(cr.trace(fun, X, W))
    _, leaves = signature(graph.nodes, graph.outputs)
    results = Program(graph.outputs, leaves).run([leaf._value for leaf in leaves])
    for result, node in zip(results, graph.outputs, strict=True):
        np.testing.assert_allclose(result, node.value, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_their_gradients_agree_with_finite_differences(fun: Callable[..., Any]) -> None:
    cr.check_grads(fun, X, W)


def test_a_merger_knows_what_it_merged_before() -> None:
    x, y = input_node(2.0, "x"), input_node(2.0, "y")
    merger = Merger([x])
    (first,) = merger.merged([x * x])
    again, other = merger.merged([x * x, (x * x) * y], [y])
    assert again is first
    assert other.inputs == (first, y)
    assert merger.merged([y]) == [y]
