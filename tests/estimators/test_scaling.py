from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from chainrule.estimators.scaling import Scaling


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_that_of_scikit_learn(dtype: type, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(50, 3)) * [1.0, 100.0, 1e-3] + [0.0, 1000.0, 5.0]).astype(dtype)
    weight = rng.uniform(0.5, 2.0, 50) if weighted else None
    expected = StandardScaler().fit(X, sample_weight=weight)
    scaling = Scaling.of(X, weight)
    tolerance = 1e-10 if dtype is np.float64 else 1e-3
    np.testing.assert_allclose(scaling.mean, expected.mean_, rtol=tolerance)
    np.testing.assert_allclose(scaling.scale, expected.scale_, rtol=tolerance)
    assert scaling.apply(X).dtype == dtype
    np.testing.assert_allclose(scaling.undo(scaling.apply(X)), X, rtol=tolerance)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1])
def test_a_constant_column_keeps_its_scale(value: float) -> None:
    scaling = Scaling.of(np.full((7, 1), value))
    assert scaling.scale.tolist() == [1.0]
    np.testing.assert_allclose(scaling.apply(np.full((1, 1), value)), 0.0, atol=1e-6)


def test_without_centring_the_scale_is_the_root_mean_square() -> None:
    scaling = Scaling.of(np.array([[3.0], [4.0]]), centers=False)
    assert scaling.mean.tolist() == [0.0]
    np.testing.assert_allclose(scaling.scale, np.sqrt(12.5))


def test_none_changes_nothing() -> None:
    X = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(Scaling.none(X).apply(X), X)
