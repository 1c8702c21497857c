"""The checker of gradients is itself checked: it catches every planted mistake, in both modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainRuleError, DerivativeCheckError

W = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [0.2, 0.9, 1.1]])


def by_vjp(value: Callable[..., Any], gradient: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    fun = cr.custom_vjp(value)
    fun.defvjp(lambda x: (value(x), x), lambda x, g: (gradient(x, g),))
    return fun


def by_jvp(value: Callable[..., Any], tangent: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    fun = cr.custom_jvp(value)
    fun.defjvp(lambda primals, tangents: (value(primals[0]), tangent(primals[0], tangents[0])))
    return fun


def square(x: Any) -> Any:
    return x * x


WRONG_VJPS = {
    "a factor of 1.001": (square, lambda x, g: 1.001 * 2 * x * g),
    "zero": (square, lambda x, g: 0 * x * g),
    "a sign": (square, lambda x, g: -2 * x * g),
    "transposed": (square, lambda x, g: (2 * x * g).T),
    "conjugate positions": (square, lambda x, g: (2 * x * g)[::-1]),
    "an element missing": (square, lambda x, g: (2 * x * g).at[0, 0].set(0.0)),
    "not a number": (square, lambda x, g: 2 * x * g * np.nan),
    "infinite": (square, lambda x, g: 2 * x * g * np.inf),
    "None": (square, lambda x, g: None),
    "the wrong matrix side": (lambda x: W @ x, lambda x, g: W @ g),
}
WRONG_JVPS = {
    "a factor of 1.001": (square, lambda x, t: 1.001 * 2 * x * t),
    "zero": (square, lambda x, t: 0 * x * t),
    "a sign": (square, lambda x, t: -2 * x * t),
    "transposed": (square, lambda x, t: (2 * x * t).T),
    "not a number": (square, lambda x, t: 2 * x * t * np.nan),
    "the wrong matrix side": (lambda x: W @ x, lambda x, t: W.T @ t),
}


@pytest.mark.filterwarnings("ignore::chainrule.errors.NonFiniteWarning")
@pytest.mark.parametrize("mode", ["rev", "fwd"])
@pytest.mark.parametrize("name", WRONG_VJPS)
def test_a_wrong_reverse_rule_is_caught_in_both_modes(name: str, mode: str) -> None:
    with pytest.raises(DerivativeCheckError, match="disagrees with finite differences"):
        cr.check_grads(by_vjp(*WRONG_VJPS[name]), W, order=1, modes=(mode,))


def test_a_rule_that_is_not_linear_in_the_upstream_gradient_is_caught() -> None:
    with pytest.raises(DerivativeCheckError):
        cr.check_grads(by_vjp(square, lambda x, g: 2 * x * g + 1e-3), W, order=1, modes=("rev",))


@pytest.mark.filterwarnings("ignore::chainrule.errors.NonFiniteWarning")
@pytest.mark.parametrize("mode", ["rev", "fwd"])
@pytest.mark.parametrize("name", WRONG_JVPS)
def test_a_wrong_forward_rule_is_caught_in_both_modes(name: str, mode: str) -> None:
    with pytest.raises(DerivativeCheckError, match="disagrees with finite differences"):
        cr.check_grads(by_jvp(*WRONG_JVPS[name]), W, order=1, modes=(mode,))


@pytest.mark.parametrize("mode", ["rev", "fwd"])
def test_a_wrong_second_order_is_caught_and_order_one_does_not_look(mode: str) -> None:
    @cr.custom_vjp
    def twice(x: Any) -> Any:
        return x * x

    # right in value, but its dependence on x is cut off
    twice.defvjp(lambda x: (x * x, x), lambda x, g: (2 * cr.stop_gradient(x) * g,))
    cr.check_grads(twice, W, order=1, modes=(mode,))
    with pytest.raises(DerivativeCheckError):
        cr.check_grads(twice, W, order=2, modes=(mode,))


def test_a_wrong_third_order_is_caught_only_by_order_three() -> None:
    @cr.custom_vjp
    def slope(x: Any) -> Any:
        return 3 * x * x

    slope.defvjp(lambda x: (3 * x * x, x), lambda x, g: (6 * cr.stop_gradient(x) * g,))

    @cr.custom_vjp
    def cube(x: Any) -> Any:
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, g: (slope(x) * g,))
    cr.check_grads(cube, W, order=2)
    with pytest.raises(DerivativeCheckError):
        cr.check_grads(cube, W, order=3)


def test_a_rule_of_the_wrong_shape_is_caught() -> None:
    fun = by_vjp(lambda x: np.sum(x, axis=0), lambda x, g: g)
    with pytest.raises(ChainRuleError):
        cr.check_grads(fun, W, order=1, modes=("rev",))


def test_the_checker_itself_catches_a_gradient_of_another_shape_or_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.transforms import check

    def with_gradient(change: Callable[[Any], Any]) -> Callable[..., Any]:
        def vjp(fun: Any, *args: Any) -> Any:
            value, pull_back = cr.vjp(fun, *args)
            return value, lambda upstream: tuple(change(g) for g in pull_back(upstream))

        return vjp

    for change in (lambda g: g.astype(np.float32), lambda g: g[None], lambda g: g.T.copy().reshape(-1)):
        monkeypatch.setattr(check, "vjp", with_gradient(change))
        with pytest.raises(DerivativeCheckError, match="gives a gradient of shape"):
            cr.check_grads(square, W, order=1, modes=("rev",))


def test_right_gradients_pass() -> None:
    cr.check_grads(lambda x: np.tanh(W @ x), W, order=3)
    cr.check_grads(lambda p, n: p["a"] ** n * p["b"], {"a": np.array([1.0, 2.0]), "b": 3.0}, 2)
    cr.check_grads(lambda x: (np.sum(x), {"product": np.prod(x)}), np.array([1.0, 2.0]))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.complex64])
def test_single_precision_and_complex_arguments_pass(dtype: Any) -> None:
    x = np.array([0.5, 1.5], dtype) * (1 + 0.5j if np.dtype(dtype).kind == "c" else 1)
    cr.check_grads(lambda x: np.sin(x) * x, x.astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_a_wrong_factor_is_caught_in_other_dtypes_too(dtype: Any) -> None:
    with pytest.raises(DerivativeCheckError):
        cr.check_grads(by_vjp(square, lambda x, g: 1.2 * 2 * x * g), np.array([1.0, 2.0], dtype), order=1)


def test_a_kink_at_the_point_is_no_derivative() -> None:
    with pytest.raises(DerivativeCheckError, match="or the function is not smooth at this point"):
        cr.check_grads(lambda x: np.where(x > 0, x, 0.0), np.array([0.0]), order=1)


def test_the_error_names_the_function_the_mode_and_the_index() -> None:
    def wrong(x: Any) -> Any:
        return by_vjp(square, lambda x, g: 3 * x * g)(x)

    with pytest.raises(DerivativeCheckError, match=r"the forward mode of wrong disagrees .* at index \(2, 1\)"):
        cr.check_grads(wrong, np.zeros((3, 2)).astype(float) + np.array([[0, 0], [0, 0], [0, 1.0]]), modes=("fwd",))


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="modes are 'rev' and 'fwd', not 'reverse'"):
        cr.check_grads(square, W, modes=("reverse",))
