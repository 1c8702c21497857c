"""Cross-validation and learning curves of whole tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workflow.making import people

from chainrule.errors import DataError
from chainrule.workflow import TrainingSettings, cross_validate_table, learning_curve_of_table

QUICK = TrainingSettings(hidden=(8,), epochs=30, lr=0.02)


def test_each_fold_is_scored_on_rows_it_has_not_seen(tmp_path: Path) -> None:
    path, heard = people(tmp_path / "a.csv"), []
    found = cross_validate_table(path, "buys", QUICK, folds=3, progress=lambda fold, scores: heard.append(fold))
    assert heard == [0, 1, 2]
    assert sum(scores.rows for scores in found.folds) == 160
    assert found.spread["accuracy"].mean > 0.75  # type: ignore[operator]
    assert found.folds[0].classes == ("no", "yes")


def test_numbers_and_a_learning_rate_that_is_found(tmp_path: Path) -> None:
    settings = TrainingSettings(hidden=(8,), epochs=40, lr="auto", early_stopping=False)
    found = cross_validate_table(people(tmp_path / "a.csv"), "spends", settings, folds=2)
    assert found.spread["r2"].mean > 0.5  # type: ignore[operator]


def test_a_learning_curve_grows(tmp_path: Path) -> None:
    settings = TrainingSettings(model="logistic")
    curve = learning_curve_of_table(people(tmp_path / "a.csv"), "buys", settings, folds=4, sizes=(0.1, 1.0))
    assert curve.rows == (12, 120)
    assert curve.test[0] < curve.test[1]  # type: ignore[operator]


def test_a_table_that_is_streamed_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too many to train on again and again"):
        cross_validate_table(people(tmp_path / "a.csv"), "buys", TrainingSettings(stream=True))
