"""The plan of a compiled program as text: what runs where, in which order, in how much memory."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.native.planning import kernel
from chainrule.native.planning.buffers import Home
from chainrule.native.running.executable import Executable
from chainrule.native.running.plan import kernel_plan
from chainrule.native.running.program import NativeProgram
from chainrule.transforms.aliases import without_aliases


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, and code that is made anew."""
    monkeypatch.setattr(cr.config, "cache", False)
    monkeypatch.setattr(cr.config, "threads", 1)


def loss(params: Any, X: Any, y: Any) -> Any:
    hidden = np.tanh(X @ params["W"] + params["b"])
    return np.mean((hidden @ params["v"] - y) ** 2)


PARAMS = {"W": np.ones((3, 5)), "b": np.zeros(5), "v": np.ones(5)}
X, Y = np.linspace(-1.0, 1.0, 900).reshape(300, 3), np.ones(300)


def gradient_program() -> NativeProgram:
    graph = cr.trace(cr.value_and_grad(loss), PARAMS, X, Y)
    return NativeProgram(without_aliases(graph.outputs), graph.inputs, "gradient")


def gradient_kernel() -> Executable:
    (part,) = gradient_program().parts
    assert isinstance(part.run, Executable)
    return part.run


def test_the_gradient_of_a_perceptron_is_one_part() -> None:
    lines = gradient_program().plan().splitlines()
    assert lines[:2] == ["gradient: 1 part", "1. native code"]


def test_the_plan_of_a_jitted_function_is_that_of_its_program() -> None:
    """But for the names: a jitted function does not look for those of its variables."""

    def stages(plan: str) -> list[str]:
        return [re.sub(r"%\d+|hidden", "_", line) for line in plan.splitlines()[1:]]

    plan = cr.jit(cr.value_and_grad(loss)).plan(PARAMS, X, Y)
    assert plan.startswith("loss: 1 part\n")
    assert stages(plan) == stages(gradient_program().plan())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("tile_bytes", [1500, 512 * 1024])
def test_rows_tiles_and_threads(threads: int, tile_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", threads)
    monkeypatch.setattr(kernel, "CALL_WORK", 1)
    monkeypatch.setattr(kernel, "TILE_BYTES", tile_bytes)
    made = gradient_kernel()
    found = re.search(r"(\d+) rows in (\d+) tiles? of (\d+), on (\d+) threads?; vectors run along", kernel_plan(made))
    assert found
    layout = made.layout
    assert [int(number) for number in found.groups()] == [300, layout.tiles, layout.tile_rows, threads]
    assert layout.tiles >= threads
    assert (layout.tiles > threads) == (tile_bytes == 1500)


def test_which_way_vectors_run() -> None:
    assert "vectors run along rows" in gradient_program().plan()
    wide = cr.jit(lambda W, X: np.sum(np.tanh(X @ W))).plan(np.ones((3, 200)), X)
    assert "vectors run along the elements of a row" in wide


def test_all_stages_stand_in_their_sections_in_order() -> None:
    plan = gradient_program().plan()
    lines = plan.splitlines()
    rows, once = lines.index("   for each tile of rows:"), lines.index("   once:")
    assert rows < once
    products = [number for number, line in enumerate(lines) if line.startswith("     product ")]
    assert len(products) == 4  # forward through W and v; backward to them
    assert all(rows < number < once for number in products)
    assert "X @ " in lines[products[0]]
    assert "float64[300, 5]" in lines[products[0]]
    assert re.search(
        r"loop over rows × 5\n       %\d+ = %\d+ \+ params\['b'\]\n       hidden = tanh\(%\d+\)  → memory", plan
    )
    assert re.search(r"sum\(%\d+, axis=0\)  → memory", plan)  # the gradient of b
    assert re.search(r"     numbers\n       %\d+ = .*  → memory\n", plan)  # the loss


def test_what_is_stored_is_marked() -> None:
    made = gradient_kernel()
    stages = [stage for section in made.layout.sections for stage in section.stages]
    stored = [node for stage in stages for node in getattr(stage, "stored", ())]
    assert kernel_plan(made).count("→ memory") == len(stored)


def test_buffers_with_their_places_and_bytes() -> None:
    made = gradient_kernel()
    plan = kernel_plan(made)
    layout = made.layout
    assert f"   working memory: {layout.arena_bytes:,} bytes for each thread" in plan
    told = re.findall(r"^     arena +([\d,]+): +([\d,]+) bytes  \S+$", plan, re.MULTILINE)
    places = [(int(place.replace(",", "")), int(size.replace(",", ""))) for place, size in told]
    buffers = {view.buffer for view in layout.memory.views() if view.buffer.home is Home.ARENA}
    assert sorted(places) == sorted((buffer.offset, buffer.nbytes) for buffer in buffers)
    assert [place for place, _ in places] == sorted(place for place, _ in places)
    assert max(place + size for place, size in places) <= layout.arena_bytes


def test_memory_for_the_sums_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "threads", 2)
    monkeypatch.setattr(kernel, "CALL_WORK", 1)
    made = gradient_kernel()
    assert f"{4 * made.layout.partial_bytes:,} bytes for the sums of the threads" in kernel_plan(made)


def test_a_function_that_needs_no_memory() -> None:
    plan = cr.jit(lambda x: np.exp(x) * 2).plan(np.ones(7))
    assert plan.splitlines() == [
        "<lambda>: 1 part",
        "1. native code",
        "   once:",
        "     loop over 7",
        "       %0 = exp(x)",
        "       %1 = %0 * 2  → memory",
        "   working memory: none",
    ]


def test_what_numpy_computes_is_shown_between_native_parts() -> None:
    plan = cr.jit(lambda A: np.exp(np.linalg.svd(np.exp(A), compute_uv=False))).plan(np.eye(3))
    parts = [line for line in plan.splitlines() if not line.startswith(" ")]
    assert parts == ["<lambda>: 3 parts", "1. native code", "2. NumPy: svdvals", "3. native code"]


def test_views_are_written_as_the_user_would() -> None:
    plan = cr.jit(lambda A, B: np.sin(A.T @ B[1:]) + A[0, 0]).plan(np.ones((3, 3)), np.ones((4, 2)))
    assert "= Aᵀ @ B[1:]" in plan
    assert "A[0, 0]" in plan


def test_the_steps_of_a_loop_are_shown_within_it() -> None:
    def function(x: Any) -> Any:
        return cr.scan(lambda c, row: (np.tanh(c + row), c), 0.0, x)[0]

    plan = cr.jit(function).plan(np.arange(1200.0))
    lines = plan.splitlines()
    (start,) = (number for number, line in enumerate(lines) if "loop of 1,200 steps %1 = scan(" in line)
    assert lines[start + 1 : start + 5] == [
        "       body:",
        "         numbers",
        "           %0 = c + row",
        "           %1 = tanh(%0)  → memory",
    ]
