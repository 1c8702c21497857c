"""Lessons of code as people write it: loops, containers, assignments, branches, other dtypes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from tests.explain.telling import closed, forward

import chainrule as cr
from chainrule.notation.text import to_text

RANDOM = np.random.default_rng(0)
W, X = 0.5 * RANDOM.standard_normal((3, 3)), RANDOM.standard_normal((5, 3))
LABELS = np.array([0, 2, 1])
LAYERS = {"layers": [{"W": RANDOM.standard_normal((3, 3)), "b": np.zeros(3)} for _ in range(3)]}


def sixty_steps(W: Any, h: Any) -> Any:
    for _ in range(60):
        h = np.tanh(W @ h)
    return np.sum(h)


def list_of_layers(params: Any, X: Any) -> Any:
    h = X
    for layer in params["layers"]:
        h = np.tanh(h @ layer["W"] + layer["b"])
    return np.mean(h**2)


def scanned(w: Any, xs: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        c = np.tanh(w * c + x)
        return c, c * c

    c, ys = cr.scan(step, 0.0, xs)
    return c + np.sum(ys)


def looped(x: Any) -> Any:
    return cr.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, x))[1]


def branched(x: Any) -> Any:
    y = cr.cond(x > 0, lambda v: np.sin(v) * v, np.cos, x)
    return y * 2.0


def assigned(x: Any) -> Any:
    v = cr.numpy.zeros(4)
    v[0] = x[0]
    v[1:3] = x[1:] * 2.0
    v[3] = v[0] * v[1]
    v *= x[0]
    return np.sum(v**2)


def picked(W: Any, labels: Any) -> Any:
    p = cr.softmax(W)
    return -np.mean(np.log(p[np.arange(3), labels]))


def looked_up(table: Any, rows: Any) -> Any:
    e = table[rows]
    return np.sum(e * e)


def complex_inside(x: Any) -> Any:
    z = np.exp(1j * x)
    return np.sum(np.abs(z - 0.3) ** 2)


def complex_input(z: Any) -> Any:
    return np.sum(np.abs(z) ** 2)


@dataclass
class Model:
    weights: Any

    def loss(self, x: Any) -> Any:
        return np.sum((self.weights * x) ** 2)

    def __call__(self, x: Any) -> Any:
        return np.sum(self.weights * x**3)


def any_number(*args: Any) -> Any:
    total = args[0] * 0.5
    for arg in args:
        total = total + arg**2
    return total


def output_is_used_again(x: Any) -> Any:
    y = x**2
    _ = y * 3.0
    return y


def powers(A: Any, B: Any) -> Any:
    return np.sum(B**A)


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "a loop of 60 steps": (sixty_steps, (W, np.ones(3))),
    "a list of layers": (list_of_layers, (LAYERS, X)),
    "scan": (scanned, (0.5, np.arange(4.0) / 4)),
    "while_loop": (looped, (2.0,)),
    "cond": (branched, (2.0,)),
    "assignment": (assigned, (np.array([1.0, 2.0, 3.0]),)),
    "labels": (picked, (W, LABELS)),
    "a table with rows taken twice": (looked_up, (X, np.array([[0, 1], [1, 4]]))),
    "complex numbers inside": (complex_inside, (np.array([0.1, 0.2]),)),
    "complex input": (complex_input, (np.array([0.1 + 1.0j, 0.2]),)),
    "method": (Model(np.array([1.0, 2.0, 3.0])).loss, (np.array([0.1, 0.2, 0.3]),)),
    "callable": (Model(np.array([1.0, 2.0, 3.0])), (np.array([0.1, 0.2, 0.3]),)),
    "lambda": (lambda a, b: a * b + np.sin(a), (1.0, 2.0)),
    "*args": (any_number, (1.0, 2.0, 3.0)),
    "output used again": (output_is_used_again, (0.7,)),
    "output is an input": (lambda x: x, (0.7,)),
    "powers": (powers, (np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))),
    "nothing to add up": (lambda x: np.sum(x) + 1.0, (np.zeros((0, 3)),)),
    "single precision": (lambda x: np.mean(np.tanh(x) ** 2), (np.linspace(-1, 1, 5, dtype=np.float32),)),
}


@pytest.mark.parametrize("level", ["statement", "operation"])
@pytest.mark.parametrize("name", CASES)
def test_gradients_and_faces(name: str, level: Any) -> None:
    fun, point = CASES[name]
    moving = tuple(
        i for i, value in enumerate(point) if not (isinstance(value, np.ndarray) and value.dtype.kind == "i")
    )
    expected = cr.structure.flatten(cr.grad(fun, argnums=moving)(*point))[0]
    lesson = cr.explain(fun, *point, level=level)
    assert lesson.fault is None
    for part, gradient in zip(lesson.result, expected, strict=True):
        np.testing.assert_allclose(part.slope, gradient, rtol=1e-6, atol=1e-12)
        assert part.agrees
    printed = str(lesson)
    assert " object at 0x" not in printed
    assert "nodes>" not in printed
    assert max(len(line) for line in printed.splitlines()) <= 100
    assert lesson.to_latex().count(r"\begin{document}") == 1


def test_a_loop_is_folded() -> None:
    lesson = cr.explain(*_case("a loop of 60 steps"))
    assert len(lesson.forward) == 61
    assert {step.group for step in lesson.forward[:60]} == {lesson.forward[0].group}
    assert [step.repetition for step in lesson.forward[:60]] == list(range(1, 61))
    assert len(str(lesson).splitlines()) < 80 < len(lesson.to_text(folded=False).splitlines())


def test_each_weight_of_a_list_of_layers_has_its_name_and_gradient() -> None:
    lesson = cr.explain(*_case("a list of layers"))
    names = ["W⁽¹⁾", "b⁽¹⁾", "W⁽²⁾", "b⁽²⁾", "W⁽³⁾", "b⁽³⁾", "X"]
    assert [to_text(part.symbol) for part in lesson.result] == names
    assert forward(lesson)[:2] == ["h⁽¹⁾ = tanh(X W⁽¹⁾ + b⁽¹⁾)", "h⁽²⁾ = tanh(h⁽¹⁾ W⁽²⁾ + b⁽²⁾)"]


def test_labels_are_shown_by_name() -> None:
    lesson = cr.explain(*_case("labels"))
    assert any(line.endswith("labels]))") for line in forward(lesson))
    assert "[…]" not in str(lesson)


def test_powers_are_told_without_guards() -> None:
    assert closed(cr.explain(*_case("powers"))) == {"∂powers/∂B": "A ⊙ B^(A − 1)", "∂powers/∂A": "B^(A) ⊙ log(B)"}


def test_integers_have_no_gradient() -> None:
    lesson = cr.explain(*_case("labels"))
    assert [part.symbol.name for part in lesson.result] == ["W"]
    with pytest.raises(cr.errors.IntegerInputError, match=r"k \(shape \(\), int64\)"):
        cr.explain(lambda k: k * k, 2)


def _case(name: str) -> tuple[Any, ...]:
    fun, point = CASES[name]
    return (fun, *point)
