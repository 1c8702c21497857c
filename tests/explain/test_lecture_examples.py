"""The three examples of the lecture, told as the lecture tells them: (x + y) z, one neuron, and two layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.explain.telling import chain, closed, closed_latex, formulas, forward, local, order, patterns, put_in

import chainrule as cr
from chainrule.explain.lesson import Lesson


def product_of_sum(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    f = q * z
    return f  # noqa: RET504  (the name is part of the lesson)


@pytest.fixture(scope="module")
def sum_and_product() -> Lesson:
    return cr.explain(product_of_sum, 5.0, -2.0, -4.0)


def test_sum_and_product_forward(sum_and_product: Lesson) -> None:
    assert forward(sum_and_product) == ["q = x + y = 5 + (−2)", "f = qz = 3 · (−4)"]
    assert [float(step.value) for step in sum_and_product.forward] == [3, -12]


def test_sum_and_product_backward(sum_and_product: Lesson) -> None:
    assert order(sum_and_product) == ["f", "z", "q", "y", "x"]
    assert local(sum_and_product) == {"∂f/∂z": "q", "∂f/∂q": "z", "∂q/∂y": "1", "∂q/∂x": "1"}
    assert chain(sum_and_product) == {
        "∂f/∂z": "∂f/∂z",
        "∂f/∂q": "∂f/∂q",
        "∂f/∂y": "∂q/∂y · ∂f/∂q",
        "∂f/∂x": "∂q/∂x · ∂f/∂q",
    }
    assert formulas(sum_and_product) == {"∂f/∂z": "q", "∂f/∂q": "z", "∂f/∂y": "∂f/∂q", "∂f/∂x": "∂f/∂q"}
    assert closed(sum_and_product) == {"∂f/∂z": "q", "∂f/∂q": "z", "∂f/∂y": "z", "∂f/∂x": "z"}
    assert put_in(sum_and_product) == {"∂f/∂z": "3", "∂f/∂q": "−4", "∂f/∂y": "−4", "∂f/∂x": "−4"}
    assert [float(step.value) for step in sum_and_product.backward] == [1, 3, -4, -4, -4]


def test_sum_and_product_in_words(sum_and_product: Lesson) -> None:
    assert patterns(sum_and_product) == {
        "f": "the backward pass begins",
        "z": "multiply swaps: times the other factor",
        "q": "multiply swaps: times the other factor",
        "y": "add passes the gradient on",
        "x": "add passes the gradient on",
    }


def logistic(w: Any, b: Any, x: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = cr.sigmoid(z)
    L = -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return L  # noqa: RET504


@pytest.fixture(scope="module")
def neuron() -> Lesson:
    return cr.explain(logistic, 0.0, 0.0, 50.0, 1.0, wrt=["w", "b"])


def test_one_neuron_forward(neuron: Lesson) -> None:
    assert forward(neuron) == [
        "z = wx + b = 0 · 50 + 0",
        "ŷ = σ(z) = σ(0)",
        "L = −(y log(ŷ) + (1 − y) log(1 − ŷ)) = −(1 log(0.5) + (1 − 1) log(1 − 0.5))",
    ]
    assert [float(step.value) for step in neuron.forward] == pytest.approx([0, 0.5, np.log(2)])


def test_one_neuron_backward(neuron: Lesson) -> None:
    assert order(neuron) == ["L", "ŷ", "z", "b", "w"]
    assert local(neuron) == {
        "∂L/∂ŷ": "(1 − y)/(1 − ŷ) − y/ŷ",
        "∂ŷ/∂z": "ŷ(1 − ŷ)",
        "∂z/∂b": "1",
        "∂z/∂w": "x",
    }
    assert chain(neuron) == {
        "∂L/∂ŷ": "∂L/∂ŷ",
        "∂L/∂z": "∂ŷ/∂z · ∂L/∂ŷ",
        "∂L/∂b": "∂z/∂b · ∂L/∂z",
        "∂L/∂w": "∂z/∂w · ∂L/∂z",
    }
    assert formulas(neuron) == {
        "∂L/∂ŷ": "(1 − y)/(1 − ŷ) − y/ŷ",
        "∂L/∂z": "ŷ(1 − ŷ) · ∂L/∂ŷ",
        "∂L/∂b": "∂L/∂z",
        "∂L/∂w": "x · ∂L/∂z",
    }
    assert [float(step.value) for step in neuron.backward] == pytest.approx([1, -2, -0.5, -0.5, -25])


def test_one_neuron_in_closed_form(neuron: Lesson) -> None:
    forms = closed(neuron)
    assert [forms[name] for name in ("∂L/∂z", "∂L/∂b", "∂L/∂w")] == ["ŷ − y", "ŷ − y", "x(ŷ − y)"]
    assert closed_latex(neuron)[r"\frac{\partial L}{\partial w}"] == r"x (\hat{y} - y)"
    assert put_in(neuron) == {
        "∂L/∂ŷ": "(1 − 1)/(1 − 0.5) − 1/0.5",
        "∂L/∂z": "0.5 − 1",
        "∂L/∂b": "0.5 − 1",
        "∂L/∂w": "50(0.5 − 1)",
    }


def test_one_neuron_in_words(neuron: Lesson) -> None:
    assert patterns(neuron) == {
        "L": "the backward pass begins",
        "ŷ": "the local gradient alone, as the upstream gradient is 1",
        "z": "sigmoid: local gradient times upstream gradient",
        "b": "add passes the gradient on",
        "w": "multiply swaps: times the other factor",
    }


def columns(activation: Callable[[Any], Any]) -> Callable[..., Any]:
    def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        z1 = W1 @ x + b1
        a1 = activation(z1)
        z2 = W2 @ a1 + b2
        y_hat = cr.sigmoid(z2)
        L = np.sum(-(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)))
        return L  # noqa: RET504

    return perceptron


def rows(activation: Callable[[Any], Any]) -> Callable[..., Any]:
    def perceptron(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        z1 = x @ W1 + b1
        a1 = activation(z1)
        z2 = a1 @ W2 + b2
        y_hat = cr.sigmoid(z2)
        L = np.sum(-(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)))
        return L  # noqa: RET504

    return perceptron


W1 = np.array([[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]])
W2 = np.array([[0.5, -0.5, 0.25]])
WEIGHTS = ["W1", "b1", "W2", "b2"]
OTHERS = (np.array([1.0, 2.0]), np.array([1.0]))
ACTIVATIONS = {
    "tanh": (np.tanh, "tanh(z1)", "1 − a1²", "(1 − a1²)"),
    "sigmoid": (cr.sigmoid, "σ(z1)", "a1 ⊙ (1 − a1)", "a1 ⊙ (1 − a1)"),
    "relu": (cr.relu, "relu(z1)", "[z1 > 0]", "[z1 > 0]"),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_two_layers_of_columns(name: str) -> None:
    activation, written, slope, factor = ACTIVATIONS[name]
    lesson = cr.explain(columns(activation), W1, np.zeros(3), W2, np.zeros(1), *OTHERS, wrt=WEIGHTS)
    assert forward(lesson)[:3] == ["z1 = W1 x + b1", f"a1 = {written}", "z2 = W2 a1 + b2"]
    assert order(lesson) == ["L", "ŷ", "z2", "b2", "W2", "a1", "z1", "b1", "W1"]
    assert local(lesson) == {
        "∂L/∂ŷ": "(1 − y)/(1 − ŷ) − y/ŷ",
        "∂ŷ/∂z2": "ŷ(1 − ŷ)",
        "∂z2/∂b2": "1",
        "∂z2/∂W2": "G ↦ G a1ᵀ",
        "∂z2/∂a1": "W2",
        "∂a1/∂z1": slope,
        "∂z1/∂b1": "1",
        "∂z1/∂W1": "G ↦ G xᵀ",
    }
    assert formulas(lesson)["∂L/∂a1"] == "W2ᵀ · ∂L/∂z2"
    assert formulas(lesson)["∂L/∂z1"] == f"{f'({factor})' if name == 'sigmoid' else factor} ⊙ ∂L/∂a1"
    assert formulas(lesson)["∂L/∂W1"] == "∂L/∂z1 · xᵀ"
    delta = f"{factor} ⊙ W2ᵀ(ŷ − y)"
    assert closed(lesson) | {"∂L/∂ŷ": ""} == {
        "∂L/∂ŷ": "",
        "∂L/∂z2": "ŷ − y",
        "∂L/∂b2": "ŷ − y",
        "∂L/∂W2": "(ŷ − y) a1ᵀ",
        "∂L/∂a1": "W2ᵀ(ŷ − y)",
        "∂L/∂z1": delta,
        "∂L/∂b1": delta,
        "∂L/∂W1": f"({delta}) xᵀ",
    }
    assert closed_latex(lesson)[r"\frac{\partial L}{\partial a_{1}}"] == r"W_{2}^{\top} (\hat{y} - y)"
    assert all(part.agrees for part in lesson.result)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_two_layers_of_rows(name: str) -> None:
    activation, written, slope, factor = ACTIVATIONS[name]
    lesson = cr.explain(rows(activation), W1.T, np.zeros(3), W2.T, np.zeros(1), *OTHERS, wrt=WEIGHTS)
    assert forward(lesson)[:3] == ["z1 = x W1 + b1", f"a1 = {written}", "z2 = a1 W2 + b2"]
    assert order(lesson) == ["L", "ŷ", "z2", "b2", "W2", "a1", "z1", "b1", "W1"]
    found = local(lesson)
    assert found["∂z2/∂W2"] == "G ↦ a1ᵀ G"
    assert found["∂a1/∂z1"] == slope
    assert formulas(lesson)["∂L/∂a1"] == "∂L/∂z2 · W2ᵀ"
    assert formulas(lesson)["∂L/∂W1"] == "xᵀ · ∂L/∂z1"
    delta = f"{factor} ⊙ (ŷ − y) W2ᵀ"
    assert closed(lesson) | {"∂L/∂ŷ": ""} == {
        "∂L/∂ŷ": "",
        "∂L/∂z2": "ŷ − y",
        "∂L/∂b2": "ŷ − y",
        "∂L/∂W2": "a1ᵀ(ŷ − y)",
        "∂L/∂a1": "(ŷ − y) W2ᵀ",
        "∂L/∂z1": delta,
        "∂L/∂b1": delta,
        "∂L/∂W1": f"xᵀ({delta})",
    }
    assert all(part.agrees for part in lesson.result)


def test_two_layers_in_words() -> None:
    lesson = cr.explain(columns(np.tanh), W1, np.zeros(3), W2, np.zeros(1), *OTHERS, wrt=WEIGHTS)
    assert patterns(lesson) == {
        "L": "the backward pass begins",
        "ŷ": "the local gradient alone, as the upstream gradient is 1",
        "z2": "sigmoid: local gradient times upstream gradient",
        "b2": "add passes the gradient on",
        "W2": "matrix product: times the transpose of the other factor",
        "a1": "matrix product: times the transpose of the other factor",
        "z1": "tanh: local gradient times upstream gradient",
        "b1": "add passes the gradient on",
        "W1": "matrix product: times the transpose of the other factor",
    }
    assert [[factor.shape for factor in step.factors] for step in lesson.backward[4:7]] == [
        [(1, 1), (1, 3)],
        [(3, 1), (1,)],
        [(3,), (3,)],
    ]
