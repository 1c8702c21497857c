"""Matrix products in compiled programs: every layout of both operands, stacks, long axes, totals over tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.node import Node
from chainrule.native.assembly import products
from chainrule.native.planning import kernel
from chainrule.native.running.executable import Executable
from chainrule.native.running.program import NativeProgram

DTYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cr.config, "cache", False)


def draw(*shape: int, dtype: Any) -> Any:
    return np.random.default_rng(sum(shape) + len(shape)).normal(size=shape).astype(dtype)


def compiled_products(pairs: list[tuple[Any, Any]], function: Callable[[Any, Any], Any]) -> tuple[NativeProgram, Any]:
    """One program for many pairs of operands, and its results."""
    graph = cr.trace(lambda pairs: [function(a, b) for a, b in pairs], pairs)
    program = NativeProgram(graph.outputs, graph.inputs)
    assert [part.is_native for part in program.parts] == [True]
    return program, program.run([x for pair in pairs for x in pair])


def check(pairs: list[tuple[Any, Any]], function: Callable[[Any, Any], Any] = np.matmul) -> NativeProgram:
    """Each element is as near to the exact one as the rounding of its terms allows."""
    program, results = compiled_products(pairs, function)
    for (a, b), got in zip(pairs, results, strict=True):
        exact = function(a.astype(float), b.astype(float))
        terms = function(np.abs(a.astype(float)), np.abs(b.astype(float)))
        assert got.dtype == a.dtype
        assert got.shape == exact.shape
        assert np.all(np.abs(got - exact) <= (max(a.shape) + 4) * np.finfo(a.dtype).eps * terms)
    return program


# Layouts --------------------------------------------------------------------------------------------------------------

#: How an operand lies in memory: as it is, or as a view of another array.
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "plain": lambda x: x,
    "transposed": lambda x: np.swapaxes(np.swapaxes(x, -1, -2) * 1.0, -1, -2) if x.ndim > 1 else x,
    "every second row": lambda x: np.concatenate([x, x], axis=-1).reshape(*x.shape[:-1], 2, x.shape[-1])[..., 0, :],
    "backwards": lambda x: (x[..., ::-1] * 1.0)[..., ::-1],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize("left", LAYOUTS)
def test_all_layouts_of_both_operands(left: str, right: str, dtype: Any) -> None:
    shapes = [((7, 19), (19, 5)), ((33, 4), (4, 34)), ((2, 65), (65, 2)), ((5, 9), (9,)), ((9,), (9, 5))]
    shapes += [
        ((3, 4, 17), (3, 17, 6)),
        ((3, 1, 4, 5), (2, 5, 6)),
        ((4, 5), (3, 5, 2)),
        ((2, 3, 4), (4,)),
        ((8,), (8,)),
    ]
    pairs = [(draw(*a, dtype=dtype), draw(*b, dtype=dtype)) for a, b in shapes]
    check(pairs, lambda a, b: LAYOUTS[left](a) @ LAYOUTS[right](b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_result_that_is_wanted_transposed(dtype: Any) -> None:
    pairs = [(draw(m, 6, dtype=dtype), draw(6, n, dtype=dtype)) for m in (1, 4, 17) for n in (1, 5, 33)]
    check(pairs, lambda a, b: (a @ b).T)


# Lengths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1, 2], ids="mnk")
def test_all_lengths_of_each_axis(axis: int, dtype: Any) -> None:
    pairs = []
    for length in range(1, 71):
        m, n, k = (length if i == axis else usual for i, usual in enumerate((6, 10, 12)))
        pairs.append((draw(m, k, dtype=dtype), draw(k, n, dtype=dtype)))
    check(pairs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_small_products(dtype: Any) -> None:
    sizes = [(m, n, k) for m in (1, 2, 3, 5) for n in (1, 2, 4, 5) for k in (1, 2, 3)]
    check([(draw(m, k, dtype=dtype), draw(k, n, dtype=dtype)) for m, n, k in sizes])


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_of_all_lengths(dtype: Any) -> None:
    lengths = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70]
    check([(draw(n, dtype=dtype), draw(n, dtype=dtype)) for n in lengths])
    check([(draw(n, dtype=dtype), draw(n, 5, dtype=dtype)) for n in lengths])
    check([(draw(5, n, dtype=dtype), draw(n, dtype=dtype)) for n in lengths])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [1023, 1024, 1025, 2048, 2049, 3100])
def test_a_long_inner_axis_is_cut_into_pieces(length: int, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[tuple[int, bool]] = []
    emit = products._emit_best_kernel

    def counted(code: Any, product: Any) -> None:
        pieces.append((product.k, product.accumulates))
        emit(code, product)

    monkeypatch.setattr(products, "_emit_best_kernel", counted)
    check([(draw(3, length, dtype=dtype), draw(length, 18, dtype=dtype))])
    assert max(size for size, _ in pieces) <= products._LONGEST_INNER
    assert [adds for _, adds in pieces] == ([False] if length <= 1024 else [False, True])


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_stacks_and_views_of_them(dtype: Any) -> None:
    pairs = [(draw(2, 3, 2100, dtype=dtype), draw(2, 2100, 5, dtype=dtype))]
    check(pairs)
    check(pairs, lambda a, b: np.swapaxes(b, 1, 2) @ np.swapaxes(a, 1, 2))


# Rows in tiles --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def small_tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Tiles of a few rows; the threads."""
    monkeypatch.setattr(cr.config, "threads", request.param)
    monkeypatch.setattr(kernel, "CALL_WORK", 1)
    monkeypatch.setattr(kernel, "TILE_BYTES", 3000)
    return int(request.param)


