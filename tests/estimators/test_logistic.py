from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from chainrule.estimators import LogisticRegression

DATA = {
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "iris": load_iris(return_X_y=True),
    "digits": load_digits(return_X_y=True),
}


def reference(X: Any, y: Any, weight: Any = None, **settings: Any) -> Any:
    model = linear_model.LogisticRegression(solver="newton-cg", tol=1e-11, max_iter=10_000, **settings)
    return model.fit(X, y, sample_weight=weight)


def assert_same(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=tolerance)
    shift = expected.intercept_.mean() if len(expected.classes_) > 2 else 0.0
    np.testing.assert_allclose(found.intercept_, expected.intercept_ - shift, atol=tolerance)


@pytest.mark.parametrize("name", DATA)
def test_the_minimum_is_scikit_learns(name: str) -> None:
    X, y = scale(DATA[name][0]), DATA[name][1]
    expected = reference(X, y)
    assert_same(LogisticRegression().fit(X, y), expected)
    assert_same(LogisticRegression(solver="lbfgs", max_iter=1000).fit(X, y), expected, 1e-4)


@pytest.mark.parametrize(
    "settings", [{"C": 0.01}, {"C": 100.0}, {"fit_intercept": False}, {"class_weight": "balanced"}], ids=str
)
def test_with_other_settings(settings: dict[str, Any]) -> None:
    X, y = scale(DATA["iris"][0])[:120], DATA["iris"][1][:120]
    assert_same(LogisticRegression(**settings).fit(X, y), reference(X, y, **settings))


def test_with_weights() -> None:
    X, y = DATA["breast_cancer"]
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    assert_same(LogisticRegression().fit(scale(X), y, sample_weight=weight), reference(scale(X), y, weight))


def test_features_of_very_different_scales() -> None:
    X, y = DATA["breast_cancer"]  # from 0.001 to 4254
    found = LogisticRegression().fit(X, y)
    assert found.n_iter_[0] < 30
    p = found.predict_proba(X)[:, 1]
    gradient = X.T @ (p - y) + found.coef_[0]  # of C Σ l + ½ Σ w²
    np.testing.assert_allclose(gradient / X.std(axis=0), 0.0, atol=1e-5)


def test_without_a_penalty() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    assert_same(LogisticRegression(C=np.inf).fit(X, y), reference(X, y, C=np.inf))


def test_labels_are_words() -> None:
    X, y = DATA["iris"]
    names = np.array(["setosa", "versicolor", "virginica"])
    model = LogisticRegression().fit(X, names[y])
    assert model.score(X, names[y]) > 0.97
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_a_warm_start_is_already_there() -> None:
    X, y = DATA["digits"]
    model = LogisticRegression(warm_start=True).fit(scale(X), y)
    cold = int(model.n_iter_[0])
    coef = model.coef_
    model.fit(scale(X), y)
    assert model.n_iter_[0] == 1 < cold
    np.testing.assert_allclose(model.coef_, coef, atol=1e-6)


def test_float32_stays_float32() -> None:
    X, y = DATA["iris"]
    model = LogisticRegression().fit(X.astype(np.float32), y)
    assert model.coef_.dtype == model.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_too_few_iterations_are_told() -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter=1 "):
        LogisticRegression(max_iter=1).fit(*DATA["iris"])
