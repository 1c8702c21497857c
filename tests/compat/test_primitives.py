"""Functions with rules of the user: they see plain arrays, and can be differentiated again."""

from __future__ import annotations

from typing import Any

import numpy as onp
import pytest

import chainrule as cr
import chainrule.compat.autograd.numpy as np
from chainrule.compat.autograd import checkpoint, deriv, grad, hessian, jacobian, primitive, value_and_grad
from chainrule.compat.autograd.extend import (
    JVPNode,
    SparseObject,
    VJPNode,
    def_linear,
    defjvp,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    notrace_primitive,
    register_notrace,
    vspace,
)
from chainrule.compat.autograd.misc.fixed_points import fixed_point
from chainrule.compat.autograd.test_util import check_grads


def plain(x: Any) -> bool:
    return isinstance(x, (float, onp.ndarray))


def make_product() -> Any:
    @primitive
    def product(x: Any, y: Any, power: int = 1) -> Any:
        assert plain(x)
        assert plain(y)
        return x * y**power

    defvjp(
        product,
        lambda ans, x, y, power=1: lambda g: g * y**power,
        lambda ans, x, y, power=1: lambda g: g * power * ans / y,
    )
    return product


X, Y = onp.array([1.0, 2.0]), onp.array([3.0, -4.0])


def test_values_gradients_and_hessians_follow_from_the_rules() -> None:
    product = make_product()
    assert product(2.0, 3.0, power=2) == 18.0

    def f(x: Any, y: Any) -> Any:
        return np.sum(np.sin(product(x, y, power=2)))

    def expected(x: Any, y: Any) -> Any:
        return np.sum(np.sin(x * y**2))

    for argnum in (0, 1):
        onp.testing.assert_allclose(grad(f, argnum)(X, Y), grad(expected, argnum)(X, Y))
        onp.testing.assert_allclose(hessian(f, argnum)(X, Y), hessian(expected, argnum)(X, Y))
    check_grads(f, (0, 1))(X, Y)


def test_a_rule_may_use_the_numbers_as_it_likes() -> None:
    calls = []

    @primitive
    def clipped(x: float) -> float:
        return x

    def vjp(ans: Any, x: Any) -> Any:
        calls.append(float(x))
        return lambda g: g if float(x) < 1 else g * 10.0

    defvjp(clipped, vjp)
    gradient = grad(clipped)
    assert [gradient(0.5), gradient(2.0), gradient(0.25)] == [1.0, 10.0, 1.0]
    assert calls == [0.5, 2.0, 0.25]


def test_a_primitive_is_called_once_for_each_gradient() -> None:
    calls = []

    @primitive
    def cube(x: Any) -> Any:
        calls.append(x)
        return x**3

    defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    assert value_and_grad(lambda x: cube(x) * cube(x + 1))(2.0) == (216.0, 540.0)
    assert calls == [2.0, 3.0]


def test_a_function_of_more_than_its_arguments_is_called_again() -> None:
    weights = [2.0]

    @primitive
    def weighted(x: Any) -> Any:
        return x * weights[0]

    defvjp(weighted, lambda ans, x: lambda g: g * weights[0])
    cr.trace(weighted, 1.0)
    weights[0] = 5.0
    assert value_and_grad(weighted)(1.0) == (5.0, 5.0)


def test_containers_as_arguments_and_results() -> None:
    @primitive
    def split(p: Any, labels: Any) -> Any:
        assert plain(p["w"])
        return {labels[0]: p["w"] * p["b"][0], labels[1]: [np.sum(p["w"])]}

    defvjp(
        split,
        lambda ans, p, labels: (
            lambda g: {
                "w": g["y"] * p["b"][0] + g["z"][0],
                "b": (np.sum(g["y"] * p["w"]),),
            }
        ),
    )

    def f(p: Any) -> Any:
        result = split(p, ("y", "z"))
        return np.sum(result["y"] ** 2) + result["z"][0] ** 3

    def expected(p: Any) -> Any:
        return np.sum((p["w"] * p["b"][0]) ** 2) + np.sum(p["w"]) ** 3

    p = {"w": X, "b": (3.0,)}
    for ours, theirs in ((grad(f)(p), grad(expected)(p)),):
        onp.testing.assert_allclose(ours["w"], theirs["w"])
        onp.testing.assert_allclose(ours["b"][0], theirs["b"][0])
    check_grads(f)(p)


def test_arguments_by_number() -> None:
    @primitive
    def f(a: Any, x: Any, b: Any, y: Any) -> Any:
        return a * x + b * y

    defvjp(f, lambda ans, a, x, b, y: lambda g: g * a, lambda ans, a, x, b, y: lambda g: g * b, argnums=(1, 3))
    assert grad(f, (1, 3))(2.0, 3.0, 5.0, 7.0) == (2.0, 5.0)
    with pytest.raises(NotImplementedError, match="argument 0"):
        grad(f)(2.0, 3.0, 5.0, 7.0)
    defvjp_argnum(f, lambda argnum, ans, args, kwargs: lambda g: g * args[[1, 0, 3, 2][argnum]])
    assert grad(f, (0, 1, 2, 3))(2.0, 3.0, 5.0, 7.0) == (3.0, 2.0, 7.0, 5.0)
    defvjp_argnums(f, lambda argnums, ans, args, kwargs: lambda g: [g * 100.0 for _ in argnums])
    assert grad(f, 3)(2.0, 3.0, 5.0, 7.0) == 100.0