#: Sums over rows, each of them a product of what is computed by rows.
TOTALS: dict[str, Callable[[Any, Any], Any]] = {
    "Uᵀ V": lambda U, V: np.sin(U).T @ np.cos(V),
    "Uᵀ U": lambda U, V: np.sin(U).T @ np.sin(U) + np.sum(V),
    "u V": lambda U, V: np.sin(U[:, 0]) @ np.cos(V),
    "Uᵀ v": lambda U, V: np.sin(U).T @ np.cos(V[:, 0]),
    "u v": lambda U, V: np.sin(U[:, 0]) @ np.cos(V[:, 0]),
    "u u": lambda U, V: (U[:, 0] - V[:, 0]) @ (U[:, 0] - V[:, 0]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("widths", [(1, 1), (3, 5), (18, 2), (33, 17)])
@pytest.mark.parametrize("name", TOTALS)
def test_products_that_sum_over_rows_add_up_over_tiles(
    name: str, widths: tuple[int, int], dtype: Any, small_tiles: int
) -> None:
    U, V = (draw(301, width, dtype=dtype) for width in widths)
    program, (got,) = compiled_products([(U, V)], TOTALS[name])
    (part,) = program.parts
    assert isinstance(part.run, Executable)
    layout = part.run.layout
    assert layout.tiles > 1
    assert layout.threads == small_tiles
    assert any(node.op.name == "matmul" for node in layout.rows.summed)
    exact = TOTALS[name](U.astype(float), V.astype(float))
    np.testing.assert_allclose(got, exact, rtol=0, atol=301 * np.finfo(dtype).eps * max(1, np.max(np.abs(exact))))


#: Products whose rows are rows of the data, as rows, columns or a stack.
BY_ROWS: dict[str, Callable[[Any, Any], Any]] = {
    "X W": lambda X, W: np.exp(X) @ W,
    "Wᵀ Xᵀ": lambda X, W: W.T @ np.exp(X).T,
    "X w": lambda X, W: np.exp(X) @ W[:, 0],
    "a stack": lambda X, W: (np.exp(X)[:, :, None] * X[:, None, :]) @ W,
    "a stack of pairs": lambda X, W: np.exp(X)[:, None, :] @ (X[:, :, None] * W),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BY_ROWS)
def test_products_by_rows_are_right_in_every_tile(name: str, dtype: Any, small_tiles: int) -> None:
    X, W = draw(301, 5, dtype=dtype), draw(5, 3, dtype=dtype)
    program, (got,) = compiled_products([(X, W)], BY_ROWS[name])
    (part,) = program.parts
    assert isinstance(part.run, Executable)
    layout = part.run.layout
    assert layout.tiles > 1
    assert products_of(layout.rows.axis)
    exact = BY_ROWS[name](X.astype(float), W.astype(float))
    np.testing.assert_allclose(got, exact, rtol=0, atol=64 * np.finfo(dtype).eps * np.max(np.abs(exact)))


def products_of(nodes: dict[Node, int]) -> list[Node]:
    return [node for node in nodes if node.op.name == "matmul"]
