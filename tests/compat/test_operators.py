"""autograd's operators: argument conventions and tolerance."""

from __future__ import annotations

from typing import Any

import numpy as onp
import pytest

import chainrule as cr
import chainrule.compat.autograd.numpy as np
from chainrule.compat import autograd as ag


def test_grad_of_one_argument_has_its_type() -> None:
    assert ag.grad(np.tanh)(1.0) == pytest.approx(1 - onp.tanh(1.0) ** 2)
    assert isinstance(ag.grad(np.tanh)(1.0), float)
    assert ag.grad(lambda x: np.sum(x**2))(onp.ones(2, onp.float32)).dtype == onp.float32


def test_argnum_may_be_a_position_or_several() -> None:
    def f(x: Any, y: Any, *, scale: float = 1.0) -> Any:
        return scale * x * y**2

    assert ag.grad(f, 1)(3.0, 2.0) == 12.0
    assert ag.grad(f, (0, 1))(3.0, 2.0, scale=2.0) == (8.0, 24.0)
    assert ag.grad(f, [1, 0])(3.0, 2.0) == (12.0, 4.0)
    with pytest.raises(AssertionError, match="argnum"):
        ag.grad(f, "x")


def test_operators_name_their_functions() -> None:
    def loss(x: Any) -> Any:
        return x

    assert ag.grad(loss, 1).__name__ == "grad_of_loss_wrt_argnum_1"
    assert "loss" in ag.jacobian(loss).__doc__


def test_containers_are_differentiated_in_their_structure() -> None:
    def f(p: Any) -> Any:
        total = 0.0
        for W, b in p["layers"]:
            total = total + np.sum(W) * b
        return total + p["last"][0] ** 2

    p = {"layers": [(onp.ones(2), 3.0), (onp.ones(3), 4.0)], "last": (5.0,)}
    gradient = ag.grad(f)(p)
    assert gradient["last"] == (10.0,)
    assert gradient["layers"][1][0].tolist() == [4.0, 4.0, 4.0]
    assert gradient["layers"][0][1] == 2.0


def test_an_output_of_one_element_is_enough() -> None:
    assert ag.grad(lambda x: x[:1] ** 2)(onp.array([3.0, 1.0])).tolist() == [6.0, 0.0]
    value, gradient = ag.value_and_grad(lambda x: np.reshape(x, (1, 1)))(2.0)
    assert value.shape == (1, 1)
    assert gradient == 1.0
    with pytest.raises(TypeError):
        ag.grad(lambda x: x)(onp.ones(2))


def test_integers_raise_and_arrays_of_integers_count_as_real() -> None:
    with pytest.raises(TypeError):
        ag.grad(lambda x: x**2)(3)
    assert ag.grad(lambda x: np.sum(x**2))(onp.array([1, 2])).tolist() == [2.0, 4.0]


def test_a_constant_function_warns_and_has_gradient_zero() -> None:
    with pytest.warns(UserWarning, match="depend"):
        assert ag.grad(lambda x: 3.0)(1.0) == 0.0
    with pytest.warns(UserWarning, match="independent"):
        assert ag.make_vjp(lambda x: onp.ones(2))(onp.ones(3))[0](onp.ones(2)).tolist() == [0.0, 0.0, 0.0]


def test_products_jacobians_and_hessians_agree() -> None:
    A = onp.arange(6.0).reshape(2, 3) / 5

    def f(x: Any) -> Any:
        return np.tanh(np.dot(A, x))

    def s(x: Any) -> Any:
        return np.sum(f(x) ** 2)

    x, v, u = onp.array([0.3, -0.2, 0.5]), onp.array([1.0, 2.0, -1.0]), onp.array([0.5, -2.0])
    J = ag.jacobian(f)(x)
    vjp, value = ag.make_vjp(f)(x)
    onp.testing.assert_allclose(value, f(x))
    onp.testing.assert_allclose(vjp(u), u @ J)
    value, tangent = ag.make_jvp(f)(x)(v)
    onp.testing.assert_allclose(tangent, J @ v)
    onp.testing.assert_allclose(ag.make_jvp_reversemode(f)(x)(v), J @ v)
    onp.testing.assert_allclose(ag.vector_jacobian_product(f)(x, u), u @ J)
    H = ag.hessian(s)(x)
    onp.testing.assert_allclose(H, H.T, atol=1e-14)
    onp.testing.assert_allclose(ag.hessian_vector_product(s)(x, v), H @ v)
    hvp, gradient = ag.make_hvp(s)(x)
    onp.testing.assert_allclose(hvp(v), H @ v)
    onp.testing.assert_allclose(gradient, ag.grad(s)(x))
    onp.testing.assert_allclose(ag.make_ggnvp(f)(x)(v), J.T @ J @ v)
    assert ag.hessian(f)(x).shape == (2, 3, 3)
    onp.testing.assert_allclose(ag.checkpoint(f)(x), f(x))


