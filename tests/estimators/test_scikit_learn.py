"""The tools of scikit-learn around the estimators."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingClassifier, StackingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_validate, learning_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import chainrule as cr
from chainrule.estimators import LinearRegression, LogisticRegression, MLPClassifier, MLPRegressor, Ridge

pytestmark = pytest.mark.filterwarnings("ignore:training has not converged:sklearn.exceptions.ConvergenceWarning")

IRIS = load_iris(as_frame=True)
DIABETES = load_diabetes(as_frame=True)
CLASSIFIERS = [LogisticRegression(), MLPClassifier((8,), max_iter=30, learning_rate_init=0.01, random_state=0)]
REGRESSORS = [LinearRegression(), Ridge(), MLPRegressor((8,), max_iter=30, random_state=0)]


def name(model: Any) -> str:
    return type(model).__name__


def data_of(model: Any) -> tuple[Any, Any]:
    frame = IRIS if model in CLASSIFIERS else DIABETES
    return frame.data, frame.target


@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSORS, ids=name)
def test_pipeline_clone_and_set_output(model: Any) -> None:
    X, y = data_of(model)
    pipeline = make_pipeline(StandardScaler(), clone(model)).set_output(transform="pandas")
    pipeline.fit(X, y)
    assert pipeline[-1].feature_names_in_.tolist() == list(X.columns)
    assert pipeline.score(X, y) > 0.4
    again = clone(pipeline)
    assert not hasattr(again[-1], "n_features_in_")
    np.testing.assert_array_equal(again.fit(X, y).predict(X), pipeline.predict(X))


@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSORS, ids=name)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(model: Any, library: str) -> None:
    X, y = data_of(model)
    frame = X if library == "pandas" else pl.from_dict({column: X[column].to_numpy() for column in X})
    target = y if library == "pandas" else pl.Series("y", y.to_numpy())
    fitted = clone(model).fit(frame, target)
    assert fitted.feature_names_in_.tolist() == list(X.columns)
    np.testing.assert_array_equal(
        fitted.predict(frame), clone(model).fit(X.to_numpy(), y.to_numpy()).predict(X.to_numpy())
    )
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[list(X.columns)[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        fitted.predict(X.to_numpy())


@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSORS, ids=name)
def test_html(model: Any) -> None:
    X, y = data_of(model)
    page = clone(model).fit(X, y)._repr_html_()
    assert name(model) in page
    assert name(model) in repr(model)


def test_cross_validate() -> None:
    scores = cross_validate(CLASSIFIERS[1], IRIS.data, IRIS.target, scoring=["accuracy", "roc_auc_ovr", "neg_log_loss"])
    assert scores["test_accuracy"].mean() > 0.9
    assert scores["test_roc_auc_ovr"].mean() > 0.98


def test_grid_search() -> None:
    grid = {"mlpclassifier__alpha": [0.1, 1.0], "mlpclassifier__hidden_layer_sizes": [(4,), (4, 4)]}
    search = GridSearchCV(make_pipeline(StandardScaler(), MLPClassifier(max_iter=10, random_state=0)), grid, cv=2)
    search.fit(IRIS.data, IRIS.target)
    assert set(search.best_params_) == set(grid)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_learning_curve() -> None:
    sizes, _, scores = learning_curve(
        LogisticRegression(), IRIS.data, IRIS.target, train_sizes=[0.2, 1.0], shuffle=True, random_state=0
    )
    assert scores.shape == (2, 5)
    assert sizes.tolist() == [24, 120]
    assert scores[-1].mean() > 0.95
    _, _, parts = learning_curve(
        MLPClassifier((8,), random_state=0),
        IRIS.data,
        IRIS.target,
        train_sizes=[0.5, 1.0],
        shuffle=True,
        random_state=0,
        exploit_incremental_learning=True,
    )
    assert np.isfinite(parts).all()


def test_weights_are_routed() -> None:
    weight = np.random.default_rng(0).uniform(size=len(IRIS.data))
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression().set_fit_request(sample_weight=True))
        pipeline[0].set_fit_request(sample_weight=False)
        pipeline.fit(IRIS.data, IRIS.target, sample_weight=weight)
    expected = LogisticRegression().fit(StandardScaler().fit_transform(IRIS.data), IRIS.target, sample_weight=weight)
    np.testing.assert_allclose(pipeline[-1].coef_, expected.coef_, atol=1e-9)


def test_columns_of_words() -> None:
    frame = pd.DataFrame({"colour": ["red", "blue"] * 20, "size": np.arange(40.0)})
    columns = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough", sparse_threshold=0.0)
    model = make_pipeline(columns, LogisticRegression()).fit(frame, frame["colour"] == "red")
    assert model.score(frame, frame["colour"] == "red") == 1.0


def test_meta_estimators() -> None:
    X, y = IRIS.data.to_numpy(), IRIS.target.to_numpy()
    assert OneVsRestClassifier(LogisticRegression()).fit(X, y).score(X, y) > 0.9
    assert BaggingClassifier(LogisticRegression(), 3, random_state=0).fit(X, y).score(X, y) > 0.9
    stack = StackingRegressor([("ridge", Ridge()), ("linear", LinearRegression())], final_estimator=Ridge())
    assert stack.fit(DIABETES.data, DIABETES.target).score(DIABETES.data, DIABETES.target) > 0.4
    importance = permutation_importance(Ridge().fit(X, y), X, y, n_repeats=2, random_state=0)
    assert importance.importances_mean.argmax() in (2, 3)


def test_the_package_is_an_attribute_that_is_imported_when_it_is_used() -> None:
    assert cr.estimators is sys.modules["chainrule.estimators"]
    assert "estimators" not in cr.__all__
