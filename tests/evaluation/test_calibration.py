"""Calibration: scikit-learn's bins, and the error counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from chainrule.evaluation.calibration import calibration


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("bins", [2, 5, 10])
def test_bins_are_those_of_scikit_learn(strategy: Any, bins: int) -> None:
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.uniform(size=200), [0.0, 0.5, 1.0]])
    came_true = rng.uniform(size=len(p)) < p
    observed, predicted = calibration_curve(came_true, p, n_bins=bins, strategy=strategy)
    found = calibration(came_true, p, bins=bins, strategy=strategy)
    assert found.observed == pytest.approx(tuple(observed))
    assert found.predicted == pytest.approx(tuple(predicted))
    assert sum(found.rows) == len(p)


def test_the_error_counted_by_hand() -> None:
    found = calibration([True, False, True, True], [0.2, 0.4, 0.7, 0.9], bins=2)
    assert found.error == pytest.approx(0.5 * abs(0.3 - 0.5) + 0.5 * abs(0.8 - 1.0))


def test_a_weight_of_two_is_a_row_twice() -> None:
    twice = calibration([True, False, False], [0.2, 0.7, 0.7], bins=4)
    weighted = calibration([True, False], [0.2, 0.7], bins=4, weight=[1, 2])
    assert weighted == twice


def test_a_perfect_forecast_has_no_error() -> None:
    assert calibration([True, False], [1.0, 0.0]).error == 0
