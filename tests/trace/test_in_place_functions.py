"""NumPy's functions that change an array in place, on traced arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp

X = np.array([[1.5, -2.0, 3.0], [0.5, 2.5, -1.0]])

CHANGES: dict[str, Callable[[Any, Any], None]] = {
    "put": lambda v, x: np.put(v, [0, 4, -1], x[0, :2] * 7),
    "put wrap": lambda v, x: np.put(v, [7, 8], x[0], mode="wrap"),
    "put clip": lambda v, x: np.put(v, [-9, 99], x[1], mode="clip"),
    "put method": lambda v, x: v.put([0, 1], x[1, 1]),
    "place": lambda v, x: np.place(v, x > 0, x[0, :2]),
    "putmask": lambda v, x: np.putmask(v, x < 1, x[0] * 3),
    "copyto": lambda v, x: np.copyto(v, x[1] * 2),
    "copyto where": lambda v, x: np.copyto(v, x * 2, where=x > 0),
    "fill_diagonal": lambda v, x: np.fill_diagonal(v, x[0, 0] * 3),
    "fill_diagonal several": lambda v, x: np.fill_diagonal(v, x[1]),
    "put_along_axis": lambda v, x: np.put_along_axis(v, np.array([[0], [2]]), x[:, :1] * 9, axis=1),
    "put_along_axis flat": lambda v, x: np.put_along_axis(v, np.array([0, 5]), x[:, 1], None),
    "partition": lambda v, x: v.partition(1, axis=1),
    "sort": lambda v, x: v.sort(axis=0),
    "through a view": lambda v, x: np.copyto(v[0], x[1] ** 2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_values_and_gradients_equal_numpys(name: str) -> None:
    def f(x: Any) -> Any:
        v = x * 1.0
        CHANGES[name](v, x)
        return v

    np.testing.assert_array_equal(cr.trace(f, X).outputs[0].value, f(X))
    cr.check_grads(f, X)


def test_fill_diagonal_wraps_around_tall_matrices() -> None:
    def f(x: Any) -> Any:
        v = cnp.zeros((7, 2))
        cnp.fill_diagonal(v, x, wrap=True)
        return v

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(cr.trace(f, x).outputs[0].value, f(x))


def test_writing_into_a_plain_array_is_an_error_with_the_fix() -> None:
    def f(x: Any) -> Any:
        plain = np.zeros(3)
        np.copyto(plain, x[0])
        return plain.sum()

    with pytest.raises(cr.errors.TraceLeakError, match=r"copyto.*\n.*\n.*chainrule.numpy.zeros"):
        cr.grad(f)(X)