def test_hessian_products_with_matrices() -> None:
    def s(X: Any) -> Any:
        return np.sum(np.sin(X) ** 3)

    X, V = onp.array([[0.1, 0.2], [0.3, 0.4]]), onp.array([[1.0, -1.0], [0.5, 2.0]])
    H = ag.hessian(s)(X)
    onp.testing.assert_allclose(ag.hessian_tensor_product(s)(X, V), onp.tensordot(H, V, 2))


def test_elementwise_and_forward_derivatives() -> None:
    x = onp.array([0.1, 0.7])
    onp.testing.assert_allclose(ag.elementwise_grad(np.sin)(x), onp.cos(x))
    onp.testing.assert_allclose(ag.deriv(np.sin)(x), onp.cos(x))
    assert ag.holomorphic_grad(lambda z: z**3)(1 + 1j) == pytest.approx(3 * (1 + 1j) ** 2)
    with pytest.warns(UserWarning, match="not complex"):
        ag.holomorphic_grad(lambda z: z**3)(1.0)


def test_gradients_by_name() -> None:
    def f(a: Any, b: Any = 2.0, *more: Any, **named: Any) -> Any:
        return a * b + sum(more) * 3.0 + named.get("c", 0.0) * 5.0

    assert ag.grad_named(lambda x, y: x * y**2, "y")(2.0, 3.0) == 12.0
    gradients = ag.multigrad_dict(f)(3.0, 4.0, 1.0, c=1.0)
    assert list(gradients) == ["a", "b", "more", "named"]
    assert gradients["a"] == 4.0
    assert gradients["more"] == (3.0,)
    assert gradients["named"] == {"c": 5.0}
    assert ag.multigrad_dict(lambda x, y=2.0: x * y)(3.0)["y"] == 3.0


def test_grad_and_aux_hands_the_second_result_on() -> None:
    gradient, aux = ag.grad_and_aux(lambda x: (x**2, {"twice": 2 * x, "name": "f"}))(3.0)
    assert gradient == 6.0
    assert aux == {"twice": 6.0, "name": "f"}


def test_types_are_seen_through_traced_values() -> None:
    def f(x: Any) -> Any:
        assert ag.isinstance(x, onp.ndarray)
        assert ag.isinstance(x[0], float)
        assert ag.type(x) is onp.ndarray
        parts = ag.list([x[0], x[1]])
        assert ag.isinstance(parts, ag.list)
        return ag.dict(a=parts[0], b=ag.tuple(parts)[1])["b"]

    assert ag.grad(f)(onp.ones(2)).tolist() == [0.0, 1.0]


def test_values_behind_traced_arrays_can_be_looked_at() -> None:
    from chainrule.compat.autograd.tracer import getval, isbox

    seen = []

    def f(x: Any) -> Any:
        seen.append((x._value, isbox(x), isbox(1.0), getval({"x": x})))
        return x**2

    ag.grad(f)(3.0)
    assert seen == [(3.0, True, False, {"x": 3.0})]


def test_new_arrays_are_plain_and_integers_can_be_cast() -> None:
    def f(x: Any) -> Any:
        assert type(np.zeros(3)) is onp.ndarray
        assert np.int64(x[1]) == 2
        assert np.where(True, 1.0, 2.0) == 1.0
        return np.sum(np.array([x[np.int64(x[1])], 2.0 * x[0]]))

    assert ag.grad(f)(onp.array([1.0, 2.0, 3.0])).tolist() == [2.0, 0.0, 1.0]


def test_an_uncovered_function_raises_where_autograd_gives_zeros() -> None:
    with pytest.raises(NotImplementedError):
        ag.grad(lambda x: np.sum(np.apply_over_axes(np.sum, x, [0])))(onp.ones((2, 2)))
    with pytest.raises(cr.errors.NonScalarOutputError):
        ag.grad(lambda x: np.allclose(x, 1.0))(onp.ones(2))
