"""The layers one by one: dropout keeps expectations, batch normalisation gives mean β and deviation γ."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.learn.models.layers import ACTIVATIONS, batch_moments, dense, dropout_mask, normalise
from chainrule.learn.models.moments import Moments

RNG = np.random.default_rng(0)


def test_dense_without_a_bias_is_the_product() -> None:
    x, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))
    np.testing.assert_array_equal(dense(x, W), x @ W)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_keep_the_dtype_and_do_not_overflow(name: str, dtype: type) -> None:
    z = np.array([-1e4, -1.0, 0.0, 1.0, 1e4], dtype)
    a = ACTIVATIONS[name](z)
    assert a.dtype == dtype
    assert np.isfinite(a).all()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_leaves_out_a_share_and_keeps_the_expectation(p: float, dtype: type) -> None:
    mask = dropout_mask(np.random.default_rng(0), (400, 250), p, dtype)
    assert mask.dtype == dtype
    np.testing.assert_array_equal(np.unique(mask), np.array([0, 1 / (1 - p)], dtype))
    deviation = np.sqrt(p / (1 - p) / mask.size)
    assert abs(float(mask.mean(dtype=np.float64)) - 1) < 4 * deviation
    assert abs(float(np.mean(mask == 0)) - p) < 4 * np.sqrt(p * (1 - p) / mask.size)


def test_dropout_of_different_units_and_rows_is_independent() -> None:
    mask = dropout_mask(np.random.default_rng(0), (4000, 2), 0.5) - 1
    assert abs(np.mean(mask[:, 0] * mask[:, 1])) < 4 / np.sqrt(4000)
    assert abs(np.mean(mask[1:, 0] * mask[:-1, 0])) < 4 / np.sqrt(4000)


def test_a_normalised_batch_has_mean_beta_and_deviation_gamma() -> None:
    z = RNG.normal(5.0, [1.0, 100.0, 0.5], (300, 3))
    gamma, beta = np.array([1.0, 2.0, 3.0]), np.array([0.0, -1.0, 10.0])
    out = normalise(z, *batch_moments(z), gamma, beta)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-10)
    np.testing.assert_allclose(out.std(axis=0), gamma, rtol=1e-4)  # 10⁻⁵ is added to the variance


def test_a_constant_unit_is_normalised_to_beta() -> None:
    z = np.full((5, 1), 3.0)
    np.testing.assert_array_equal(
        normalise(z, *batch_moments(z), np.array([2.0]), np.array([7.0])), np.full((5, 1), 7.0)
    )


@pytest.mark.parametrize("sizes", [[100], [1, 99], [30, 0, 70], [1] * 100])
def test_moments_do_not_depend_on_how_the_rows_are_cut(sizes: list[int]) -> None:
    rows = RNG.normal(1e6, 1.0, (100, 4))
    moments = Moments()
    for part in np.split(rows, np.cumsum(sizes)[:-1]):
        moments.add(part)
    assert moments.count == 100
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.variance, rows.var(axis=0), rtol=1e-8)


def test_moments_of_float32_are_gathered_in_float64() -> None:
    rows = (1e4 + RNG.normal(size=(5000, 2))).astype(np.float32)
    moments = Moments()
    moments.add(rows)
    np.testing.assert_allclose(moments.variance, rows.astype(np.float64).var(axis=0), rtol=1e-10)
