"""``chainrule train`` on the bundled data and on CSV files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from chainrule.cli.main import main
from chainrule.cli.training import read_csv


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["train", *[str(argument) for argument in arguments]])


def accuracies(text: str) -> tuple[float, float]:
    train, test = re.findall(r"([\d.]+)%", text)
    return float(train) / 100, float(test) / 100


def separable(path: Path, *, classes: tuple[str, str] = ("no", "yes"), rows: int = 60) -> Path:
    """A table whose class is decided by the sum of two columns; one column is constant."""
    rng = np.random.default_rng(0)
    lines = ["height, weight,answer,always"]
    for a, b in rng.normal(size=(rows, 2)):
        lines.append(f"{a:.4f},{100 * b:.2f},{classes[int(a + b > 0)]},7")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("model", ["logistic", "mlp"])
def test_both_models_reach_95_percent_on_the_bundled_data_with_the_defaults(model: str) -> None:
    result = run("--model", model)
    assert result.exit_code == 0, result.output
    train, test = accuracies(result.stdout)
    assert train >= 0.97
    assert test >= 0.95


def test_the_report_names_data_model_quality_and_confusion() -> None:
    result = run("--steps", 20, "--hidden", 4, "--lr", 0.5)
    assert result.exit_code == 0
    for part in (
        "569 rows, 30 columns",
        "4 hidden units",
        "20 steps",
        "0.5",
        "loss",
        "426",
        "143",
        "confusion",
        "malignant",
    ):
        assert part in result.stdout
    counts = [int(number) for number in re.findall(r"\b\d+\b", result.stdout.split("predicted benign")[1])]
    assert sum(counts) == 143


def test_without_a_terminal_there_is_no_progress_bar_and_no_colour() -> None:
    result = run("--steps", 20)
    assert result.stderr == ""
    assert "training" not in result.output
    assert "\x1b" not in result.output


def test_lines_fit_into_80_columns() -> None:
    result = run("--steps", 5)
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_the_seed_decides_everything() -> None:
    first, again, other = (run("--steps", 30, "--seed", seed).stdout for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_table_with_words_as_classes_is_learned(tmp_path: Path) -> None:
    result = run(separable(tmp_path / "people.csv"), "--target", "answer", "--model", "logistic")
    assert result.exit_code == 0, result.output
    assert "people.csv: 60 rows, 3 columns" in result.stdout
    assert "predicted yes" in result.stdout
    assert min(accuracies(result.stdout)) >= 0.9


def test_a_class_name_is_no_markup(tmp_path: Path) -> None:
    result = run(separable(tmp_path / "a.csv", classes=("[red]", "[/b]")), "--target", "answer", "--steps", 5)
    assert result.exit_code == 0, result.output
    assert "predicted [red]" in result.stdout
    assert "is [/b]" in result.stdout


def test_classes_that_are_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    data = read_csv(separable(tmp_path / "a.csv", classes=("10", "9")), "answer")
    assert data.classes == ("9", "10")


def test_a_table_is_read_with_spaces_quotes_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        '﻿a, b ,"the class"\r\n1, 2.5 ,x\r\n\r\n-1e3,.5,"y"\r\n3,4, x\r\n5,6,y\r\n7,8,y\r\n', encoding="utf-8"
    )
    data = read_csv(path, "the class")
    np.testing.assert_array_equal(data.X, [[1, 2.5], [-1000, 0.5], [3, 4], [5, 6], [7, 8]])
    np.testing.assert_array_equal(data.y, [0, 1, 0, 1, 1])
    assert data.classes == ("x", "y")


def test_saturated_predictions_are_reported_with_a_finite_loss(tmp_path: Path) -> None:
    result = run(separable(tmp_path / "a.csv"), "--target", "answer", "--model", "logistic", "--lr", "1e6")
    assert result.exit_code == 0, result.output
    assert "nan" not in result.stdout
    assert "inf" not in result.stdout


def test_a_learning_rate_that_diverges_fails_with_a_message() -> None:
    result = run("--model", "logistic", "--lr", "1e308", "--steps", 50)
    assert result.exit_code == 1
    assert "became" in result.stderr
    assert "learning rate" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "a"], "give FILE and --target together"),
        (["nowhere.csv", "--target", "a"], "does not exist"),
        (["--model", "forest"], "forest"),
        (["--steps", "0"], "--steps"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "nan"], "--lr"),
        (["--lr", "inf"], "--lr"),
        (["--hidden", "0"], "--hidden"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "4294967296"], "--seed"),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_file_without_target_is_wrong_usage(tmp_path: Path) -> None:
    result = run(separable(tmp_path / "a.csv"))
    assert result.exit_code == 2
    assert "--target" in result.stderr