def test_none_means_zero() -> None:
    @primitive
    def f(x: Any, steps: Any) -> Any:
        return x * steps

    defvjp(f, lambda ans, x, steps: lambda g: g * steps, None)
    assert grad(f, (0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_missing_rules_raise_by_name() -> None:
    double = primitive(lambda x: 2.0 * x)
    with pytest.raises(NotImplementedError, match="is not defined"):
        grad(double)(1.0)
    with pytest.raises(NotImplementedError, match="is not defined"):
        deriv(double)(1.0)
    with pytest.raises(TypeError, match="not a primitive"):
        defvjp(np.tanh, lambda ans, x: lambda g: g)
    with pytest.raises(TypeError, match="must be a function"):
        defvjp(double, 3.0)  # type: ignore[arg-type]


def test_forward_rules_and_their_absence() -> None:
    product = make_product()
    assert deriv(lambda x: product(x, 3.0))(2.0) == 3.0  # made from the reverse rule
    defjvp(product, "same", lambda g, ans, x, y, power=1: g * power * ans / y)
    assert deriv(lambda x: product(x, 3.0))(2.0) == 3.0
    check_grads(lambda x, y: np.sin(product(x, y, power=2)), (0, 1))(X, Y)

    @primitive
    def total(x: Any, y: Any) -> Any:
        return onp.sum(x) + onp.sum(y)

    def_linear(total)
    assert deriv(lambda x: total(x, onp.zeros(2)))(X) == 2.0
    defjvp_argnums(total, lambda argnums, gs, ans, args, kwargs: sum(np.sum(g) for g in gs) * 7.0)
    assert deriv(lambda x: total(x, x))(X) == 28.0


def test_sparse_gradients_are_added_to_zeros() -> None:
    @primitive
    def first(x: Any) -> Any:
        return x[0]

    def vjp(ans: Any, x: Any) -> Any:
        def add(dense: Any) -> Any:
            dense[0] += 1.0
            return dense

        return lambda g: SparseObject(vspace(x), add)

    defvjp(first, vjp)
    assert grad(first)(X).tolist() == [1.0, 0.0]


def test_results_without_gradient() -> None:
    @primitive
    def nearest(x: Any) -> Any:
        return onp.round(x)

    for node_type in (VJPNode, JVPNode):
        register_notrace(node_type, nearest)
    assert grad(lambda x: nearest(x) * x)(2.6) == 3.0
    assert deriv(lambda x: nearest(x) * x)(2.6) == 3.0
    shown = notrace_primitive(lambda x: type(x).__name__)
    assert grad(lambda x: x * len(shown(x)))(2.0) == len("float64")


def test_a_wrong_shape_from_a_rule_raises() -> None:
    @primitive
    def total(x: Any) -> Any:
        return onp.sum(x)

    defvjp(total, lambda ans, x: lambda g: onp.ones(5))
    with pytest.raises(cr.errors.StructureError, match=r"shape \(5,\)"):
        grad(total)(X)


def test_integers_strings_and_functions_are_settings() -> None:
    @primitive
    def apply(f: Any, x: Any, how: str, times: int) -> Any:
        assert how == "often"
        for _ in range(times):
            x = f(x)
        return x

    defvjp(apply, None, lambda ans, f, x, how, times: lambda g: g * 2.0**times)
    defvjp(apply, lambda ans, f, x, how, times: lambda g: g * 2.0**times, argnums=(1,))
    assert grad(apply, 1)(lambda x: 2 * x, 3.0, "often", 3) == 8.0
    assert grad(apply, 1)(lambda x: 2 * x, 3.0, "often", 4) == 16.0


def test_primitives_inside_checkpoints_and_nested_gradients() -> None:
    product = make_product()

    def f(x: Any) -> Any:
        return checkpoint(lambda x: np.sum(product(x, x) ** 2))(x)

    def nested(x: Any) -> Any:
        return np.sum(grad(f)(x) * product(x, x))

    onp.testing.assert_allclose(grad(nested)(X), 20 * X**4)
    onp.testing.assert_allclose(jacobian(lambda x: product(x, X))(X), onp.diag(X))


def test_fixed_points_are_differentiated_twice() -> None:
    def root(a: Any) -> Any:
        return fixed_point(lambda a: lambda x: 0.5 * (x + a / x), a, 1.0, lambda x, y: abs(x - y), 1e-12)

    assert root(2.0) == pytest.approx(2**0.5)
    assert grad(root)(2.0) == pytest.approx(0.5 / 2**0.5)
    assert grad(grad(root))(2.0) == pytest.approx(-0.25 * 2**-1.5)
