"""Models of any kind on labelled data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression, RidgeClassifier

from chainrule.errors import DataError
from chainrule.evaluation.models import class_numbers, evaluate, take_rows


def constant(probabilities: Any, classes: Any) -> Any:
    return SimpleNamespace(classes_=classes, predict_proba=lambda X: np.tile(probabilities, (len(X), 1)))


def test_columns_follow_the_order_of_the_classes() -> None:
    model = constant([0.9, 0.1], ["b", "a"])
    found = evaluate(model, [[0], [0]], ["b", "a"], task="binary", classes=["a", "b"])
    assert found.classes == ("a", "b")
    assert found.confusion is not None
    assert found.confusion.tolist() == [[0, 1], [0, 1]]


def test_a_class_the_model_has_never_seen_gets_probability_zero() -> None:
    found = evaluate(constant([0.4, 0.6], ["a", "c"]), [[0]] * 3, ["a", "b", "c"], task="multiclass")
    assert found.classes == ("a", "c", "b")
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found.per_class[2].values["recall"] == 0


def test_a_classifier_without_probabilities() -> None:
    X, y = np.arange(10.0)[:, None], np.array(["low"] * 5 + ["high"] * 5)
    found = evaluate(RidgeClassifier().fit(X, y), X, y, task="binary")
    assert found["accuracy"] == 1.0
    assert found["log_loss"] is None


def test_numbers() -> None:
    X = np.arange(5.0)[:, None]
    assert evaluate(LinearRegression().fit(X, X[:, 0]), X, X[:, 0], task="regression")["r2"] == pytest.approx(1.0)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(DataError, match=r"row 1 is of class 'bird', which is none of 'cat', 'dog'"):
        class_numbers(["cat", "bird"], ["cat", "dog"])


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, pl.DataFrame, list])
def test_rows_of_every_kind_of_table(make: Any) -> None:
    table = make(np.arange(8).reshape(4, 2))
    assert np.asarray(take_rows(table, np.array([2, 0]))).tolist() == [[4, 5], [0, 1]]


def test_rows_of_an_arrow_table() -> None:
    assert take_rows(pa.table({"a": [1, 2, 3]}), np.array([2, 0])).to_pydict() == {"a": [3, 1]}
