"""Derivatives inside functions that are differentiated themselves: any depth, no perturbation confusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def nth(fun: Callable[..., Any], order: int) -> Callable[..., Any]:
    for _ in range(order):
        fun = cr.grad(fun)
    return fun


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_derivatives_of_any_order(order: int) -> None:
    assert nth(lambda x: x**6, order)(1.5) == pytest.approx(np.prod(range(7 - order, 7)) * 1.5 ** (6 - order))
    assert nth(np.exp, order)(0.7) == pytest.approx(np.exp(0.7))
    assert nth(np.sin, order)(0.7) == pytest.approx(np.sin(0.7 + order * np.pi / 2))


def derivative(mode: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    if mode == "reverse":
        return cr.grad
    return lambda fun: lambda x: cr.jvp(fun, (x,), (x * 0 + 1.0,))[1]


MODES = ["reverse", "forward"]


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_the_classic_of_perturbation_confusion(outer: str, inner: str) -> None:
    d_outer, d_inner = derivative(outer), derivative(inner)
    assert d_outer(lambda x: x * d_inner(lambda y: x + y)(1.0))(1.0) == 1
    assert d_outer(lambda x: x * d_inner(lambda y: x * y)(2.0))(5.0) == 10
    assert d_outer(lambda x: d_inner(lambda y: x * y * y)(x))(3.0) == pytest.approx(4 * 3.0)
    assert d_outer(lambda x: d_inner(lambda y: y * y)(x * x) * x)(3.0) == pytest.approx(6 * 9)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("middle", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_three_levels_with_closures_over_every_outer_variable(outer: str, middle: str, inner: str) -> None:
    d1, d2, d3 = derivative(outer), derivative(middle), derivative(inner)

    # ∂/∂z xyz² = 2xyz, at z = y: 2xy²; ∂/∂y = 4xy, at y = x²: 4x³; times x: 4x⁴, and its derivative is 16x³
    def f(x: Any) -> Any:
        return x * d2(lambda y: d3(lambda z: x * y * z * z)(y))(x * x)

    assert d1(f)(1.5) == pytest.approx(16 * 1.5**3)


def test_a_function_that_returns_a_variable_of_an_outer_trace() -> None:
    assert cr.grad(lambda x: x * cr.grad(lambda y: x)(2.0))(3.0) == 0
    assert cr.grad(lambda x: cr.value_and_grad(lambda y: x * x)(2.0)[0])(3.0) == 6
    assert cr.grad(lambda x: x * cr.jvp(lambda y: x, (2.0,), (1.0,))[1])(3.0) == 0


def test_an_inner_derivative_that_has_nothing_to_do_with_the_outer_one() -> None:
    assert cr.grad(lambda x: x * cr.grad(lambda y: y**2)(3.0))(5.0) == 6


def test_a_step_of_gradient_descent_can_be_differentiated() -> None:
    def loss(w: Any) -> Any:
        return np.sum((w - 1.0) ** 4)

    def after_three_steps(rate: Any) -> Any:
        w = np.array([0.0, 2.5])
        for _ in range(3):
            w = w - rate * cr.grad(loss)(w)
        return loss(w)

    cr.check_grads(after_three_steps, np.array(0.02))


def test_gradients_of_containers_inside_a_derivative() -> None:
    def f(x: Any) -> Any:
        gradient = cr.grad(lambda p: np.sum(p["w"] ** 2 * p["b"]))({"w": x, "b": x[0]})
        return np.sum(gradient["w"]) * gradient["b"]

    cr.check_grads(f, np.array([0.5, 1.5]))


def test_jacobians_and_hessians_inside_a_derivative() -> None:
    def f(x: Any) -> Any:
        jacobian = cr.jacobian(lambda y: np.sin(y) * x)(x)
        forward = cr.jacfwd(lambda y: np.sin(y) * y[::-1])(x)
        hessian = cr.hessian(lambda y: np.sum(y**3 * x))(x)
        return np.sum(jacobian @ forward) + np.sum(hessian * jacobian)

    cr.check_grads(f, np.array([0.5, 1.2]))


def test_hvp_inside_a_derivative() -> None:
    def f(x: Any) -> Any:
        return np.sum(cr.hvp(lambda y: np.sum(y**4), (x,), (x * 2,)))

    np.testing.assert_allclose(cr.grad(f)(np.array([0.5, 1.5])), 72 * np.array([0.5, 1.5]) ** 2)


def test_forward_over_reverse_equals_reverse_over_forward() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) * np.exp(-(x[::-1] ** 2)))

    x, v = np.array([0.3, -0.8, 1.1]), np.array([1.0, -2.0, 0.5])
    forward_over_reverse = cr.jvp(cr.grad(f), (x,), (v,))[1]
    reverse_over_forward = cr.grad(lambda x: cr.jvp(f, (x,), (v,))[1])(x)
    reverse_over_reverse = cr.grad(lambda x: np.sum(cr.grad(f)(x) * v))(x)
    np.testing.assert_allclose(reverse_over_forward, forward_over_reverse, rtol=1e-12)
    np.testing.assert_allclose(reverse_over_reverse, forward_over_reverse, rtol=1e-12)
    np.testing.assert_allclose(cr.hvp(f, (x,), (v,)), forward_over_reverse, rtol=1e-12)
    np.testing.assert_allclose(cr.hessian(f)(x) @ v, forward_over_reverse, rtol=1e-12)


def test_a_trace_inside_a_derivative_and_a_derivative_inside_a_trace() -> None:
    graph = cr.trace(lambda x: cr.grad(lambda y: y**3 * x)(x) + x, 2.0)
    assert graph.outputs[0].value == 26
    assert cr.backward(graph).outputs[0].value == 37


def test_the_value_of_an_inner_call_stays_symbolic() -> None:
    def f(x: Any) -> Any:
        value, gradient = cr.value_and_grad(lambda y: y * y * x)(x)
        return value * gradient

    assert cr.grad(f)(2.0) == pytest.approx(10 * 2.0**4)


def test_closures_over_arrays_of_the_outer_trace_and_plain_ones() -> None:
    data = np.random.default_rng(0).normal(size=(5, 3))

    def f(w: Any) -> Any:
        hidden = np.tanh(data @ w)
        inner = cr.grad(lambda v: np.sum((data @ v - hidden) ** 2))(w)
        return np.sum(inner**2)

    cr.check_grads(f, np.array([0.1, -0.2, 0.3]))
