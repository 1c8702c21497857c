"""Machine code that is kept: found again in memory and on disk, and never trusted when it is damaged."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn.reuse import Kept
from chainrule.native.running import cache, executable
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram
from chainrule.native.target import Target, host

SOURCE = str(Path(cr.__file__).parents[1])
X = np.linspace(-1.0, 1.0, 24).reshape(6, 4)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own."""
    monkeypatch.delenv("CHAINRULE_CACHE", raising=False)
    monkeypatch.setattr(cr.config, "cache", True)
    monkeypatch.setattr(cr.config, "cache_dir", tmp_path / "kept")
    forget()
    return tmp_path / "kept"


def forget() -> None:
    """What a new process knows: nothing."""
    cache._loaded.clear()
    cache._recent.clear()


def fun(x: Any) -> Any:
    return [np.exp(x) * 2, np.sum(np.tanh(x), axis=0)]


def state_and_results(fun: Callable[..., Any] = fun) -> tuple[str, list[Any]]:
    """Where the code of a program came from, and what it computes."""
    graph = cr.trace(fun, X)
    program = NativeProgram(graph.outputs, graph.inputs)
    (part,) = program.parts
    assert isinstance(part.run, Executable)
    return part.run.cache_state, program.run([X])


def check_results(results: list[Any]) -> None:
    np.testing.assert_allclose(results[0], np.exp(X) * 2, rtol=1e-14)
    np.testing.assert_allclose(results[1], np.tanh(X).sum(axis=0), rtol=1e-14, atol=1e-15)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.o"))


# Found again ----------------------------------------------------------------------------------------------------------


def test_code_is_compiled_once_and_then_found_in_memory_and_on_disk(folder: Path) -> None:
    states = [state_and_results()[0], state_and_results()[0]]
    forget()
    found, results = state_and_results()
    assert [*states, found] == ["compiled", "memory", "disk"]
    check_results(results)
    assert len(entries(folder)) == 1


def test_other_code_is_another_entry(folder: Path) -> None:
    state_and_results()
    assert state_and_results(lambda x: [np.exp(x) * 3])[0] == "compiled"
    assert len(entries(folder)) == 2


def test_a_new_process_finds_what_another_one_compiled(folder: Path) -> None:
    script = (
        "import numpy as np, chainrule as cr\n"
        "from chainrule.native.running.program import NativeProgram\n"
        "graph = cr.trace(lambda x: [np.sin(x) + np.sum(x, axis=0)], np.ones((5, 3)))\n"
        "print(NativeProgram(graph.outputs, graph.inputs).parts[0].run.cache_state)\n"
    )
    states = [run_python(script, CHAINRULE_CACHE=str(folder), PYTHONHASHSEED=seed) for seed in ("1", "2")]
    assert states == ["compiled", "disk"]


def run_python(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_code_that_nobody_uses_stays_in_memory_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)
    state_and_results()  # the program is gone when this returns
    assert state_and_results()[0] == "memory"
    for number in range(cache._MOST_UNUSED):
        cache.compiled(trivial(number), host())
    assert state_and_results()[0] == "compiled"


def trivial(number: int) -> str:
    return f'target triple = "{host().triple}"\ndefine i64 @run() {{\nret i64 {number}\n}}'


def test_code_in_use_stays_in_memory() -> None:
    graph = cr.trace(fun, X)
    program = NativeProgram(graph.outputs, graph.inputs)
    for number in range(cache._MOST_UNUSED + 1):
        cache.compiled(trivial(number), host())
    assert state_and_results()[0] == "memory"
    check_results(program.run([X]))


def test_nothing_is_kept_on_disk_when_it_is_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state_and_results()
    forget()
    monkeypatch.setattr(cr.config, "cache", False)
    assert state_and_results()[0] == "compiled"
    assert state_and_results(lambda x: [x * 5])[0] == "compiled"
    assert len(entries(folder)) == 1


def test_the_environment_switches_it_off(folder: Path) -> None:
    script = (
        "import numpy as np, chainrule as cr\n"
        "cr.jit(lambda x: x * 2)(np.ones(3))\n"
        "print(cr.config.cache, cr.config.cache_dir.exists())\n"
    )
    assert run_python(script, CHAINRULE_CACHE="off", XDG_CACHE_HOME=str(folder)).split() == ["False", "False"]


# What an entry depends on ---------------------------------------------------------------------------------------------


def test_an_entry_is_for_one_cpu_and_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    text = trivial(1)
    here = host()
    keys = {cache._key(text, here), cache._key(trivial(2), here)}
    for changed in ({"cpu": "x86-64"}, {"features": here.features + ",-fma"}, {"triple": "x86_64-pc-linux"}):
        keys.add(cache._key(text, Target(**{**vars(here), **changed})))
    llvm = cache.load_llvm()
    monkeypatch.setattr(llvm, "llvm_version_info", (99, 0, 0))
    keys.add(cache._key(text, here))
    monkeypatch.setattr(cache, "_MAGIC", b"chainrule machine code 0\n")
    keys.add(cache._key(text, here))
    assert len(keys) == 7


