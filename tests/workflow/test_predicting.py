"""Predictions in files, and scores of a saved model on other rows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from tests.workflow.making import people

from chainrule.errors import ConfigError, DataError, StorageError
from chainrule.storage.model import TableModel
from chainrule.workflow import TrainingSettings, evaluate_model, predictions, train_table, write_predictions

LOGISTIC = TrainingSettings(model="logistic")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv")


@pytest.fixture(scope="module")
def model(path: Path) -> TableModel:
    return train_table(path, "buys", LOGISTIC).model


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_hold_what_the_model_predicts(path: Path, model: TableModel, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out.{ending}"
    assert write_predictions(model, path, file, probabilities=True) == 160
    read = pyarrow.csv.read_csv(file) if ending == "csv" else pyarrow.parquet.read_table(file)
    assert read.column_names == ["predicted_buys", "p_no", "p_yes"]
    assert read.column(0).to_pylist() == model.predict(path).tolist()
    np.testing.assert_allclose(np.asarray(read.column(2)), model.predict_proba(path)[:, 1])
    assert [other.name for other in tmp_path.iterdir()] == [file.name]


def test_an_open_file_gets_csv(path: Path, model: TableModel) -> None:
    file = io.BytesIO()
    write_predictions(model, path, file)
    assert file.getvalue().splitlines()[0] == b"predicted_buys"
    assert len(file.getvalue().splitlines()) == 161


def test_columns_may_stand_in_another_order_and_the_target_may_be_missing(path: Path, model: TableModel) -> None:
    table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types={"zip": "string"}))
    other = table.select(["income", "zip", "spends", "city", "age"])
    (batch,) = predictions(model, other)
    assert batch.column(0).to_pylist() == model.predict(path).tolist()


def test_a_wrong_cell_leaves_no_file(model: TableModel, tmp_path: Path) -> None:
    table = tmp_path / "bad.csv"
    table.write_text("age,city,zip,income,spends\n30,Rome,01067,many,5\n")
    with pytest.raises(DataError, match="column 'income'"):
        write_predictions(model, table, tmp_path / "out.csv")
    assert [other.name for other in tmp_path.iterdir()] == ["bad.csv"]


def test_another_ending_and_another_folder_are_refused(path: Path, model: TableModel, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        write_predictions(model, path, tmp_path / "out.xlsx")
    with pytest.raises(StorageError, match="no such file or folder"):
        write_predictions(model, path, tmp_path / "nowhere" / "out.csv")


def test_numbers_have_no_probabilities(path: Path) -> None:
    model = train_table(path, "spends", TrainingSettings(model="linear")).model
    with pytest.raises(ConfigError, match="no probabilities"):
        next(predictions(model, path, probabilities=True))


def test_scores_on_other_rows(path: Path, model: TableModel, tmp_path: Path) -> None:
    scores = evaluate_model(model, people(tmp_path / "other.csv", seed=5))
    assert scores.rows == 160
    assert scores["accuracy"] == np.mean(model.predict(tmp_path / "other.csv") == _labels(tmp_path / "other.csv"))
    assert scores["accuracy"] > 0.8


def test_an_unknown_label_is_named(model: TableModel, tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    table.write_text("age,city,zip,income,buys,spends\n30,Rome,01067,4,perhaps,5\n")
    with pytest.raises(DataError, match="'perhaps'"):
        evaluate_model(model, table)


def _labels(path: Path) -> list[str]:
    return [line.split(",")[4] for line in path.read_text().splitlines()[1:]]
