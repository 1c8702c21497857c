"""vjp and jvp: products with the Jacobian, called at once, later, and inside other traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def f(x: Any, y: Any) -> Any:
    return {"sum": x + y, "product": np.sum(x * y)}


X, Y = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def test_vjp_takes_an_upstream_gradient_in_the_structure_of_the_result() -> None:
    value, pull_back = cr.vjp(f, X, Y)
    assert value["product"] == 13
    dx, dy = pull_back({"sum": np.array([1.0, 10.0]), "product": 2.0})
    np.testing.assert_array_equal(dx, [7, 20])
    np.testing.assert_array_equal(dy, [3, 14])


def test_a_vjp_of_one_argument_gives_a_tuple_of_one() -> None:
    result = cr.vjp(np.sin, 0.0)[1](2.0)
    assert result == (2.0,)


def test_jvp_takes_tangents_in_the_structure_of_the_arguments() -> None:
    value, tangent = cr.jvp(lambda p: p["a"] * p["b"][0], ({"a": 2.0, "b": [3.0]},), ({"a": 1.0, "b": [10.0]},))
    assert (value, tangent) == (6, 23)


def test_vjp_and_jvp_are_transposes() -> None:
    rng = np.random.default_rng(0)
    A, x, u, v = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3), rng.normal(size=4)

    def g(x: Any) -> Any:
        return np.tanh(A @ x) ** 2

    assert u @ cr.jvp(g, (x,), (v,))[1] == pytest.approx(cr.vjp(g, x)[1](u)[0] @ v)


def test_a_vjp_function_may_be_called_again_and_again() -> None:
    _, pull_back = cr.vjp(lambda x: x**2, np.array([1.0, 2.0]))
    for scale in (1.0, 2.0, -3.0):
        np.testing.assert_array_equal(pull_back(np.full(2, scale))[0], 2 * scale * np.array([1, 2]))


def test_a_vjp_function_may_be_called_inside_a_later_trace() -> None:
    _, pull_back = cr.vjp(lambda x: np.sin(x) * 3.0, 2.0)
    assert cr.grad(lambda u: pull_back(u)[0] * u)(3.0) == pytest.approx(2 * 3 * 3 * np.cos(2.0))
    assert cr.grad(lambda u: cr.grad(lambda w: pull_back(w * u)[0])(u))(1.0) == pytest.approx(3 * np.cos(2.0))
    assert cr.jvp(lambda u: pull_back(u * u)[0], (2.0,), (1.0,))[1] == pytest.approx(4 * 3 * np.cos(2.0))


def test_a_vjp_function_made_in_a_trace_may_be_called_in_an_inner_one() -> None:
    def g(x: Any) -> Any:
        value, pull_back = cr.vjp(lambda y: np.sin(y) * x, x)
        return cr.grad(lambda u: pull_back(u * u)[0] * value)(x)

    def by_hand(x: float) -> float:
        return float(2 * x * np.cos(x) * x * np.sin(x) * x)

    assert g(1.3) == pytest.approx(by_hand(1.3))
    assert cr.grad(g)(1.3) == pytest.approx((by_hand(1.3 + 1e-6) - by_hand(1.3 - 1e-6)) / 2e-6)


def test_a_vjp_of_several_outer_variables_in_a_checkpoint() -> None:
    _, pull_back = cr.vjp(cr.checkpoint(lambda x: np.sin(x) * 2.0 + 1), 0.5)
    assert cr.grad(lambda u: pull_back(u * u)[0])(3.0) == pytest.approx(6 * 2 * np.cos(0.5))


def test_a_linear_function_of_the_upstream_gradient_has_itself_as_derivative() -> None:
    A = np.arange(6.0).reshape(2, 3)
    _, pull_back = cr.vjp(lambda x: A @ x, np.ones(3))
    np.testing.assert_array_equal(cr.jacobian(lambda u: pull_back(u)[0])(np.ones(2)), A.T)


def test_integer_upstream_gradients_and_tangents_are_converted() -> None:
    assert cr.vjp(lambda x: x * 2.0, 1.0)[1](3)[0] == 6
    assert cr.jvp(lambda x: x * 2.0, (1.0,), (3,))[1] == 6


@pytest.mark.parametrize(
    ("upstream", "message"),
    [
        (np.ones(3), "has shape \\(3,\\)"),
        ([np.ones(2)], "differ in structure"),
        (np.ones(2) * 1j, "is complex"),
    ],
)
def test_an_upstream_gradient_that_does_not_fit_is_refused(upstream: Any, message: str) -> None:
    _, pull_back = cr.vjp(lambda x: x * 2, np.ones(2))
    with pytest.raises(cr.errors.StructureError, match=message):
        pull_back(upstream)


@pytest.mark.parametrize("tangents", [(np.ones(3),), (np.ones(2), np.ones(2)), ([np.ones(2)],)])
def test_tangents_that_do_not_fit_are_refused(tangents: Any) -> None:
    with pytest.raises(cr.errors.StructureError):
        cr.jvp(lambda x: x * 2, (np.ones(2),), tangents)


def test_results_share_no_memory_with_arguments_and_changing_them_changes_nothing() -> None:
    x, data = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    value, pull_back = cr.vjp(lambda x: (x, x[::-1], data, x.reshape(2, 1), cr.stop_gradient(x)), x)
    before = pull_back(value)[0]
    for part in value:
        assert not np.shares_memory(part, x)
        assert not np.shares_memory(part, data)
        part[...] = 99.0
    np.testing.assert_array_equal(pull_back((np.ones(2),) * 2 + (np.ones(2), np.ones((2, 1)), np.ones(2)))[0], [3, 3])
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_array_equal(data, [3, 4])
    assert before.shape == (2,)
