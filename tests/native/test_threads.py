"""Threads: how many there are, results that repeat to the last bit, and calls from several threads at once."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.native.planning import kernel
from chainrule.native.running import executable
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram

SOURCE = str(Path(cr.__file__).parents[1])


@pytest.fixture(autouse=True)
def small_work_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads take part where there is little to do, too."""
    monkeypatch.setattr(cr.config, "cache", False)
    monkeypatch.setattr(kernel, "CALL_WORK", 1)


def loss(params: Any, X: Any, y: Any) -> Any:
    hidden = np.tanh(X @ params["W1"] + params["b1"])
    p = 1 / (1 + np.exp(-(hidden @ params["W2"] + params["b2"])))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def problem(n: int = 501, d: int = 3, h: int = 9, dtype: Any = np.float64) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, d)).astype(dtype)
    params = {
        "W1": rng.normal(size=(d, h)).astype(dtype),
        "b1": rng.normal(size=h).astype(dtype),
        "W2": rng.normal(size=(h, 1)).astype(dtype),
        "b2": np.zeros(1, dtype),
    }
    return params, X, (X[:, :1] * X[:, 1:2] > 0).astype(dtype)


def flat(result: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in cr.structure.flatten(result)[0]]


def assert_same_bits(first: Any, second: Any) -> None:
    for a, b in zip(flat(first), flat(second), strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


def assert_close(first: Any, second: Any, units: float) -> None:
    for a, b in zip(flat(first), flat(second), strict=True):
        size = np.max(np.abs(b), initial=0)
        np.testing.assert_allclose(a, b, rtol=0, atol=units * np.finfo(b.dtype).eps * size)


def threads_of(program: NativeProgram) -> list[int]:
    return [part.run.layout.threads for part in program.parts if isinstance(part.run, Executable)]


# How many -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_setting_says_how_many_threads_a_kernel_uses(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    graph = cr.trace(loss, *problem())
    assert threads_of(NativeProgram(graph.outputs, graph.inputs)) == [threads]


def test_little_work_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(cr.config, "cache", False)
    monkeypatch.setattr(cr.config, "threads", 4)
    graph = cr.trace(lambda x: np.sum(x * x), np.ones(64))
    assert threads_of(NativeProgram(graph.outputs, graph.inputs)) == [1]


def test_the_environment_says_how_many_threads_there_are() -> None:
    script = (
        "import numpy as np, chainrule as cr\n"
        "X = np.ones((32768, 64))\n"
        "print(cr.config.threads, cr.jit(lambda x: np.mean(np.exp(np.sin(x))))" + ".plan(X).count('on 3 threads'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": SOURCE, "CHAINRULE_THREADS": "3", "CHAINRULE_CACHE": "off"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "1"]


# The same numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_calls_repeat_to_the_last_bit(threads: int, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    point = problem(dtype=dtype)
    step = cr.jit(cr.value_and_grad(loss))
    first = step(*point)
    for _ in range(60):
        assert_same_bits(step(*point), first)
    assert_same_bits(cr.jit(cr.value_and_grad(loss))(*point), first)
    assert_close(first, cr.value_and_grad(loss)(*point), 200)


@pytest.mark.parametrize("batch_size", [None, 64])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_training_repeats_to_the_last_bit(
    threads: int, batch_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    params, X, y = problem()

    def train() -> Any:
        result = cr.minimize(loss, params, (X, y), optimizer=cr.Adam(lr=0.01), steps=60, batch_size=batch_size)
        return result.params, result.history["loss"]

    first = train()
    for _ in range(8):
        assert_same_bits(train(), first)


def test_any_number_of_threads_gives_the_same_to_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    params, X, y = problem(1003)
    found = []
    for threads in (1, 2, 3, 5):
        monkeypatch.setattr(cr.config, "threads", threads)
        value = cr.jit(cr.value_and_grad(loss))(params, X, y)
        result = cr.minimize(loss, params, (X, y), optimizer=cr.GradientDescent(lr=0.1), steps=40)
        found.append((value, result.params, result.history["loss"]))
    for other in found[1:]:
        assert_close(other, found[0], 1000)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_stop_together_at_the_step_that_diverges(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    X = np.linspace(0.5, 1.5, 301)

    def falling(w: Any, X: Any) -> Any:
        return np.mean(np.sqrt(w * X))

    path = [2.0]
    while path[-1] > 0:
        path.append(path[-1] - 0.1 * np.mean(np.sqrt(X)) / (2 * np.sqrt(path[-1])))
    for _ in range(5):
        with pytest.raises(cr.errors.DivergenceError, match="it begins in sqrt") as caught:
            cr.minimize(falling, 2.0, (X,), optimizer=cr.GradientDescent(lr=0.1), steps=2000)
        assert caught.value.step == len(path) - 1
        assert caught.value.params == pytest.approx(path[-2], rel=1e-9)


# Several calls at once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_may_call_one_function_at_the_same_time(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    step = cr.jit(cr.value_and_grad(loss))
    points = [problem(400)[:1] + problem(400 + i)[1:] for i in (0, 1)]
    shifted = [(params, X + number, y) for number in range(4) for params, X, y in points]
    wanted = [step(*point) for point in shifted]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(12):
            for found, expected in zip(pool.map(lambda point: step(*point), shifted), wanted, strict=True):
                assert_same_bits(found, expected)


def test_threads_may_compile_the_same_function_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", 2)
    point = problem(200)
    wanted = cr.jit(cr.value_and_grad(loss))(*point)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: cr.jit(cr.value_and_grad(loss))(*point), range(8)):
            assert_same_bits(found, wanted)


def test_runs_of_training_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", 2)
    params, X, y = problem(300)

    def train(number: int) -> Any:
        return cr.minimize(loss, params, (X + number, y), optimizer=cr.Adam(lr=0.01), steps=50).params

    wanted = [train(number) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for found, expected in zip(pool.map(train, range(3)), wanted, strict=True):
            assert_same_bits(found, expected)


# Forks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", 2)
    point = problem(300)
    step = cr.jit(cr.value_and_grad(loss))
    wanted = step(*point)
    assert executable._pools  # the threads of this process are there, and are not in the other one
    child = os.fork()
    if not child:
        try:
            assert_same_bits(step(*point), wanted)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert_same_bits(step(*point), wanted)
