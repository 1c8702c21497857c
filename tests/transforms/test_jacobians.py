"""jacobian, jacfwd, hessian, hvp, elementwise_grad, holomorphic_grad: shapes, containers, agreement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("out_shape", [(), (2,), (2, 3), (0,)])
@pytest.mark.parametrize("in_shape", [(), (4,), (4, 1), (0,)])
@pytest.mark.parametrize("transform", [cr.jacobian, cr.jacfwd])
def test_a_jacobian_has_the_shape_of_the_result_and_then_of_the_argument(
    transform: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> None:
    weights = RNG.normal(size=out_shape + in_shape)
    axes = tuple(range(len(out_shape), len(out_shape) + len(in_shape)))

    def f(x: Any) -> Any:
        return np.sum(weights * x, axis=axes) if axes else weights * x

    jacobian = transform(f)(RNG.normal(size=in_shape))
    assert np.shape(jacobian) == out_shape + in_shape
    np.testing.assert_allclose(jacobian, weights)


def test_both_ways_to_a_jacobian_agree() -> None:
    A = RNG.normal(size=(3, 4))

    def f(x: Any) -> Any:
        return np.tanh(A @ x) * np.sum(x**2)

    x = RNG.normal(size=4)
    np.testing.assert_allclose(cr.jacobian(f)(x), cr.jacfwd(f)(x), rtol=1e-12)


@pytest.mark.parametrize("transform", [cr.jacobian, cr.jacfwd])
def test_containers_of_results_and_arguments(transform: Any) -> None:
    def f(p: Any) -> Any:
        return {"double": p["x"] * 2, "product": np.sum(p["x"]) * p["y"]}

    jacobian = transform(f)({"x": np.array([1.0, 2.0]), "y": 3.0})
    np.testing.assert_array_equal(jacobian["double"]["x"], 2 * np.eye(2))
    np.testing.assert_array_equal(jacobian["double"]["y"], [0, 0])
    np.testing.assert_array_equal(jacobian["product"]["x"], [3, 3])
    assert jacobian["product"]["y"] == 3


@pytest.mark.parametrize("transform", [cr.jacobian, cr.jacfwd])
def test_argnums_and_keyword_arguments_of_jacobians(transform: Any) -> None:
    def f(x: Any, y: Any, scale: float = 1.0) -> Any:
        return x * y * scale

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    by_y, by_x = transform(f, argnums=(1, 0))(x, y, scale=2.0)
    np.testing.assert_array_equal(by_y, np.diag(2 * x))
    np.testing.assert_array_equal(by_x, np.diag(2 * y))


def test_a_hessian_is_symmetric_and_right() -> None:
    A = RNG.normal(size=(3, 3))
    hessian = cr.hessian(lambda x: x @ A @ x)(RNG.normal(size=3))
    np.testing.assert_allclose(hessian, A + A.T, rtol=1e-12)


def test_a_hessian_of_a_matrix_has_four_axes() -> None:
    hessian = cr.hessian(lambda X: np.sum(X**3))(np.ones((2, 2)))
    assert hessian.shape == (2, 2, 2, 2)
    np.testing.assert_allclose(hessian.reshape(4, 4), 6 * np.eye(4))


def test_a_hessian_of_a_container_is_a_container_of_containers() -> None:
    hessian = cr.hessian(lambda p: np.sum(p["a"] ** 2) * p["b"])({"a": np.array([1.0, 2.0]), "b": 3.0})
    np.testing.assert_array_equal(hessian["a"]["a"], 6 * np.eye(2))
    np.testing.assert_array_equal(hessian["a"]["b"], [2, 4])
    np.testing.assert_array_equal(hessian["b"]["a"], [2, 4])
    assert hessian["b"]["b"] == 0


def test_a_hessian_by_two_arguments_is_a_tuple_of_tuples() -> None:
    hessian = cr.hessian(lambda x, y: x**2 * y**3, argnums=(0, 1))(2.0, 3.0)
    np.testing.assert_allclose(hessian, [[2 * 27, 4 * 27], [4 * 27, 4 * 18]])


def test_hvp_equals_the_hessian_times_the_vector() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(np.sin(x) * y) ** 2

    x, y, u, v = RNG.normal(size=(4, 3))
    (xx, xy), (yx, yy) = cr.hessian(f, argnums=(0, 1))(x, y)
    product_x, product_y = cr.hvp(f, (x, y), (u, v))
    np.testing.assert_allclose(product_x, xx @ u + xy @ v, rtol=1e-10)
    np.testing.assert_allclose(product_y, yx @ u + yy @ v, rtol=1e-10)


def test_hvp_of_a_container() -> None:
    product = cr.hvp(lambda p: p["a"] ** 2 * p["b"], ({"a": 3.0, "b": 5.0},), ({"a": 1.0, "b": 0.0},))
    assert product == {"a": 10.0, "b": 6.0}


def test_elementwise_grad_of_any_order() -> None:
    x = np.linspace(-2, 2, 7)
    first = cr.elementwise_grad(np.tanh)
    np.testing.assert_allclose(first(x), 1 - np.tanh(x) ** 2, rtol=1e-12)
    second = cr.elementwise_grad(first)
    np.testing.assert_allclose(second(x), -2 * np.tanh(x) * (1 - np.tanh(x) ** 2), rtol=1e-12, atol=1e-15)


def test_elementwise_grad_of_a_broadcast_argument_sums() -> None:
    dx, db = cr.elementwise_grad(lambda x, b: x * b, argnums=(0, 1))(np.ones((2, 3)), np.array(2.0))
    np.testing.assert_array_equal(dx, np.full((2, 3), 2))
    assert db == 6


def test_elementwise_grad_refuses_a_complex_output() -> None:
    with pytest.raises(cr.errors.NonScalarOutputError, match="needs a real output"):
        cr.elementwise_grad(lambda x: x * 1j)(np.ones(2))


@pytest.mark.parametrize("z", [1 + 2j, -0.5 + 0.1j])
def test_holomorphic_grad_is_the_complex_derivative(z: complex) -> None:
    assert cr.holomorphic_grad(lambda z: z**3)(z) == pytest.approx(3 * z**2)
    assert cr.holomorphic_grad(np.exp)(z) == pytest.approx(np.exp(z))
    assert cr.holomorphic_grad(lambda z: np.sin(z) / z)(z) == pytest.approx((z * np.cos(z) - np.sin(z)) / z**2)
    assert cr.holomorphic_grad(cr.holomorphic_grad(lambda z: z**3))(z) == pytest.approx(6 * z)


def test_holomorphic_grad_of_an_array() -> None:
    z = np.array([1 + 1j, 2 - 1j])
    np.testing.assert_allclose(cr.holomorphic_grad(lambda z: np.sum(z**2))(z), 2 * z)


def test_holomorphic_grad_refuses_real_arguments() -> None:
    with pytest.raises(cr.errors.IntegerInputError, match=r"needs complex arguments, but z .* is real"):
        cr.holomorphic_grad(lambda z: z)(1.0)


def test_a_real_function_of_complex_numbers_has_the_gradient_of_jax_and_autograd() -> None:
    assert cr.grad(lambda z: np.real(z * np.conj(z)))(3 + 4j) == 6 - 8j
    assert cr.grad(lambda z: np.abs(z))(3 + 4j) == pytest.approx(0.6 - 0.8j)
    assert cr.grad(lambda x: np.real(np.exp(1j * x)))(0.5) == pytest.approx(-np.sin(0.5))


def test_a_jacobian_of_an_unused_argument_is_zero() -> None:
    for transform in (cr.jacobian, cr.jacfwd):
        np.testing.assert_array_equal(
            transform(lambda x, y: y * 2, argnums=0)(np.ones(2), np.ones(3)), np.zeros((3, 2))
        )
