"""Matrix products: which axes meet, with which strides, and which kernel reads memory best."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.native.assembly.emitter import scalar_of
from chainrule.native.assembly.lanes import lane_loop, strided_address
from chainrule.native.assembly.microkernels import InnerKernel, OuterKernel, Product, Side
from chainrule.native.assembly.values import Value
from chainrule.native.planning.buffers import View

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["MatrixProduct", "emit_product"]

#: A longer inner axis is cut into pieces: four vectors of columns of this length take 256 KiB.
_LONGEST_INNER = 1024


class MatrixProduct:
    """A matrix product, or a stack of them: which axes meet, and with which strides.

    Parameters
    ----------
    code : FunctionCode
    node : Node
        A `matmul`.

    Attributes
    ----------
    sizes : (int, int, int)
        m, n and k.
    strides : three pairs of int
        Of A along m, k; of B along k, n; of C along m, n.
    stack : _Stack
        The axes before those.
    row_role : int or None
        Which of m, n, k (0, 1, 2) runs over rows; a negative number for an axis of the stack, counted from −1.
    row_strides : three of int
        The strides to the next row, of A, B and C.
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
        self.row_role, self.row_strides = self._rows(code.row_role(node), c_m, c_n)

    def _rows(self, role: int | None, c_m: int | None, c_n: int | None) -> tuple[int | None, tuple[int, ...]]:
        """From the axis of the result that runs over rows: which axis that is here, and how it moves operands."""
        a, b, c = self.strides
        if role is None:
            return None, (0, 0, 0)
        if role == -1:
            return 2, (a[1], b[0], 0)
        if role == c_m:
            return 0, (a[0], 0, c[0])
        if role == c_n:
            return 1, (0, b[1], c[1])
        return -1 - role, tuple([strides[role] for strides in self.stack.strides])

    @property
    def operands(self) -> list[tuple[View, int]]:
        """The memory that is read and written, each with its stride to the first row of a tile."""
        return list(zip(self.views, self.row_strides, strict=True))

    @property
    def key(self) -> Hashable:
        """Equal for products of the same code, which differ in nothing but where their memory is."""
        stack = (self.stack.lengths, self.stack.strides)
        return self.strides, self.sizes, stack, self.row_role, self.node.dtype, self.code.accumulates(self.node)


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


def emit_product(code: FunctionCode, work: MatrixProduct, pointers: Sequence[Value]) -> None:
    """Write a product, for given addresses of A, B and C."""
    role = work.row_role
    sizes: list[int | Value] = list(work.sizes)
    usual = list(work.sizes)
    if role is not None and role >= 0:
        sizes[role], usual[role] = code.rows_times(1), code.tile_rows
    a, b, c = (Side(base, *strides) for base, strides in zip(pointers, work.strides, strict=True))
    m, n, k = sizes
    product = Product(
        m, n, k, (usual[0], usual[1], usual[2]), a, b, c, code.accumulates(work.node), scalar_of(work.node.dtype)
    )
    lengths: list[int | Value] = list(work.stack.lengths)
    if role is not None and role < 0:
        lengths[-1 - role] = code.rows_times(1)
    _over_stack(code, product, work.stack, lengths, 0)


def _over_stack(
    code: FunctionCode, product: Product, stack: _Stack, lengths: Sequence[int | Value], depth: int
) -> None:
    """Repeat the product over the axes of a stack."""
    if depth == len(lengths):
        _by_pieces(code, product)
        return

    def moved(side: Side, index: Value, strides: tuple[int, ...]) -> Side:
        return replace(side, base=strided_address(code.b, side.base, index, strides[depth], product.scalar))

    def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        sides = (product.a, product.b, product.c)
        a, b, c = (moved(side, index, strides) for side, strides in zip(sides, stack.strides, strict=True))
        _over_stack(code, replace(product, a=a, b=b, c=c), stack, lengths, depth + 1)
        return []

    lane_loop(code.b, lengths[depth], 0, [], body)


def _by_pieces(code: FunctionCode, product: Product) -> None:
    """A long inner axis is cut into pieces, so that what a kernel reads again and again stays in the cache."""
    length = product.k
    if not isinstance(length, int) or length <= _LONGEST_INNER:
        _emit_best_kernel(code, product)
        return
    count = math.ceil(length / _LONGEST_INNER)
    size = math.ceil(length / count)
    first = length - (count - 1) * size
    m, n, _ = product.usual
    _emit_best_kernel(code, replace(product, k=first, usual=(m, n, first)))
    b, scalar = code.b, product.scalar
    loop = b.begin_loop(b.i64(first), b.i64(length), size)
    _emit_best_kernel(
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


def _emit_best_kernel(code: FunctionCode, product: Product) -> None:
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
        InnerKernel(code, product).emit()
    elif along_n <= along_m:
        OuterKernel(code, product).emit()
    else:
        OuterKernel(code, product.transposed()).emit()
