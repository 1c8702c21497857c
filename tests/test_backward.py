"""Backpropagation: sums over paths, broadcasting undone, and gradients that are selected, not multiplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.backward import backpropagate
from chainrule.graph.graph import Graph
from chainrule.graph.verify import verify


def test_a_node_that_is_used_several_times_sums_the_gradients_of_its_uses() -> None:
    assert cr.grad(lambda x: x * x + 3 * x + x)(2.0) == 8


def test_only_what_lies_between_output_and_inputs_gets_a_gradient() -> None:
    graph = cr.trace(lambda x, y: np.sin(x) * np.cos(y), 1.0, 2.0)
    found = backpropagate(graph.outputs, [cr.trace(lambda x: x, 1.0).outputs[0]], graph.inputs[:1])
    assert graph.inputs[0] in found
    assert graph.inputs[1] not in found


def fitting_pairs() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    shapes = [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (1, 1, 1), (4, 1, 3), (4, 2, 3), (0, 3)]
    return [(a, b) for a in shapes for b in shapes if all(n == m or 1 in (n, m) for n, m in zip(a[::-1], b[::-1]))]  # noqa: B905


@pytest.mark.parametrize(("shape", "other"), fitting_pairs())
def test_broadcasting_is_undone_for_every_pair_of_shapes(shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=shape), rng.normal(size=other)
    for fun in (lambda x, y: np.sum(x * y), lambda x, y: np.sum(np.maximum(x, y)), lambda x, y: np.sum(x - y)):
        by_x, by_y = cr.grad(fun, argnums=(0, 1))(x, y)
        assert (np.shape(by_x), np.shape(by_y)) == (shape, other)
    cr.check_grads(lambda x, y: x * y, x, y, order=1)


def test_a_real_variable_in_a_complex_computation_has_a_real_gradient() -> None:
    gradient = cr.grad(lambda x: np.real(np.sum(np.exp(1j * x) * (2 + 1j))))(np.array([0.5, 1.0]))
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, np.real(1j * np.exp(1j * np.array([0.5, 1.0])) * (2 + 1j)))


def test_mixed_precision_gives_each_variable_its_own_dtype() -> None:
    x, y = np.ones(2, np.float32), np.ones(2)
    by_x, by_y = cr.grad(lambda x, y: np.sum(x * y), argnums=(0, 1))(x, y)
    assert (by_x.dtype, by_y.dtype) == (np.float32, np.float64)


def test_the_graph_of_gradients_passes_the_verifier() -> None:
    def f(x: Any, w: Any) -> Any:
        h = np.maximum(x @ w, 0) + np.where(x[:, :1] > 0, x[:, :1], 0.0)
        return np.mean(np.log(h + 1) ** 2)

    graph = cr.trace(f, np.random.default_rng(0).normal(size=(4, 3)), np.ones((3, 2)))
    gradients = cr.backward(graph)
    verify(gradients)
    second = cr.backward(Graph(gradients.inputs, [cr.backward(graph, wrt=["w"]).outputs[0][0, 0]]))
    verify(second)


@pytest.mark.parametrize(
    ("fun", "point", "slope"),
    [
        (lambda x: np.maximum(x, 0), 0.0, 0.5),
        (np.abs, 0.0, 0.0),
        (lambda x: np.linalg.norm(x[None]), 0.0, 0.0),
        (np.sign, 0.0, 0.0),
        (np.floor, 1.0, 0.0),
        (lambda x: np.max(np.stack([x, x, x])), 2.0, 1.0),
    ],
)
def test_conventions_at_points_without_a_derivative(fun: Callable[[Any], Any], point: float, slope: float) -> None:
    assert cr.grad(fun)(np.array(point)) == pytest.approx(slope)


def test_extremes_share_the_gradient_equally_between_ties() -> None:
    np.testing.assert_allclose(cr.grad(np.max)(np.array([1.0, 3.0, 3.0])), [0, 0.5, 0.5])
    np.testing.assert_allclose(cr.grad(np.min)(np.array([1.0, 1.0, 3.0])), [0.5, 0.5, 0])
    np.testing.assert_allclose(cr.grad(lambda x, y: np.maximum(x, y), argnums=(0, 1))(2.0, 2.0), [0.5, 0.5])


def test_an_operation_without_a_derivative_is_named_with_its_line() -> None:
    def f(x: Any) -> Any:
        stepped = np.nextafter(x, 2.0)
        return stepped * 2

    with pytest.raises(cr.errors.NonDifferentiableError) as caught:
        cr.grad(f)(1.0)
    assert caught.value.what == "nextafter has no derivative with respect to its argument 0"
    assert "stepped = np.nextafter(x, 2.0)" in caught.value.where
    assert "chainrule.stop_gradient" in caught.value.fix
    assert cr.grad(lambda x: x * np.nextafter(cr.stop_gradient(x), 2.0))(1.0) == pytest.approx(1.0)
