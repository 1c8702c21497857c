"""Graphs of a million nodes and of 2^60 paths: time is linear in the nodes, and nothing recurses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def chain(x: Any, length: int) -> Any:
    for _ in range(length):
        x = x * 1.0000001
    return x


@pytest.mark.parametrize("length", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_long_chain_of_scalars_has_the_right_gradient(length: int) -> None:
    value, gradient = cr.value_and_grad(chain)(2.0, length)
    assert gradient == pytest.approx(1.0000001**length, rel=1e-9)
    assert value == pytest.approx(2 * 1.0000001**length, rel=1e-9)


def test_a_long_chain_can_be_traced_and_differentiated_as_a_graph() -> None:
    graph = cr.trace(lambda x: chain(x, 20_000), 2.0)
    gradients = cr.backward(graph)
    assert gradients.outputs[0].value == pytest.approx(1.0000001**20_000, rel=1e-9)


def test_a_long_chain_in_forward_mode() -> None:
    _, tangent = cr.jvp(lambda x: chain(x, 20_000), (2.0,), (3.0,))
    assert tangent == pytest.approx(3 * 1.0000001**20_000, rel=1e-9)


def test_a_long_chain_that_is_looked_at_in_each_step() -> None:
    def f(x: Any) -> Any:
        steps = 0
        while x < 1e6 and steps < 3000:
            x = x * 1.001
            steps += 1
        return x

    assert cr.grad(f)(1.0) == pytest.approx(1.001**3000, rel=1e-9)


def test_sixty_doublings_have_two_to_the_sixty_paths_and_take_sixty_steps() -> None:
    def f(x: Any) -> Any:
        for _ in range(60):
            x = x + x
        return x

    assert cr.grad(f)(1.5) == 2.0**60
    assert cr.jvp(f, (1.5,), (1.0,)) == (1.5 * 2.0**60, 2.0**60)
    graph = cr.trace(f, 1.5)
    assert len(graph) == 61
    gradients = cr.backward(graph)
    assert gradients.outputs[0].value == 2.0**60
    assert len(gradients) < 300


def test_sixty_squarings_share_their_subexpressions_in_second_order_too() -> None:
    def f(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x + x)
        return x

    assert np.isfinite(cr.grad(cr.grad(f))(0.1))
