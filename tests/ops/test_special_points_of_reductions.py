"""Reductions and orders where their derivative needs care: ties, zeros, NaN, no spread."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("extreme", [np.max, np.min], ids=["max", "min"])
def test_ties_share_the_gradient_equally(extreme: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(cr.grad(extreme)(np.full((2, 2), 3.0)), np.full((2, 2), 0.25))


def test_the_largest_of_nothing_needs_an_initial_value() -> None:
    with pytest.raises(cr.errors.ShapeMismatchError, match="initial="):
        cr.grad(lambda x: np.max(x))(np.ones((0,)))


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 2, 3)])
def test_products_of_factors_that_are_zero(zeros: tuple[int, ...]) -> None:
    x = np.array([2.0, -3.0, 0.5, 4.0])
    x[list(zeros)] = 0.0

    def others(*left_out: int) -> float:
        return float(np.prod(np.delete(x, left_out)))

    np.testing.assert_allclose(cr.grad(np.prod)(x), [others(i) for i in range(4)])
    hessian = np.zeros((4, 4))
    for i, j in itertools.permutations(range(4), 2):
        hessian[i, j] = others(i, j)
    np.testing.assert_allclose(cr.hessian(np.prod)(x), hessian)
    np.testing.assert_allclose(cr.grad(lambda v: np.cumprod(v)[-1])(x), cr.grad(np.prod)(x))


def test_the_gradient_of_the_standard_deviation_of_equal_elements_is_zero() -> None:
    assert cr.grad(np.std)(np.full(3, 2.0)).tolist() == [0.0, 0.0, 0.0]
    assert cr.grad(np.nanstd)(np.array([2.0, np.nan, 2.0])).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "fun", [np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanvar, np.nanmedian], ids=lambda fun: fun.__name__
)
def test_a_missing_element_has_no_gradient_and_spoils_none(fun: Callable[[Any], Any]) -> None:
    gradient = cr.grad(fun)(np.array([1.0, np.nan, 3.0]))
    np.testing.assert_allclose(gradient[[0, 2]], cr.grad(fun)(np.array([1.0, 3.0])))
    assert gradient[1] == 0


def test_equal_elements_are_one_value_whose_gradient_goes_to_the_first() -> None:
    gradient = cr.grad(lambda x: np.sum(np.unique(x) * np.array([1.0, 10.0])))(np.array([5.0, 2.0, 5.0, 2.0]))
    assert gradient.tolist() == [10.0, 1.0, 0.0, 0.0]


def test_the_same_line_with_other_numbers_takes_other_positions() -> None:
    """Programs are kept by the shape of a graph: no position may be kept with them."""

    def f(x: Any) -> Any:
        return np.sum(np.sort(x)[:2] ** 2) + x[np.argmax(x)] + np.median(x) + np.take(x, np.argsort(x))[0]

    for x in (np.array([3.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0]), np.array([2.0, 3.0, 1.0])):
        rank = np.argsort(np.argsort(x))
        expected = np.choose(rank, [2 * x + 1, 2 * x + 1, np.ones(3)])
        np.testing.assert_allclose(cr.grad(f)(x), expected)
