"""What is taken away from a run goes on elsewhere: model, report and program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.calling import call
from tests.web.serving import Served, served
from tests.web.training.browsing import browsing
from tests.web.training.making import Shown, live_training, loaded

import chainrule
from chainrule.storage.model import TableModel
from chainrule.tables.generated import generated_table
from chainrule.web.limits import Limits
from chainrule.web.training.downloads import attachment, program_file


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Two moons", "two_moons.py"),
        ("my houses.csv", "my_houses.py"),
        ('a"; x=\r\n"b', "a_x_b.py"),
        ("Größe", "gr_e.py"),
        ("数据", "table.py"),
        ("x" * 300, "x" * 60 + ".py"),
    ],
)
def test_files_have_harmless_names(title: str, name: str) -> None:
    assert attachment(title, ".py") == {"content-disposition": f'attachment; filename="{name}"'}


def test_the_command_line_predicts_with_the_model(page: Served, tmp_path: Path) -> None:
    with browsing(page) as tab:
        tab.run()
        tab.post("control", action="play")
        tab.frame(lambda frame: frame["epoch"] >= 200)
        answer = tab.get("model")  # while it trains
    assert answer.headers["content-disposition"] == 'attachment; filename="two_moons.safetensors"'
    model, rows = tmp_path / "moons.safetensors", tmp_path / "rows.csv"
    model.write_bytes(answer.body)
    table = generated_table("moons", rows=50, noise=0.1, seed=7)
    rows.write_text("x1,x2\n" + "".join(f"{x1},{x2}\n" for x1, x2 in zip(table["x1"], table["x2"], strict=True)))
    result = call("predict", model, rows)
    assert result.exit_code == 0, result.output
    header, *predicted = result.stdout.replace('"', "").splitlines()
    assert header == "predicted_label"
    assert predicted == loaded(answer.body).predict(rows).tolist()
    assert np.mean(np.array(predicted) == np.array(table["label"])) >= 0.98


def test_a_model_before_any_training_is_the_first_one(page: Served) -> None:
    with browsing(page) as tab:
        tab.run()
        model = loaded(tab.get("model").body)
    for name, value in live_training().params.items():
        np.testing.assert_array_equal(model.params[name], value)


def test_the_report_is_a_page_of_its_own(page: Served) -> None:
    with browsing(page) as tab:
        tab.run()
        tab.epochs(3)
        answer = tab.get("report")
    assert answer.headers["content-disposition"] == 'attachment; filename="two_moons.html"'
    text = answer.body.decode()
    assert text.startswith("<!DOCTYPE html>")
    assert "Two moons" in text
    assert "validation" in text


def test_a_run_that_grew_beyond_all_bounds_has_a_report_too(page: Served) -> None:
    with browsing(page) as tab:
        tab.run(source={"name": "plane"}, settings={"model": "logistic", "optimizer": "sgd", "lr": 5.0})
        tab.post("control", action="play")
        tab.frame(lambda frame: frame["stopped"] is not None)
        assert tab.get("report").status == 200
        assert tab.get("model").status == 200


def test_the_program_gives_the_same_model(page: Served, tmp_path: Path) -> None:
    with browsing(page) as tab:
        tab.run(source={"name": "blobs", "rows": 60}, settings={"hidden": [3]})
        tab.epochs(4)
        code, model = tab.get("code"), loaded(tab.get("model").body)
    assert code.headers["content-type"] == "text/x-python; charset=utf-8"
    program = tmp_path / "program.py"
    program.write_bytes(code.body)
    tree = {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parent.parent)}
    subprocess.run([sys.executable, str(program)], cwd=tmp_path, env=tree, check=True, capture_output=True)
    again = TableModel.load(tmp_path / "blobs.safetensors")
    assert json.dumps(again.record["history"]) == json.dumps(model.record["history"])
    for name, value in model.params.items():
        np.testing.assert_array_equal(again.params[name], value)


def test_scores_that_would_take_long_are_left_out_of_the_model_file(tmp_path: Path) -> None:
    path = tmp_path / "moons.safetensors"
    with served(Limits(recorded_numbers=100)) as page, browsing(page) as tab:
        tab.run()
        tab.epochs(1)
        path.write_bytes(tab.get("model").body)
    record = loaded(path.read_bytes()).record
    assert (record["epochs"], record["optimizer"], len(record["history"]["loss"])) == (1, "adam", 1)
    assert "scores" not in record
    told = call("inspect", path)
    assert told.exit_code == 0, told.output
    assert "optimizer" in told.stdout
    rows = tmp_path / "rows.csv"
    rows.write_text("x1,x2\n0.5,0.5\n")
    assert call("predict", path, rows).exit_code == 0


def test_the_program_says_what_it_leaves_out_of_an_epoch_that_is_not_finished() -> None:
    run = Shown().run
    assert program_file(run).startswith(b"# No epoch was finished yet: this is the program for the first one.\nfrom ")
    run.epoch()
    run.work()
    assert program_file(run).startswith(b"from chainrule")
    run.step()
    text = program_file(run).decode()
    assert text.startswith("# Epoch 2 had begun: this is the program for the 1 before it.\nfrom ")
    assert "epochs=1" in text
