"""The lesson of one row of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.workflow.making import people

from chainrule.errors import DataError
from chainrule.storage.model import TableModel
from chainrule.workflow import TrainingSettings, explain_row, train_table


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv")


@pytest.fixture(scope="module")
def model(path: Path) -> TableModel:
    return train_table(path, "buys", TrainingSettings(hidden=(3,), epochs=5)).model


def test_the_loss_is_that_of_the_row(path: Path, model: TableModel) -> None:
    lesson = explain_row(model, path, 3)
    X, y = model.preprocessing.arrays(path)
    assert float(lesson.forward[-1].value) == pytest.approx(float(model.network.loss(model.params, X[[2]], y[[2]])))
    assert {part.symbol.name for part in lesson.result} == {"W1", "b1", "W2", "b2"}
    assert all(part.agrees for part in lesson.result)


def test_only_the_gradients_that_are_wanted(path: Path, model: TableModel) -> None:
    assert [part.symbol.name for part in explain_row(model, path, 1, wrt=["b2"]).result] == ["b2"]


@pytest.mark.parametrize(("row", "message"), [(161, "has 160 rows"), (0, "counted from 1")])
def test_a_row_that_is_not_there_is_refused(path: Path, model: TableModel, row: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        explain_row(model, path, row)


def test_the_last_row_can_be_explained(path: Path, model: TableModel) -> None:
    assert np.isfinite(float(explain_row(model, path, 160).forward[-1].value))
