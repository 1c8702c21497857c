"""Compiled code stays within its buffers: canaries around arguments, results and all temporary values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.graph import Graph
from chainrule.native.planning import kernel
from chainrule.native.planning.buffers import Buffer, Home
from chainrule.native.running import executable as executable_module
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram

#: What memory that no one owns is filled with.
CANARY = 0xA5
#: Bytes around each argument and result, and between temporary values.
MARGIN = 192


class Surrounded:
    """Arrays in the middle of memory that is full of canaries."""

    def __init__(self) -> None:
        self._raw: list[tuple[Any, int]] = []

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """In the place of `numpy.empty`; aligned to its elements, and no better."""
        dtype = np.dtype(dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        raw = np.full(MARGIN + size + MARGIN, CANARY, np.uint8)
        self._raw.append((raw, size))
        return raw[MARGIN : MARGIN + size].view(dtype).reshape(shape)

    def copy_of(self, x: Any) -> Any:
        made = self.empty(np.shape(x), np.asarray(x).dtype)
        made[...] = x
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def assert_untouched(self) -> None:
        for raw, size in self._raw:
            assert np.all(raw[:MARGIN] == CANARY)
            assert np.all(raw[MARGIN + size :] == CANARY)


def places(executable: Executable, buffer: Buffer) -> Iterator[int]:
    """Where a buffer is in the arena, for each thread that has it."""
    layout = executable.layout
    private = layout.shared_bytes + 2 * layout.threads * layout.partial_bytes
    if buffer.home is Home.SHARED:
        yield buffer.offset
    elif buffer.home is Home.PARTIAL:
        for number in range(2 * layout.threads):
            yield layout.shared_bytes + number * layout.partial_bytes + buffer.offset
    elif buffer.home is Home.ARENA:
        for thread in range(layout.threads):
            yield private + thread * (layout.arena_bytes + 2 * layout.state_bytes) + buffer.offset


def owned(executable: Executable, size: int) -> Any:
    """Which bytes of the arena belong to a buffer."""
    mask = np.zeros(size, bool)
    views = [*executable.layout.memory.views(), *executable.layout.partials.values()]
    for buffer in {view.buffer for view in views}:
        for start in places(executable, buffer):
            mask[start : start + buffer.nbytes] = True
    return mask


def kernels(program: NativeProgram) -> list[Executable]:
    return [part.run for part in program.parts if isinstance(part.run, Executable)]


def assert_stays_within(function: Callable[..., Any], *arguments: Any, gradients: bool = True) -> list[Executable]:
    """Run a function in compiled code, with its gradients, and look at all canaries."""
    around = Surrounded()
    inputs = [around.copy_of(x) for x in arguments]
    graph = cr.trace(function, *inputs)
    if gradients:
        graph = Graph(graph.inputs, [*graph.outputs, *cr.backward(graph).outputs])
    program = NativeProgram(graph.outputs, graph.inputs, guard=MARGIN)
    made = kernels(program)
    arenas = []
    for one in made:
        workspace = one._take()
        workspace.arena[:] = CANARY
        one._free.append(workspace)
        arenas.append(workspace.arena)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executable_module, "np", around)
        found = program.run(inputs)
    for one, arena in zip(made, arenas, strict=True):
        assert np.all(arena[~owned(one, arena.size)] == CANARY)
    around.assert_untouched()
    for before, after in zip(arguments, inputs, strict=True):
        np.testing.assert_array_equal(before, after)
    eps = max([np.finfo(x.dtype).eps for x in arguments if x.dtype.kind == "f"])
    for value, node in zip(found, graph.outputs, strict=True):
        if node.dtype.kind != "f":
            np.testing.assert_array_equal(value, node.value)
            continue
        scale = max(1.0, float(np.max(np.abs(node.value), initial=0)))
        np.testing.assert_allclose(value, node.value, rtol=0, atol=1e5 * eps * scale)
    return made


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


def perceptron(X: Any, y: Any, W: Any, b: Any, v: Any) -> Any:
    hidden = np.tanh(X @ W + b)
    return cr.bce_with_logits(hidden @ v, y) + 0.01 * np.sum(W * W)


def softmax_regression(X: Any, y: Any, W: Any, b: Any) -> Any:
    return np.mean(cr.logsumexp(X @ W + b, axis=1)) - np.mean(np.sum(y * (X @ W + b), axis=1))


def standardised(X: Any) -> Any:
    z = (X - np.mean(X, axis=0)) / np.std(X, axis=0)
    return np.sum(np.sin(z) * np.max(z, axis=1, keepdims=True))


def pieces(x: Any, y: Any) -> Any:
    joined = np.concatenate([x[1:], y[::-1] * 2, x[:1]])
    padded = np.pad(np.roll(joined, 2, axis=0), ((1, 0), (0, 3)))
    padded[::2, :-3] += np.stack([joined[0], joined[1]])[:1]
    return np.sum(np.sin(padded) @ np.cos(padded).T)


def diagonals(x: Any) -> Any:
    square = np.tril(x @ x.T)
    return np.sum(np.tanh(np.diagonal(square, 1))) + np.sum(np.repeat(np.tile(x, (2, 1)), 3, axis=1) ** 3)


def positions(x: Any) -> Any:
    picked = np.take(x, np.array([0, -1, 2, 2]), axis=0) * x[1, np.arange(x.shape[1])]
    running = np.cumsum(picked, axis=1) + np.cumprod(picked, axis=0)
    return np.sum(np.sin(running)) + np.sum(np.sort(x, axis=1) * np.arange(float(x.shape[1])))


def draw(*shape: int, dtype: Any) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


#: Not a multiple of any vector, one more, one less, and so on.
ROWS = [1, 7, 31, 32, 33, 65, 130]


@pytest.fixture(params=[(1, None), (1, 1500), (2, 1500)], ids=["one tile", "tiles", "two threads"])
def settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int | None]:
    """Threads, and how many bytes a tile of rows may take."""
    threads, tile_bytes = request.param
    monkeypatch.setattr(cr.config, "threads", threads)
    monkeypatch.setattr(kernel, "CALL_WORK", 10)
    if tile_bytes is not None:
        monkeypatch.setattr(kernel, "TILE_BYTES", tile_bytes)
    return threads, tile_bytes


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", ROWS)
def test_a_perceptron_stays_within_its_buffers(rows: int, dtype: Any, settings: tuple[int, int | None]) -> None:
    X, W = draw(rows, 5, dtype=dtype), draw(5, 9, dtype=dtype)
    y = (draw(rows, dtype=dtype) > 0).astype(dtype)
    made = assert_stays_within(perceptron, X, y, W, draw(9, dtype=dtype), draw(9, dtype=dtype))
    if settings[0] == 2 and rows >= 65:
        assert {one.layout.threads for one in made} == {2}
        assert all(one.layout.tiles > 1 for one in made)


@pytest.mark.parametrize("rows", ROWS)
def test_a_softmax_regression_stays_within_its_buffers(rows: int, settings: tuple[int, int | None]) -> None:
    y = np.eye(3)[np.arange(rows) % 3]
    assert_stays_within(
        softmax_regression, draw(rows, 17, dtype=float), y, draw(17, 3, dtype=float), draw(3, dtype=float)
    )


@pytest.mark.parametrize("shape", [(2, 3), (33, 4), (65, 20), (40, 1)])
def test_statistics_stay_within_their_buffers(shape: tuple[int, int], settings: tuple[int, int | None]) -> None:
    assert_stays_within(standardised, draw(*shape, dtype=float))


@pytest.mark.parametrize("columns", [1, 3, 8, 19])
@pytest.mark.parametrize("rows", [2, 5, 40])
def test_joined_and_assigned_parts_stay_within_their_buffers(rows: int, columns: int) -> None:
    assert_stays_within(pieces, draw(rows, columns, dtype=float), draw(3, columns, dtype=float))


@pytest.mark.parametrize("shape", [(2, 3), (5, 1), (9, 17)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_diagonals_and_repetitions_stay_within_their_buffers(shape: tuple[int, int], dtype: Any) -> None:
    assert_stays_within(diagonals, draw(*shape, dtype=dtype))


@pytest.mark.parametrize("shape", [(3, 1), (3, 5), (40, 8), (33, 19)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_elements_at_positions_stay_within_their_buffers(
    shape: tuple[int, int], dtype: Any, settings: tuple[int, int | None]
) -> None:
    assert_stays_within(positions, draw(*shape, dtype=dtype))


def test_positions_outside_of_an_array_are_refused() -> None:
    x, places = draw(5, dtype=float), np.array([0, 4])
    graph = cr.trace(lambda x, i: np.sum(np.sin(np.take(x, i))), x, places)
    program = NativeProgram(graph.outputs, graph.inputs)
    np.testing.assert_allclose(program.run([x, places - 5])[0], np.sum(np.sin(x[[0, 4]])))
    for wrong in (places + 1, places - 6):
        with pytest.raises(IndexError, match="out of bounds for an axis with size 5"):
            program.run([x, wrong])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33])
def test_booleans_and_integers_stay_within_their_buffers(size: int) -> None:
    x = draw(size, dtype=float)
    small = np.arange(size, dtype=np.int8)
    assert_stays_within(
        lambda x, i: [x > 0, np.isfinite(x) & (i % 3 == 0), i * 2 - 1, (x > 0) * i, np.any(x > 1)],
        x,
        small,
        gradients=False,
    )
