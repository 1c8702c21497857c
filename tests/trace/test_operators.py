"""Operators on traced arrays: all of Python's, from both sides, and in place."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([[1.5, -2.0, 3.0], [0.5, 2.5, -1.0]])
OTHERS = [2.0, 3, True, np.float64(2.5), np.array([1.0, 2.0, 4.0]), np.array([[2.0], [3.0]]), [1.0, 2.0, 4.0]]
BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]


def value_of(fun: Callable[..., Any], *args: Any) -> Any:
    (output,) = cr.trace(fun, *args).outputs
    return output.value


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", OTHERS, ids=repr)
def test_binary_operators_equal_numpys_from_both_sides(name: str, other: Any) -> None:
    apply = getattr(operator, name)
    x = np.abs(X)
    for fun in (lambda x: apply(x, other), lambda x: apply(other, x)):
        value, expected = value_of(fun, x), fun(x)
        np.testing.assert_allclose(value, expected, rtol=1e-15)
        assert value.dtype == expected.dtype


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"])
@pytest.mark.parametrize("other", [2.0, np.array([1.0, 2.0, 4.0])], ids=repr)
def test_in_place_operators_equal_numpys_and_change_the_array(name: str, other: Any) -> None:
    apply = getattr(operator, "i" + name)

    def f(x: Any) -> Any:
        v = x * 1.0
        alias = v
        v = apply(v, other)
        return alias

    np.testing.assert_allclose(value_of(f, np.abs(X)), f(np.abs(X)), rtol=1e-15)


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparisons_equal_numpys(name: str) -> None:
    apply = getattr(operator, name)
    for fun in (lambda x: apply(x, 1.5), lambda x: apply(1.5, x), lambda x: apply(x, X[0])):
        np.testing.assert_array_equal(value_of(fun, X), fun(X))


@pytest.mark.parametrize("name", ["and_", "or_", "xor"])
def test_masks_combine_with_bitwise_operators(name: str) -> None:
    apply = getattr(operator, name)

    def f(x: Any) -> Any:
        return apply(x > 0, x < 2) & ~(x == 0.5)

    np.testing.assert_array_equal(value_of(f, X), f(X))


@pytest.mark.parametrize("fun", [operator.neg, operator.pos, abs], ids=lambda fun: fun.__name__)
def test_unary_operators_equal_numpys(fun: Callable[..., Any]) -> None:
    np.testing.assert_array_equal(value_of(fun, X), fun(X))


def test_divmod_gives_quotient_and_remainder() -> None:
    graph = cr.trace(lambda x: (*divmod(x, 2.0), *divmod(2.0, x)), 3.5)
    assert [float(value) for value in graph.values()] == [*divmod(3.5, 2.0), *divmod(2.0, 3.5)]


def test_matrix_product_from_both_sides_and_in_place() -> None:
    A = np.arange(6.0).reshape(3, 2)
    B = np.arange(4.0).reshape(2, 2)
    np.testing.assert_allclose(value_of(lambda x: x @ A, X), X @ A)
    np.testing.assert_allclose(value_of(lambda x: B @ x, X), B @ X)

    def f(x: Any) -> Any:
        v = x * 1.0
        v @= np.eye(3)
        return v

    np.testing.assert_allclose(value_of(f, X), X)


def test_numpy_scalars_and_arrays_on_the_left_do_not_swallow_the_traced_value() -> None:
    for left in (np.float64(2.0), np.float32(2.0), np.int64(2), np.array(2.0), np.ones(3)):
        graph = cr.trace(lambda x, left=left: left * x, X)
        assert graph.outputs[0].op.name == "multiply"
        np.testing.assert_array_equal(graph.outputs[0].value, left * X)


def test_in_place_operators_on_numbers_do_not_change_other_names_of_the_number() -> None:
    def f(x: Any) -> Any:
        y = x
        y += 1
        y *= 3
        return x * y

    assert value_of(f, 2.0) == 18
    assert cr.grad(f)(2.0) == 15


def test_the_arguments_themselves_never_change() -> None:
    x = np.ones(3)

    def f(x: Any) -> Any:
        x += 1
        x[0] = 7.0
        x *= x
        return np.sum(x)

    np.testing.assert_array_equal(cr.grad(f)(x), [0, 4, 4])
    np.testing.assert_array_equal(x, np.ones(3))


def test_in_place_into_a_narrower_dtype_is_refused_as_by_numpy() -> None:
    def f(x: Any) -> Any:
        v = x > 0
        v += x
        return v

    with pytest.raises(cr.errors.ShapeMismatchError, match="cannot be written into"):
        cr.trace(f, X)


def test_a_wider_result_cannot_be_written_in_place() -> None:
    def f(x: Any) -> Any:
        x += np.ones((4, 3))
        return x

    with pytest.raises(cr.errors.ShapeMismatchError, match=r"write v = v \+ x"):
        cr.trace(f, np.ones(3))


def test_operators_with_what_is_no_number_raise_type_error() -> None:
    with pytest.raises(TypeError):
        cr.trace(lambda x: x + "text", 1.0)
    with pytest.raises(TypeError):
        cr.trace(lambda x: {} * x, 1.0)


def test_comparison_with_none_is_false() -> None:
    assert cr.grad(lambda x: x * 2 if x != None else x)(1.0) == 2  # noqa: E711


def test_literals_of_zero_keep_their_sign() -> None:
    for zero in (0.0, -0.0):
        assert np.signbit(value_of(lambda x, zero=zero: x * zero, 1.0)) == np.signbit(zero)
