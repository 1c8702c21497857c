"""``chainrule train``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.cli.calling import call
from tests.workflow.making import people

from chainrule.storage.model import TableModel

QUICK = ("--epochs", 3, "--hidden", 4)


def train(*arguments: Any, stdin: bytes | None = None) -> Result:
    return call("train", *arguments, stdin=stdin)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("tables") / "people.csv")


@pytest.mark.parametrize("model", ["logistic", "mlp"])
def test_both_models_reach_95_percent_on_the_bundled_data_with_the_defaults(model: str) -> None:
    accuracies = []
    for seed in ("0", "1", "2"):
        result = train("--model", model, "--seed", seed, "--json")
        assert result.exit_code == 0, result.output
        accuracies.append(json.loads(result.stdout)["scores"]["test"]["values"]["accuracy"])
    assert sum(accuracies) / len(accuracies) >= 0.95


def test_the_result_names_data_model_quality_baselines_and_confusion(path: Path) -> None:
    result = train(path, "--target", "buys", *QUICK)
    assert result.exit_code == 0, result.output
    for part in (
        "people.csv",
        "160 rows, 5 columns to learn from, target buys",
        "codes such as",
        "→ 4 → 1, relu",
        "Adam(lr=0.003)",
        "3 epochs",
        "training",
        "validation",
        "majority class",
        "logistic regression",
        "confusion matrix: test",
    ):
        assert part in result.stdout, part
    assert result.stderr == ""


def test_lines_fit_into_80_columns_and_have_no_colour(path: Path) -> None:
    result = train(path, "--target", "buys", "--check-gradients", "--lr", "auto", *QUICK)
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.output
    assert "gradients agree with finite differences" in result.stdout
    assert "loss over the learning rate" in result.stdout


def test_a_wide_table_is_summed_up() -> None:
    result = train(*QUICK)
    assert "columns by kind: 30 number" in result.stdout
    assert "mean radius" not in result.stdout


def test_the_seed_decides_everything(path: Path) -> None:
    first, again, other = (train(path, "--target", "buys", *QUICK, "--seed", seed).stdout for seed in (1, 1, 2))
    assert first == again != other


def test_model_and_report_are_written(path: Path, tmp_path: Path) -> None:
    model, report = tmp_path / "m.safetensors", tmp_path / "r.html"
    result = train(path, "--target", "buys", *QUICK, "--out", model, "--report", report)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"wrote {model}\nwrote {report}\n"
    assert TableModel.load(model).classes == ("no", "yes")
    assert "One row, step by step" in report.read_text(encoding="utf-8")


def test_numbers_are_a_regression_and_commas_are_several_targets(path: Path, tmp_path: Path) -> None:
    assert json.loads(train(path, "--target", "spends", *QUICK, "--json").stdout)["task"] == "regression"
    found = json.loads(train(path, "--target", "income, spends", *QUICK, "--json").stdout)
    assert found["target"] == ["income", "spends"]
    table = tmp_path / "a.csv"
    table.write_text('x,"a,b"\n' + "".join(f"{i},{'uv'[i % 2]}\n" for i in range(40)))
    assert json.loads(train(table, "--target", "a,b", *QUICK, "--json").stdout)["classes"] == ["u", "v"]


def test_the_loss_is_chosen_and_told(path: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    result = train(path, "--target", "spends", *QUICK, "--loss", "huber", "--out", model)
    assert ", relu, Huber loss, " in result.stdout
    assert TableModel.load(model).architecture.loss == "huber"
    assert "cross-entropy" in train(path, "--target", "buys", *QUICK).stdout
    refused = train(path, "--target", "buys", *QUICK, "--loss", "absolute_error")
    assert refused.exit_code == 2
    assert "write --loss cross_entropy or --loss squared_error" in refused.stderr


def test_the_user_knows_better_what_a_column_is(path: Path) -> None:
    result = train(path, "--target", "buys", "--type", "zip=ignored", "--type", "age=category", *QUICK)
    assert re.search(r"^zip +ignored", result.stdout, re.MULTILINE)
    assert re.search(r"^age +category", result.stdout, re.MULTILINE)


def test_standard_input_is_a_table(path: Path) -> None:
    result = train("-", "--target", "buys", *QUICK, stdin=path.read_bytes())
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("standard input")


def test_a_class_name_is_no_markup(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("x,y\n" + "".join(f"{i},{('[red]', '[/b]')[i % 2]}\n" for i in range(40)))
    result = train(table, "--target", "y", *QUICK)
    assert result.exit_code == 0, result.output
    assert "[red]" in result.stdout
    assert "[/b]" in result.stdout


def test_a_run_that_diverges_fails_and_keeps_the_best_parameters(path: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    settings = ("--optimizer", "sgd", "--lr", "1e6", "--epochs", 20, "--no-early-stopping")
    result = train(path, "--target", "spends", *settings, "--out", model)
    assert result.exit_code == 1
    assert "the run diverged" in result.stderr
    assert "lr=1e+05" in result.stderr
    assert TableModel.load(model).record["stopped"] == "diverged"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "a"], "give DATA and --target together"),
        (["nowhere.csv", "--target", "a"], "does not exist"),
        (["--model", "forest"], "forest"),
        (["--loss", "mse"], "huber"),
        (["--epochs", "0"], "--epochs"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "nan"], "--lr"),
        (["--lr", "fast"], "auto to have one found"),
        (["--l2", "inf"], "--l2"),
        (["--dropout", "1"], "--dropout"),
        (["--hidden", "0"], "--hidden"),
        (["--hidden", "64;32"], "64,32 for two layers"),
        (["--type", "zip"], "column=kind"),
        (["--seed", "-1"], "--seed"),
        (["--colour"], "--colour"),
        (["--optimizer", "lbfgs", "--lr", "0.1"], "write --optimizer adam"),
        (["--model", "linear"], "write --model logistic"),
        (["--model", "logistic", "--hidden", "4"], "write --model mlp"),
        (["--validation-split", "0.6", "--test-split", "0.6"], "leave nothing to learn from"),
        (["--out", "nowhere/m.safetensors"], "no folder nowhere"),
        (["--model", "logistic", "--checkpoint-every", "1"], "no checkpoints"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], message: str) -> None:
    result = train(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stdout == ""


def test_a_file_without_target_is_wrong_usage(path: Path) -> None:
    result = train(path)
    assert result.exit_code == 2
    assert "--target" in result.stderr


BAD = {
    "a target that is not there": ("a,b\n1,x\n2,y\n", "has no column 'y'", "its columns are a, b"),
    "no rows": ("a,y\n", "no rows", "at least one row"),
    "one class": ("a,y\n1,x\n2,x\n3,x\n", "one class only", "at least two classes"),
    "infinity": ("a,y\n1,x\ninf,y\n3,x\n", "row 2 (line 3), column 'a'", "leave the cell empty"),
    "ragged": ("a,y\n1,x\n2,y,3\n", "3", "quote"),
    "a missing label": ("a,y\n1,x\n2,\n3,y\n4,x\n", "row 2 (line 3), column 'y'", "fill the target in"),
    "two rows": ("a,y\n1,x\n2,y\n", "too few", "more rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_cannot_be_used_ends_with_1_and_names_the_place(name: str, tmp_path: Path) -> None:
    text, what, fix = BAD[name]
    table = tmp_path / "table.csv"
    table.write_text(text)
    result = train(table, "--target", "y", *QUICK)
    assert result.exit_code == 1, result.output
    assert what in result.stderr
    assert fix in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
