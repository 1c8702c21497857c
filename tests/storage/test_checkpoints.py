"""Training runs in files: the newest whole one is found, whatever happened to the others."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.storage.mutations import mutated

import chainrule
from chainrule.errors import StorageError
from chainrule.learn.optimizers import Adam
from chainrule.learn.training import fit
from chainrule.learn.training_state import TrainingState
from chainrule.storage import atomic
from chainrule.storage.checkpoints import load_checkpoint, previous_path, save_checkpoint
from chainrule.storage.container import pack, write_container

SOURCE = Path(chainrule.__file__).parents[1]


def state_of(epoch: int) -> TrainingState:
    params = [np.full((2, 3), epoch, np.float32), np.arange(3.0) * epoch]
    return TrainingState(params, [epoch, 1.0, np.ones(3)], epoch=epoch, history={"loss": [1.0, float("nan")]})


def saved_twice(tmp_path: Path) -> Path:
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, state_of(1), {"lr": 0.1})
    save_checkpoint(path, state_of(2), {"lr": 0.1})
    return path


def test_a_state_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "run"
    state = state_of(3)
    save_checkpoint(path, state, {"rows": 7})
    found = load_checkpoint(str(path))
    arrays, header = state.to_arrays()
    again, header_again = found.state.to_arrays()
    assert header_again == header
    assert arrays.keys() == again.keys()
    assert all(arrays[name].tobytes() == again[name].tobytes() for name in arrays)
    assert all(arrays[name].dtype == again[name].dtype for name in arrays)
    assert (found.header, found.path, found.damaged) == ({"rows": 7}, path, None)


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    path = saved_twice(tmp_path)
    save_checkpoint(path, state_of(3))
    assert load_checkpoint(path).state.epoch == 3
    assert load_checkpoint(path).header == {}
    assert load_checkpoint(previous_path(path)).state.epoch == 2
    assert sorted(tmp_path.iterdir()) == sorted([path, previous_path(path)])


def test_a_damaged_checkpoint_is_passed_by(tmp_path: Path) -> None:
    path = saved_twice(tmp_path)
    good = path.read_bytes()
    for number in range(200):
        content = mutated(good, number)
        if content == good:
            continue
        path.write_bytes(content)
        found = load_checkpoint(path)
        assert found.state.epoch == 1
        assert found.path == previous_path(path)
        assert isinstance(found.damaged, StorageError)


def test_a_missing_checkpoint_is_passed_by(tmp_path: Path) -> None:
    path = saved_twice(tmp_path)
    path.unlink()
    assert load_checkpoint(path).state.epoch == 1


def test_without_a_whole_checkpoint_the_newer_one_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no such file"):
        load_checkpoint(tmp_path / "none")
    path = saved_twice(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    previous_path(path).write_bytes(b"")
    with pytest.raises(StorageError, match=r"run\.safetensors is cut off"):
        load_checkpoint(path)


def test_a_checkpoint_behind_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run"
    link.symlink_to(tmp_path / "disk" / "state")
    save_checkpoint(link, state_of(1))
    save_checkpoint(link, state_of(2))
    assert load_checkpoint(link).state.epoch == 2
    (tmp_path / "disk" / "state").write_bytes(b"")
    assert load_checkpoint(link).state.epoch == 1


@pytest.mark.parametrize("header", [{}, {"state": 1, "run": {}}, {"state": {}, "run": {}}, {"state": {"version": 99}}])
def test_a_file_without_a_state_is_refused(header: dict[str, Any], tmp_path: Path) -> None:
    write_container(tmp_path / "run", "checkpoint", header, {})
    with pytest.raises(StorageError, match="holds no training state"):
        load_checkpoint(tmp_path / "run")


def test_arrays_that_are_missing_are_refused(tmp_path: Path) -> None:
    arrays, header = state_of(1).to_arrays()
    for name in arrays:
        if name.startswith("losses"):
            continue
        rest = {key: value for key, value in arrays.items() if key != name}
        (tmp_path / "run").write_bytes(pack("checkpoint", {"state": header, "run": {}}, rest))
        with pytest.raises(StorageError, match="holds no training state"):
            load_checkpoint(tmp_path / "run")


def test_a_full_disk_leaves_both_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved_twice(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        with pytest.raises(StorageError, match="the disk is full; the file that was there is as it was"):
            save_checkpoint(path, state_of(3))
    assert load_checkpoint(path).state.epoch == 2
    assert load_checkpoint(previous_path(path)).state.epoch == 1


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    path = saved_twice(tmp_path)
    left = tmp_path / ".run.safetensors.0123456789ab.part"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    save_checkpoint(path, state_of(3))
    assert not left.exists()


KILLING = """
import os, random, signal, sys, time
import numpy as np
from chainrule.learn.training_state import TrainingState
from chainrule.storage.checkpoints import load_checkpoint, save_checkpoint

def write_without_end(path, epoch, begun):
    while True:
        epoch += 1
        save_checkpoint(path, TrainingState([np.full(5_000, float(epoch))], [], epoch=epoch))
        os.write(begun, b"!")

path, moments, epoch = sys.argv[1], random.Random(7), 0
for _ in range(20):
    reading, begun = os.pipe()
    process = os.fork()
    if process == 0:
        write_without_end(path, epoch, begun)
    os.read(reading, 1)
    time.sleep(moments.uniform(0.0, 0.03))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(begun)
    written = epoch + 1 + len(os.read(reading, 10**6))
    os.close(reading)
    state = load_checkpoint(path).state
    assert (state.params[0] == state.epoch).all()
    assert written - 1 <= state.epoch <= written + 1, (written, state.epoch)
    epoch = state.epoch
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_kill_9_at_any_moment_loses_one_checkpoint_at_most(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", KILLING, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.stdout.strip() == "done", done.stderr


def test_a_run_that_goes_on_from_a_file_ends_like_one_that_was_never_stopped(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    X = chance.normal(size=(40, 3))
    y = X @ np.array([1.0, -2.0, 0.5]) + 0.1

    def loss(params: Any, X: Any, y: Any) -> Any:
        return np.mean((X @ params["W"] + params["b"] - y) ** 2)

    start = {"W": np.zeros(3), "b": np.array(0.0)}
    options: dict[str, Any] = {"optimizer": Adam(lr=0.05), "batch_size": 8, "seed": 3}
    whole = fit(loss, start, (X, y), epochs=9, **options)
    path = tmp_path / "run"
    stops = sorted(random.Random(1).sample(range(1, 9), 3))
    state = None
    for epochs in [*stops, 9]:
        part = fit(loss, start, (X, y), epochs=epochs, start=state, **options)
        save_checkpoint(path, part.state)
        state = load_checkpoint(path).state
    assert part.params["W"].tobytes() == whole.params["W"].tobytes()
    assert np.asarray(part.params["b"]).tobytes() == np.asarray(whole.params["b"]).tobytes()
    assert list(part.history["loss"]) == list(whole.history["loss"])
