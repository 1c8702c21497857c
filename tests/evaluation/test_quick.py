"""Quick scores are those of the whole evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.evaluation.metrics import score
from chainrule.evaluation.quick import quick_score


@pytest.mark.parametrize("seed", range(5))
def test_two_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, predicted = rng.integers(0, 2, 50).astype(float), rng.random(50)
    whole = score("binary", y, predicted, classes=("no", "yes"))
    found = quick_score("binary", y, predicted, classes=2)
    assert found.key == "accuracy"
    assert found.value == pytest.approx(whole["accuracy"])
    np.testing.assert_array_equal(found.confusion, whole.confusion)


@pytest.mark.parametrize("seed", range(5))
def test_several_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, predicted = rng.integers(0, 4, 60), rng.dirichlet(np.ones(4), 60)
    whole = score("multiclass", y, predicted)
    found = quick_score("multiclass", y, predicted, classes=4)
    assert found.value == pytest.approx(whole["accuracy"])
    np.testing.assert_array_equal(found.confusion, whole.confusion)


def test_a_probability_of_one_half_is_the_first_class() -> None:
    found = quick_score("binary", np.array([0.0]), np.array([0.5]), classes=2)
    assert found.value == score("binary", [0], [0.5], classes=("no", "yes"))["accuracy"] == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = 1e3 + rng.normal(size=40)
    predicted = y + rng.normal(size=40)
    found = quick_score("regression", y, predicted)
    assert found.key == "r2"
    assert found.value == pytest.approx(score("regression", y, predicted)["r2"])
    assert found.confusion is None


@pytest.mark.parametrize(
    ("y", "predicted"), [([], []), ([1.0, 2.0], [np.nan, 1.0]), ([3.0, 3.0], [3.0, 2.0]), ([1.0], [np.inf])]
)
def test_what_does_not_exist_is_none(y: list[float], predicted: list[float]) -> None:
    assert quick_score("regression", np.array(y), np.array(predicted)).value is None
    assert quick_score("binary", np.zeros(len(y)), np.array(predicted) * np.inf, classes=2).value is None
