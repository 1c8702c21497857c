"""Kernels of matrix products: a block of the result stays in registers while the inner axis runs.

In an *outer* kernel vectors run along an axis of the result, and elements of the other operand are repeated in all
lanes; in an *inner* kernel vectors run along the axis that is summed over, and lanes are summed at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.lanes import lane_loop, load_lanes, store_lanes, strided_address
from chainrule.native.assembly.values import Type, Value

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["InnerKernel", "OuterKernel", "Product", "Side"]

#: A static inner axis up to this length is written out instead of looped over.
_UNROLLED = 8


@dataclass
class Side:
    """An operand or the result: where it begins, and its strides along the two axes that it has."""

    base: Value
    first: int
    second: int

    def turned(self) -> Side:
        """The transposed matrix."""
        return Side(self.base, self.second, self.first)


@dataclass
class Product:
    """C[m, n] = Σ_k A[m, k] B[k, n].

    Attributes
    ----------
    m, n, k : int or Value
        Each length is a number, or a `Value` where the axis runs over the rows of a tile.
    usual : (int, int, int)
        The lengths as they are in most tiles.
    a, b, c : Side
    accumulates : bool
        Whether the product is added to what C holds.
    scalar : str
    """

    m: int | Value
    n: int | Value
    k: int | Value
    usual: tuple[int, int, int]
    a: Side  # strides along m, k
    b: Side  # strides along k, n
    c: Side  # strides along m, n
    accumulates: bool
    scalar: str

    def transposed(self) -> Product:
        """Cᵀ = Bᵀ Aᵀ"""
        m, n, k = self.usual
        a, b, c = self.b.turned(), self.a.turned(), self.c.turned()
        return replace(self, m=self.n, n=self.m, usual=(n, m, k), a=a, b=b, c=c)


def _blocks(length: int, most: int) -> int:
    """A block size, at most `most`, that divides a length as evenly as it can."""
    return math.ceil(length / math.ceil(length / most))


class _Kernel:
    """What both kernels share: types, addresses, loads and stores."""

    def __init__(self, code: FunctionCode, product: Product) -> None:
        self.code, self.b, self.p = code, code.b, product
        self.lanes = code.target.lanes_of[product.scalar]
        self.vector = Type(product.scalar, self.lanes)
        self.element = Type(product.scalar)

    def at(self, base: Value, index: Value | int, stride: int) -> Value:
        return strided_address(self.b, base, index, stride, self.p.scalar)

    def load_vector(self, pointer: Value, stride: int, mask: Value | None) -> Value:
        return load_lanes(self.b, pointer, self.vector, mask, stride)

    def store_vector(self, value: Value, pointer: Value, stride: int, mask: Value | None) -> None:
        """Store a vector of the result, or add it to what is there."""
        if self.p.accumulates:
            value = self.b.fadd(self.load_vector(pointer, stride, mask), value)
        store_lanes(self.b, value, pointer, mask, stride)

    def blocked(self, length: int | Value, size: int, body: Callable[[Value, int], None]) -> None:
        """Blocks of `size` along an axis, and the rest: ``body(start, count)``, where a row axis goes on by ones."""
        b = self.b
        if not isinstance(length, int):
            full_value = b.isub(length, b.emit(f"urem i64 {length.text}, {size}", length.type)) if size > 1 else length
            self._loop_if(b.icmp("sgt", full_value, b.i64(0)), b.i64(0), full_value, size, body)
            if size > 1:
                self._loop_if(b.icmp("slt", full_value, length), full_value, length, 1, body)
            return
        full = length // size * size
        if full == size:
            body(b.i64(0), size)
        elif full:
            self._loop(b.i64(0), b.i64(full), size, body)
        if length > full:
            body(b.i64(full), length - full)

    def _loop_if(
        self, condition: Value, start: Value, stop: Value, size: int, body: Callable[[Value, int], None]
    ) -> None:
        begun = self.b.begin_if(condition)
        self._loop(start, stop, size, body)
        self.b.end_if(begun)

    def _loop(self, start: Value, stop: Value, size: int, body: Callable[[Value, int], None]) -> None:
        loop = self.b.begin_loop(start, stop, size)
        body(loop.index, size)
        self.b.end_loop(loop)


class OuterKernel(_Kernel):
    """Vectors along n: elements of A are repeated in all lanes."""

    def __init__(self, code: FunctionCode, product: Product) -> None:
        super().__init__(code, product)
        self.down, self.across = self._block_size()

    def _block_size(self) -> tuple[int, int]:
        """Rows and vectors of columns of a block: as many as registers hold, with a vector of each operand."""
        m, n, _ = self.p.usual
        registers = self.code.target.registers
        widest = 4 if registers >= 32 else 2
        if m < 6:  # few rows leave registers for more columns
            widest = max(min((registers - 2) // (m + 1), 8), 1)
        across = _blocks(math.ceil(n / self.lanes), widest)
        down = max(min((registers - across - 2) // across, 14), 1)
        return (_blocks(m, down) if isinstance(self.p.m, int) else down), across

    def emit(self) -> None:
        """Write the product: panels of whole vectors of columns, and one of the columns that are left."""
        b, n, lanes = self.b, self.p.n, self.lanes
        if isinstance(n, int):
            whole, rest = divmod(n, lanes)
            if whole:
                self.blocked(whole, self.across, self._whole_panel)
            if rest:
                mask = b.vector_of([1] * rest + [0] * (lanes - rest), "i1")
                self._panel(b.i64(whole * lanes), 1, mask)
            return
        whole_value = b.emit(f"udiv i64 {n.text}, {lanes}", n.type)
        self.blocked(whole_value, self.across, self._whole_panel)
        start = self._times(whole_value)
        rest_value = b.isub(n, start)
        begun = b.begin_if(b.icmp("sgt", rest_value, b.i64(0)))
        mask = b.icmp("slt", b.lane_numbers(lanes), b.splat(rest_value, lanes))
        self._panel(start, 1, mask)
        b.end_if(begun)

    def _whole_panel(self, start: Value, count: int) -> None:
        self._panel(self._times(start), count, None)

    def _times(self, vectors: Value) -> Value:
        return self.b.imul(vectors, self.b.i64(self.lanes))

    def _panel(self, start: Value, across: int, mask: Value | None) -> None:
        """All rows of the result, for `across` vectors of columns."""
        b_base = self.at(self.p.b.base, start, self.p.b.second)
        c_base = self.at(self.p.c.base, start, self.p.c.second)
        self.blocked(self.p.m, self.down, lambda row, count: self._block(row, count, across, b_base, c_base, mask))

    def _block(self, row: Value, down: int, across: int, b_base: Value, c_base: Value, mask: Value | None) -> None:
        """One block of the result in registers."""
        b, p = self.b, self.p
        a_base = self.at(p.a.base, row, p.a.first)
        c_base = self.at(c_base, row, p.c.first)
        zero = b.constant(0.0, self.vector)

        def step(k: Value | int, totals: Sequence[Value]) -> list[Value]:
            a_at, b_at = self.at(a_base, k, p.a.second), self.at(b_base, k, p.b.first)
            columns = [
                self.load_vector(self.at(b_at, j * self.lanes, p.b.second), p.b.second, mask) for j in range(across)
            ]
            result = []
            for i in range(down):
                element = b.splat(b.load(self.at(a_at, i, p.a.first), self.element), self.lanes)
                result += [b.fma(element, column, totals[i * across + j]) for j, column in enumerate(columns)]
            return result

        totals = self._along_inner(p.k, [zero] * (down * across), step)
        for i in range(down):
            for j in range(across):
                pointer = self.at(self.at(c_base, i, p.c.first), j * self.lanes, p.c.second)
                self.store_vector(totals[i * across + j], pointer, p.c.second, mask)

    def _along_inner(
        self, length: int | Value, totals: list[Value], step: Callable[[Value | int, Sequence[Value]], list[Value]]
    ) -> list[Value]:
        """The loop over the inner axis; a short one is written out."""
        b = self.b
        if isinstance(length, int) and length <= _UNROLLED:
            for k in range(length):
                totals = step(k, totals)
            return totals
        stop = b.i64(length) if isinstance(length, int) else length
        loop = b.begin_loop(b.i64(0), stop, 1, totals)
        return b.end_loop(loop, step(loop.index, loop.carried))


class InnerKernel(_Kernel):
    """Vectors along k: lanes are summed at the end."""

    def emit(self) -> None:
        """Write the product, block by block."""
        p = self.p
        down, across = self._block_size()
        self.blocked(
            p.n,
            across,
            lambda column, wide: self.blocked(p.m, down, lambda row, tall: self._block(row, tall, column, wide)),
        )

    def _block_size(self) -> tuple[int, int]:
        """Rows and columns of a block."""
        p = self.p
        m, n, _ = p.usual
        down, across = (5, 4) if self.code.target.registers >= 32 else (3, 3)
        if n < across:
            down, across = max(down * across // (n + 1), 1), n
        elif m < down:
            down, across = m, max(down * across // (m + 1), 1)
        down = _blocks(m, down) if isinstance(p.m, int) else down
        across = _blocks(n, across) if isinstance(p.n, int) else across
        return down, across

    def _block(self, row: Value, down: int, column: Value, across: int) -> None:
        """One block of the result, each element in a vector of partial sums."""
        b, p = self.b, self.p
        a_base = self.at(p.a.base, row, p.a.first)
        b_base = self.at(p.b.base, column, p.b.second)
        c_base = self.at(self.at(p.c.base, row, p.c.first), column, p.c.second)

        def body(index: Value, mask: Value | None, totals: list[Value]) -> list[Value]:
            a_at, b_at = self.at(a_base, index, p.a.second), self.at(b_base, index, p.b.first)
            rows = [self.load_vector(self.at(a_at, i, p.a.first), p.a.second, mask) for i in range(down)]
            columns = [self.load_vector(self.at(b_at, j, p.b.second), p.b.first, mask) for j in range(across)]
            return [b.fma(rows[i], columns[j], totals[i * across + j]) for i in range(down) for j in range(across)]

        zero = b.constant(0.0, self.vector)
        totals = lane_loop(b, p.k, self.lanes, [zero] * (down * across), body)
        for position, total in enumerate(_sums_of_lanes(b, totals)):
            i, j = divmod(position, across)
            pointer = self.at(self.at(c_base, i, p.c.first), j, p.c.second)
            if p.accumulates:
                total = b.fadd(b.load(pointer, self.element), total)
            b.store(total, pointer)


def _sums_of_lanes(b: Builder, vectors: Sequence[Value]) -> list[Value]:
    """The sum of the lanes of each vector, several at a time.

    Two vectors are halved together: one sum holds the half sums of both. After log2(lanes) rounds one vector holds a
    sum in each lane.
    """
    count = len(vectors)
    lanes = vectors[0].type.lanes
    width = lanes  # lanes that are left of each vector
    groups = list(vectors)
    while width > 1:
        if len(groups) > 1:
            pairs = [groups[i : i + 2] for i in range(0, len(groups), 2)]
            groups = [_halved(b, pair[0], pair[-1], 2 * lanes, width) for pair in pairs]
        else:
            (x,) = groups
            groups = [_halved(b, x, x, x.type.lanes, width)]
        width //= 2
    each = groups[0].type.lanes
    return [b.lane(groups[i // each], i % each) for i in range(count)]


def _halved(b: Builder, x: Value, y: Value, count: int, width: int) -> Value:
    """Among the first `count` lanes of two vectors: the first half of each group of `width` lanes plus the second."""
    half = width // 2
    low = [p + q for p in range(0, count, width) for q in range(half)]
    return b.fadd(b.shuffle(x, y, low), b.shuffle(x, y, [q + half for q in low]))
