"""Runs that are killed, and runs that are interrupted: nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from tests.cli.calling import command, environment, process
from tests.workflow.making import people

from chainrule.storage.model import TableModel


class Runs:
    """The same long run, started again and again."""

    def __init__(self, folder: Path, epochs: int) -> None:
        self.folder = folder
        self.arguments = [
            *("train", people(folder / "people.csv", rows=300), "--target", "buys"),
            *("--hidden", 8, "--dropout", 0.1, "--batch-norm", "--no-early-stopping", "--schedule", "warmup"),
            *("--epochs", epochs, "--checkpoint-every", 1),
        ]

    def whole(self) -> TableModel:
        """The model of a run that nobody ends."""
        done = process(*self.arguments, "--out", self.folder / "whole.safetensors")
        assert done.returncode == 0, done.stderr
        return TableModel.load(self.folder / "whole.safetensors")

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "broken.checkpoint.safetensors"

    def broken(self, how: signal.Signals, seconds: float) -> tuple[int, str]:
        """Go on, and end the process so many seconds after the first checkpoint that it writes."""
        before = self._checkpoint.stat().st_mtime_ns if self._checkpoint.exists() else 0
        started = subprocess.Popen(
            command(*self.arguments, "--out", self.folder / "broken.safetensors", "--resume"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )
        while started.poll() is None:
            now = self._checkpoint.stat().st_mtime_ns if self._checkpoint.exists() else 0
            if now != before:
                time.sleep(seconds)
                started.send_signal(how)
                break
            time.sleep(0.005)
        _, said = started.communicate(timeout=120)
        return started.returncode, said

    def finished(self) -> TableModel:
        """Go on to the end."""
        done = process(*self.arguments, "--out", self.folder / "broken.safetensors", "--resume")
        assert done.returncode == 0, done.stderr
        assert "going on after" in done.stderr
        return TableModel.load(self.folder / "broken.safetensors")


def assert_same(one: TableModel, other: TableModel) -> None:
    for name, value in one.params.items():
        np.testing.assert_array_equal(other.params[name], value)
    assert other.record["history"] == one.record["history"]


def killed(runs: Runs, kills: int) -> None:
    rng = random.Random(0)
    codes = [runs.broken(signal.SIGKILL, rng.uniform(0, 0.1))[0] for _ in range(kills)]
    assert codes == [-signal.SIGKILL] * kills, "the runs are too short to be killed so often"


def test_a_run_that_is_killed_and_interrupted_ends_as_one_that_is_not(tmp_path: Path) -> None:
    runs = Runs(tmp_path, epochs=400)
    killed(runs, 3)
    code, said = runs.broken(signal.SIGINT, 0.01)
    assert code == 130
    assert "saved in" in said
    assert "--resume" in said
    assert "Traceback" not in said
    assert_same(runs.whole(), runs.finished())


@pytest.mark.slow
def test_a_run_that_is_killed_twenty_times_ends_as_one_that_is_not(tmp_path: Path) -> None:
    runs = Runs(tmp_path, epochs=3000)
    killed(runs, 20)
    assert_same(runs.whole(), runs.finished())
