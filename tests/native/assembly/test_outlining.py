"""Programs of many stages: equal ones share a function, and long sections are cut into several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.native.assembly.code import FunctionCode
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram
from chainrule.native.target import host

W = np.random.default_rng(0).normal(size=(4, 4)) / 3
H = np.ones((3, 4))


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


def recurrence(steps: int) -> Any:
    def loss(W: Any, h: Any) -> Any:
        for _ in range(steps):
            h = np.tanh(h @ W + 0.1)
        return np.sum(h * h)

    return loss


def definitions(steps: int) -> list[str]:
    """The first lines of the functions of a recurrence's code."""
    graph = cr.trace(recurrence(steps), W, H)
    (part,) = NativeProgram(graph.outputs, graph.inputs).parts
    assert isinstance(part.run, Executable)
    text = FunctionCode(part.run.layout, host(), "run").text()
    return [line for line in text.split("\n") if line.startswith("define")]


@pytest.mark.parametrize("steps", [5, 60, 200])
def test_values_and_gradients_are_those_of_the_interpreter(steps: int) -> None:
    value, gradient = cr.jit(cr.value_and_grad(recurrence(steps), argnums=(0, 1)))(W, H)
    expected, expected_gradient = cr.value_and_grad(recurrence(steps), argnums=(0, 1))(W, H)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for found, wanted in zip(gradient, expected_gradient, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(lr=0.01), cr.Adam(lr=0.01)])
def test_a_training_loop_is_that_of_the_steps_one_by_one(optimizer: Any) -> None:
    found = cr.minimize(recurrence(60), W, (H,), optimizer=optimizer, steps=5)
    expected = cr.minimize(recurrence(60), W, (H,), optimizer=optimizer, steps=5, callback=lambda *_: None)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-10)
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-9)


def test_few_stages_are_written_in_place() -> None:
    assert len(definitions(5)) == 1


def test_equal_stages_share_a_function_and_long_sections_are_cut() -> None:
    shared = [[line for line in definitions(steps) if "@run.stage" in line] for steps in (100, 200)]
    runs = [[line for line in definitions(steps) if "@run.run" in line] for steps in (100, 200)]
    assert len(shared[0]) == len(shared[1]) < 10
    assert 1 < len(runs[0]) < len(runs[1])
