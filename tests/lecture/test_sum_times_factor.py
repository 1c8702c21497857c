"""The lecture's first graph: f(x, y, z) = (x + y) z at x = 5, y = -2, z = -4."""

from __future__ import annotations

from typing import Any

import chainrule as cr

POINT = (5.0, -2.0, -4.0)


def f(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    return q * z


def test_the_forward_pass_gives_q_equal_3_and_f_equal_minus_12() -> None:
    graph = cr.trace(f, *POINT)
    assert graph["q"].value == 3
    assert graph.outputs[0].value == -12


def test_the_backward_pass_gives_every_gradient_of_the_lecture() -> None:
    graph = cr.trace(f, *POINT)
    gradients = cr.backward(graph, wrt=["x", "y", "z", "q"])
    assert gradients.values() == (-4.0, -4.0, 3.0, -4.0)


def test_grad_gives_the_same_gradients() -> None:
    assert cr.grad(f, argnums=(0, 1, 2))(*POINT) == (-4.0, -4.0, 3.0)


def test_value_and_grad_gives_the_value_too() -> None:
    assert cr.value_and_grad(f, argnums=(2, 0))(*POINT) == (-12.0, (3.0, -4.0))
