from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.datasets import load_diabetes, make_regression
from sklearn.exceptions import ConvergenceWarning

from chainrule.estimators import LinearRegression, Ridge

X, y = load_diabetes(return_X_y=True)
WEIGHT = np.random.default_rng(0).uniform(0.0, 2.0, len(X))


def assert_same(found: Any, expected: Any, tolerance: float = 1e-8) -> None:
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=tolerance, atol=tolerance)
    assert np.shape(found.coef_) == np.shape(expected.coef_)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["svd", "newton-cg", "lbfgs"])
def test_least_squares_are_scikit_learns(weight: Any, fit_intercept: bool, solver: str) -> None:
    expected = linear_model.LinearRegression(fit_intercept=fit_intercept).fit(X, y, sample_weight=weight)
    found = LinearRegression(fit_intercept=fit_intercept, solver=solver).fit(X, y, sample_weight=weight)
    assert_same(found, expected, 1e-8 if solver == "svd" else 1e-4)
    np.testing.assert_allclose(found.predict(X), expected.predict(X), atol=1e-4)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("solver", ["svd", "newton-cg", "lbfgs"])
def test_ridge_is_scikit_learns(weight: Any, alpha: float, solver: str) -> None:
    expected = linear_model.Ridge(alpha=alpha, tol=1e-12).fit(X, y, sample_weight=weight)
    found = Ridge(alpha=alpha, solver=solver).fit(X, y, sample_weight=weight)
    assert_same(found, expected, 1e-8 if solver == "svd" else 1e-4)


@pytest.mark.parametrize("solver", ["svd", "newton-cg"])
def test_several_targets(solver: str) -> None:
    X, y = make_regression(60, 7, n_targets=3, noise=5.0, random_state=0)
    assert_same(Ridge(solver=solver).fit(X, y), linear_model.Ridge().fit(X, y), 1e-8)
    column = LinearRegression(solver=solver).fit(X, y[:, :1])
    assert column.predict(X).shape == (60, 1)
    assert column.coef_.shape == (1, 7)


def test_more_features_than_rows_give_the_shortest_weights() -> None:
    X, y = make_regression(20, 50, random_state=0)
    found = LinearRegression().fit(X, y)
    assert_same(found, linear_model.LinearRegression().fit(X, y))
    assert found.rank_ == 19


def test_a_column_that_is_there_twice() -> None:
    doubled = np.column_stack([X, X[:, :1]])
    found = LinearRegression().fit(doubled, y)
    np.testing.assert_allclose(found.coef_[0], found.coef_[-1])
    np.testing.assert_allclose(found.predict(doubled), linear_model.LinearRegression().fit(X, y).predict(X))


def test_float32_stays_float32() -> None:
    found = Ridge().fit(X.astype(np.float32), y)
    assert found.coef_.dtype == found.predict(X.astype(np.float32)).dtype == np.float32


def test_large_offsets_cost_no_digits() -> None:
    shifted = X + 1e6
    expected = linear_model.Ridge().fit(X, y)
    np.testing.assert_allclose(Ridge().fit(shifted, y).coef_, expected.coef_, rtol=1e-6)


def test_too_few_iterations_are_told() -> None:
    with pytest.warns(ConvergenceWarning, match="has not converged in max_iter=1"):
        Ridge(solver="lbfgs", max_iter=1).fit(X, y)