def loss(params: Any, X: Any, y: Any) -> Any:
    p = cr.softmax(np.tanh(X @ params["W"] + params["b"]))
    return cr.cross_entropy(p, y)


def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The assembly of all that some calls compile."""
    found: list[str] = []
    original = executable.compiled

    def spy(text: str, target: Target) -> Any:
        found.append(text)
        return original(text, target)

    monkeypatch.setattr(executable, "compiled", spy)
    monkeypatch.setattr(Kept, "get", lambda kept, key, build: build())  # also what this process has built before
    params = {"b": np.zeros(3), "W": np.full((4, 3), 0.1)}
    labels = np.array([0, 1, 2, 2, 1, 0])
    cr.jit(cr.value_and_grad(loss))(params, X, labels)
    cr.minimize(loss, params, (X, labels), optimizer=cr.Adam(), steps=3)
    cr.jit(lambda x: np.linalg.det(np.sin(x) @ np.cos(x).T) + np.sum(x))(X)
    monkeypatch.setattr(executable, "compiled", original)
    return found


def test_the_same_program_has_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = texts(monkeypatch), texts(monkeypatch)
    assert len(first) >= 3
    assert first == second


@pytest.mark.parametrize("seed", ["0", "7", "12345"])
def test_the_same_program_has_the_same_text_in_every_process(seed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import importlib.util, pytest, hashlib\n"
        f"spec = importlib.util.spec_from_file_location('kept', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "with pytest.MonkeyPatch.context() as patch:\n"
        "    print(hashlib.sha256(''.join(module.texts(patch)).encode()).hexdigest())\n"
    )
    here = hashlib.sha256("".join(texts(monkeypatch)).encode()).hexdigest()
    threads = str(cr.config.threads)
    assert run_python(script, PYTHONHASHSEED=seed, CHAINRULE_CACHE="off", CHAINRULE_THREADS=threads) == here


# Damage ---------------------------------------------------------------------------------------------------------------


def _flipped(position: int) -> Callable[[bytes], bytes]:
    def damage(entry: bytes) -> bytes:
        changed = bytearray(entry)
        changed[position] ^= 0x10
        return bytes(changed)

    return damage


HEAD = len(cache._MAGIC) + cache._HASH_BYTES
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda entry: b"",
    "only the beginning": lambda entry: entry[: HEAD // 2],
    "only the head": lambda entry: entry[:HEAD],
    "truncated": lambda entry: entry[:-1],
    "half": lambda entry: entry[: len(entry) // 2],
    "longer": lambda entry: entry + b"\0",
    "a bit of the magic": _flipped(3),
    "a bit of the hash": _flipped(len(cache._MAGIC) + 5),
    "a bit of the code": _flipped(HEAD + 100),
    "the last bit": _flipped(-1),
    "zeros": lambda entry: bytes(len(entry)),
    "without its head": lambda entry: entry[HEAD:],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_entry_is_made_anew(kind: str, folder: Path) -> None:
    state_and_results()
    (path,) = entries(folder)
    whole = path.read_bytes()
    path.write_bytes(DAMAGE[kind](whole))
    forget()
    state, results = state_and_results()
    assert state == "compiled"
    check_results(results)
    assert path.read_bytes() == whole
    forget()
    assert state_and_results()[0] == "disk"


def test_an_entry_in_the_place_of_another_is_made_anew(folder: Path) -> None:
    state_and_results()
    (path,) = entries(folder)
    state_and_results(lambda x: [np.exp(x) * 3, np.sum(np.tanh(x), axis=0)])
    (other,) = [entry for entry in entries(folder) if entry != path]
    path.write_bytes(other.read_bytes())
    forget()
    state, results = state_and_results()
    assert state == "compiled"
    check_results(results)


def test_a_folder_in_the_place_of_an_entry_is_no_error(folder: Path) -> None:
    state_and_results()
    (path,) = entries(folder)
    path.unlink()
    path.mkdir()
    forget()
    state, results = state_and_results()
    assert state == "compiled"
    check_results(results)
    assert list(path.parent.iterdir()) == [path]  # no temporary file stays


# A disk that does not take anything -----------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(cr.config, "cache_dir", tmp_path / "file" / "kept")
    state, results = state_and_results()
    assert state == "compiled"
    check_results(results)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for this user")
def test_a_folder_that_may_not_be_written_is_no_error(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    state, results = state_and_results()
    folder.chmod(stat.S_IRWXU)
    assert state == "compiled"
    check_results(results)


def test_a_full_disk_is_no_error_and_leaves_no_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Any, target: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    state, results = state_and_results()
    assert state == "compiled"
    check_results(results)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


# Many at once ---------------------------------------------------------------------------------------------------------


WRITER = """
import sys
import chainrule as cr
from chainrule.native.running import cache
key, code = "ab" + "c" * 62, bytes(range(256)) * 200
for _ in range(50):
    cache._write(key, code)
    assert cache._read(key) == code
"""


def test_processes_that_write_the_same_entry_at_once_leave_a_whole_one(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CHAINRULE_CACHE": str(folder)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER], env=environment) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(entries(folder)) == 1
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1
