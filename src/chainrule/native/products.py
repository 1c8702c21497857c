"""Matrix products: register-blocked kernels.

A block of the result stays in registers while the inner axis runs. In an *outer* kernel vectors run along an axis of
the result, and elements of the other operand are repeated in all lanes; in an *inner* kernel vectors run along the axis
that is summed over, and lanes are summed at the end. Strides decide which of them reads memory in its own order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.native.buffers import View
from chainrule.native.builder import Type, Value
from chainrule.native.emitter import scalar_of
from chainrule.native.lanes import lane_loop, load_lanes, store_lanes, strided_address

if TYPE_CHECKING:
    from chainrule.native.code import FunctionCode

__all__ = ["MatrixProduct"]

#: A static inner axis up to this length is written out instead of looped over.
_UNROLLED = 8

#: A longer inner axis is cut into pieces: four vectors of columns of this length take 256 KiB.
_LONGEST_INNER = 1024


@dataclass
class _Side:
    """An operand or the result: where it begins, and its strides along the two axes that it has."""

    base: Value
    first: int
    second: int


@dataclass
class _Product:
    """C[m, n] = Σ_k A[m, k] B[k, n]; each length is a number, or rows (a `Value`) where it is the axis of a tile."""

    m: int | Value
    n: int | Value
    k: int | Value
    usual: tuple[int, int, int]
    a: _Side  # strides along m, k
    b: _Side  # strides along k, n
    c: _Side  # strides along m, n
    accumulates: bool
    scalar: str


class MatrixProduct:
    """A matrix product, or a stack of them: which axes meet, and with which strides.

    Parameters
    ----------
    code : FunctionCode
    node : Node
        A `matmul`.
    """

    def __init__(self, code: FunctionCode, node: Node) -> None:
        self.code, self.node = code, node
        a, b = (code.view(source) for source in node.inputs)
        c = code.view(node)
        a_m, a_k = (len(a.shape) - 2 if len(a.shape) > 1 else None), len(a.shape) - 1
        b_k, b_n = (len(b.shape) - 2, len(b.shape) - 1) if len(b.shape) > 1 else (0, None)
        c_n = len(c.shape) - 1 if b_n is not None else None
        c_m = (len(c.shape) - (2 if b_n is not None else 1)) if a_m is not None else None
        self.views = (a, b, c)
        self.strides = (_strides(a, a_m, a_k), _strides(b, b_k, b_n), _strides(c, c_m, c_n))
        self.sizes = (
            a.shape[a_m] if a_m is not None else 1,
            b.shape[b_n] if b_n is not None else 1,
            a.shape[a_k],
        )
        self.stack = _stack_axes(a, b, c)
        #: Which of m, n, k (0, 1, 2) runs over rows; a negative number for an axis of the stack, counted from −1.
        self.row_role: int | None = None
        self.row_strides: tuple[int, ...] = (0, 0, 0)
        role = code.row_role(node)
        if role == -1:
            self.row_role, self.row_strides = 2, (a.strides[a_k], b.strides[b_k], 0)
        elif role is not None and role == c_m:
            self.row_role, self.row_strides = 0, (self.strides[0][0], 0, self.strides[2][0])
        elif role is not None and role == c_n:
            self.row_role, self.row_strides = 1, (0, self.strides[1][1], self.strides[2][1])
        elif role is not None:
            self.row_role, self.row_strides = -1 - role, tuple([strides[role] for strides in self.stack.strides])

    @property
    def operands(self) -> list[tuple[View, int]]:
        """The memory that is read and written, each with its stride to the first row of a tile."""
        return list(zip(self.views, self.row_strides, strict=True))

    @property
    def key(self) -> Hashable:
        """Equal for products of the same code, which differ in nothing but where their memory is."""
        stack = (self.stack.lengths, self.stack.strides)
        return self.strides, self.sizes, stack, self.row_role, self.node.dtype, self.code.accumulates(self.node)

    def emit(self, pointers: Sequence[Value]) -> None:
        """Write the product, for given addresses of A, B and C."""
        code, role = self.code, self.row_role
        sizes: list[int | Value] = list(self.sizes)
        usual = list(self.sizes)
        if role is not None and role >= 0:
            sizes[role], usual[role] = code.rows_times(1), code.tile_rows
        a, b, c = (_Side(base, *strides) for base, strides in zip(pointers, self.strides, strict=True))
        product = _Product(
            sizes[0],
            sizes[1],
            sizes[2],
            (usual[0], usual[1], usual[2]),
            a,
            b,
            c,
            code.accumulates(self.node),
            scalar_of(self.node.dtype),
        )
        _over_stack(code, product, self.stack, None if role is None or role >= 0 else -1 - role, 0)


def _strides(view: View, first: int | None, second: int | None) -> tuple[int, int]:
    return (
        view.strides[first] if first is not None else 0,
        view.strides[second] if second is not None else 0,
    )


@dataclass
class _Stack:
    """The axes before the last two, over which products are repeated."""

    lengths: tuple[int, ...]
    strides: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def _stack_axes(a: View, b: View, c: View) -> _Stack:
    count = len(c.shape) - (len(a.shape) > 1) - (len(b.shape) > 1)
    lengths = c.shape[:count]

    def strides(view: View) -> tuple[int, ...]:
        own = len(view.shape) - 2
        shape, known = view.shape[: max(own, 0)], view.strides[: max(own, 0)]
        missing = count - len(shape)
        return (0,) * missing + tuple([s if n != 1 else 0 for n, s in zip(shape, known, strict=True)])

    return _Stack(lengths, (strides(a), strides(b), c.strides[:count]))


def _over_stack(code: FunctionCode, product: _Product, stack: _Stack, row_axis: int | None, depth: int) -> None:
    """Repeat the product over the axes of a stack."""
    if depth == len(stack.lengths):
        _emit_matrix_product(code, product)
        return
    length: int | Value = code.rows_times(1) if row_axis == depth else stack.lengths[depth]

    def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        bases = [product.a.base, product.b.base, product.c.base]
        for one, (matrix, strides) in enumerate(zip((product.a, product.b, product.c), stack.strides, strict=True)):
            matrix.base = strided_address(code.b, bases[one], index, strides[depth], product.scalar)
        _over_stack(code, product, stack, row_axis, depth + 1)
        product.a.base, product.b.base, product.c.base = bases
        return []

    lane_loop(code.b, length, 0, [], body)


def _emit_matrix_product(code: FunctionCode, product: _Product) -> None:
    """A long inner axis is cut into pieces, so that what a kernel reads again and again stays in the cache."""
    length = product.k
    if not isinstance(length, int) or length <= _LONGEST_INNER:
        _emit_kernel(code, product)
        return
    count = math.ceil(length / _LONGEST_INNER)
    size = math.ceil(length / count)
    first = length - (count - 1) * size
    m, n, _ = product.usual
    _emit_kernel(code, replace(product, k=first, usual=(m, n, first)))
    b, scalar = code.b, product.scalar
    loop = b.begin_loop(b.i64(first), b.i64(length), size)
    _emit_kernel(
        code,
        replace(
            product,
            k=size,
            usual=(m, n, size),
            a=replace(product.a, base=strided_address(b, product.a.base, loop.index, product.a.second, scalar)),
            b=replace(product.b, base=strided_address(b, product.b.base, loop.index, product.b.first, scalar)),
            accumulates=True,
        ),
    )
    b.end_loop(loop)


def _emit_kernel(code: FunctionCode, product: _Product) -> None:
    """Choose the kernel that reads memory best."""
    m, n, k = product.usual
    lanes = code.target.lanes_of[product.scalar]
    a, b, c = product.a, product.b, product.c

    def outer_cost(wide: int, other: int, contiguous: bool, stored: bool) -> float:
        rounds = math.ceil(wide / lanes) * other * k
        return rounds * (1 if contiguous else lanes) + (0 if stored else wide * other * 2)

    along_n = outer_cost(n, m, b.second == 1 or n == 1, c.second == 1 or n == 1)
    along_m = outer_cost(m, n, a.first == 1 or m == 1, c.first == 1 or m == 1)
    along_k = m * n * (math.ceil(k / lanes) + 3.0) * (1 if (a.second == 1 and b.first == 1) or k == 1 else lanes)
    if along_k < min(along_n, along_m):
        _InnerKernel(code, product).emit()
    elif along_n <= along_m:
        _OuterKernel(code, product).emit()
    else:
        _OuterKernel(code, _transposed(product)).emit()


def _transposed(product: _Product) -> _Product:
    """Cᵀ = Bᵀ Aᵀ"""

    def turn(side: _Side) -> _Side:
        return _Side(side.base, side.second, side.first)

    m, n, k = product.usual
    return _Product(
        product.n,
        product.m,
        product.k,
        (n, m, k),
        turn(product.b),
        turn(product.a),
        turn(product.c),
        product.accumulates,
        product.scalar,
    )


def _blocks(length: int, most: int) -> int:
    """A block size, at most `most`, that divides a length as evenly as it can."""
    return math.ceil(length / math.ceil(length / most))


class _Kernel:
    """What both kernels share: types, addresses, loads and stores."""

    def __init__(self, code: FunctionCode, product: _Product) -> None:
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
        if isinstance(length, int):
            full = length // size * size
            if full == size:
                body(b.i64(0), size)
            elif full:
                loop = b.begin_loop(b.i64(0), b.i64(full), size)
                body(loop.index, size)
                b.end_loop(loop)
            if length > full:
                body(b.i64(full), length - full)
            return
        full_value = b.isub(length, self.b.emit(f"urem i64 {length.text}, {size}", length.type)) if size > 1 else length
        begun = b.begin_if(b.icmp("sgt", full_value, b.i64(0)))
        loop = b.begin_loop(b.i64(0), full_value, size)
        body(loop.index, size)
        b.end_loop(loop)
        b.end_if(begun)
        if size > 1:
            begun = b.begin_if(b.icmp("slt", full_value, length))
            loop = b.begin_loop(full_value, length, 1)
            body(loop.index, 1)
            b.end_loop(loop)
            b.end_if(begun)


class _OuterKernel(_Kernel):
    """Vectors along n: elements of A are repeated in all lanes."""

    def emit(self) -> None:
        p, lanes = self.p, self.lanes
        m, n, _ = p.usual
        registers = self.code.target.registers
        vectors = math.ceil(n / lanes)
        widest = 4 if registers >= 32 else 2
        if m < 6:  # few rows leave registers for more columns
            widest = max(min((registers - 2) // (m + 1), 8), 1)
        across = _blocks(vectors, widest)
        down = max(min((registers - across - 2) // across, 14), 1)
        down = _blocks(m, down) if isinstance(p.m, int) else down
        self.down = down

        if isinstance(p.n, int):
            whole, rest = divmod(p.n, lanes)
            self.blocked(
                whole, across, lambda start, count: self._panel(self._times(start), count, None)
            ) if whole else None
            if rest:
                mask = self.b.vector_of([1] * rest + [0] * (lanes - rest), "i1")
                self._panel(self.b.i64(whole * lanes), 1, mask)
            return
        whole_value = self.b.emit(f"udiv i64 {p.n.text}, {lanes}", p.n.type)
        self.blocked(whole_value, across, lambda start, count: self._panel(self._times(start), count, None))
        start = self._times(whole_value)
        rest_value = self.b.isub(p.n, start)
        begun = self.b.begin_if(self.b.icmp("sgt", rest_value, self.b.i64(0)))
        mask = self.b.icmp("slt", self.b.lane_numbers(lanes), self.b.splat(rest_value, lanes))
        self._panel(start, 1, mask)
        self.b.end_if(begun)

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

        totals = _run_inner(self, p.k, [zero] * (down * across), step)
        for i in range(down):
            for j in range(across):
                pointer = self.at(self.at(c_base, i, p.c.first), j * self.lanes, p.c.second)
                self.store_vector(totals[i * across + j], pointer, p.c.second, mask)


def _run_inner(
    kernel: _Kernel,
    length: int | Value,
    totals: list[Value],
    step: Callable[[Value | int, Sequence[Value]], list[Value]],
) -> list[Value]:
    """The loop over the inner axis; a short one is written out."""
    b = kernel.b
    if isinstance(length, int) and length <= _UNROLLED:
        for k in range(length):
            totals = step(k, totals)
        return totals
    stop = b.i64(length) if isinstance(length, int) else length
    loop = b.begin_loop(b.i64(0), stop, 1, totals)
    return b.end_loop(loop, step(loop.index, loop.carried))


class _InnerKernel(_Kernel):
    """Vectors along k: lanes are summed at the end."""

    def emit(self) -> None:
        p = self.p
        m, n, _ = p.usual
        down, across = (5, 4) if self.code.target.registers >= 32 else (3, 3)
        if n < across:
            down, across = max(down * across // (n + 1), 1), n
        elif m < down:
            down, across = m, max(down * across // (m + 1), 1)
        down = _blocks(m, down) if isinstance(p.m, int) else down
        across = _blocks(n, across) if isinstance(p.n, int) else across
        self.blocked(
            p.n,
            across,
            lambda column, wide: self.blocked(p.m, down, lambda row, tall: self._block(row, tall, column, wide)),
        )

    def _block(self, row: Value, down: int, column: Value, across: int) -> None:
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
        for position, total in enumerate(_sums_of_lanes(self.code, totals)):
            i, j = divmod(position, across)
            pointer = self.at(self.at(c_base, i, p.c.first), j, p.c.second)
            if p.accumulates:
                total = b.fadd(b.load(pointer, self.element), total)
            b.store(total, pointer)


def _sums_of_lanes(code: FunctionCode, vectors: Sequence[Value]) -> list[Value]:
    """The sum of the lanes of each vector, several at a time.

    Two vectors are halved together: one sum holds the half sums of both. After log2(lanes) rounds one vector holds a
    sum in each lane.
    """
    b = code.b
    count = len(vectors)
    lanes = vectors[0].type.lanes
    width = lanes  # lanes that are left of each vector
    groups = list(vectors)
    while width > 1:
        half = width // 2
        if len(groups) > 1:
            paired = []
            for i in range(0, len(groups), 2):
                x = groups[i]
                y = groups[i + 1] if i + 1 < len(groups) else x
                low = [p + q for p in range(0, 2 * lanes, width) for q in range(half)]
                paired.append(b.fadd(b.shuffle(x, y, low), b.shuffle(x, y, [q + half for q in low])))
            groups = paired
        else:
            (x,) = groups
            low = [p + q for p in range(0, x.type.lanes, width) for q in range(half)]
            groups = [b.fadd(b.shuffle(x, x, low), b.shuffle(x, x, [q + half for q in low]))]
        width = half
    return [b.lane(groups[i // groups[0].type.lanes], i % groups[0].type.lanes) for i in range(count)]
