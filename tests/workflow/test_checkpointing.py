"""Runs that are gone on with: the same parameters, bit for bit, and refusals of what does not belong together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workflow.making import people

from chainrule.errors import ConfigError, DataError, StorageError
from chainrule.learn.training import Training
from chainrule.storage.checkpoints import load_checkpoint
from chainrule.workflow import Checkpoints, TrainedTable, TrainingSettings, train_table

SETTINGS = TrainingSettings(hidden=(6,), epochs=12, dropout=0.2, schedule="plateau")


class Killed(Exception):  # noqa: N818
    """What ends a run in the middle."""


class DyingCheckpoints(Checkpoints):
    """Ends the run after an epoch, as a crash does: after that epoch's checkpoint or without it."""

    dies_after = 0

    def after_epoch(self, training: Training) -> None:
        super().after_epoch(training)
        if training.epochs == self.dies_after:
            raise Killed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return people(tmp_path / "people.csv")


def run(path: Path, checkpoints: Checkpoints | None, settings: TrainingSettings = SETTINGS) -> TrainedTable:
    return train_table(path, "buys", settings, checkpoints=checkpoints)


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_that_dies_again_and_again_ends_as_one_that_did_not(path: Path, tmp_path: Path, stream: bool) -> None:
    settings = TrainingSettings(hidden=(6,), epochs=12, dropout=0.2, schedule="plateau", stream=stream)
    whole = run(path, None, settings)
    file = tmp_path / "run.safetensors"
    for epoch in (1, 4, 7, 8):
        dying = DyingCheckpoints(file, every=3, resume=True)
        dying.dies_after = epoch
        with pytest.raises(Killed):
            run(path, dying, settings)
    found = run(path, Checkpoints(file, every=3, resume=True), settings)
    assert found.training.epochs == 12
    for name, value in whole.model.params.items():
        np.testing.assert_array_equal(found.model.params[name], value)
    np.testing.assert_array_equal(found.training.history["loss"], whole.training.history["loss"])


def test_a_finished_run_goes_on_with_more_epochs(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    run(path, Checkpoints(file, every=5), TrainingSettings(hidden=(4,), epochs=5))
    said: list[str] = []
    found = run(path, Checkpoints(file, resume=True, on_resume=said.append), TrainingSettings(hidden=(4,), epochs=8))
    assert said == ["going on after 5 epochs"]
    assert found.training.epochs == 8


def test_without_a_checkpoint_the_run_begins_anew_and_says_so(path: Path, tmp_path: Path) -> None:
    said: list[str] = []
    run(path, Checkpoints(tmp_path / "run.safetensors", resume=True, on_resume=said.append))
    assert "no checkpoint" in said[0]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"hidden": (7,)}, "hidden"),
        ({"seed": 1}, "seed"),
        ({"dropout": 0.3}, "dropout"),
        ({"loss": "squared_error"}, "loss"),
    ],
)
def test_other_settings_are_refused_by_name(path: Path, tmp_path: Path, changed: dict[str, Any], name: str) -> None:
    file = tmp_path / "run.safetensors"
    run(path, Checkpoints(file, every=4))
    other = TrainingSettings(**{"hidden": (6,), "epochs": 12, "dropout": 0.2, "schedule": "plateau", **changed})
    with pytest.raises(ConfigError, match=f"had {name}="):
        run(path, Checkpoints(file, resume=True), other)


def test_a_setting_of_which_the_checkpoint_knows_nothing_had_its_default(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, settings = tmp_path / "run.safetensors", TrainingSettings(hidden=(4,), epochs=2)
    to_json = TrainingSettings.to_json
    with monkeypatch.context() as earlier:
        earlier.setattr(TrainingSettings, "to_json", lambda s: {k: v for k, v in to_json(s).items() if k != "loss"})
        run(path, Checkpoints(file, every=1), settings)
    assert run(path, Checkpoints(file, resume=True), settings).training.epochs == 2
    with pytest.raises(ConfigError, match="had loss='auto', not 'squared_error'"):
        run(path, Checkpoints(file, resume=True), TrainingSettings(hidden=(4,), epochs=2, loss="squared_error"))


def test_epochs_that_a_schedule_depends_on_are_no_longer_changed(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    run(path, Checkpoints(file, every=4), TrainingSettings(hidden=(4,), epochs=4, schedule="cosine"))
    with pytest.raises(ConfigError, match="had epochs=4"):
        run(path, Checkpoints(file, resume=True), TrainingSettings(hidden=(4,), epochs=8, schedule="cosine"))


def test_other_rows_are_refused(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    run(path, Checkpoints(file, every=4))
    people(path, seed=1)
    with pytest.raises(DataError, match="the rows have changed"):
        run(path, Checkpoints(file, resume=True))


def test_the_last_checkpoint_stays_where_the_next_cannot_be_written(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    file = tmp_path / "run.safetensors"
    run(path, Checkpoints(file, every=4), TrainingSettings(hidden=(6,), epochs=4, dropout=0.2))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        run(path, Checkpoints(file, every=4, resume=True), TrainingSettings(hidden=(6,), epochs=8, dropout=0.2))
    monkeypatch.undo()
    assert load_checkpoint(file).state.epoch == 4


def test_lbfgs_has_no_checkpoints(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    with pytest.raises(ConfigError, match="no checkpoints"):
        run(path, Checkpoints(file, every=1), TrainingSettings(model="logistic"))
    run(path, Checkpoints(file), TrainingSettings(model="logistic"))
    assert not file.exists()


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        Checkpoints(tmp_path / "nowhere" / "run.safetensors")
