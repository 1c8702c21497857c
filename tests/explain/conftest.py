"""Lessons made by hand, so that the tests of their faces depend on nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import (
    BackwardStep,
    Closed,
    Factor,
    Fault,
    ForwardStep,
    InputGradient,
    LocalGradient,
    Operand,
)
from chainrule.notation.tree import Derivative, Expression, Marked, Number, Relation, Symbol, Transpose, call

L = Symbol("L")


def gradient(of: Symbol) -> Derivative:
    return Derivative(L, of)


def local(of: Symbol, wrt: Symbol) -> Marked:
    return Marked(Derivative(of, wrt), "local")


def upstream(of: Symbol, *, is_array: bool = False) -> Marked:
    return Marked(Derivative(L, of, is_array=is_array), "upstream", is_array=is_array)


def update(symbol: Symbol) -> Expression:
    return Relation("←", (symbol, symbol - Symbol("lr") * gradient(symbol)))


def vertex(symbol: Symbol, kind: Any, value: str, slope: str | None, numbers: tuple[int | None, int | None]) -> Vertex:
    return Vertex(symbol, kind, None, value, slope, *numbers)


@pytest.fixture(scope="session")
def neuron() -> Lesson:
    """Logistic regression on one sample: all values are numbers."""

    def loss(w: Any, x: Any, b: Any, y: Any) -> Any:
        z = w * x + b
        y_hat = cr.sigmoid(z)
        return -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)

    w, x, b, y, z, y_hat = [Symbol(name) for name in "w x b y z y_hat".split()]
    error = y_hat - y
    entropy = -y * call("log", y_hat) - (1 - y) * call("log", 1 - y_hat)
    slope = -y / y_hat + (1 - y) / (1 - y_hat)
    own = y_hat * (1 - y_hat)
    forward = (
        ForwardStep(1, z, w * x + b, Number(0) * Number(50) + Number(0), 0.0, (w, x, b)),
        ForwardStep(2, y_hat, call("σ", z), call("σ", Number(0)), 0.5, (z,)),
        ForwardStep(3, L, entropy, None, 0.6931471805599453, (y, y_hat)),
    )
    backward = (
        BackwardStep(1, L, gradient(L), None, Number(1), None, None, 1.0, (), "the backward pass begins", ()),
        BackwardStep(
            2, y_hat, gradient(y_hat), local(L, y_hat), slope, None, None, -2.0, (), "local gradient of the loss", (L,)
        ),
        BackwardStep(
            3,
            z,
            gradient(z),
            local(y_hat, z) * upstream(y_hat),
            Marked(own, "local") * upstream(y_hat),
            Closed(error, ("log of a sigmoid", "sigmoid of −z")),
            Number(0.5) - Number(1),
            -0.5,
            (Factor(own, ()), Factor(gradient(y_hat), ())),
            "σ: local gradient times upstream gradient",
            (y_hat,),
        ),
        BackwardStep(
            4,
            b,
            gradient(b),
            local(z, b) * upstream(z),
            upstream(z),
            Closed(error, ()),
            None,
            -0.5,
            (Factor(gradient(z), ()),),
            "add passes the gradient on",
            (z,),
        ),
        BackwardStep(
            5,
            w,
            gradient(w),
            local(z, w) * upstream(z),
            Marked(x, "local") * upstream(z),
            Closed(x * error, ()),
            Number(50) * Number(-0.5),
            -25.0,
            (Factor(x, ()), Factor(gradient(z), ())),
            "multiply swaps: times the other factor",
            (z,),
        ),
    )
    diagram = Diagram(
        "loss",
        "Logistic regression on one sample",
        L,
        (
            vertex(w, "leaf", "0", "−25", (None, 5)),
            vertex(x, "leaf", "50", None, (None, None)),
            vertex(b, "leaf", "0", "−0.5", (None, 4)),
            vertex(y, "leaf", "1", None, (None, None)),
            Vertex(z, "inner", w * x + b, "0", "−0.5", 1, 3),
            Vertex(y_hat, "inner", call("σ", z), "0.5", "−2", 2, 2),
            Vertex(L, "output", entropy, "0.6931", "1", 3, 1),
        ),
        (Edge(w, z), Edge(x, z), Edge(b, z), Edge(z, y_hat), Edge(y_hat, L), Edge(y, L)),
        True,
    )
    return Lesson(
        "loss",
        "statement",
        cr.trace(loss, 0.0, 50.0, 0.0, 1.0),
        L,
        tuple(Operand(symbol, value, True) for symbol, value in ((w, 0.0), (x, 50.0), (b, 0.0), (y, 1.0))),
        forward,
        (
            LocalGradient(Derivative(L, y_hat), slope),
            LocalGradient(Derivative(y_hat, z), own),
            LocalGradient(Derivative(z, b), Number(1)),
            LocalGradient(Derivative(z, w), x),
        ),
        backward,
        (
            InputGradient(w, gradient(w), 0.0, -25.0, Closed(x * error, ()), True, update(w)),
            InputGradient(b, gradient(b), 0.0, -0.5, Closed(error, ()), True, update(b)),
        ),
        None,
        diagram,
    )


@pytest.fixture(scope="session")
def layer() -> Lesson:
    """A linear layer with arrays, one of them from outside of the function."""
    inputs = np.array([[1.0], [-2.0], [0.5]])

    def loss(W: Any) -> Any:
        a = W @ inputs
        return np.sum(a * a)

    W, X, a = [Symbol(name, is_array=True) for name in ("W", "X", "a")]
    weights = np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 4.0]])
    values = weights @ inputs
    slope = Derivative(L, a, is_array=True)
    passed = Marked(slope, "upstream", is_array=True)
    doubled = 2 * a
    forward = (
        ForwardStep(1, a, W @ X, None, values, (W, X)),
        ForwardStep(2, L, call("sum", a * a), None, np.sum(values**2), (a,)),
    )
    backward = (
        BackwardStep(1, L, gradient(L), None, Number(1), None, None, 1.0, (), "the backward pass begins", ()),
        BackwardStep(
            2,
            a,
            slope,
            Marked(Derivative(L, a, is_array=True), "local", is_array=True),
            doubled,
            None,
            None,
            2 * values,
            (),
            "used twice: the sum over both uses",
            (L,),
        ),
        BackwardStep(
            3,
            W,
            Derivative(L, W, is_array=True),
            Marked(Derivative(a, W, is_array=True), "local", is_array=True) * passed,
            passed @ Marked(Transpose(X, is_array=True), "local", is_array=True),
            Closed(doubled @ Transpose(X, is_array=True), ("matrix product",), "a is not empty"),
            None,
            2 * values @ inputs.T,
            (Factor(slope, (2, 1)), Factor(Transpose(X, is_array=True), (1, 3))),
            "matrix product: transpose of the other factor",
            (a,),
        ),
    )
    diagram = Diagram(
        "loss",
        "A linear layer",
        L,
        (
            vertex(W, "leaf", "(2, 3)", "(2, 3)", (None, 3)),
            vertex(X, "leaf", "(3, 1)", None, (None, None)),
            Vertex(a, "inner", W @ X, "(2, 1)", "(2, 1)", 1, 2),
            Vertex(L, "output", call("sum", a * a), "20", "1", 2, 1),
        ),
        (Edge(W, a), Edge(X, a), Edge(a, L, 2)),
        True,
    )
    return Lesson(
        "loss",
        "statement",
        cr.trace(loss, weights),
        L,
        (Operand(W, weights, True), Operand(X, inputs, False)),
        forward,
        (LocalGradient(Derivative(L, a), doubled),),
        backward,
        (
            InputGradient(
                W,
                Derivative(L, W, is_array=True),
                weights,
                2 * values @ inputs.T,
                backward[2].closed,
                True,
                Relation("←", (W, W - Symbol("lr") * Derivative(L, W, is_array=True))),
            ),
        ),
        None,
        diagram,
    )


@pytest.fixture(scope="session")
def loop() -> Lesson:
    """h is multiplied by w five times: the iterations are one repeated block."""

    def power(w: Any) -> Any:
        h: Any = 1.0
        for _ in range(5):
            h = h * w
        return h

    w = Symbol("w")
    states = [Symbol("h", number) for number in range(1, 6)]
    output = states[-1]
    forward = tuple(
        ForwardStep(
            number,
            state,
            (states[number - 2] if number > 1 else Number(1)) * w,
            Number(2.0 ** (number - 1)) * Number(2),
            2.0**number,
            (states[number - 2], w) if number > 1 else (w,),
            0,
            number,
        )
        for number, state in enumerate(states, 1)
    )
    backward = tuple(
        BackwardStep(
            number,
            state,
            Derivative(output, state),
            Marked(Derivative(states[5 - number + 1], state), "local")
            * Marked(Derivative(output, states[5 - number + 1]), "upstream")
            if number > 1
            else None,
            Marked(w, "local") * Marked(Derivative(output, states[5 - number + 1]), "upstream")
            if number > 1
            else Number(1),
            None,
            None,
            2.0 ** (number - 1),
            (),
            "multiply swaps: times the other factor" if number > 1 else "the backward pass begins",
            (),
            0 if number > 1 else None,
            number - 1 if number > 1 else None,
        )
        for number, state in enumerate(reversed(states), 1)
    )
    vertices = (vertex(w, "leaf", "2", None, (None, None)), vertex(output, "folded", "32", "1", (5, 1)))
    return Lesson(
        "power",
        "statement",
        cr.trace(power, 2.0),
        output,
        (Operand(w, 2.0, True),),
        forward,
        tuple(LocalGradient(Derivative(after, before), w) for before, after in itertools.pairwise(states)),
        backward,
        (),
        None,
        Diagram("power", "Five equal steps", output, vertices, (Edge(w, output, 5),), True),
    )


@pytest.fixture(scope="session")
def stopped() -> Lesson:
    """The logarithm of 0: the forward pass does not come to its end."""

    def loss(p_1: Any) -> Any:
        z = p_1 - 1
        return np.log(z)

    p, z = Symbol("p_1"), Symbol("z")
    forward = (
        ForwardStep(1, z, p - 1, Number(1) - Number(1), 0.0, (p,)),
        ForwardStep(2, L, call("log", z), call("log", Number(0)), -np.inf, (z,)),
    )
    fault = Fault(L, False, "log of 0", "add a small constant: np.log(z + 1e-12)", "model.py, line 3: L = np.log(z)")
    vertices = (
        vertex(p, "leaf", "1", None, (None, None)),
        vertex(z, "inner", "0", None, (1, None)),
        Vertex(L, "output", call("log", z), "−∞", None, 2, None, True),
    )
    diagram = Diagram("loss", "The logarithm of 0", L, vertices, (Edge(p, z), Edge(z, L)), False)
    with np.errstate(divide="ignore"):
        graph = cr.trace(loss, 1.0)
    return Lesson("loss", "statement", graph, L, (Operand(p, 1.0, True),), forward, (), (), (), fault, diagram)
