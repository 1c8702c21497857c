"""Metrics: scikit-learn's numbers, cases counted by hand, and what is undefined."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from chainrule.errors import ConfigError, DataError
from chainrule.evaluation.metrics import score


def probabilities(rng: np.random.Generator, rows: int, classes: int) -> Any:
    return rng.dirichlet(np.ones(classes), rows)


@pytest.mark.parametrize("weighted", [False, True])
def test_binary_metrics_are_those_of_scikit_learn(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 80), rng.uniform(size=80)
    weight = rng.uniform(0.1, 2.0, 80) if weighted else None
    chosen = (p > 0.5).astype(int)
    found = score("binary", y, p, weight=weight)
    expected = {
        "accuracy": sk.accuracy_score(y, chosen, sample_weight=weight),
        "error": 1 - sk.accuracy_score(y, chosen, sample_weight=weight),
        "precision": sk.precision_score(y, chosen, average="macro", sample_weight=weight),
        "recall": sk.recall_score(y, chosen, average="macro", sample_weight=weight),
        "f1": sk.f1_score(y, chosen, average="macro", sample_weight=weight),
        "roc_auc": sk.roc_auc_score(y, p, sample_weight=weight),
        "log_loss": sk.log_loss(y, p, sample_weight=weight),
        "brier": sk.brier_score_loss(y, p, sample_weight=weight),
    }
    assert found.values == pytest.approx(expected)
    assert found.reasons == {}
    np.testing.assert_allclose(found.confusion, sk.confusion_matrix(y, chosen, sample_weight=weight))


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass_metrics_are_those_of_scikit_learn(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 4, 120), probabilities(rng, 120, 4)
    weight = rng.uniform(0.1, 2.0, 120) if weighted else None
    chosen = p.argmax(axis=1)
    found = score("multiclass", y, p, weight=weight)
    areas = [sk.roc_auc_score(y == k, p[:, k], sample_weight=weight) for k in range(4)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    if not weighted:
        assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p, multi_class="ovr"))
    assert found["f1"] == pytest.approx(sk.f1_score(y, chosen, average="macro", sample_weight=weight))
    assert found["log_loss"] == pytest.approx(sk.log_loss(y, p, sample_weight=weight))
    squares = ((np.eye(4)[y] - p) ** 2).sum(axis=1)
    assert found["brier"] == pytest.approx(np.average(squares, weights=weight))
    each = sk.precision_recall_fscore_support(y, chosen, sample_weight=weight)
    for k, part in enumerate(found.per_class):
        assert [part.values[key] for key in ("precision", "recall", "f1")] == pytest.approx([c[k] for c in each[:3]])
        assert part.rows == pytest.approx(each[3][k])


def test_multilabel_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, (60, 3)), rng.uniform(size=(60, 3))
    chosen = p > 0.5
    found = score("multilabel", y, p, classes=("a", "b", "c"))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(y, chosen))
    assert found["hamming_loss"] == pytest.approx(sk.hamming_loss(y, chosen))
    for key, function in {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}.items():
        assert found[key] == pytest.approx(function(y, chosen, average="macro"))
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p, average="macro"))
    assert found["log_loss"] == pytest.approx(np.mean([sk.log_loss(y[:, k], p[:, k]) for k in range(3)]))
    assert found.confusion is not None
    assert found.confusion.shape == (3, 2, 2)


@pytest.mark.parametrize("shape", [(50,), (50, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_regression_metrics_are_those_of_scikit_learn(shape: tuple[int, ...], weighted: bool) -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=shape)
    predicted = y + rng.normal(size=shape) / 2
    weight = rng.uniform(0.1, 2.0, 50) if weighted else None
    found = score("regression", y, predicted, weight=weight)
    assert found["r2"] == pytest.approx(sk.r2_score(y, predicted, sample_weight=weight))
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(y, predicted, sample_weight=weight))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, predicted, sample_weight=weight))
    assert len(found.per_class) == (3 if len(shape) == 2 else 0)


def test_a_case_counted_by_hand() -> None:
    found = score("binary", [0, 0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8, 0.4], classes=("no", "yes"))
    assert found["accuracy"] == pytest.approx(3 / 5)
    no, yes = found.per_class
    assert [yes.values[key] for key in ("precision", "recall", "f1")] == pytest.approx([1 / 2, 1 / 2, 1 / 2])
    assert [no.values[key] for key in ("precision", "recall", "f1")] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert found["roc_auc"] == pytest.approx(5 / 6)  # of six pairs, (0.7, 0.4) is the wrong way round
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.8, 0.3, 0.8, 0.4])))
    assert found["brier"] == pytest.approx(np.mean(np.square([0.1, 0.2, 0.7, 0.2, 0.6])))
    assert found.confusion is not None
    assert found.confusion.tolist() == [[2, 1], [1, 1]]
    assert [curve.name for curve in found.roc] == ["yes"]


def test_two_columns_are_as_good_as_one() -> None:
    one = score("binary", [0, 1, 1], [0.2, 0.4, 0.9])
    two = score("binary", [0, 1, 1], [[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])
    assert dict(one.values) == pytest.approx(dict(two.values))


def test_one_hot_targets_are_class_numbers() -> None:
    p = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]
    numbers, rows = score("multiclass", [0, 1, 2], p), score("multiclass", np.eye(3), p)
    assert dict(numbers.values) == dict(rows.values)


def test_class_numbers_are_enough_where_there_are_no_probabilities() -> None:
    found = score("multiclass", [0, 1, 2, 2], np.array([0, 1, 2, 1]))
    assert found["accuracy"] == 0.75
    assert [found[key] for key in ("roc_auc", "log_loss", "brier")] == [None] * 3
    assert "no probabilities" in found.reasons["log_loss"]
    assert found.calibration is None
    assert found.roc == ()


# Undefined ------------------------------------------------------------------------------------------------------------


def test_one_class_only_has_no_roc_auc() -> None:
    found = score("binary", [0, 0, 0], [0.1, 0.2, 0.6], classes=("cat", "dog"))
    assert found["roc_auc"] is None
    assert found.reasons["roc_auc"] == "all rows are of class 'cat'"
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.8, 0.4])))


def test_an_absent_class_has_no_recall_and_is_named() -> None:
    found = score("multiclass", [0, 0, 1, 1], np.eye(3)[[0, 0, 1, 2]], classes=("a", "b", "c"))
    c = found.per_class[2]
    assert c.values["recall"] is None
    assert c.reasons["recall"] == "no row is of class 'c'"
    assert found["roc_auc"] is None
    assert "'c'" in found.reasons["roc_auc"]
    expected = sk.recall_score([0, 0, 1, 1], [0, 0, 1, 2], average="macro", zero_division=0)
    assert found["recall"] == pytest.approx(expected)
    assert "counts as 0" in found.reasons["recall"]


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    found = score("binary", [0, 1, 1], [0.1, 0.2, 0.3])
    assert found.per_class[1].values["precision"] is None
    assert found["precision"] == pytest.approx(
        sk.precision_score([0, 1, 1], [0, 0, 0], average="macro", zero_division=0)
    )
    assert found.reasons["precision"] == "class '1' is never predicted, which counts as 0"


def test_a_class_neither_there_nor_predicted_is_left_out_of_means() -> None:
    found = score("multiclass", [0, 1], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    assert found["f1"] == 1.0
    assert found.per_class[2].values["f1"] is None


@pytest.mark.parametrize(("y", "reason"), [([2.0], "one row"), ([2.0, 2.0], "all targets are 2")])
def test_targets_without_variance_have_no_r2(y: list[float], reason: str) -> None:
    found = score("regression", y, [1.0] * len(y))
    assert found["r2"] is None
    assert reason in found.reasons["r2"]
    assert found["mae"] == 1.0


def test_no_value_is_ever_nan() -> None:
    for y, p in (([0], [0.3]), ([1], [1.0]), ([0, 0], [0.0, 1.0])):
        found = score("binary", y, p)
        values = [*found.values.values(), *(v for part in found.per_class for v in part.values.values())]
        assert all(value is None or np.isfinite(value) for value in values)
        for key in (key for key, value in found.values.items() if value is None):
            assert found.reasons[key]


def test_a_multilabel_column_of_ones_is_left_out_of_the_mean() -> None:
    found = score("multilabel", [[1, 0], [1, 1]], [[0.9, 0.2], [0.8, 0.7]], classes=("a", "b"))
    assert found["roc_auc"] == 1.0
    assert "'a', which is left out" in found.reasons["roc_auc"]


def test_a_single_label_is_a_multilabel_target_too() -> None:
    found = score("multilabel", [[1], [0], [1]], [[0.9], [0.2], [0.4]])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["hamming_loss"] == pytest.approx(1 / 3)


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "y", "predicted", "message"),
    [
        ("regression", [1.0, 2.0], [1.0, np.nan], r"predicted\[1\] is nan"),
        ("regression", [1.0, 2.0], [1.0], "predicted has 1 rows"),
        ("regression", [], [], "y has no rows"),
        ("binary", [0, 2], [0.1, 0.2], r"y\[1\] is 2"),
        ("binary", ["a", "b"], [0.1, 0.2], "class numbers are 0, 1"),
        ("binary", [0, 1], [0.1, 3.0], r"predicted\[1, .\] is -?[23], and no probability"),
        ("multiclass", [0, 1], [[0.4, 0.4, 0.4], [0.2, 0.2, 0.6]], "row 0 add up to 1.2"),
        ("multiclass", [0, 1, 1], [[0.5, 0.5, 0.0]], "shape"),
        ("multilabel", [0, 1], [0.1, 0.2], "does not hold a 0 or 1"),
    ],
)
def test_an_error_names_what_is_wrong(task: Any, y: Any, predicted: Any, message: str) -> None:
    classes = ("a", "b", "c") if task == "multiclass" else ("a", "b") if task == "binary" else None
    with pytest.raises(DataError, match=message):
        score(task, y, predicted, classes=classes)


def test_weights_are_checked() -> None:
    for weight in ([1.0], [-1.0, 1.0], [0.0, 0.0], [np.inf, 1.0]):
        with pytest.raises(DataError, match="weight"):
            score("regression", [1.0, 2.0], [1.0, 2.0], weight=weight)


def test_an_unknown_task_and_too_few_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="task"):
        score("ranking", [0, 1], [0.1, 0.2])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="2 names"):
        score("regression", [[1.0], [2.0]], [[1.0], [2.0]], classes=("a", "b"))


def test_json_says_everything_without_nan() -> None:
    for found in (
        score("binary", [0, 0], [0.1, 0.2]),
        score("multiclass", [0, 1, 2], np.eye(3)),
        score("multilabel", [[1, 0], [0, 1]], [[0.9, 0.2], [0.1, 0.7]]),
        score("regression", [1.0, 2.0], [1.0, 2.5]),
    ):
        read = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert read["values"] == dict(found.values)
        assert read["task"] == found.task
