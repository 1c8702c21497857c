"""Cross-validation: scikit-learn's scores, mean ± sd, and folds that lack a class."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.model_selection import cross_validate as reference
from sklearn.naive_bayes import GaussianNB

from chainrule.evaluation.cross_validation import cross_validate


def test_scores_are_those_of_scikit_learn() -> None:
    X, y = load_iris(return_X_y=True)
    found = cross_validate(lambda X, y: GaussianNB().fit(X, y), X, y, task="multiclass", folds=4, seed=3)
    splitter = StratifiedKFold(4, shuffle=True, random_state=3)
    expected = reference(GaussianNB(), X, y, cv=splitter, scoring=("accuracy", "f1_macro", "neg_log_loss"))
    assert [part["accuracy"] for part in found.folds] == pytest.approx(expected["test_accuracy"].tolist())
    assert found.spread["f1"].mean == pytest.approx(expected["test_f1_macro"].mean())
    assert found.spread["f1"].sd == pytest.approx(expected["test_f1_macro"].std(ddof=1))
    assert found.spread["log_loss"].mean == pytest.approx(-expected["test_neg_log_loss"].mean())
    assert found.spread["accuracy"].ends == (expected["test_accuracy"].min(), expected["test_accuracy"].max())


def test_labels_of_text_and_a_frame() -> None:
    X, y = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    found = cross_validate(lambda X, y: GaussianNB().fit(X, y), X, names, task="multiclass", folds=3)
    assert isinstance(X, pd.DataFrame)
    assert found.folds[0].classes == ("setosa", "versicolor", "virginica")


def test_a_fold_without_a_class_says_so() -> None:
    y = np.array(["a"] * 11 + ["b"])
    found = cross_validate(lambda X, y: DummyClassifier().fit(X, y), np.zeros((12, 1)), y, task="binary", folds=3)
    assert found.spread["roc_auc"].folds == 1
    assert found.spread["roc_auc"].sd is None
    assert "missing in 2 of 3 folds" in found.reasons["roc_auc"]
    json.dumps(found.to_json(), allow_nan=False)


def test_weights_reach_the_fit_and_the_scores() -> None:
    X = np.arange(12.0)[:, None]
    y = X[:, 0] * 2
    y[::4] = 100.0
    weight = np.ones(12)
    weight[::4] = 0.0
    seen = []

    def fit(X: Any, y: Any, weight: Any) -> Any:
        seen.append(weight)
        return LinearRegression().fit(X, y, sample_weight=weight)

    found = cross_validate(fit, X, y, task="regression", folds=3, weight=weight)
    assert [len(part) for part in seen] == [8, 8, 8]
    assert found.spread["rmse"].mean == pytest.approx(0.0, abs=1e-9)


def test_progress_is_told_after_each_fold() -> None:
    seen: list[int] = []
    X, y = load_iris(return_X_y=True)
    cross_validate(
        lambda X, y: GaussianNB().fit(X, y),
        X,
        y,
        task="multiclass",
        folds=3,
        progress=lambda number, scores: seen.append(number),
    )
    assert seen == [0, 1, 2]
