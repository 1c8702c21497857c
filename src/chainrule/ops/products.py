"""Products of arrays: matrix products and their relatives, all made of ``matmul`` and elementwise products."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, normalize_axes, with_shape
from chainrule.graph.op import Op
from chainrule.ops.complex_numbers import conjugate
from chainrule.ops.einsum import einsum
from chainrule.ops.hazards import MATRIX_PRODUCT
from chainrule.ops.joining import as_array
from chainrule.ops.record import Example, example, function, serve
from chainrule.ops.shaping import cast, expand_dims, ravel, reshape, squeeze, sum_to, swapaxes, transpose

Shape = tuple[int, ...]


def _matmul_shape(a: Any, b: Any) -> Shape:
    if not a.ndim or not b.ndim:
        raise ValueError("a matrix product needs arrays of at least one dimension; use * for scalars")
    rows = b.shape[0] if b.ndim == 1 else b.shape[-2]
    if a.shape[-1] != rows:
        left = "elements" if a.ndim == 1 else "columns"
        right = "elements" if b.ndim == 1 else "rows"
        raise ValueError(f"{a.shape[-1]} {left} meet {rows} {right}")
    if a.ndim <= 2 and b.ndim <= 2:
        return a.shape[:-1] + b.shape[1:]
    stack = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return stack + (a.shape[-2:-1] if a.ndim > 1 else ()) + (b.shape[-1:] if b.ndim > 1 else ())


def _matmul_vjp_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    """∂L/∂A = G Bᵀ; vectors are treated as a row on the left, a column on the right."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if b.ndim == 1:
        return sum_to(expand_dims(g, -1) * b, shape=a.shape) if a.ndim > 2 else expand_dims(g, -1) * b
    if a.ndim == 1:
        product = matmul(b, expand_dims(g, -1))
        return sum_to(squeeze(product, -1), shape=a.shape) if b.ndim > 2 else matmul(b, g)
    product = matmul(g, swapaxes(b, -1, -2))
    return product if product.shape == a.shape else sum_to(product, shape=a.shape)


def _matmul_vjp_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    """∂L/∂B = Aᵀ G."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return sum_to(expand_dims(a, -1) * expand_dims(g, -2), shape=b.shape) if b.ndim > 2 else expand_dims(a, -1) * g
    if b.ndim == 1:
        if a.ndim == 2:
            return matmul(swapaxes(a, -1, -2), g)
        return sum_to(a * expand_dims(g, -1), shape=b.shape)
    product = matmul(swapaxes(a, -1, -2), g)
    return product if product.shape == b.shape else sum_to(product, shape=b.shape)


def _matmul_steps(a: Any, b: Any) -> Any:
    """Both operands in the dtype of the result."""
    dtype = np.result_type(a.dtype, b.dtype)
    return None if a.dtype == b.dtype else matmul(cast(a, dtype=dtype), cast(b, dtype=dtype))


matmul = Op(
    "matmul",
    np.matmul,
    with_shape(_matmul_shape),
    vjp=(_matmul_vjp_a, _matmul_vjp_b),
    jvp="multilinear",
    decompose=_matmul_steps,
    serves=(np.matmul, np.linalg.matmul),
    notation=lambda x, y: x @ y,
    holomorphic=True,
    examples=lambda s: [
        example(s.normal(2, 3), s.normal(3, 4)),
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(3)),
        example(s.normal(3), s.normal(3, 2)),
        example(s.normal(5, 2, 3), s.normal(3)),
        example(s.normal(3), s.normal(5, 3, 2)),
        example(s.normal(5, 2, 3), s.normal(1, 3, 2)),
        example(s.normal(4, 1, 2, 3), s.normal(5, 3, 2)),
        example(s.normal(0, 3), s.normal(3, 2)),
    ],
    hazards=MATRIX_PRODUCT,
)
serve(matmul, *matmul.serves)


def _contracted_axes(axes: Any, a: Any, b: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of `tensordot` as two tuples of non-negative numbers, checked against the shapes."""
    if isinstance(axes, (int, np.integer)):
        count = operator.index(axes)
        if count > min(a.ndim, b.ndim):
            raise ValueError(f"{count} axes cannot be summed over arrays of {a.ndim} and {b.ndim} dimensions")
        axes = (tuple(range(a.ndim - count, a.ndim)), tuple(range(count)))
    pair = []
    for given, array in zip(axes, (a, b), strict=True):
        listed = tuple(given) if isinstance(given, (tuple, list)) else (given,)
        normalize_axes(listed, array.ndim)
        pair.append(tuple([operator.index(axis) % array.ndim for axis in listed]))
    first, second = pair
    if len(first) != len(second) or any(a.shape[i] != b.shape[j] for i, j in zip(first, second, strict=True)):
        raise ValueError(f"axes {first} of the first array do not match axes {second} of the second")
    return first, second


