"""Assignment into traced arrays: the graph follows, NumPy's results come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

V = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def element(v: Any, x: Any) -> None:
    v[0, 1] = x


def row(v: Any, x: Any) -> None:
    v[1] = x * np.array([1.0, 2.0, 3.0])


def broadcast(v: Any, x: Any) -> None:
    v[:, 1:] = x


def reversed_slice(v: Any, x: Any) -> None:
    v[::-1, ::2] = x * V[:, :2]


def masked(v: Any, x: Any) -> None:
    v[v > 2.5] = x


def masked_array(v: Any, x: Any) -> None:
    v[V > 4.5] = x * np.array([1.0, 2.0])


def by_integers(v: Any, x: Any) -> None:
    v[[0, 1], [2, 0]] = x * np.array([1.0, -1.0])


def by_repeated_integers(v: Any, x: Any) -> None:
    v[[0, 0], [1, 1]] = x * np.array([1.0, 5.0])


def everything(v: Any, x: Any) -> None:
    v[...] = x


def add_to_element(v: Any, x: Any) -> None:
    v[1, 1] += x


def add_to_slice(v: Any, x: Any) -> None:
    v[:, 0] += x


def add_to_mask(v: Any, x: Any) -> None:
    v[V > 2.5] += x


def add_to_repeated_integers(v: Any, x: Any) -> None:
    v[[0, 0, 1]] += x


def scale_slice(v: Any, x: Any) -> None:
    v[0, :] *= x


def from_itself(v: Any, x: Any) -> None:
    v[0] = v[1] * x
    v[1] = v[0] + v[1]


def swap(v: Any, x: Any) -> None:
    v[0], v[1] = v[1] * x, v[0] * 1.0


def chained(v: Any, x: Any) -> None:
    v[1][2] = x
    v[0][1:][0] += x


def add_at(v: Any, x: Any) -> None:
    np.add.at(v, ([0, 0], [1, 1]), x)


def out_argument(v: Any, x: Any) -> None:
    np.multiply(v, x, out=v)


def out_with_mask(v: Any, x: Any) -> None:
    np.multiply(v, x, out=v, where=V > 3)


def list_of_numbers(v: Any, x: Any) -> None:
    v[0] = [x, 2.0, x * x]


def plain_values(v: Any, x: Any) -> None:
    v[0] = np.array([7.0, 8.0, 9.0])
    v[1, 0] = 3


CHANGES = [
    element, row, broadcast, reversed_slice, masked, masked_array, by_integers, by_repeated_integers, everything,
    add_to_element, add_to_slice, add_to_mask, add_to_repeated_integers, scale_slice, from_itself, swap, chained,
    add_at, out_argument, out_with_mask, list_of_numbers, plain_values,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_array_ends_as_in_numpy_and_its_derivatives_are_right(change: Callable[..., None]) -> None:
    def f(v: Any, x: Any) -> Any:
        change(v, x)
        return v

    plain = V.copy()
    change(plain, 1.7)
    np.testing.assert_allclose(cr.trace(f, V, 1.7).outputs[0].value, plain, rtol=1e-15)
    cr.check_grads(f, V, np.array(1.7))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_argument_of_the_caller_stays_as_it_was(change: Callable[..., None]) -> None:
    v = V.copy()

    def f(v: Any, x: Any) -> Any:
        change(v, x)
        return np.sum(v)

    cr.value_and_grad(f, argnums=(0, 1))(v, 1.7)
    np.testing.assert_array_equal(v, V)


def test_at_set_and_at_add_return_changed_copies() -> None:
    def f(v: Any, x: Any) -> Any:
        w = v.at[0, 1].set(x).at[1].add(x).at[[0, 0]].add(1.0)
        return np.sum(w * V) + 0 * np.sum(v)

    value, (dv, dx) = cr.value_and_grad(f, argnums=(0, 1))(V, 2.0)
    expected = V.copy()
    expected[0, 1] = 2.0
    expected[1] += 2.0
    expected[0] += 2.0
    assert value == np.sum(expected * V)
    np.testing.assert_array_equal(dv, [[1, 0, 3], [4, 5, 6]])
    assert dx == V[0, 1] + V[1].sum()


def test_at_get_reads() -> None:
    assert cr.grad(lambda v: v.at[1].get())(np.ones(3)).tolist() == [0, 1, 0]


def test_a_loop_that_fills_an_array() -> None:
    def f(x: Any) -> Any:
        powers = x * np.ones(5)
        for i in range(1, 5):
            powers[i] = powers[i - 1] * x[0]
        return powers[4]

    assert cr.grad(f)(np.array([2.0]))[0] == pytest.approx(5 * 2.0**4)


def test_a_recurrence_over_rows() -> None:
    def f(a: Any) -> Any:
        table = np.ones((4, 3)) * a
        for i in range(1, 4):
            table[i] = table[i - 1] * a + table[i, ::-1]
        return np.sum(table[-1])

    cr.check_grads(f, np.array([0.5, 1.0, 1.5]))


def test_a_name_for_the_same_array_sees_the_change_and_an_expression_does_not() -> None:
    def f(x: Any) -> Any:
        v = x * 1.0
        alias, before = v, v * 1.0
        v[0] = 10.0
        return alias[0] + before[0]

    assert cr.value_and_grad(f)(np.array([3.0]))[0] == 13


def test_a_value_that_does_not_fit_is_refused_with_both_shapes() -> None:
    def f(v: Any) -> Any:
        v[0] = np.ones(5)
        return np.sum(v)

    with pytest.raises(cr.errors.ShapeMismatchError, match=r"\(5,\) does not fit the indexed part, of shape \(3,\)"):
        cr.grad(f)(V)


def test_a_complex_value_is_refused_by_a_real_array() -> None:
    def f(v: Any) -> Any:
        v[0] = 1j
        return np.sum(v)

    with pytest.raises(cr.errors.ShapeMismatchError, match="complex value cannot be assigned into v"):
        cr.grad(f)(np.ones(2))


def test_a_float64_value_is_rounded_by_a_float32_array() -> None:
    def f(v: Any, x: Any) -> Any:
        v[0] = x
        return v * 2

    (node,) = cr.trace(f, np.ones(2, np.float32), np.float64(0.1)).outputs
    assert node.dtype == np.float32
    assert node.value.dtype == np.float32
    v, x = cr.grad(lambda v, x: np.sum(f(v, x)), argnums=(0, 1))(np.ones(2, np.float32), 0.1)
    assert (v.dtype, x.dtype) == (np.float32, np.float64)
    assert (v.tolist(), x) == ([0, 2], 2)
