"""The check by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.building.checking import DifferenceCheck, is_close


def agrees(fun: Any, x: Any, slope: Any) -> bool:
    graph = cr.trace(fun, x)
    return DifferenceCheck(graph).agrees(graph.inputs[0], slope)


@pytest.mark.parametrize("mistake", [1.001, 0.999, -1.0, 0.0])
def test_a_wrong_gradient_is_found(mistake: float) -> None:
    x = np.array([0.3, -1.2, 2.0])
    assert agrees(lambda x: np.sum(x**3), x, 3 * x**2)
    assert not agrees(lambda x: np.sum(x**3), x, 3 * x**2 * mistake)


def test_one_wrong_element_is_found() -> None:
    x = np.array([0.3, -1.2, 2.0])
    assert not agrees(lambda x: np.sum(x**3), x, 3 * x**2 + np.array([0.0, 0.1, 0.0]))


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_at_a_kink_anything_between_both_slopes_is_right(slope: float) -> None:
    assert agrees(cr.relu, 0.0, slope)


@pytest.mark.parametrize("slope", [-0.1, 1.1])
def test_at_a_kink_nothing_else_is(slope: float) -> None:
    assert not agrees(cr.relu, 0.0, slope)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_step_fits_the_number(scale: float) -> None:
    assert agrees(lambda x: np.sin(x / scale), 0.7 * scale, np.cos(0.7) / scale)
    assert not agrees(lambda x: np.sin(x / scale), 0.7 * scale, 1.01 * np.cos(0.7) / scale)


def test_single_precision_is_judged_by_its_own_accuracy() -> None:
    x = np.float32(0.7)
    assert agrees(np.sin, x, np.float32(np.cos(0.7)))
    assert not agrees(np.sin, x, np.float32(1.5 * np.cos(0.7)))


def test_a_complex_number_moves_in_both_directions() -> None:
    z = np.array([1.0 + 2.0j])
    assert agrees(lambda z: np.sum(np.abs(z) ** 2), z, 2 * np.conj(z))
    assert not agrees(lambda z: np.sum(np.abs(z) ** 2), z, 2 * z)


def test_rounding_errors_are_no_difference() -> None:
    exact = np.array([1.0, 1e-20, -3.0])
    assert is_close(exact * (1 + 1e-15), exact)
    assert is_close(exact + 1e-16, exact)
    assert not is_close(exact * (1 + 1e-9), exact)
    assert is_close(np.array(1.0 + 1e-6, np.float32), np.float32(1.0))
    assert not is_close(np.nan, 1.0)
