"""What the nodes of a lesson are called."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.explain.telling import forward

import chainrule as cr
from chainrule.notation.text import to_text
from chainrule.notation.tree import Symbol


def inputs(fun: Any, *args: Any) -> list[str]:
    return [to_text(operand.symbol) for operand in cr.explain(fun, *args).operands if operand.is_input]


def test_a_key_is_the_name() -> None:
    assert inputs(lambda params: params["W"] * params["b"], {"W": 1.0, "b": 2.0}) == ["W", "b"]


def test_keys_that_occur_in_two_places_keep_their_paths() -> None:
    both = {"down": {"W": 1.0}, "up": {"W": 2.0}}
    assert inputs(lambda p: p["down"]["W"] * p["up"]["W"], both) == ["p['down']['W']", "p['up']['W']"]


def test_layers_of_a_list_are_counted() -> None:
    layers = [{"W": 1.0, "b": 0.0}, {"W": 2.0, "b": 0.5}]

    def f(layers: Any) -> Any:
        h = 1.0
        for layer in layers:
            h = layer["W"] * h + layer["b"]
        return h

    assert inputs(f, layers) == ["W⁽¹⁾", "b⁽¹⁾", "W⁽²⁾", "b⁽²⁾"]


def test_elements_of_a_tuple_have_their_position() -> None:
    assert inputs(lambda p: p[0] * p[1], (1.0, 2.0)) == ["p[0]", "p[1]"]


def test_an_input_that_is_assigned_again_stays_plain() -> None:
    def f(h: Any) -> Any:
        h = h * 2.0
        h = h + 1.0
        return h  # noqa: RET504

    assert forward(cr.explain(f, 1.0)) == ["h⁽¹⁾ = h · 2 = 1 · 2", "h⁽²⁾ = h⁽¹⁾ + 1 = 2 + 1"]


def test_what_a_loss_returns_is_called_l() -> None:
    def loss(x: Any) -> Any:
        return x * x

    def square(x: Any) -> Any:
        return x * x

    assert cr.explain(loss, 1.0).output == Symbol("L")
    assert cr.explain(square, 1.0).output == Symbol("square")
    assert cr.explain(lambda x: x * x, 1.0).output == Symbol("f")


def test_a_name_that_is_taken_is_not_given_twice() -> None:
    lesson = cr.explain(lambda f: f * f, 1.0)
    assert lesson.output == Symbol("f_")


def test_an_array_from_elsewhere_has_a_name_of_its_own() -> None:
    weights = np.array([1.0, 2.0])
    lesson = cr.explain(lambda x: np.sum(np.add(x, weights) * weights), np.zeros(2))
    outside = [operand for operand in lesson.operands if not operand.is_input]
    assert len({operand.symbol for operand in lesson.operands}) == len(lesson.operands)
    np.testing.assert_array_equal(outside[0].value, weights)
