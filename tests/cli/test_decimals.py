"""Tables with decimal commas on the command line: trained, inspected, predicted, and refused in its own words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.calling import call

FAST = ("--hidden", "3", "--epochs", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With ``wine.csv``, which has commas, the same rows with points in ``points.csv``, and a model of each."""
    place = tmp_path_factory.mktemp("decimals")
    values = np.random.default_rng(4).normal(5.0, 2.0, (80, 2))
    rows = [f"{1000 * a:.2f};{b:.3f};{'ja' if a > b else 'nein'}" for a, b in values]
    (place / "points.csv").write_text("\n".join(["zucker;säure;gut", *rows]) + "\n", encoding="utf-8")
    german = [f"{1000 * a:,.2f};{b:.3f};{'ja' if a > b else 'nein'}" for a, b in values]
    translated = [row.translate(str.maketrans(",.", ".,")) for row in german]
    (place / "wine.csv").write_text("\n".join(["zucker;säure;gut", *translated]) + "\n", encoding="utf-8")
    for name in ("points", "wine"):
        out = place / f"{name}.safetensors"
        result = call("train", place / f"{name}.csv", "--target", "gut", *FAST, "--out", out)
        assert result.exit_code == 0, result.output
        assert ("numbers are written with a decimal comma" in result.stdout) == (name == "wine")
    return place


def test_predictions_are_those_of_the_same_numbers_with_points(folder: Path) -> None:
    found = [
        call("predict", folder / f"{name}.safetensors", folder / f"{name}.csv", "--proba")
        for name in ("wine", "points")
    ]
    assert found[0].exit_code == 0, found[0].output
    assert found[0].stdout == found[1].stdout


def test_inspect_says_how_numbers_are_written(folder: Path) -> None:
    assert "numbers are written with a decimal comma" in call("inspect", folder / "wine.safetensors").stdout
    assert "decimal comma" not in call("inspect", folder / "points.safetensors").stdout
    told = json.loads(call("inspect", folder / "wine.safetensors", "--json").stdout)
    assert told["schema"]["decimal"] == ","


def test_rows_in_the_other_spelling_are_refused(folder: Path) -> None:
    for model, data, sign in (("wine", "points", "point"), ("points", "wine", "comma")):
        result = call("predict", folder / f"{model}.safetensors", folder / f"{data}.csv")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"is written with a decimal {sign}" in result.stderr


def test_advice_speaks_of_options(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text("a;top speed;y\n" + "12,5;1.234;1\n13,5;2;0\n" * 20)
    result = call("train", path, "--target", "y", *FAST)
    assert result.exit_code == 1
    assert "if all points stand between thousands, --decimal ,; if not" in result.stderr
    assert "leave the column out: --type 'top speed=ignored'" in result.stderr
    assert "types={" not in result.stderr
    told = call("train", path, "--target", "y", *FAST, "--decimal", ",")
    assert told.exit_code == 0, told.output
    assert "points between thousands" in told.stdout
