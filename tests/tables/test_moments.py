"""Streaming moments are those of NumPy, however the rows are cut into blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.tables.moments import Moments


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 60),
    st.lists(st.integers(0, 60), max_size=5),
    st.floats(-1e8, 1e8),
    st.floats(1e-3, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_moments_in_blocks_are_those_of_the_whole(
    rows: int, cuts: list[int], centre: float, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    whole = centre + spread * rng.normal(size=(rows, 3))
    whole[rng.random(whole.shape) < 0.2] = np.nan
    whole[0] = centre
    moments = Moments.empty(3)
    for block in np.split(whole, sorted(min(cut, rows) for cut in cuts)):
        moments.add(block)
    assert moments.count.tolist() == (~np.isnan(whole)).sum(axis=0).tolist()
    np.testing.assert_allclose(moments.mean, np.nanmean(whole, axis=0), rtol=1e-13, atol=1e-13 * spread)
    precision = 1e-10 + 1e-15 * abs(centre) / spread
    np.testing.assert_allclose(moments.deviation, np.nanstd(whole, axis=0), rtol=precision, atol=precision * spread)
    assert moments.low.tolist() == np.nanmin(whole, axis=0).tolist()
    assert moments.high.tolist() == np.nanmax(whole, axis=0).tolist()


def test_a_large_mean_does_not_swallow_the_variance() -> None:
    moments = Moments.empty(1)
    for start in range(0, 10_000, 100):
        moments.add(1e9 + np.arange(start, start + 100, dtype=float)[:, None] % 2)
    np.testing.assert_allclose(moments.deviation, 0.5, rtol=1e-12)


def test_constant_columns_are_known_exactly() -> None:
    moments = Moments.empty(3)
    moments.add(np.array([[0.1, 0.1, np.nan]] * 1000))
    moments.add(np.array([[0.1, 0.1 + 1e-16, np.nan]] * 7))
    assert moments.is_constant.tolist() == [True, False, True]
