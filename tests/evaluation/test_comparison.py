"""Whether a difference is more than chance, and how sure an accuracy is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from chainrule.evaluation.comparison import compare
from chainrule.evaluation.intervals import accuracy_interval
from chainrule.evaluation.metrics import score


def test_counts_and_difference_by_hand() -> None:
    y = [0, 1, 1, 0, 1]
    found = compare("binary", y, [0.1, 0.9, 0.8, 0.7, 0.2], [0.1, 0.2, 0.3, 0.4, 0.9])
    assert (found.better, found.worse) == (2, 2)
    assert found.difference == pytest.approx(0)
    assert found.verdict == "no different"


def test_the_standard_error_is_that_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    first, second = y + rng.normal(size=50), y + 2 * rng.normal(size=50)
    found = compare("regression", y, first, second)
    t = ttest_rel((second - y) ** 2, (first - y) ** 2).statistic
    assert found.difference / found.standard_error == pytest.approx(t)


@pytest.mark.parametrize("rows", [100, 101])
def test_a_model_that_is_always_right_is_better_and_the_other_worse(rows: int) -> None:
    y = np.arange(rows) % 2
    assert compare("binary", y, y, np.zeros(rows, int)).verdict == "better"
    assert compare("binary", y, np.zeros(rows, int), y).verdict == "worse"
    assert compare("binary", y, y, y).verdict == "no different"


def test_classes_and_labels() -> None:
    y = np.array([0, 1, 2, 1])
    assert compare("multiclass", y, np.eye(3)[y], np.eye(3)[[0, 0, 0, 0]]).better == 3
    labels = np.array([[1, 0], [0, 1]])
    assert compare("multilabel", labels, labels, 1 - labels).difference == 1.0


def test_one_row_says_nothing() -> None:
    assert compare("binary", [1], [1], [0]).verdict == "no different"


def test_wilson_s_interval() -> None:
    low, high = accuracy_interval(score("binary", [0] * 10, [0.1] * 8 + [0.9] * 2)) or (0, 0)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)  # 8 of 10, by the formula


def test_no_interval_for_numbers_and_weighted_rows() -> None:
    assert accuracy_interval(score("regression", [1.0, 2.0], [1.0, 2.0])) is None
    assert accuracy_interval(score("binary", [0, 1], [0.1, 0.9], weight=[0.5, 0.5])) is None
