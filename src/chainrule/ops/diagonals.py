"""Diagonals and triangles of matrices."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, with_shape
from chainrule.graph.op import Op, constant
from chainrule.notation.tree import call
from chainrule.ops.indexing import Index, scatter
from chainrule.ops.joining import as_array
from chainrule.ops.record import example, function
from chainrule.ops.reduction import sum_
from chainrule.ops.selection import where
from chainrule.ops.shaping import broadcast_to, ravel, reshape_op, transpose_op

Shape = tuple[int, ...]


def _diagonal_shape(shape: Shape, offset: int, axis1: int, axis2: int) -> Shape:
    rows, columns = shape[axis1], shape[axis2]
    length = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    return (*[n for i, n in enumerate(shape) if i not in (axis1, axis2)], max(length, 0))


def _on_diagonal(values: Any, offset: int, axis1: int, axis2: int, shape: Shape) -> Any:
    result = np.zeros(shape, np.asarray(values).dtype)
    steps = np.arange(values.shape[-1])
    np.moveaxis(result, (axis1, axis2), (-2, -1))[..., steps + max(-offset, 0), steps + max(offset, 0)] = values
    return result


def _every(rows: int, columns: int, offset: int) -> Any:
    """Where the elements of a diagonal lie, among all elements of a matrix row by row; None if there are none."""
    start = offset if offset >= 0 else -offset * columns
    count = _diagonal_shape((rows, columns), offset, 0, 1)[0]
    return slice(start, start + (count - 1) * (columns + 1) + 1, columns + 1) if count else None


def _matrix_last(ndim: int, axis1: int, axis2: int) -> Shape:
    return (*[i for i in range(ndim) if i not in (axis1, axis2)], axis1, axis2)


def _diagonal_steps(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    """A slice of the elements in one dimension."""
    taken = _every(x.shape[axis1], x.shape[axis2], offset)
    if taken is None:
        return None
    moved = transpose_op(x, axes=_matrix_last(x.ndim, axis1, axis2))
    return reshape_op(moved, shape=(*moved.shape[:-2], moved.shape[-2] * moved.shape[-1]))[..., taken]


def _on_diagonal_steps(values: Any, offset: int, axis1: int, axis2: int, shape: Shape) -> Any:
    """The gradient of that slice, which puts the values between zeros."""
    taken = _every(shape[axis1], shape[axis2], offset)
    if taken is None:
        return None
    axes = _matrix_last(len(shape), axis1, axis2)
    moved = tuple([shape[i] for i in axes])
    index, _ = Index.parse((Ellipsis, taken))
    flat = scatter(values, index=index, shape=(*moved[:-2], moved[-2] * moved[-1]))
    return transpose_op(reshape_op(flat, shape=moved), axes=tuple(np.argsort(axes).tolist()))


def _lower_triangle(shape: Shape, k: int) -> Any:
    return np.tri(shape[-2], shape[-1], k, dtype=bool)


def _triangle_steps(x: Any, is_kept: Any) -> Any:
    """Zeros, of the dtype of x, where a constant mask says so."""
    return where(constant(is_kept), x, constant(np.zeros((), x.dtype)))


diagonal_op = Op(
    "diagonal",
    lambda x, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    with_shape(lambda x, offset, axis1, axis2: _diagonal_shape(x.shape, offset, axis1, axis2)),
    vjp=(
        lambda g, out, x, offset, axis1, axis2: on_diagonal(g, offset=offset, axis1=axis1, axis2=axis2, shape=x.shape),
    ),
    jvp="multilinear",
    decompose=_diagonal_steps,
    is_view=True,
    notation=lambda x, **_: call("diagonal", x),
)
#: Zeros with values on a diagonal: the transpose of `diagonal`.
on_diagonal = Op(
    "on_diagonal",
    _on_diagonal,
    with_shape(lambda x, offset, axis1, axis2, shape: shape),
    vjp=(lambda g, out, x, offset, axis1, axis2, shape: diagonal_op(g, offset=offset, axis1=axis1, axis2=axis2),),
    jvp="multilinear",
    decompose=_on_diagonal_steps,
    notation=lambda x, **_: call("diag", x),
)
tril_op = Op(
    "tril",
    lambda x, k: np.tril(x, k),
    with_shape(lambda x, k: x.shape),
    vjp=(lambda g, out, x, k: tril_op(g, k=k),),
    jvp="multilinear",
    decompose=lambda x, k: _triangle_steps(x, _lower_triangle(x.shape, k)),
)
triu_op = Op(
    "triu",
    lambda x, k: np.triu(x, k),
    with_shape(lambda x, k: x.shape),
    vjp=(lambda g, out, x, k: triu_op(g, k=k),),
    jvp="multilinear",
    decompose=lambda x, k: _triangle_steps(x, ~_lower_triangle(x.shape, k - 1)),
)


@function(
    np.diagonal,
    examples=lambda s: [
        example(s.normal(3, 3)),
        example(s.normal(2, 4), 1),
        example(s.normal(4, 2), -2),
        example(s.normal(2, 3, 4), 0, 2, 0),
        example(s.normal(2, 3, 4), axis1=-2, axis2=-1),
    ],
    holomorphic=True,
)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements on a diagonal, along a new last axis."""
    a = as_array(a)
    if a.ndim < 2:
        raise ValueError(f"a diagonal needs at least 2 dimensions, not {a.ndim}")
    first, second = normalize_axes(axis1, a.ndim)[0], normalize_axes(axis2, a.ndim)[0]
    if first == second:
        raise ValueError("axis1 and axis2 must differ")
    return diagonal_op(a, offset=operator.index(offset), axis1=first, axis2=second)


