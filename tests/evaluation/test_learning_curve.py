"""Scores over the number of training rows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsClassifier

from chainrule.errors import DataError
from chainrule.evaluation.learning_curve import learning_curve


def test_smaller_parts_are_contained_in_larger_ones_and_hold_all_classes() -> None:
    X, y = load_iris(return_X_y=True)
    sets: list[set[float]] = []

    def fit(X: Any, y: Any) -> Any:
        sets.append({tuple(row) for row in X})
        assert len(np.unique(y)) == 3
        return KNeighborsClassifier(1).fit(X, y)

    curve = learning_curve(fit, X, y, task="multiclass", sizes=(0.1, 0.5, 1.0), folds=2)
    assert curve.rows == (8, 38, 75)
    assert all(small <= large for small, large in itertools.pairwise(sets[:3]))
    assert curve.train == (1.0, 1.0, 1.0)
    assert curve.test[-1] is not None
    assert curve.test[0] is not None
    assert curve.test[0] < curve.test[-1]


def test_too_few_rows_for_two_classes_leave_a_gap_with_a_reason() -> None:
    y = np.array(["a"] * 30 + ["b"] * 2)
    X = np.arange(32.0)[:, None]
    fit = lambda X, y: KNeighborsClassifier(1).fit(X, y)  # noqa: E731
    curve = learning_curve(fit, X, y, task="binary", sizes=(0.05, 1.0), folds=2)
    assert curve.test[0] is None
    assert any("all are of class" in reason for reason in curve.reasons)


def test_another_metric_and_progress() -> None:
    seen: list[tuple[int, int]] = []
    curve = learning_curve(
        lambda X, y: DummyRegressor().fit(X, y),
        np.zeros((20, 1)),
        np.arange(20.0),
        task="regression",
        metric="mae",
        sizes=(0.5, 1.0),
        folds=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert curve.metric == "mae"
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert curve.to_json()["rows"] == (5, 10)


def test_sizes_that_are_no_shares() -> None:
    with pytest.raises(DataError, match="no share"):
        learning_curve(lambda X, y: None, np.zeros((4, 1)), np.zeros(4), task="regression", sizes=(0, 20), folds=2)
