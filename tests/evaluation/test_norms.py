"""Norms agree with NumPy's where that does not overflow, and go on where it does."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.evaluation.norms import scaled_norm

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_the_norm_is_numpys(axis: int | None) -> None:
    values = RNG.normal(size=(5, 3))
    np.testing.assert_allclose(scaled_norm(values, axis), np.linalg.norm(values, axis=axis), rtol=1e-14)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e200, 1e307])
def test_squares_that_no_float_holds(size: float) -> None:
    values = np.array([3 * size, -4 * size])
    assert scaled_norm(values) == pytest.approx(5 * size, rel=1e-3 if size < 1e-300 else 1e-14, abs=0)
    assert scaled_norm(np.stack([values, [1.0, 0.0]]), axis=1)[1] == 1.0, "each by itself"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.0], 0.0),
        ([], 0.0),
        ([-np.inf, 1e200], np.inf),
        ([np.nan, 1e200], np.nan),
        ([1.7e308, 1.7e308], np.inf),
    ],
)
def test_nothing_and_what_is_not_finite(values: list[float], expected: float) -> None:
    np.testing.assert_equal(scaled_norm(values), expected)


def test_numbers_of_less_precision_are_added_up_in_float64() -> None:
    values = RNG.normal(size=1000).astype(np.float32)
    assert scaled_norm(values) == pytest.approx(np.linalg.norm(values.astype(np.float64)), rel=1e-14)