@function(
    np.trace,
    examples=lambda s: [
        example(s.normal(3, 3)),
        example(s.normal(2, 4), 1),
        example(s.normal(2, 3, 4), axis1=1, axis2=2),
    ],
    holomorphic=True,
)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Any:
    """The sum of a diagonal."""
    return sum_(diagonal(a, offset, axis1, axis2), -1, dtype)


def make_diagonal(values: Any, offset: int = 0) -> Any:
    """Square matrices with given diagonals, which stand along the last axis."""
    size = values.shape[-1] + abs(offset)
    shape = (*values.shape[:-1], size, size)
    return on_diagonal(values, offset=offset, axis1=len(shape) - 2, axis2=len(shape) - 1, shape=shape)


@function(
    np.diag,
    examples=lambda s: [
        example(s.normal(3)),
        example(s.normal(2), 1),
        example(s.normal(2), -2),
        example(s.normal(3, 3)),
        example(s.normal(2, 4), k=1),
        example(s.normal(0)),
    ],
    holomorphic=True,
)
def diag(v: Any, k: int = 0) -> Any:
    """A diagonal matrix of a vector, the diagonal of a matrix."""
    v = as_array(v)
    if v.ndim not in (1, 2):
        raise ValueError(f"diag takes a vector or a matrix, not an array of {v.ndim} dimensions")
    return make_diagonal(v, operator.index(k)) if v.ndim == 1 else diagonal(v, k)


@function(np.diagflat, examples=lambda s: [example(s.normal(2, 2)), example(s.normal(2), 1)], holomorphic=True)
def diagflat(v: Any, k: int = 0) -> Any:
    """A diagonal matrix of all elements."""
    return make_diagonal(ravel(as_array(v)), operator.index(k))


def _triangle(op: Op, m: Any, k: int) -> Any:
    m = as_array(m)
    if m.ndim == 0:
        raise ValueError("a triangle needs at least one dimension")
    if m.ndim == 1:
        m = broadcast_to(m, (m.shape[0], m.shape[0]))
    return op(m, k=operator.index(k))


@function(
    np.tril,
    examples=lambda s: [example(s.normal(3, 3)), example(s.normal(2, 2, 3), 1), example(s.normal(3), -1)],
    holomorphic=True,
)
def tril(m: Any, k: int = 0) -> Any:
    """The lower triangle, zeros elsewhere."""
    return _triangle(tril_op, m, k)


@function(
    np.triu,
    examples=lambda s: [example(s.normal(3, 3)), example(s.normal(2, 2, 3), 1), example(s.normal(3), -1)],
    holomorphic=True,
)
def triu(m: Any, k: int = 0) -> Any:
    """The upper triangle, zeros elsewhere."""
    return _triangle(triu_op, m, k)


@function(
    np.vander,
    examples=lambda s: [example(s.normal(3)), example(s.normal(3), 2, increasing=True), example(s.normal(2), 0)],
    holomorphic=True,
)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The matrix of the powers of a vector's elements."""
    x = as_array(x)
    if x.ndim != 1:
        raise ValueError(f"vander takes a vector, not an array of {x.ndim} dimensions")
    exponents = np.arange(x.shape[0] if N is None else operator.index(N))
    return x[:, None] ** (exponents if increasing else exponents[::-1])
