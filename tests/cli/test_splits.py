"""``chainrule cv`` and ``chainrule learning-curve``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.calling import call
from tests.workflow.making import people


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv", rows=100)


def test_cv_prints_mean_and_spread(path: Path) -> None:
    arguments = ("cv", path, "--target", "buys", "--folds", 3, "--model", "logistic")
    shown = call(*arguments)
    assert shown.exit_code == 0, shown.output
    assert "of 3 folds" in shown.stdout
    assert "±" in shown.stdout
    assert shown.stderr == ""
    assert len(json.loads(call(*arguments, "--json").stdout)["folds"]) == 3


def test_a_learning_curve_prints_a_row_for_each_size(path: Path) -> None:
    arguments = ("learning-curve", path, "--target", "spends", "--folds", 2, "--model", "linear")
    shown = call(*arguments)
    assert shown.exit_code == 0, shown.output
    assert "R², mean ± sd over folds" in shown.stdout
    assert json.loads(call(*arguments, "--json").stdout)["rows"] == [5, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("name", ["cv", "learning-curve"])
def test_a_target_is_needed(name: str, path: Path) -> None:
    result = call(name, path)
    assert result.exit_code == 2
    assert "--target" in result.stderr


def test_more_folds_than_rows_fail(path: Path) -> None:
    result = call("cv", path, "--target", "buys", "--folds", 101, "--model", "logistic")
    assert result.exit_code == 1
    assert "folds" in result.stderr