def contract(a: Any, b: Any, axes: Any) -> Any:
    """Sum over pairs of axes: both arrays are laid out as matrices, and multiplied."""
    a, b = as_array(a), as_array(b)
    first, second = _contracted_axes(axes, a, b)
    rows = tuple([i for i in range(a.ndim) if i not in first])
    columns = tuple([i for i in range(b.ndim) if i not in second])
    inner_size = math.prod([a.shape[i] for i in first])
    row_shape, column_shape = tuple([a.shape[i] for i in rows]), tuple([b.shape[i] for i in columns])
    left = reshape(transpose(a, rows + first), (math.prod(row_shape), inner_size))
    right = reshape(transpose(b, second + columns), (inner_size, math.prod(column_shape)))
    return reshape(matmul(left, right), row_shape + column_shape)


@function(
    np.tensordot,
    np.linalg.tensordot,
    examples=lambda s: [
        example(s.normal(2, 3, 4), s.normal(3, 4, 2)),
        example(s.normal(2, 3), s.normal(3, 2), 1),
        example(s.normal(2), s.normal(3), axes=0),
        example(s.normal(2, 3, 4), s.normal(4, 5, 2), axes=([0, 2], [2, 0])),
        example(s.normal(2, 3), s.normal(4, 3), axes=(-1, -1)),
        example(s.normal(0, 3), s.normal(3, 2), axes=1),
    ],
    holomorphic=True,
)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over the last axes of `a` and the first of `b`, or over two lists of axes."""
    return contract(a, b, axes)


@function(
    np.dot,
    examples=lambda s: [
        example(s.normal(2, 3), s.normal(3, 4)),
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(3)),
        example(s.normal(3), s.normal(2, 3, 2)),
        example(s.normal(2, 2, 3), s.normal(4, 3, 2)),
        example(s.normal(), s.normal(2, 3)),
        example(s.normal(2), 3.0),
    ],
    holomorphic=True,
)
def dot(a: Any, b: Any) -> Any:
    """Last axis of `a` times the last but one of `b`; a plain product where one is a number."""
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul(a, b)
    return contract(a, b, (a.ndim - 1, max(b.ndim - 2, 0)))


@function(
    np.vdot,
    examples=lambda s: [example(s.normal(3), s.normal(3)), example(s.normal(2, 3), s.normal(2, 3))],
    holomorphic=True,
)
def vdot(a: Any, b: Any) -> Any:
    """Sum of conj(a) · b over all elements."""
    return matmul(_conjugated(ravel(as_array(a))), ravel(as_array(b)))


def _conjugated(x: Any) -> Any:
    return conjugate(x) if x.dtype.kind == "c" else x


@function(
    np.inner,
    examples=lambda s: [
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(4, 3)),
        example(s.normal(), s.normal(3)),
    ],
    holomorphic=True,
)
def inner(a: Any, b: Any) -> Any:
    """Sum of products over the last axes of both."""
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    return contract(a, b, (a.ndim - 1, b.ndim - 1))


@function(
    np.outer,
    np.linalg.outer,
    examples=lambda s: [example(s.normal(2), s.normal(3)), example(s.normal(0), s.normal(2))],
    holomorphic=True,
)
def outer(a: Any, b: Any) -> Any:
    """Every element of `a` times every element of `b`."""
    return expand_dims(ravel(as_array(a)), 1) * ravel(as_array(b))


@function(
    np.kron,
    examples=lambda s: [
        example(s.normal(2, 3), s.normal(3, 2)),
        example(s.normal(2), s.normal(2, 3)),
        example(s.normal(2, 1, 2), s.normal(2)),
        example(s.normal(), s.normal(3)),
    ],
    holomorphic=True,
)
def kron(a: Any, b: Any) -> Any:
    """Blocks of `b`, each scaled by one element of `a`."""
    a, b = as_array(a), as_array(b)
    ndim = max(a.ndim, b.ndim)
    left = (1,) * (ndim - a.ndim) + a.shape
    right = (1,) * (ndim - b.ndim) + b.shape
    spread_left = reshape(a, tuple([length for n in left for length in (n, 1)]))
    spread_right = reshape(b, tuple([length for n in right for length in (1, n)]))
    return reshape(spread_left * spread_right, tuple([m * n for m, n in zip(left, right, strict=True)]))


#: ε[i, j, k]: 1 for even permutations of (0, 1, 2), -1 for odd ones, 0 for what repeats an index.
_LEVI_CIVITA = np.zeros((3, 3, 3))
_LEVI_CIVITA[(0, 1, 2), (1, 2, 0), (2, 0, 1)] = 1
_LEVI_CIVITA[(0, 2, 1), (2, 1, 0), (1, 0, 2)] = -1


def _last(x: Any, axis: int) -> Any:
    """Move an axis to the end."""
    position = normalize_axes(axis, x.ndim)[0]
    return transpose(x, (*[i for i in range(x.ndim) if i != position], position))


@function(
    np.cross,
    examples=lambda s: [
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(3)),
        example(s.normal(3, 2), s.normal(3, 2), axis=0),
        example(s.normal(3, 2), s.normal(2, 3), axisa=0, axisc=0),
    ],
    holomorphic=True,
)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Cross product of vectors of length 3; vectors of length 2 lie in the plane, and two of them give a number."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _last(as_array(a), axisa), _last(as_array(b), axisb)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"vectors of length {a.shape[-1]} and {b.shape[-1]}; a cross product needs length 3")
    epsilon = _LEVI_CIVITA[:, : a.shape[-1], : b.shape[-1]].astype(np.result_type(a.dtype, b.dtype))
    if a.shape[-1] == b.shape[-1] == 2:
        return einsum("jk,...j,...k->...", epsilon[2], a, b)
    product = einsum("ijk,...j,...k->...i", epsilon, a, b)
    position = normalize_axes(axisc, product.ndim)[0]
    order = list(range(product.ndim - 1))
    order.insert(position, product.ndim - 1)
    return transpose(product, order)


@function(
    np.linalg.cross,
    examples=lambda s: [example(s.normal(2, 3), s.normal(3)), example(s.normal(3, 2), s.normal(3, 2), axis=0)],
    holomorphic=True,
    name="linalg.cross",
)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Cross product of vectors of length 3."""
    x1, x2 = as_array(x1), as_array(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"vectors of length {x1.shape[axis]} and {x2.shape[axis]}; linalg.cross needs length 3")
    return cross(x1, x2, axis=axis)


