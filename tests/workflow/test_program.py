"""The program that the page shows: it trains the same network, and can be read."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workflow.making import people

import chainrule as cr
from chainrule.errors import ConfigError
from chainrule.storage.model import TableModel
from chainrule.tables import bundled_table, generated_table
from chainrule.workflow import TrainingSettings
from chainrule.workflow.live import LiveTraining
from chainrule.workflow.program import BundledData, GeneratedData, program_of

#: As the page sets them.
PLAYED = TrainingSettings(
    model="mlp",
    hidden=(6, 4),
    activation="tanh",
    optimizer="momentum",
    lr=0.05,
    l2=0.001,
    batch_size=16,
    epochs=100_000,
    early_stopping=False,
    validation_split=0.2,
    test_split=0.0,
    seed=3,
    stream=False,
)


def trained_by(program: str, folder: Path) -> TableModel:
    """The model that a program saves, run as its reader would."""
    (folder / "program.py").write_text(program)
    tree = {**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env=tree, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("training {'")
    (saved,) = folder.glob("*.safetensors")
    return TableModel.load(saved)


def played(source: Any, target: str, settings: TrainingSettings, epochs: int) -> LiveTraining:
    live = LiveTraining(source, target, settings)
    live.advance(steps=2)
    live.advance(epochs=epochs)
    return live


def same(model: TableModel, live: LiveTraining) -> None:
    assert model.record["epochs"] == live.epoch
    assert model.params.keys() == live.params.keys()
    for name, value in live.params.items():
        np.testing.assert_array_equal(model.params[name], value)


def test_a_table_that_is_made_up(tmp_path: Path) -> None:
    made = GeneratedData("moons", rows=80, noise=0.15, seed=7)
    live = played(generated_table("moons", rows=80, noise=0.15, seed=7), "label", PLAYED, 9)
    same(trained_by(program_of(made, "label", PLAYED, live.epoch), tmp_path), live)


def test_a_surface(tmp_path: Path) -> None:
    settings = dataclasses.replace(PLAYED, loss="huber", optimizer="adam")
    live = played(generated_table("hills", rows=60), "y", settings, 5)
    same(trained_by(program_of(GeneratedData("hills", rows=60), "y", settings, 5), tmp_path), live)


def test_a_bundled_table(tmp_path: Path) -> None:
    settings = dataclasses.replace(PLAYED, model="logistic", hidden=None, class_weight="balanced")
    columns, target = bundled_table("wine")
    live = played(columns, target, settings, 4)
    same(trained_by(program_of(BundledData("wine"), target, settings, 4), tmp_path), live)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = people(tmp_path / "my people.csv")
    settings = dataclasses.replace(PLAYED, types={"zip": "category", "income": "number"}, dropout=0.1)
    live = played(path.read_bytes(), "buys", settings, 4)
    same(trained_by(program_of(path.name, "buys", settings, 4), tmp_path), live)


def test_only_what_is_not_usual_is_written() -> None:
    program = program_of(GeneratedData("xor"), "label", TrainingSettings(model="mlp", hidden=(4,), stream=False), 5)
    assert 'generated_table("xor", rows=200, noise=0.1, seed=0)' in program
    assert "settings = TrainingSettings(hidden=(4,), epochs=5, early_stopping=False)\n" in program


def test_many_settings_have_a_line_each() -> None:
    program = program_of(BundledData("iris"), "species", PLAYED, 12)
    assert '    hidden=(6, 4),\n    activation="tanh",\n' in program
    assert "    epochs=12,\n" in program
    assert max(map(len, program.splitlines())) <= 100


@pytest.mark.parametrize("name", ["it's.csv", 'the "best".csv', "a\nb\\c.csv", "Größe 📏.csv", "../..", '\'\'""".csv'])
def test_names_are_text_and_never_code(name: str) -> None:
    import ast

    program = program_of(name, (name, "x"), dataclasses.replace(PLAYED, types={name: "category"}), 1)
    texts = {node.value for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Constant)}
    assert name in texts
    (saved,) = [text for text in texts if isinstance(text, str) and text.endswith(".safetensors")]
    assert not set(saved) & set("/\\\n\"' ")
    assert not saved.startswith(".")


def test_a_run_that_cannot_be_done_again_is_refused() -> None:
    with pytest.raises(ConfigError, match="no epoch is finished"):
        program_of(GeneratedData("xor"), "label", PLAYED, 0)
    settings = dataclasses.replace(PLAYED, schedule="cosine", epochs=10)
    with pytest.raises(ConfigError, match="depend on when the run ends"):
        program_of(GeneratedData("xor"), "label", settings, 9)
    assert 'schedule="cosine"' in program_of(GeneratedData("xor"), "label", settings, 10)
