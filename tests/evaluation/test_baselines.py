"""Baselines: what scikit-learn's own would say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.evaluation.baselines import baselines


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_classes(load: object) -> None:
    X, y = load(return_X_y=True)  # type: ignore[operator]
    train, test = np.arange(len(y)) % 3 > 0, np.arange(len(y)) % 3 == 0
    task = "binary" if y.max() == 1 else "multiclass"
    simple, linear = baselines(task, X[train], y[train], X[test], y[test])  # type: ignore[arg-type]
    dummy = DummyClassifier(strategy="prior").fit(X[train], y[train])
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X[train], y[train])
    for found, model in ((simple, dummy), (linear, logistic)):
        assert found.scores["accuracy"] == pytest.approx(accuracy_score(y[test], model.predict(X[test])))
        assert found.scores["log_loss"] == pytest.approx(log_loss(y[test], model.predict_proba(X[test])))


def test_numbers() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=60)
    simple, linear = baselines("regression", X[:40], y[:40], X[40:], y[40:])
    for found, model in ((simple, DummyRegressor()), (linear, make_pipeline(StandardScaler(), Ridge()))):
        expected = r2_score(y[40:], model.fit(X[:40], y[:40]).predict(X[40:]))
        assert found.scores["r2"] == pytest.approx(expected)


def test_several_targets() -> None:
    X, Y = np.arange(8.0).reshape(4, 2), np.arange(12.0).reshape(4, 3)
    assert [part.predicted.shape for part in baselines("regression", X, Y, X, Y)] == [(4, 3), (4, 3)]


def test_labels_one_of_which_is_constant() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    Y = np.column_stack([X[:, 0] > 0, np.ones(40)]).astype(int)
    simple, linear = baselines("multilabel", X, Y, X, Y)
    assert simple.predicted[0] == pytest.approx(Y.mean(axis=0))
    assert linear.predicted[:, 1].tolist() == [1.0] * 40
    assert (linear.scores["accuracy"] or 0) > 0.9


def test_weights_move_the_majority() -> None:
    X = np.zeros((4, 1))
    simple, *_ = baselines("binary", X, [0, 0, 0, 1], X, [1, 1, 1, 1], weight=[1, 1, 1, 9])
    assert simple.scores["accuracy"] == 1.0
    assert simple.predicted[0] == pytest.approx([0.25, 0.75])


def test_training_rows_of_one_class_have_no_linear_baseline() -> None:
    found = baselines("binary", np.zeros((3, 1)), [1, 1, 1], np.zeros((2, 1)), [0, 1])
    assert [part.name for part in found] == ["majority class"]


def test_a_class_that_the_training_rows_lack() -> None:
    _, linear = baselines("multiclass", [[0.0], [1.0]], [0, 2], [[0.0], [1.0]], [0, 1], classes=("a", "b", "c"))
    assert linear.predicted[:, 1].tolist() == [0.0, 0.0]


def test_very_many_rows_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.evaluation.baselines._MOST_ROWS", 10)
    X = np.arange(40.0)[:, None]
    _, linear = baselines("regression", X, X[:, 0], X, X[:, 0])
    assert linear.note == "learnt from 10 of 40 rows"
