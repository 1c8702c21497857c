"""custom_vjp, custom_jvp and stop_gradient: the derivative that the user says, whatever surrounds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def scaled(factor: float) -> Any:
    """x², with a gradient that is `factor` times the right one."""

    @cr.custom_vjp
    def square(x: Any) -> Any:
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, g: (factor * 2 * x * g,))
    return square


def test_the_rule_takes_the_place_of_the_derivative() -> None:
    square = scaled(10.0)
    assert cr.value_and_grad(square)(3.0) == (9, 60)
    assert cr.grad(lambda x: square(square(x)))(2.0) == pytest.approx(10 * 2 * 4 * 10 * 2 * 2)


def test_without_a_trace_the_function_itself_runs() -> None:
    assert scaled(10.0)(3.0) == 9


def test_forward_mode_follows_from_the_reverse_rule() -> None:
    assert cr.jvp(scaled(10.0), (3.0,), (1.0,)) == (9, 60)
    np.testing.assert_array_equal(cr.jacfwd(scaled(10.0))(np.array([1.0, 2.0])), np.diag([20.0, 40.0]))


def test_the_second_order_differentiates_the_rule() -> None:
    assert cr.grad(cr.grad(scaled(10.0)))(3.0) == 20
    cr.check_grads(scaled(1.0), np.array([1.0, -2.0]))


def test_none_stands_for_zero() -> None:
    @cr.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.defvjp(lambda x, y: (x * y, y), lambda y, g: (g * y, None))
    assert cr.grad(product, argnums=(0, 1))(2.0, 3.0) == (3, 0)


def test_containers_in_arguments_results_and_saved_values() -> None:
    def layer(params: Any, x: Any) -> Any:
        return {"out": params["w"] * x, "norm": np.sum(params["w"])}

    def forward(params: Any, x: Any) -> Any:
        return layer(params, x), (params["w"], {"x": x})

    def reverse(saved: Any, g: Any) -> Any:
        w, rest = saved
        return {"w": g["out"] * rest["x"] + g["norm"]}, np.sum(g["out"] * w)

    with_rule = cr.custom_vjp(layer)
    with_rule.defvjp(forward, reverse)

    def f(params: Any, x: Any) -> Any:
        result = with_rule(params, x)
        return np.sum(result["out"] ** 2) + result["norm"]

    cr.check_grads(f, {"w": np.array([1.0, 2.0])}, np.array(1.5))


def test_custom_rules_nest() -> None:
    inner = scaled(10.0)

    @cr.custom_vjp
    def outer(x: Any) -> Any:
        return inner(x) + 1

    outer.defvjp(lambda x: (inner(x) + 1, x), lambda x, g: (g * cr.grad(inner)(x),))
    assert cr.grad(outer)(3.0) == 60
    assert cr.grad(cr.grad(outer))(3.0) == 20


def test_a_rule_may_look_at_the_numbers_in_each_call_anew() -> None:
    @cr.custom_vjp
    def f(x: Any) -> Any:
        return x

    f.defvjp(lambda x: (x, x), lambda x, g: (g if x > 0 else -g,))
    assert [float(cr.grad(f)(x)) for x in (1.0, -1.0, 1.0)] == [1, -1, 1]


def test_a_rule_may_use_variables_of_its_surroundings_that_change() -> None:
    settings = {"limit": 1.0}

    @cr.custom_vjp
    def clipped(x: Any) -> Any:
        return x

    clipped.defvjp(lambda x: (x, None), lambda saved, g: (np.clip(g, -settings["limit"], settings["limit"]),))
    gradients = []
    for limit in (1.0, 2.0):
        settings["limit"] = limit
        gradients.append(float(cr.grad(lambda x: 10 * clipped(x))(3.0)))
    assert gradients == [1, 2]


def test_a_rule_may_use_a_traced_variable_of_the_function_around_it() -> None:
    def f(x: Any) -> Any:
        @cr.custom_vjp
        def scale(y: Any) -> Any:
            return y

        scale.defvjp(lambda y: (y, None), lambda saved, g: (g * x,))
        return scale(x * 2)

    assert [float(cr.grad(f)(x)) for x in (3.0, 5.0)] == [6, 10]


@pytest.mark.parametrize("gradient", [lambda g: (np.sum(g),), lambda g: (g[:, None],), lambda g: (g[:2],)])
def test_a_gradient_of_the_wrong_shape_is_refused(gradient: Any) -> None:
    @cr.custom_vjp
    def f(x: Any) -> Any:
        return x * 2

    f.defvjp(lambda x: (x * 2, None), lambda saved, g: gradient(g))
    with pytest.raises(cr.errors.StructureError, match=r"the rule of f returned a gradient of shape .* \(3,\)"):
        cr.grad(lambda x: np.sum(f(x)))(np.ones(3))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda g: g, "must return a tuple of 1 gradients"),
        (lambda g: (g, g), "must return a tuple of 1 gradients"),
        (lambda g: ([g],), "gradient of structure \\[\\*\\] for an argument of structure \\*"),
    ],
)
def test_a_rule_that_returns_the_wrong_structure_is_refused(returned: Any, message: str) -> None:
    f = cr.custom_vjp(lambda x: x * 2)
    f.defvjp(lambda x: (x * 2, None), lambda saved, g: returned(g))
    with pytest.raises(cr.errors.StructureError, match=message):
        cr.grad(f)(1.0)


@pytest.mark.parametrize("kind", [cr.custom_vjp, cr.custom_jvp])
def test_a_custom_function_without_a_rule_says_what_to_call(kind: Any) -> None:
    @kind
    def forgotten(x: Any) -> Any:
        return x

    with pytest.raises(cr.errors.ChainRuleError, match=r"call forgotten\.def(vjp|jvp)"):
        cr.grad(forgotten)(1.0)


def log1pexp() -> Any:
    @cr.custom_jvp
    def f(x: Any) -> Any:
        return np.log(1 + np.exp(x))

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return f(x), (1 - 1 / (1 + np.exp(x))) * t

    return f


def test_custom_jvp_serves_both_modes_and_every_order() -> None:
    f = log1pexp()
    assert cr.jvp(f, (0.0,), (2.0,))[1] == 1
    assert cr.grad(f)(0.0) == 0.5
    assert cr.grad(cr.grad(f))(0.0) == 0.25
    cr.check_grads(f, np.array([0.1, 0.5, -2.0]), order=3)


def test_custom_jvp_of_two_arguments_of_which_one_stands_still() -> None:
    @cr.custom_jvp
    def power(x: Any, n: Any) -> Any:
        return x**n

    power.defjvp(lambda p, t: (power(*p), 1000 * p[1] * p[0] ** (p[1] - 1) * t[0] + t[1]))
    assert cr.grad(lambda x: power(x, 2.0))(3.0) == 6000
    assert cr.jvp(lambda x: power(x, 2.0), (3.0,), (1.0,))[1] == 6000


def test_a_long_chain_of_custom_functions_takes_time_linear_in_its_length() -> None:
    f = log1pexp()

    def chain(x: Any) -> Any:
        for _ in range(300):
            x = f(x) - 0.5
        return x

    assert np.isfinite(cr.grad(chain)(0.0))


def test_stop_gradient_counts_as_a_constant_in_every_mode_and_order() -> None:
    def f(x: Any) -> Any:
        return x * cr.stop_gradient(x) ** 2

    assert cr.grad(f)(3.0) == 9
    assert cr.grad(cr.grad(f))(3.0) == 0
    assert cr.jvp(f, (3.0,), (1.0,)) == (27, 9)


def test_stop_gradient_of_a_container_and_of_plain_values() -> None:
    assert cr.grad(lambda p: p["a"] * cr.stop_gradient(p)["b"])({"a": 2.0, "b": 3.0}) == {"a": 3, "b": 0}
    assert cr.stop_gradient((1.0, [2.0])) == (1.0, [2.0])


def test_a_straight_through_estimator() -> None:
    def rounded(x: Any) -> Any:
        return x + cr.stop_gradient(np.round(x) - x)

    value, gradient = cr.value_and_grad(lambda x: np.sum(rounded(x) ** 2))(np.array([0.6, 2.2]))
    assert value == 5
    np.testing.assert_allclose(gradient, [2, 4])
