"""Canonicalisation: shorter programs with the same numbers, at every number there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.verify import verify
from chainrule.simplify.canonicalise import CANONICALISE

NUMBERS = np.array([0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 1e300, -1e-300])
OTHERS = np.array([1.0, 0.0, np.nan, -2.0, 3.0, np.inf, 2.0, 1e300, -0.0])
MATRIX = np.arange(6.0).reshape(2, 3) - 2

RULES: dict[str, tuple[str, Callable[..., Any], int]] = {
    "times 1": ("times one", lambda x, y: x * 1, 0),
    "1 times": ("times one", lambda x, y: 1.0 * x, 0),
    "over 1": ("times one", lambda x, y: x / 1, 0),
    "power of 1": ("power of one", lambda x, y: x**1, 0),
    "unary plus": ("same shape", lambda x, y: +x, 0),
    "reshape to itself": ("same shape", lambda x, y: x.reshape(x.shape), 0),
    "double negation": ("double negation", lambda x, y: -np.negative(x), 0),
    "sign of the left factor": ("sign of a product", lambda x, y: -x * y, 2),
    "sign of the right factor": ("sign of a product", lambda x, y: x * -y, 2),
    "signs of both factors": ("sign of a product", lambda x, y: -x * -y, 1),
    "signs of a quotient": ("sign of a product", lambda x, y: -x / -y, 1),
    "plus minus": ("sign of a sum", lambda x, y: x + -y, 1),
    "minus plus": ("sign of a sum", lambda x, y: -x + y, 1),
    "minus minus": ("sign of a difference", lambda x, y: x - -y, 1),
    "both minus": ("sign of a difference", lambda x, y: -x - -y, 1),
}


def canonical(graph: Graph, log: list[tuple[str, Node]] | None = None) -> Graph:
    done: dict[Node, Node] = {}
    CANONICALISE.rewrite(graph.nodes, done, log=log)
    result = Graph(graph.inputs, [done[node] for node in graph.outputs])
    verify(result)
    return result


def same_numbers(result: Graph, graph: Graph) -> None:
    for new, old in zip(result.outputs, graph.outputs, strict=True):
        assert (new.shape, new.dtype) == (old.shape, old.dtype)
        np.testing.assert_array_equal(new.value, old.value)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_rule_keeps_every_number_and_shortens_the_graph(name: str, dtype: Any) -> None:
    rule, formula, operations = RULES[name]
    with np.errstate(all="ignore"):
        x, y = NUMBERS.astype(dtype), OTHERS.astype(dtype)
    graph = cr.trace(formula, x, y)
    log: list[tuple[str, Node]] = []
    result = canonical(graph, log)
    assert rule in {name for name, *_ in log}
    assert len([node for node in result.nodes if node.inputs]) == operations
    same_numbers(result, graph)


@pytest.mark.parametrize("name", [name for name in RULES if "minus" in name or "sign" in name or "negation" in name])
def test_complex_numbers_keep_the_signs_of_their_zeros(name: str) -> None:
    _, formula, _ = RULES[name]
    z = np.array([complex(a, b) for a in (0.0, -0.0, 2.0, -2.0) for b in (0.0, -0.0, 1.0)])
    graph = cr.trace(formula, z, np.roll(z, 5))
    (new,), (old,) = canonical(graph).outputs, graph.outputs
    for part in (np.real, np.imag):
        np.testing.assert_array_equal(np.signbit(part(new.value)), np.signbit(part(old.value)))
        np.testing.assert_array_equal(part(new.value), part(old.value))


@pytest.mark.parametrize(
    ("rule", "formula"),
    [
        ("double transpose", lambda x: x.T.T),
        ("double transpose", lambda x: x[0].T),
        ("broadcast in an elementwise operation", lambda x: x * np.broadcast_to(x[0], (2, 3))),
        ("broadcast in an elementwise operation", lambda x: np.broadcast_to(x[:, :1], (2, 3)) + x),
    ],
)
def test_rules_on_shapes_keep_numbers_and_shape(rule: str, formula: Callable[..., Any]) -> None:
    graph = cr.trace(formula, MATRIX)
    log: list[tuple[str, Node]] = []
    result = canonical(graph, log)
    assert rule in {name for name, *_ in log}
    assert len(result) < len(graph)
    same_numbers(result, graph)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: (x > 0) * 1.0,
        lambda x: 1 * (x > 0),
        lambda x: 1.0 * np.ones((4, 2, 3)) * x,
        lambda x: x.astype(np.float32) * np.float64(1.0),
        lambda x: np.transpose(x[None], (1, 0, 2)).transpose(2, 0, 1),
        lambda x: np.broadcast_to(x[0, 0], (2, 3)) * np.broadcast_to(x[1, 1], (2, 3)),
        lambda x: x * 0,
        lambda x: x - x,
        lambda x: x / x,
    ],
)
def test_what_only_looks_like_an_identity_keeps_numbers_shape_and_dtype(formula: Callable[..., Any]) -> None:
    graph = cr.trace(formula, MATRIX)
    same_numbers(canonical(graph), graph)


def test_zero_times_nan_and_infinity_stays_nan() -> None:
    graph = cr.trace(lambda x: x * 0, NUMBERS)
    assert np.isnan(canonical(graph).outputs[0].value[[4, 5, 6]]).all()


def test_gradients_are_what_they_were_without_canonicalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.interpret import program

    def loss(w: Any, b: Any) -> Any:
        z = -(MATRIX @ w - b)
        return np.mean(-np.tanh(-z) * 1.0 + np.broadcast_to(b, (2,)) ** 2)

    w, b = np.array([0.1, -0.2, 0.3]), np.array(0.5)
    expected = cr.grad(loss, argnums=(0, 1))(w, b)
    monkeypatch.setattr(program, "simplify", lambda outputs, leaves: outputs)
    plain = cr.grad(lambda w, b: loss(w, b) + 0.0, argnums=(0, 1))(w, b)
    for one, other in zip(expected, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_summing_to_a_shape_becomes_a_plain_sum() -> None:
    graph = cr.trace(lambda x, b: np.sum((x + b) ** 2), np.ones((4, 2, 3)), np.ones((2, 1)))
    gradient = cr.backward(graph, wrt=["b"])
    result = canonical(gradient)
    assert "sum_to" in {node.op.name for node in gradient.nodes}
    assert "sum_to" not in {node.op.name for node in result.nodes}
    same_numbers(result, gradient)
