from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, make_friedman1, make_regression
from sklearn.model_selection import KFold, cross_val_score

from chainrule.estimators import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore:training has not converged:sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_defaults_serve_data_as_they_are(seed: int) -> None:
    folds = KFold(5, shuffle=True, random_state=seed)
    scores = cross_val_score(MLPRegressor(random_state=seed), *load_diabetes(return_X_y=True), cv=folds)
    assert scores.mean() >= 0.45


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"batch_norm": True}], ids=str)
def test_units_of_features_and_targets_do_not_matter(settings: dict[str, Any]) -> None:
    X, y = make_friedman1(200, random_state=0)
    model = MLPRegressor((20,), random_state=0, max_iter=50, shuffle=False, **settings)
    here = model.fit(X, y).predict(X)
    elsewhere = model.fit(1024.0 * X, 4096.0 * y).predict(1024.0 * X) / 4096.0
    np.testing.assert_allclose(here, elsewhere, rtol=1e-6)
    assert model.score(1024.0 * X, 4096.0 * y) > 0.7


@pytest.mark.parametrize("targets", [1, 3])
def test_public_weights_give_the_predictions(targets: int) -> None:
    X, y = make_regression(100, 5, n_targets=targets, random_state=0)
    model = MLPRegressor((), random_state=0, max_iter=20).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    found = X @ model.coefs_[0] + model.intercepts_[0]
    np.testing.assert_allclose(found.reshape(predicted.shape), predicted, rtol=1e-9)
    np.testing.assert_allclose(model.network_.predict(model.params_, X), predicted, rtol=1e-9)


def test_a_column_of_targets_stays_a_column() -> None:
    X, y = make_regression(50, 3, random_state=0)
    model = MLPRegressor((4,), random_state=0, max_iter=5)
    flat = model.fit(X, y).predict(X)
    column = model.fit(X, y[:, None]).predict(X)
    assert column.shape == (50, 1)
    np.testing.assert_array_equal(column[:, 0], flat)


def test_partial_fit_is_an_epoch_of_fit() -> None:
    X, y = make_regression(80, 3, random_state=0)
    whole = MLPRegressor((4,), random_state=0, max_iter=3, tol=0.0).fit(X, y)
    parts = MLPRegressor((4,), random_state=0)
    for _ in range(3):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(whole.predict(X), parts.predict(X))


def test_a_constant_target() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = MLPRegressor((4,), random_state=0, alpha=0.0, max_iter=200, learning_rate_init=0.01).fit(
        X, np.full(30, 7.0)
    )
    np.testing.assert_allclose(model.predict(X), 7.0, atol=0.2)


def test_without_standardisation_the_network_sees_data_as_they_are() -> None:
    X, y = make_regression(100, 5, random_state=0)
    model = MLPRegressor((), standardize=False, solver="lbfgs", alpha=0.0, max_iter=500, tol=1e-8).fit(X, y)
    assert model.score(X, y) > 0.9999
    np.testing.assert_array_equal(model.params_["W1"], model._params["W1"])
