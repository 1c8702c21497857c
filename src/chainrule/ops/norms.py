"""Norms of vectors and matrices, and the condition number. The gradient of a norm at zero is zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduced_shape
from chainrule.graph.op import Op
from chainrule.notation.tree import Expression, Fence, call
from chainrule.ops.arithmetic import sqrt
from chainrule.ops.comparison import equal, not_equal
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.joining import as_array
from chainrule.ops.linalg import inv_op
from chainrule.ops.matrices import conjugated, matrix_of, real_part
from chainrule.ops.record import example, function
from chainrule.ops.reduction import max_op, min_op, spread, sum_op
from chainrule.ops.selection import where
from chainrule.ops.shaping import astype, reshape, transpose
from chainrule.ops.singular_values import svdvals_op

Axes = tuple[int, ...]


def _p_norm(x: Any, p: float, axis: Axes, keepdims: Any) -> Any:
    if p == 2:
        squares = (x.conj() * x).real if x.dtype.kind == "c" else x * x
        return np.sqrt(np.add.reduce(squares, axis=axis, keepdims=keepdims))
    return np.add.reduce(np.abs(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


def _p_norm_vjp(g: Any, out: Any, x: Any, p: float, axis: Axes, keepdims: bool) -> Any:
    """∂‖x‖ / ∂x_i = (|x_i| / ‖x‖)^(p−1) conj(x_i) / |x_i|, and 0 where x_i is 0 (for p = 2: where all are)."""
    whole = spread(where(equal(out, 0), 1.0, out), x, axis, keepdims)
    g = spread(g, x, axis, keepdims)
    if p == 2:
        return g * (conjugated(x) / whole)
    zero = equal(x, 0)
    size = absolute(where(zero, 1.0, x))
    return where(zero, 0.0, g * (size / whole) ** (p - 1) * conjugated(x) / size)


def _p_norm_steps(x: Any, p: float, axis: Axes, keepdims: bool) -> Any:
    if x.dtype.kind != "f":
        return None
    if p == 2:
        return sqrt(sum_op(x * x, axis=axis, keepdims=keepdims))
    return sum_op(absolute(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


def _written_norm(x: Expression, p: float, axis: Any, keepdims: bool) -> Expression:
    return Fence("‖", x, "‖") if p == 2 and axis is None else call("norm", x)


norm_op = Op(
    "norm",
    _p_norm,
    lambda op, inputs, params: (
        reduced_shape(inputs[0].shape, params["axis"], params["keepdims"]),
        real_part(inputs[0].dtype),
    ),
    vjp=(_p_norm_vjp,),
    decompose=_p_norm_steps,
    notation=_written_norm,
)


def _of_numbers(x: Any) -> Any:
    """The argument with a floating-point dtype."""
    x = as_array(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def _over_axes(x: Any, order: Any, axis: Axes, keepdims: bool) -> Any:
    """A vector norm of any order over the given axes taken together."""
    if order is None:
        order = 2
    if isinstance(order, str):
        raise ValueError(f"{order!r} is no order of a vector norm")
    if order == math.inf:
        return max_op(absolute(x), axis=axis, keepdims=keepdims)
    if order == -math.inf:
        return min_op(absolute(x), axis=axis, keepdims=keepdims)
    if order == 0:
        return sum_op(astype(not_equal(x, 0), real_part(x.dtype)), axis=axis, keepdims=keepdims)
    if order == 1:
        return sum_op(absolute(x), axis=axis, keepdims=keepdims)
    return norm_op(x, p=float(order), axis=axis, keepdims=keepdims)


def _of_matrix(x: Any, order: Any, row_axis: int, column_axis: int, keepdims: bool) -> Any:
    """A matrix norm over two axes."""
    axes = tuple(sorted((row_axis, column_axis)))
    if order is None or order == "fro":
        return norm_op(x, p=2.0, axis=axes, keepdims=keepdims)
    extreme = max_op if isinstance(order, str) or order > 0 else min_op
    if order in ("nuc", 2, -2):
        rest = tuple([i for i in range(x.ndim) if i not in axes])
        values = absolute(svdvals_op(transpose(x, (*rest, row_axis, column_axis))))  # |s| has the derivative 0 at 0
        result = (sum_op if order == "nuc" else extreme)(values, axis=(values.ndim - 1,), keepdims=False)
    elif order in (1, -1, math.inf, -math.inf):
        summed, compared = (row_axis, column_axis) if abs(order) == 1 else (column_axis, row_axis)
        sums = sum_op(absolute(x), axis=(summed,), keepdims=True)
        result = extreme(sums, axis=(compared,), keepdims=True)
    else:
        raise ValueError(f"{order!r} is no order of a matrix norm")
    return reshape(result, reduced_shape(x.shape, axes, keepdims))


@function(
    np.linalg.norm,
    examples=lambda s: [
        example(s.normal(3)),
        example(s.normal(2, 3)),
        example(s.normal(2, 3, 2)),
        example(s.normal(2, 3, 2), keepdims=True),
        *[example(s.distinct(5), order) for order in (1, 2, 3, 0.5, -1, np.inf, -np.inf)],
        example(s.normal(2, 3), 3, axis=0),
        example(s.normal(2, 3), axis=-1, keepdims=True),
        example(np.array([0.0, 1.0, -2.0]).astype(s.dtype), 3),
        *[example(s.normal(3, 2), order) for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)],
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(s.normal(2, 3, 2), "nuc", axis=(2, 0)),
        example(s.normal(2, 3, 2), 2, axis=(1, 2), keepdims=True),
        example(s.normal(2, 3, 2), 1, axis=(2, 0)),
        example(s.normal(2, 3, 2), np.inf, axis=(2, 0), keepdims=True),
        example(s.normal(0)),
    ],
    holomorphic=True,
    name="linalg.norm",
)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of a vector or matrix, of every order that NumPy knows."""
    x, keepdims = _of_numbers(x), bool(keepdims)
    if axis is None:
        everything = tuple(range(x.ndim))
        if ord is None:
            return norm_op(x, p=2.0, axis=everything, keepdims=keepdims)
        axis = everything
    listed = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = normalize_axes(listed, x.ndim)
    if len(axes) == 1:
        return _over_axes(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(f"a norm over the {len(axes)} axes {axes}: give one axis, or two for a matrix norm")
    row_axis, column_axis = (int(one) % x.ndim for one in listed)
    return _of_matrix(x, ord, row_axis, column_axis, keepdims)


@function(
    np.linalg.vector_norm,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0, ord=3),
        example(s.normal(2, 3, 2), axis=(0, 2), keepdims=True),
        example(s.distinct(2, 3), ord=np.inf, keepdims=True),
        example(s.distinct(2, 3), axis=-1, ord=1),
    ],
    holomorphic=True,
    name="linalg.vector_norm",
)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Vector norm over one axis, several, or all."""
    x = _of_numbers(x)
    return _over_axes(x, ord, normalize_axes(axis, x.ndim), bool(keepdims))


@function(
    np.linalg.matrix_norm,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3, 2), ord="nuc"),
        example(s.normal(2, 3, 2), ord=1, keepdims=True),
    ],
    holomorphic=True,
    name="linalg.matrix_norm",
)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Matrix norm over the last two axes."""
    x = matrix_of(_of_numbers(x), square=False)
    return _of_matrix(x, ord, x.ndim - 2, x.ndim - 1, bool(keepdims))


@function(
    np.linalg.cond,
    examples=lambda s: [
        example(s.well_conditioned(3, 3)),
        example(s.normal(2, 3, 2)),
        example(s.well_conditioned(3, 3), -2),
        example(s.well_conditioned(2, 2), "fro"),
        example(s.well_conditioned(2, 2, 2), 1),
    ],
    holomorphic=True,
    name="linalg.cond",
)
def cond(x: Any, p: Any = None) -> Any:
    """The condition number: how much a relative error of the matrix may grow in a solution."""
    x = matrix_of(_of_numbers(x), square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        values = svdvals_op(x)
        last = (values.ndim - 1,)
        high, low = max_op(values, axis=last, keepdims=False), min_op(values, axis=last, keepdims=False)
        return low / high if p == -2 else high / low
    return matrix_norm(x, ord=p) * matrix_norm(inv_op(x), ord=p)
