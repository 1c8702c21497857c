"""Reductions: sums, means, extremes and what is made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduced_shape, reduction
from chainrule.graph.op import Notation, Op
from chainrule.ops.comparison import equal
from chainrule.ops.record import example, function
from chainrule.ops.selection import where
from chainrule.ops.shaping import astype, broadcast, reshape_op

Axes = tuple[int, ...]


def spread(g: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
    """Give a reduced value back the shape of the argument, by repeating it along the reduced axes."""
    if not keepdims and axis and len(axis) < x.ndim:
        g = reshape_op(g, shape=reduced_shape(x.shape, axis, True))
    return broadcast(g, shape=x.shape)


def _count(x: Any, axis: Axes) -> int:
    return math.prod([x.shape[i] for i in axis])


def _mean(x: Any, axis: Axes, keepdims: bool) -> Any:
    if x.dtype.kind in "fc" and x.dtype.itemsize > 2:
        return np.add.reduce(x, axis=axis, keepdims=keepdims) / x.dtype.type(_count(x, axis))
    return np.mean(x, axis=axis, keepdims=keepdims)


def _share_between_equals(g: Any, out: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
    """The gradient of an extreme goes to the elements that attain it, in equal parts."""
    attains = equal(x, spread(out, x, axis, keepdims))
    count = sum_op(cast_like(attains, x), axis=axis, keepdims=keepdims)
    return where(attains, spread(g / count, x, axis, keepdims), 0.0)


def cast_like(x: Any, other: Any) -> Any:
    """Convert to the dtype of another value."""
    return astype(x, other.dtype)


sum_op = Op(
    "sum",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(lambda g, out, x, axis, keepdims: spread(g, x, axis, keepdims),),
    jvp="multilinear",
    notation=Notation("sum({0})", r"\sum {0}"),
)
mean_op = Op(
    "mean",
    _mean,
    reduction,
    vjp=(lambda g, out, x, axis, keepdims: spread(g / _count(x, axis), x, axis, keepdims),),
    jvp="multilinear",
    notation=Notation("mean({0})", r"\operatorname{{mean}}({0})"),
)
max_op = Op(
    "max",
    lambda x, axis, keepdims: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(_share_between_equals,),
    notation=Notation("max({0})", r"\max {0}"),
)
min_op = Op(
    "min",
    lambda x, axis, keepdims: np.minimum.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(_share_between_equals,),
    notation=Notation("min({0})", r"\min {0}"),
)


def _reduce(op: Op, a: Any, axis: Any, dtype: Any, keepdims: Any, where_: Any, initial: Any, neutral: Any) -> Any:
    """NumPy's common signature of reductions: a mask leaves elements out by making them neutral."""
    if where_ is not True:
        a = where(where_, a, neutral)
    if dtype is not None:
        a = astype(a, dtype)
    if not hasattr(a, "ndim"):
        a = np.asarray(a)
    return op(a, axis=normalize_axes(axis, a.ndim), keepdims=bool(keepdims))


@function(
    np.sum,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1, keepdims=True),
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(s.normal(3), where=np.array([True, False, True]), initial=2.0),
        example(s.normal(0, 3), axis=0),
    ],
    holomorphic=True,
)
def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum over some or all axes."""
    total = _reduce(sum_op, a, axis, dtype, keepdims, where, initial, 0)
    return total if isinstance(initial, int) and initial == 0 else total + initial


@function(
    np.mean,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=1, keepdims=True),
        example(s.normal(3), where=np.array([True, False, True])),
    ],
    holomorphic=True,
)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """Arithmetic mean over some or all axes."""
    if where is not True:
        count = np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=keepdims)
        return sum_(a, axis=axis, dtype=dtype, keepdims=keepdims, where=where) / count
    return _reduce(mean_op, a, axis, dtype, keepdims, where, None, 0)


@function(
    np.max,
    np.amax,
    examples=lambda s: [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=1, keepdims=True),
    ],
)
def max_(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Largest element; several equal ones share the gradient equally."""
    return _reduce(max_op, a, axis, None, keepdims, where, initial, -np.inf)


@function(
    np.min,
    np.amin,
    examples=lambda s: [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=1, keepdims=True),
    ],
)
def min_(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Smallest element; several equal ones share the gradient equally."""
    return _reduce(min_op, a, axis, None, keepdims, where, initial, np.inf)
