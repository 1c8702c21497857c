"""What one takes away from the training view: a row as a formula, the model, the report, the program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.browser.formula_view import FormulaView
from tests.browser.training_view import TrainingView

from chainrule.cli.main import main as cli

pytestmark = pytest.mark.browser


def test_a_point_becomes_a_formula_with_the_same_loss(view: TrainingView) -> None:
    for epoch in (1, 2):
        view.button("One epoch").click()
        view.wait_for_epoch(epoch)
    view.plot.focus()
    for _ in range(3):
        view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.page.wait_for_function("() => location.hash.startsWith('#formula')")
    formula = FormulaView(view.page)
    formula.leave_fields()
    formula.page.keyboard.press("End")
    assert formula.step == formula.total > 10
    # the loss of that row, by hand, from the weights that stand in the values
    view.page.wait_for_function("() => document.querySelector('.outcome').textContent.includes('=')")
    asked = view.page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]))")
    values = {key[1:]: np.array(json.loads(text)) for key, text in asked.items() if key.startswith(".")}
    assert {"x", "y"} <= set(values)
    loss = float(formula.outcome.inner_text().split("=")[1].replace("−", "-"))
    assert loss == pytest.approx(loss_by_hand(values), rel=1e-4)
    said = view.page.locator("main")
    assert re.search(r"Row \d+ of Two moons \(\w+\) and the weights after epoch 2", said.inner_text())
    formula.statements.fill("L = x @ x")
    formula.page.get_by_text("Your own formula.").wait_for()


def loss_by_hand(values: dict[str, Any]) -> float:
    """Cross-entropy of a perceptron with tanh, for one row."""
    a = values["x"]
    depth = sum(re.fullmatch(r"W\d*", name) is not None for name in values)
    for layer in range(1, depth + 1):
        z = a @ values[f"W{layer}"] + values[f"b{layer}"]
        a = np.tanh(z) if layer < depth else 1 / (1 + np.exp(-z))
    y, y_hat = values["y"].reshape(-1)[0], np.reshape(a, -1)[0]
    return float(-(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)))


def test_a_regression_shows_the_network_as_it_trains(view: TrainingView) -> None:
    """Equations, weights, and the row that is clicked have the same numbers: those of standardised targets."""
    view.choose_data("Diabetes")
    view.page.get_by_text("Diabetes: ").wait_for()
    for name in ("The equations, with the weights in them", "The weights as numbers"):
        view.page.locator("summary").filter(has_text=name).click()
    note = view.page.locator(".tr-equations + p").filter(has_text="is the column progression")
    note.wait_for()
    scale = re.search(r"are standardised: ŷ · ([\d.]+) \+ ([\d.]+) is the prediction", note.text_content() or "")
    assert scale is not None
    assert [float(number) for number in scale.groups()] == pytest.approx([77, 152], rel=0.1)
    texts = view.page.locator(".tr-numbers").nth(2).locator("tbody td")
    texts.first.filter(has_text=re.compile(r"^−?\d\.\d{3}$")).wait_for()
    shown = [float(text.replace("−", "-")) for text in texts.all_inner_texts()]
    assert max(map(abs, shown)) < 5, "not 77 times as large"
    view.plot.focus()
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    view.page.wait_for_function("() => location.hash.startsWith('#formula')")
    asked = view.page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]))")
    assert [*json.loads(asked[".W3"]), json.loads(asked[".b3"])] == pytest.approx(shown, abs=0.005)
    assert abs(json.loads(asked[".y"])) < 3
    view.page.locator("main").get_by_text("y and ŷ are standardised as well").wait_for()


def test_the_model_file_is_read_by_predict(view: TrainingView, tmp_path: Path) -> None:
    view.choose_data("Blobs")
    view.page.wait_for_function("() => document.querySelectorAll('.tr-confusion tbody td').length === 9")
    view.choose_speed("full speed")
    view.button("Play").click()
    view.wait_for("training-score", "value >= 0.95")
    view.button("Pause").click()
    with view.page.expect_download() as waiting:
        view.button("Download model").click()
    model = tmp_path / "model.safetensors"
    waiting.value.save_as(model)
    rows = tmp_path / "rows.csv"
    rows.write_text("x1,x2\n0.5,0.5\n-1,2\n")
    answer = CliRunner().invoke(cli, ["predict", str(model), str(rows)])
    assert answer.exit_code == 0, answer.output
    head, *predicted = answer.stdout.strip().splitlines()
    assert head == "predicted_label"
    assert len(predicted) == 2
    inspected = CliRunner().invoke(cli, ["inspect", str(model)])
    assert "x1" in inspected.output


def test_the_report_and_the_program_are_there(view: TrainingView, tmp_path: Path) -> None:
    for epoch in (1, 2):
        view.button("One epoch").click()
        view.wait_for_epoch(epoch)
    with view.page.expect_download() as waiting:
        view.button("Download report").click()
    report = tmp_path / "report.html"
    waiting.value.save_as(report)
    assert "<!doctype html>" in report.read_text(encoding="utf-8").lower()
    view.button("Show the code").click()
    dialog = view.page.get_by_role("dialog")
    dialog.wait_for()
    program = dialog.locator("pre").inner_text()
    box, text = dialog.locator("pre").bounding_box(), dialog.locator("code").bounding_box()
    assert box["y"] + box["height"] - text["y"] - text["height"] >= 12, "the last line keeps its distance"
    view.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    script = tmp_path / "again.py"
    script.write_text(program, encoding="utf-8")
    answer = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert answer.returncode == 0, answer.stderr
    assert f"{view.readout('training-loss'):.3g}"[:5] in answer.stdout


def environment() -> dict[str, str]:
    import os

    import chainrule

    return {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parent.parent)}
