"""The commands that take a saved model: predict, evaluate, inspect, explain, export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.calling import call, process
from tests.workflow.making import people

from chainrule.storage.model import TableModel
from chainrule.workflow import TrainingSettings, evaluate_model, explain_row, train_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With ``people.csv``, and models of a column of classes and of one of numbers."""
    place = tmp_path_factory.mktemp("models")
    path = people(place / "people.csv")
    for target in ("buys", "spends"):
        train_table(path, target, TrainingSettings(hidden=(3,), epochs=5)).model.save(place / f"{target}.safetensors")
    return place


def test_predictions_go_to_standard_output(folder: Path) -> None:
    result = call("predict", folder / "buys.safetensors", folder / "people.csv", "--proba")
    assert result.exit_code == 0, result.output
    header, *rows = result.stdout.splitlines()
    assert header == "predicted_buys,p_no,p_yes"
    expected = TableModel.load(folder / "buys.safetensors").predict_proba(folder / "people.csv")
    np.testing.assert_allclose([[float(cell) for cell in row.split(",")[1:]] for row in rows], expected)


def test_predictions_pass_through_pipes(folder: Path) -> None:
    table = (folder / "people.csv").read_text()
    done = process("predict", folder / "spends.safetensors", "-", stdin=table)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 161


def test_predictions_go_to_a_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = call("predict", folder / "buys.safetensors", folder / "people.csv", "-o", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {out}\n")
    assert len(out.read_text().splitlines()) == 161


def test_wrong_usage_of_predict_ends_with_2(folder: Path) -> None:
    wrong_ending = call("predict", folder / "buys.safetensors", folder / "people.csv", "-o", "out.xlsx")
    assert (wrong_ending.exit_code, wrong_ending.stdout) == (2, "")
    numbers = call("predict", folder / "spends.safetensors", folder / "people.csv", "--proba")
    assert (numbers.exit_code, numbers.stdout) == (2, "")
    assert "no probabilities" in numbers.stderr


def test_evaluate_prints_the_scores_of_the_model(folder: Path) -> None:
    arguments = (folder / "buys.safetensors", folder / "people.csv")
    scores = evaluate_model(TableModel.load(arguments[0]), arguments[1])
    shown = call("evaluate", *arguments)
    assert shown.exit_code == 0, shown.output
    assert scores.text("accuracy") in shown.stdout
    assert json.loads(call("evaluate", *arguments, "--json").stdout)["values"]["log_loss"] == scores["log_loss"]


def test_inspect_shows_columns_network_and_scores(folder: Path) -> None:
    shown = call("inspect", folder / "buys.safetensors")
    assert shown.exit_code == 0, shown.output
    for part in ("zip", "codes such as", "→ 3 → 1", "no, yes", "accuracy, test"):
        assert part in shown.stdout
    found = json.loads(call("inspect", folder / "buys.safetensors", "--json").stdout)
    assert found["architecture"]["hidden"] == [3]
    assert found["record"]["settings"]["epochs"] == 5


@pytest.mark.parametrize("command", [["inspect"], ["evaluate"], ["predict"]])
def test_a_file_that_is_no_model_fails(command: list[str], folder: Path) -> None:
    arguments = [*command, folder / "people.csv", *([folder / "people.csv"] if command != ["inspect"] else [])]
    result = call(*arguments)
    assert result.exit_code == 1
    assert "people.csv" in result.stderr
    assert result.stdout == ""


def test_the_lesson_of_a_row_is_that_of_python(folder: Path, tmp_path: Path) -> None:
    model, data = folder / "buys.safetensors", folder / "people.csv"
    lesson = explain_row(TableModel.load(model), data, 3)
    shown = call("explain", model, "--row", 3, "--data", data)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.strip() == lesson.to_text().strip()
    page = tmp_path / "lesson.html"
    assert call("explain", model, "--row", 3, "--data", data, "--wrt", "b2", "-o", page).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    for format in ("latex", "svg", "json", "markdown"):
        assert call("explain", model, "--row", 3, "--data", data, "--format", format).exit_code == 0


def test_a_model_is_explained_on_a_row_of_data(folder: Path) -> None:
    model, data = folder / "buys.safetensors", folder / "people.csv"
    without = call("explain", model)
    assert without.exit_code == 2
    assert "--data people.csv --row 3" in without.stderr
    assert call("explain", model, "age=3", "--data", data).exit_code == 2
    beyond = call("explain", model, "--row", 161, "--data", data)
    assert beyond.exit_code == 1
    assert "160 rows" in beyond.stderr


def test_export_writes_onnx(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    out = tmp_path / "m.onnx"
    assert call("export", folder / "buys.safetensors", out).exit_code == 0
    assert out.stat().st_size > 0
    assert call("export", folder / "buys.safetensors", tmp_path / "m.pb").exit_code == 2
