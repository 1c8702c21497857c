"""Where one branch of `where` is not taken, its NaN and its infinity do not leak into the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

ZEROS = np.array([0.0, 4.0, -1.0])


def shared(x: Any) -> Any:
    root = np.sqrt(x)
    return np.where(x > 0, root + root * root, 0.0)


def condition_as_variable(x: Any) -> Any:
    positive = x > 0
    root = np.sqrt(x)
    return np.where(positive, root, 0.0) + np.where(positive, 3 * root, 0.0)


def by_rows(x: Any) -> Any:
    rows = np.stack([x, x * 2])
    return np.where(np.sum(rows, axis=1, keepdims=True) > 100, np.log(rows - 100), rows)


def whole_array(x: Any) -> Any:
    return np.where(np.sum(x) > 100, np.log(x - 100), x)


def norm(x: Any) -> Any:
    length = np.sqrt(np.sum((x * 0) ** 2))
    return np.where(length > 0, length**0.5, 0.0) + np.sum(x)


def through_a_sum(x: Any) -> Any:
    total = np.sum(np.sqrt(np.stack([x * 0, x * 0])), axis=0)
    return np.where(total > 0, np.log(total), x)


def through_a_reshape(x: Any) -> Any:
    root = np.sqrt(x).reshape(3, 1).T
    return np.where(x[None] > 0, np.log(root), 0.0)


def through_a_product(x: Any) -> Any:
    length = np.sqrt(x * 0) @ np.ones(3)
    return np.where(length > 0, 1 / length, 0.0) + x


#: Function and its slope at zeros and negatives, where the other branch is taken.
CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "log": (lambda x: np.where(x > 0, np.log(x), 0.0), [0, 0.25, 0]),
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0, 0.25, 0]),
    "sqrt of zero": (lambda x: np.where(x >= 1, np.sqrt(x), x), [1, 0.25, 1]),
    "division": (lambda x: np.where(x != 0, 1 / x, 0.0), [0, -1 / 16, -1]),
    "power": (lambda x: np.where(x > 0, x**0.5, 0.0), [0, 0.25, 0]),
    "arcsin": (lambda x: np.where(np.abs(x) < 1, np.arcsin(x), 0.0), [1, 0, 0]),
    "second branch": (lambda x: np.where(x <= 0, 2.0 * x, np.log(x)), [2, 0.25, 2]),
    "log of sqrt": (lambda x: np.where(x > 0, np.log(np.sqrt(x) * 2), 0.0), [0, 1 / 8, 0]),
    "long elementwise chain": (
        lambda x: np.where(x > 0, np.exp(-np.sqrt(np.log(x + 0.0) + 1)), 0.0),
        [0, -np.exp(-np.sqrt(np.log(4) + 1)) / (2 * np.sqrt(np.log(4) + 1) * 4), 0],
    ),
    "nested": (
        lambda x: np.where(x > 0, np.where(x > 4, np.log(x - 4), np.sqrt(x)), np.where(x < 0, 1 / x, 7.0)),
        [0, 0.25, -1],
    ),
    "twice": (lambda x: np.where(x > 0, np.log(x), 0.0) * np.where(x > 0, np.sqrt(x), 1.0), None),
    "shared": (shared, [0, 1.25, 0]),
    "condition as variable": (condition_as_variable, [0, 1, 0]),
    "relu of log": (lambda x: np.where(x > 0, np.maximum(np.log(x), 0), 0.0), [0, 0.25, 0]),
    "clipped argument": (lambda x: np.log(np.where(x > 0, x, 1.0)), [0, 0.25, 0]),
    "condition per row": (by_rows, [3, 3, 3]),
    "one condition for all": (whole_array, [1, 1, 1]),
    "norm": (norm, None),
    "through a sum": (through_a_sum, [1, 1, 1]),
    "through a reshape": (through_a_reshape, [0, 1 / 8, 0]),
    "through a product": (through_a_product, [1, 1, 1]),
}

every_case = pytest.mark.parametrize("name", CASES)


def slope(name: str, x: Any) -> Any:
    return cr.grad(lambda x: np.sum(CASES[name][0](x)))(x)


@every_case
def test_the_gradient_is_finite_and_right(name: str) -> None:
    gradient = slope(name, ZEROS)
    assert np.isfinite(gradient).all()
    if CASES[name][1] is not None:
        np.testing.assert_allclose(gradient, CASES[name][1], rtol=1e-12, atol=1e-15)


@every_case
def test_float32_too(name: str) -> None:
    gradient = slope(name, ZEROS.astype(np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, slope(name, ZEROS), rtol=1e-5, atol=1e-6)


@every_case
def test_forward_mode_agrees(name: str) -> None:
    fun = CASES[name][0]
    tangents = [cr.jvp(lambda x: np.sum(fun(x)), (ZEROS,), (unit,))[1] for unit in np.eye(3)]
    np.testing.assert_allclose(tangents, slope(name, ZEROS), rtol=1e-12, atol=1e-15)


@every_case
def test_the_second_order_is_finite_in_every_nesting(name: str) -> None:
    fun = CASES[name][0]

    def total(x: Any) -> Any:
        return np.sum(fun(x))

    hessian = cr.hessian(total)(ZEROS)
    assert np.isfinite(hessian).all()
    np.testing.assert_allclose(cr.jacobian(cr.grad(total))(ZEROS), hessian, rtol=1e-10, atol=1e-13)
    directional = cr.grad(lambda x: cr.jvp(total, (x,), (np.ones(3),))[1])(ZEROS)
    np.testing.assert_allclose(directional, hessian @ np.ones(3), rtol=1e-10, atol=1e-13)


@every_case
def test_traced_graphs_give_the_same(name: str) -> None:
    graph = cr.trace(lambda x: np.sum(CASES[name][0](x)), ZEROS)
    np.testing.assert_allclose(cr.backward(graph).outputs[0].value, slope(name, ZEROS), rtol=1e-12, atol=1e-15)


def test_a_chain_of_relus_is_dead_or_alive_as_a_whole() -> None:
    def f(x: Any) -> Any:
        for _ in range(5):
            x = np.where(x > 0, x, 0.0) * 2.0
        return np.sum(x)

    np.testing.assert_array_equal(cr.grad(f)(np.array([-1.0, 0.0, 1.0])), [0, 0, 32])


def test_nan_of_the_branch_that_is_taken_is_not_hidden() -> None:
    with pytest.warns(cr.errors.NonFiniteWarning):
        gradient = cr.grad(lambda x: np.sum(np.where(x <= 0, np.sqrt(x), 0.0)))(np.array([0.0, 1.0]))
    assert np.isinf(gradient[0])
    assert gradient[1] == 0
