"""Kernels of matrix products, each of them with every pair of strides: the numbers of NumPy, and not a byte besides."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.microkernels import InnerKernel, OuterKernel, Product, Side, _blocks
from chainrule.native.assembly.values import Value

KERNELS = {"outer": OuterKernel, "inner": InnerKernel}
DTYPES = {"float": np.float32, "double": np.float64}
#: How a matrix lies in memory: by rows, by columns, or every second row of a larger one.
ORDERS = ["rows", "columns", "gaps"]

Callables = Callable[..., dict[Any, Callable[..., None]]]


def strides(order: str, height: int, width: int) -> tuple[int, int]:
    """In elements."""
    return {"rows": (width, 1), "columns": (1, height), "gaps": (2 * width, 1)}[order]


def shown(flat: Any, order: str, height: int, width: int) -> Any:
    """The matrix that lies in a block of memory."""
    if order == "columns":
        return flat[: height * width].reshape(width, height).T
    if order == "gaps":
        return flat[: 2 * height * width].reshape(2 * height, width)[::2]
    return flat[: height * width].reshape(height, width)


def writer(kind: str, sizes: Any, orders: Any, scalar: str, target: Any, accumulates: bool, axis_n: int | None) -> Any:
    """Writes one product; the length of one axis may be a number that is known only when the code runs."""

    def write(b: Builder, arrays: list[Value], n: Value) -> None:
        m, columns, k = sizes
        pairs = [(m, k), (k, columns), (m, columns)]
        sides = [Side(array, *strides(order, *pair)) for array, order, pair in zip(arrays, orders, pairs, strict=True)]
        lengths = [n if axis == axis_n else length for axis, length in enumerate(sizes)]
        product = Product(*lengths, sizes, *sides, accumulates, scalar)
        KERNELS[kind](SimpleNamespace(b=b, target=target), product).emit()

    return write


def check(compiled: Callable[..., None], sizes: Any, orders: Any, dtype: Any, accumulates: bool) -> None:
    m, n, k = sizes
    rng = np.random.default_rng(m * 10_000 + n * 100 + k)
    blocks = [rng.normal(size=2 * length + 64).astype(dtype) for length in (m * k, k * n, m * n)]
    A, B, C = (
        shown(block, order, *pair) for block, order, pair in zip(blocks, orders, [(m, k), (k, n), (m, n)], strict=True)
    )
    wanted = A.astype(float) @ B.astype(float) + (C.astype(float) if accumulates else 0)
    before = [block.copy() for block in blocks]
    compiled(*blocks)
    scale = np.abs(A.astype(float)) @ np.abs(B.astype(float)) + np.abs(wanted)
    assert np.max(np.abs(C - wanted) / scale, initial=0) < (k + 4) * np.finfo(dtype).eps
    untouched = blocks[2].copy()
    shown(untouched, orders[2], m, n)[...] = shown(before[2], orders[2], m, n)
    np.testing.assert_array_equal(untouched, before[2])
    np.testing.assert_array_equal(blocks[0], before[0])
    np.testing.assert_array_equal(blocks[1], before[1])


@pytest.mark.parametrize("accumulates", [False, True], ids=["stores", "adds"])
@pytest.mark.parametrize("kind", KERNELS)
def test_all_orders_of_all_matrices(
    kind: str, accumulates: bool, scalar: str, target_name: str, target_named: Any, callables: Callables
) -> None:
    target, sizes = target_named(target_name), (7, 19, 21)
    every = [(a, b, c) for a in ORDERS for b in ORDERS for c in ORDERS]
    made = callables(
        {orders: writer(kind, sizes, orders, scalar, target, accumulates, None) for orders in every}, 3, target
    )
    for orders in every:
        check(made[orders], sizes, orders, DTYPES[scalar], accumulates)


@pytest.mark.parametrize("axis", [0, 1, 2], ids="mnk")
@pytest.mark.parametrize("kind", KERNELS)
def test_all_lengths_around_blocks(kind: str, axis: int, scalar: str, target_named: Any, callables: Callables) -> None:
    target, orders = target_named("host"), ("rows", "columns" if kind == "inner" else "rows", "rows")
    lengths = [*range(1, 36), 47, 48, 49, 63, 64, 65, 70]
    sizes = {length: tuple(length if i == axis else usual for i, usual in enumerate((3, 5, 9))) for length in lengths}
    made = callables(
        {length: writer(kind, sizes[length], orders, scalar, target, False, None) for length in lengths}, 3, target
    )
    for length in lengths:
        check(made[length], sizes[length], orders, DTYPES[scalar], False)


@pytest.mark.parametrize("axis", [0, 1, 2], ids="mnk")
@pytest.mark.parametrize("kind", KERNELS)
def test_a_length_that_is_known_when_the_code_runs(
    kind: str, axis: int, scalar: str, target_named: Any, callables: Callables
) -> None:
    """The rows of the last tile: the strides are those of a full one."""
    target, orders, usual = target_named("host"), ("rows",) * 3, [9, 21, 33]
    usual[axis] = 70
    made = callables({"f": writer(kind, tuple(usual), orders, scalar, target, False, axis)}, 3, target)["f"]
    dtype, rng = DTYPES[scalar], np.random.default_rng(axis)
    m, n, k = usual
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    for length in range(1, 71):
        C = np.full((m, n), -7, dtype)
        made(A, B, C, n=length)
        m_now, n_now, k_now = (length if i == axis else size for i, size in enumerate(usual))
        wanted = np.full((m, n), -7.0)
        wanted[:m_now, :n_now] = A[:m_now, :k_now].astype(float) @ B[:k_now, :n_now].astype(float)
        np.testing.assert_allclose(C, wanted, rtol=0, atol=400 * np.finfo(dtype).eps)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 14])
def test_blocks_are_as_even_as_they_can_be(most: int) -> None:
    for length in range(1, 100):
        size = _blocks(length, most)
        assert 1 <= size <= most
        assert -(-length // size) == -(-length // most)  # no more rounds than with the largest blocks
        assert size == 1 or -(-length // (size - 1)) > -(-length // size)  # and none as even is smaller
