"""Reading parts of traced arrays: everything that NumPy's brackets take, with the gradient going back to its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.arange(24.0).reshape(2, 3, 4) - 7.5
MASK = X[0] > -2
ROWS = np.array([1, 0, 1, 1])

INDICES: dict[str, Any] = {
    "int": 1,
    "negative int": -1,
    "numpy int": np.int64(1),
    "ints": (1, 2, 3),
    "slice": slice(1, None),
    "slices": (slice(None), slice(0, 2), slice(None, None, 2)),
    "negative step": (slice(None, None, -1), slice(None), slice(3, 0, -2)),
    "empty slice": slice(2, 1),
    "None": None,
    "Nones": (None, 0, None, slice(None), None),
    "Ellipsis": Ellipsis,
    "Ellipsis and int": (Ellipsis, 2),
    "int and Ellipsis": (1, Ellipsis),
    "empty tuple": (),
    "integer array": ROWS,
    "list": [0, 1, 1],
    "empty list": [],
    "nested list": [[0, 1], [1, 1]],
    "negative integers": np.array([-1, -2, 0]),
    "two arrays": (ROWS, np.array([0, 1, 2, 2])),
    "broadcast arrays": (np.array([[0], [1]]), np.array([0, 2])),
    "np.ix_": np.ix_([1, 0], [0, 2, 2]),
    "array between slices": (slice(None), np.array([2, 0]), slice(1, 3)),
    "separated arrays": (np.array([0, 1]), slice(None), np.array([3, 3])),
    "array and int": (ROWS, 1),
    "array and None": (None, ROWS, Ellipsis),
    "mask": X > 0,
    "mask of leading axes": X[..., 0] > 0,
    "mask behind an int": (0, MASK),
    "mask and slice": (slice(None), np.array([True, False, True])),
    "mask without a true": X > 1e9,
    "two masks": (np.array([True, True]), np.array([True, False, True])),
}


@pytest.mark.parametrize("name", INDICES)
def test_value_shape_and_gradient_equal_numpys(name: str) -> None:
    index = INDICES[name]
    expected = X[index]
    weights = np.random.default_rng(0).normal(size=expected.shape)

    graph = cr.trace(lambda x: x[index], X)
    assert graph.outputs[0].shape == expected.shape
    np.testing.assert_array_equal(graph.outputs[0].value, expected)

    gradient = np.zeros_like(X)
    np.add.at(gradient, index, weights)
    np.testing.assert_allclose(cr.grad(lambda x: np.sum(x[index] * weights))(X), gradient, atol=1e-15)


@pytest.mark.parametrize("name", INDICES)
def test_both_modes_agree_with_finite_differences(name: str) -> None:
    index = INDICES[name]
    cr.check_grads(lambda x: x[index] ** 2, X / 7, order=1)


def test_an_index_that_is_computed_from_traced_values() -> None:
    def f(x: Any) -> Any:
        k = np.sum(x > 0)
        return x[k - 1] * x[x > 1][0]

    np.testing.assert_array_equal(cr.grad(f)(np.array([3.0, 0.5, -1.0])), [0.5, 3.0, 0.0])


def test_the_same_code_with_another_number_of_true_elements() -> None:
    gradient = cr.grad(lambda x: np.sum(x[x > 0] ** 2))
    for x in ([1.0, -1.0, 2.0], [1.0, -1.0, -2.0], [-1.0, -1.0, -2.0], [3.0, 1.0, 2.0]):
        array = np.array(x)
        np.testing.assert_array_equal(gradient(array), np.where(array > 0, 2 * array, 0))


def test_the_same_code_with_another_index() -> None:
    gradient = cr.grad(lambda x, i: np.sum(x[i]))
    for index in (0, 2, [0, 0], [1, 2], slice(1, 3)):
        expected = np.zeros(3)
        np.add.at(expected, index, 1)
        np.testing.assert_array_equal(gradient(np.ones(3), index), expected)


def test_a_plain_array_can_be_indexed_by_a_traced_integer() -> None:
    table = np.array([10.0, 20.0, 30.0])
    assert cr.grad(lambda x: x * table[np.sum(x > 0)])(1.0) == 20


def test_an_index_out_of_bounds_raises_as_in_numpy() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        cr.grad(lambda x: x[5])(np.ones(3))


def test_too_many_indices_raise_as_in_numpy() -> None:
    with pytest.raises(IndexError, match="too many indices"):
        cr.grad(lambda x: x[0, 0])(np.ones(3))
