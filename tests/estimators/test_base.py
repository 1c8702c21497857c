from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ConfigError, DataError
from chainrule.estimators import LinearRegression, LogisticRegression, MLPClassifier
from chainrule.estimators.base import class_codes, count, number, row_weights, weights_of_classes

X, y = np.arange(12.0).reshape(6, 2), np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([1, 1, -1, 1, 1, 1], "row 2 is -1"),
        (np.zeros(6), "zero"),
        (np.ones((6, 2)), "shape"),
        (np.ones(5), "inconsistent"),
        ([1, 1, np.nan, 1, 1, 1], "NaN"),
    ],
)
def test_weights_that_are_none(weight: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LinearRegression().fit(X, y, sample_weight=weight)


def test_one_weight_for_all_rows() -> None:
    weight = row_weights(2, X)
    assert weight.tolist() == [2.0] * 6


def test_one_class() -> None:
    with pytest.raises(DataError, match="only one class in y, 'a'"):
        LogisticRegression().fit(X, ["a"] * 6)
    with pytest.raises(DataError, match="only one class"):
        LogisticRegression().fit(X, y, sample_weight=y)


def test_a_class_that_is_not_known() -> None:
    with pytest.raises(DataError, match="the class 2, which is none"):
        class_codes(np.array([0, 2]), np.array([0, 1]))


def test_class_weights() -> None:
    classes = np.array(["a", "b"])
    codes = np.array([0, 0, 0, 1])
    assert weights_of_classes({"b": 5.0}, classes, codes, None).tolist() == [1.0, 1.0, 1.0, 5.0]
    weight = weights_of_classes("balanced", classes, codes, np.array([1.0, 1.0, 0.0, 2.0]))
    assert weight[codes == 0].sum() == weight[codes == 1].sum()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": -1.0}, "alpha is a number from 0"),
        ({"solver": "adma"}, "solver is one of adam, sgd, lbfgs"),
        ({"learning_rate_init": 0.0}, "learning_rate_init is a number above 0"),
        ({"max_iter": 0}, "max_iter is a whole number from 1"),
        ({"batch_size": "all"}, "batch_size is one of auto"),
        ({"batch_size": 0}, "batch_size is a whole number"),
        ({"hidden_layer_sizes": (3, -1)}, "hidden"),
        ({"activation": "tahn"}, 'write activation="tanh"'),
        ({"solver": "sgd", "learning_rate": "fast"}, "learning_rate is one of"),
        ({"solver": "sgd", "momentum": 2.0}, "momentum is a number from 0 to 1"),
        ({"solver": "lbfgs", "dropout": 0.5}, 'give solver="adam"'),
        ({"class_weight": {7: 1.0}}, "class_weight"),
        ({"early_stopping": True, "validation_fraction": 2.0}, "validation_fraction"),
    ],
)
def test_settings_that_are_none(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**settings).fit(X, y)


def test_booleans_are_no_numbers() -> None:
    with pytest.raises(ConfigError):
        number("alpha", True)
    with pytest.raises(ConfigError):
        count("max_iter", True)
