"""checkpoint: the same values and derivatives, computed again instead of kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([0.3, 1.2])


def one_argument(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda x: np.sin(x) * x)
    return lambda x: np.sum(layer(layer(x)))


def several_outputs(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda x, y: {"sum": x + y, "parts": (x * y, np.sum(y))})

    def f(x: Any) -> Any:
        out = layer(x, x**2)
        return np.sum(out["sum"] * out["parts"][0]) + out["parts"][1]

    return f


def unused_outputs(wrap: Any) -> Callable[..., Any]:
    return lambda x: np.sum(wrap(lambda x: (x * 2, x**3, 5.0))(x)[0])


def closure_over_traced_values(wrap: Any) -> Callable[..., Any]:
    def f(x: Any) -> Any:
        scale = np.sum(x)
        return np.sum(wrap(lambda y: np.tanh(y * scale) * x)(x * 2))

    return f


def returns_only_its_closure(wrap: Any) -> Callable[..., Any]:
    return lambda x: np.sum(wrap(lambda y: x)(x * 2) * x)


def in_a_loop(wrap: Any) -> Callable[..., Any]:
    def f(x: Any) -> Any:
        step = wrap(lambda y: np.sin(y) + x * y)
        y = x
        for _ in range(4):
            y = step(y)
        return np.sum(y)

    return f


def nested(wrap: Any) -> Callable[..., Any]:
    inner = wrap(lambda x: np.exp(-(x**2)))
    outer = wrap(lambda x: inner(x) * inner(x + 1))
    return lambda x: np.sum(outer(x))


def control_flow(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda x: x**2 if np.sum(x) > 1 else -x)
    return lambda x: np.sum(layer(x) * layer(x - 1))


def derivative_inside(wrap: Any) -> Callable[..., Any]:
    return lambda x: np.sum(wrap(lambda x: cr.grad(lambda y: np.sum(y**3 * x))(x))(x))


def assignment_inside(wrap: Any) -> Callable[..., Any]:
    def body(x: Any) -> Any:
        v = x * 1.0
        v[0] = x[1] ** 2
        return v

    return lambda x: np.sum(wrap(body)(x) ** 2)


def keyword_and_static_arguments(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda x, n, *, axis=None, mode="sum": np.sum(x, axis=axis) * n if mode == "sum" else x)
    return lambda x: np.sum(layer(x[None] * x[:, None], 3, axis=1) ** 2)


def stable_textbook_loss(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda z: -np.mean(np.log(1 - 1 / (1 + np.exp(-z * 1e3)))))
    return lambda x: layer(x)


def indexing_by_a_mask(wrap: Any) -> Callable[..., Any]:
    layer = wrap(lambda x: x[x > 1] ** 2)
    return lambda x: np.sum(layer(x))


CASES = [
    one_argument, several_outputs, unused_outputs, closure_over_traced_values, returns_only_its_closure, in_a_loop,
    nested, control_flow, derivative_inside, assignment_inside, keyword_and_static_arguments, stable_textbook_loss,
    indexing_by_a_mask,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_values_and_derivatives_are_those_without_it(case: Callable[..., Any]) -> None:
    plain, kept = case(lambda fun: fun), case(cr.checkpoint)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(kept(X), plain(X))
    for x in (X, X[::-1], X * 0.9):
        value, gradient = cr.value_and_grad(kept)(x)
        expected, expected_gradient = cr.value_and_grad(plain)(x)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12)
        np.testing.assert_allclose(cr.jvp(kept, (x,), (x,))[1], cr.jvp(plain, (x,), (x,))[1], rtol=1e-12)
        np.testing.assert_allclose(cr.hessian(kept)(x), cr.hessian(plain)(x), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            cr.grad(lambda x: np.sum(cr.grad(kept)(x) ** 2))(x),
            cr.grad(lambda x: np.sum(cr.grad(plain)(x) ** 2))(x),
            rtol=1e-9,
            atol=1e-12,
        )


def test_the_same_checkpoint_with_other_numbers_shares_nothing_but_the_program() -> None:
    gradients = []
    for factor in (2.0, 3.0):
        data = np.array([factor, 1.0])
        gradients.append(cr.grad(lambda x: np.sum(cr.checkpoint(lambda y: y * data * factor)(x)))(X))  # noqa: B023
    np.testing.assert_array_equal(gradients, [[4, 2], [9, 3]])


def test_errors_inside_are_those_without_it() -> None:
    with pytest.raises(cr.errors.ShapeMismatchError, match="matmul"):
        cr.grad(cr.checkpoint(lambda x: np.sum(x @ np.ones((3, 3)))))(X)
    assert cr.grad(lambda x: x * x)(3.0) == 6


def test_a_traced_graph_shows_it_as_one_operation() -> None:
    graph = cr.trace(lambda x: cr.checkpoint(lambda y: np.sin(np.sin(y)))(x), 0.5)
    assert [node.op.name for node in graph.nodes if node.inputs] == ["checkpoint", "item"]