def _vecdot_examples(s: Any) -> list[Example]:
    return [
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(4, 1, 3)),
        example(s.normal(3, 2), s.normal(3, 2), axis=0),
    ]


@function(
    np.linalg.vecdot,
    *([np.vecdot] if hasattr(np, "vecdot") else []),
    examples=_vecdot_examples,
    holomorphic=True,
)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sum of conj(x1) · x2 along one axis; the others broadcast."""
    left, right = _last(as_array(x1), axis), _last(as_array(x2), axis)
    return einsum("...i,...i->...", _conjugated(left), right)


def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors, both stacked."""
    return squeeze(matmul(as_array(x1), expand_dims(as_array(x2), -1)), -1)


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Conjugated vectors times matrices, both stacked."""
    return squeeze(matmul(expand_dims(_conjugated(as_array(x1)), -2), as_array(x2)), -2)


if hasattr(np, "matvec"):  # NumPy 2.2
    matvec = function(
        np.matvec,
        examples=lambda s: [example(s.normal(2, 3), s.normal(3)), example(s.normal(4, 2, 3), s.normal(2, 1, 3))],
        holomorphic=True,
    )(matvec)
    vecmat = function(
        np.vecmat,
        examples=lambda s: [example(s.normal(3), s.normal(3, 2)), example(s.normal(2, 1, 3), s.normal(4, 3, 2))],
        holomorphic=True,
    )(vecmat)


def _cheapest_order(shapes: Sequence[Shape]) -> list[list[int]]:
    """Where to split each part of a chain of matrix products: dynamic programming over part lengths.

    Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 15.2.
    """
    sizes = [shape[0] for shape in shapes] + [shapes[-1][1]]
    count = len(shapes)
    cost = [[0.0] * count for _ in range(count)]
    split = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for start in range(count - length):
            end = start + length
            options = [
                (cost[start][k] + cost[k + 1][end] + sizes[start] * sizes[k + 1] * sizes[end + 1], k)
                for k in range(start, end)
            ]
            cost[start][end], split[start][end] = min(options)
    return split


@function(
    np.linalg.multi_dot,
    examples=lambda s: [
        Example(([s.normal(2, 3), s.normal(3, 2)],)),
        Example(([s.normal(4, 2), s.normal(2, 3), s.normal(3, 2)],)),
        Example(([s.normal(3), s.normal(3, 4), s.normal(4, 2), s.normal(2)],)),
    ],
    holomorphic=True,
    name="linalg.multi_dot",
)
def multi_dot(arrays: Sequence[Any]) -> Any:
    """Product of two or more matrices, in the order that takes the fewest multiplications."""
    factors = [as_array(factor) for factor in arrays]
    if len(factors) < 2:
        raise ValueError("multi_dot needs at least two arrays")
    from_row, to_column = factors[0].ndim == 1, factors[-1].ndim == 1
    if from_row:
        factors[0] = expand_dims(factors[0], 0)
    if to_column:
        factors[-1] = expand_dims(factors[-1], 1)
    for factor in factors:
        if factor.ndim != 2:
            raise ValueError(f"multi_dot needs matrices, and takes vectors only at its ends; one has {factor.shape}")
    split = _cheapest_order([factor.shape for factor in factors])

    def product(start: int, end: int) -> Any:
        if start == end:
            return factors[start]
        middle = split[start][end]
        return matmul(product(start, middle), product(middle + 1, end))

    result = product(0, len(factors) - 1)
    gone = tuple([axis for axis, drop in ((0, from_row), (1, to_column)) if drop])
    return squeeze(result, gone) if gone else result
