"""Diagrams that several tests draw."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.notation.tree import Symbol, call, matrix_product


@pytest.fixture
def logistic() -> Diagram:
    """Logistic regression on one sample, both passes done."""
    w, x, b, y, z, y_hat, loss = (Symbol(name) for name in "w x b y z y_hat L".split())
    return Diagram(
        "loss",
        "Logistic regression on one sample",
        loss,
        (
            Vertex(w, "leaf", None, "0", "−25", None, 5),
            Vertex(x, "leaf", None, "50", None),
            Vertex(b, "leaf", None, "0", "−0.5", None, 4),
            Vertex(y, "leaf", None, "1", None),
            Vertex(z, "inner", w * x + b, "0", "−0.5", 1, 3),
            Vertex(y_hat, "inner", call("σ", z), "0.5", "−2", 2, 2),
            Vertex(loss, "output", call("bce", y_hat, y), "0.6931", "1", 3, 1),
        ),
        (Edge(w, z), Edge(x, z), Edge(b, z), Edge(z, y_hat), Edge(y_hat, loss), Edge(y, loss)),
        has_gradients=True,
    )


@pytest.fixture
def network() -> Callable[[int], Diagram]:
    """A network of so many layers with shortcuts: five vertices for each layer, and two more."""

    def build(depth: int) -> Diagram:
        x, loss = Symbol("x"), Symbol("L")
        vertices, edges = [Vertex(x, "leaf", None, "1", None)], []
        before = x
        for number in range(depth):
            weight, bias, z, a, h = (Symbol(f"{name}{number}", is_array=True) for name in "Wbzah")
            vertices += [
                Vertex(weight, "leaf", None, "2", "0.1"),
                Vertex(bias, "leaf", None, "3", "0.1"),
                Vertex(z, "inner", matrix_product(weight, before) + bias, "4", "0.1", 3 * number + 1),
                Vertex(a, "inner", call("tanh", z), "5", "0.1", 3 * number + 2),
                Vertex(h, "inner", a + before, "6", "0.1", 3 * number + 3),
            ]
            edges += [Edge(weight, z), Edge(before, z), Edge(bias, z), Edge(z, a), Edge(a, h), Edge(before, h)]
            before = h
        vertices.append(Vertex(loss, "output", call("sum", before), "7", "1", 3 * depth + 1, 1))
        edges.append(Edge(before, loss))
        return Diagram("network", "", loss, tuple(vertices), tuple(edges), has_gradients=True)

    return build
