"""Files are replaced as a whole or not at all: killed processes, full disks, missing permissions."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule
from chainrule.errors import StorageError
from chainrule.storage import atomic
from chainrule.storage.atomic import remove_leftovers, write_atomically

SOURCE = Path(chainrule.__file__).parents[1]


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "état.bin"
    write_atomically(path, b"old")
    write_atomically(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path], "nothing else is left behind"


def test_an_empty_content_is_a_content(tmp_path: Path) -> None:
    write_atomically(tmp_path / "empty", b"")
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_new_file_has_ordinary_permissions_and_a_replaced_one_keeps_its_own(tmp_path: Path) -> None:
    path, ordinary = tmp_path / "state", tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    write_atomically(path, b"1")
    assert path.stat().st_mode == ordinary.stat().st_mode
    path.chmod(0o600)
    write_atomically(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder / "state")
    write_atomically(link, b"1")
    write_atomically(link, b"2")
    assert link.is_symlink()
    assert (folder / "state").read_bytes() == b"2"


def test_the_file_before_is_kept_where_asked(tmp_path: Path) -> None:
    path, before = tmp_path / "state", tmp_path / "before"
    write_atomically(path, b"1", keep=before)
    assert not before.exists(), "there was none"
    write_atomically(path, b"2", keep=before)
    write_atomically(path, b"3", keep=before)
    assert (path.read_bytes(), before.read_bytes()) == (b"3", b"2")


# Failures -------------------------------------------------------------------------------------------------------------


def fails(code: int) -> Callable[..., Any]:
    def failing(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return failing


class FullFile:
    """A file on a disk that is full after some bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> FullFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        self._file.write(content[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_while_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", **options: FullFile(ordinary(path, mode, **options)), raising=True
    )


STAGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "opening": lambda patch: patch.setattr(Path, "open", fails(errno.ENOSPC)),
    "writing": full_while_writing,
    "fsync": lambda patch: patch.setattr(atomic.os, "fsync", fails(errno.ENOSPC)),
    "permissions": lambda patch: patch.setattr(Path, "chmod", fails(errno.EPERM)),
    "replacing": lambda patch: patch.setattr(atomic.os, "replace", fails(errno.EACCES)),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("keeping", [False, True])
def test_a_failure_at_any_stage_leaves_the_old_file(
    stage: str, keeping: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "state", tmp_path / "before"
    write_atomically(path, b"older")
    write_atomically(path, b"old", keep=before)
    with monkeypatch.context() as patch:
        STAGES[stage](patch)
        with pytest.raises(StorageError, match="the file that was there is as it was") as caught:
            write_atomically(path, b"new content", keep=before if keeping else None)
    assert caught.value.fix
    assert caught.value.errno in (errno.ENOSPC, errno.EPERM, errno.EACCES)
    assert (path.read_bytes(), before.read_bytes()) == (b"old", b"older")
    assert sorted(tmp_path.iterdir()) == [before, path], "the temporary file is gone"


def test_the_old_file_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "state", tmp_path / "before"
    write_atomically(path, b"old")
    ordinary, calls = os.replace, []

    def second_fails(source: Any, target: Any) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        ordinary(source, target)

    monkeypatch.setattr(atomic.os, "replace", second_fails)
    with pytest.raises(StorageError, match="the disk reported an error; the file that was there is as it was"):
        write_atomically(path, b"new", keep=before)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_forced_onto_the_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        ordinary(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", only_files)
    with pytest.raises(StorageError, match="the new file is there, but may be gone after a power failure"):
        write_atomically(tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"new"


def test_a_file_system_that_cannot_force_folders_onto_the_disk_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        ordinary(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", only_files)
    write_atomically(tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"new"


def test_an_interruption_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"old")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_paths_are_errors_that_say_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cases = {
        tmp_path / "none" / "state": ("there is no such file or folder; nothing was written", "check the path"),
        tmp_path / "file" / "state": ("part of the path is a file, not a folder", "check the path"),
        tmp_path: ("it is a folder", "give the path of a file"),
        tmp_path / ("x" * 300): ("the name is too long", "give a shorter name"),
    }
    for path, (what, fix) in cases.items():
        with pytest.raises(StorageError, match=f"cannot write .*{what}") as caught:
            write_atomically(path, b"1")
        assert fix in (caught.value.fix or "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="it is no regular file"):
        write_atomically(tmp_path / "pipe", b"1")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, where the test may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        made = subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        made = False
    if not made:
        pytest.skip("mounting a small disk needs a privileged user")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=10)


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "state"
    write_atomically(path, b"x" * 40_000)
    with pytest.raises(StorageError, match="the disk is full; the file that was there is as it was") as caught:
        write_atomically(path, b"y" * 40_000)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"x" * 40_000
    assert list(small_disk.iterdir()) == [path]


# Killed processes -----------------------------------------------------------------------------------------------------

#: Starts twenty processes that write without end, and kills each at a random moment after its first file.
KILLING = """
import os, random, signal, sys, time
import numpy as np
from chainrule.storage.container import read_container, write_container

def write_without_end(path, begun):
    number = 0
    while True:
        write_container(path, "state", {"number": number}, {"x": np.full(20_000, float(number))})
        if number == 0:
            os.write(begun, b"!")
        number += 1

path, moments = sys.argv[1], random.Random(5)
for _ in range(20):
    reading, begun = os.pipe()
    process = os.fork()
    if process == 0:
        write_without_end(path, begun)
    os.read(reading, 1)
    time.sleep(moments.uniform(0.0, 0.05))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    contents = read_container(path, "state")
    assert (contents.arrays["x"] == contents.header["number"]).all()
    print(contents.header["number"])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_file_is_whole_after_kill_9_at_any_moment(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", KILLING, str(tmp_path / "state")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    rounds = [int(line) for line in done.stdout.split()]
    assert len(rounds) == 20
    assert max(rounds) > 0, "some were killed later than in the first round"


def test_what_killed_processes_left_is_removed_when_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"1")
    old, young = tmp_path / ".state.0123456789ab.part", tmp_path / ".state.ba9876543210.part"
    others = [tmp_path / ".state.part", tmp_path / ".other.0123456789ab.part", tmp_path / "state.0123456789ab.part"]
    for other in [old, young, *others]:
        other.write_bytes(b"half")
        if other != young:
            os.utime(other, (0, 0))
    remove_leftovers(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, young, *others])


def test_tidying_up_a_folder_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        remove_leftovers("none/state")
        assert list(Path().iterdir()) == []
