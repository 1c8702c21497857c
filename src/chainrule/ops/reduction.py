"""Reductions: sums, means, extremes, and questions about all elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduced_shape, reduction
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.notation.tree import Reduction, call
from chainrule.ops.comparison import equal, not_equal
from chainrule.ops.joining import as_array
from chainrule.ops.record import example, function
from chainrule.ops.selection import maximum, minimum, where
from chainrule.ops.shaping import astype, broadcast, broadcast_to, reshape_op

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
        total: Any = np.add.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
        return total / x.dtype.type(_count(x, axis))
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
    notation=lambda x, **_: Reduction("Σ", "", x),
)
mean_op = Op(
    "mean",
    _mean,
    reduction,
    vjp=(lambda g, out, x, axis, keepdims: spread(g / _count(x, axis), x, axis, keepdims),),
    jvp="multilinear",
    decompose=lambda x, axis, keepdims: sum_op(x, axis=axis, keepdims=keepdims) / float(_count(x, axis)),
    notation=lambda x, **_: call("mean", x),
)
max_op = Op(
    "max",
    lambda x, axis, keepdims: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(_share_between_equals,),
    notation=lambda x, **_: call("max", x),
)
min_op = Op(
    "min",
    lambda x, axis, keepdims: np.minimum.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(_share_between_equals,),
    notation=lambda x, **_: call("min", x),
)


def _question(name: str, compute: Any, decompose: Any = None) -> Op:
    """A reduction whose result is a Boolean or a count."""
    return Op(name, compute, reduction, decompose=decompose)


all_op = _question("all", lambda x, axis, keepdims: np.all(x, axis=axis, keepdims=keepdims))
any_op = _question("any", lambda x, axis, keepdims: np.any(x, axis=axis, keepdims=keepdims))
count_op = _question(
    "count_nonzero",
    lambda x, axis, keepdims: np.asarray(np.count_nonzero(x, axis=axis, keepdims=keepdims)),
    lambda x, axis, keepdims: sum_op(not_equal(x, 0), axis=axis, keepdims=keepdims),
)


def reduce_with(op: Op, a: Any, axis: Any, dtype: Any, keepdims: Any, where_: Any, neutral: Any) -> Any:
    """NumPy's common signature of reductions: a mask leaves elements out by making them neutral."""
    if not hasattr(a, "ndim"):
        a = as_array(a)
    if where_ is not True:
        a = where(where_, a, neutral)
    if dtype is not None:
        a = astype(a, dtype)
    return op(a, axis=normalize_axes(axis, a.ndim), keepdims=bool(keepdims))


def counted(where_: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """How many elements a mask leaves in, as a number of the dtype of `x` if that is no integer."""
    kept = broadcast_to(as_array(where_), x.shape)
    count = sum_op(kept, axis=normalize_axes(axis, x.ndim), keepdims=bool(keepdims))
    return cast_like(count, x) if x.dtype.kind in "fc" else count


def initial_like(initial: Any, result: Any) -> Any:
    """The first value of a reduction, which does not change the dtype of integers."""
    if isinstance(initial, Node) or result.dtype.kind in "fc":
        return initial
    return result.dtype.type(initial)


@function(
    np.sum,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1, keepdims=True),
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(s.normal(3), where=np.array([True, False, True]), initial=2.0),
        example(s.normal(0, 3), axis=0),
        example(s.normal(2, 3), axis=()),
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
    total = reduce_with(sum_op, a, axis, dtype, keepdims, where, 0)
    return total if isinstance(initial, int) and initial == 0 else total + initial_like(initial, total)


@function(
    np.mean,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=1, keepdims=True),
        example(s.normal(2, 3, 2), axis=(0, -1)),
        example(s.normal(3), where=np.array([True, False, True])),
        example(s.normal(2, 3), axis=0, where=np.array([[True], [False]])),
    ],
    holomorphic=True,
)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """Arithmetic mean over some or all axes."""
    if where is True:
        return reduce_with(mean_op, a, axis, dtype, keepdims, True, 0)
    total = sum_(a, axis, dtype, None, keepdims, where=where)
    return total / counted(where, as_array(a), axis, keepdims)


def _extreme(op: Op, larger: Op, a: Any, axis: Any, keepdims: Any, initial: Any, where_: Any) -> Any:
    """A maximum or minimum; `initial` takes part in it, and stands for elements that a mask leaves out."""
    a = as_array(a)
    if where_ is not True:
        if initial is None:
            raise ValueError("with where=, initial= must say what the result is where nothing is left")
        initial = initial_like(initial, a)
        a = where(where_, a, initial)
    axes = normalize_axes(axis, a.ndim)
    if not _count(a, axes):
        if initial is None:
            raise ValueError("there are no elements, and no initial= that the result could be")
        return broadcast_to(astype(as_array(initial), a.dtype), reduced_shape(a.shape, axes, bool(keepdims)))
    result = op(a, axis=axes, keepdims=bool(keepdims))
    return result if initial is None else larger(result, initial_like(initial, result))


@function(
    np.max,
    np.amax,
    examples=lambda s: [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=1, keepdims=True),
        example(s.distinct(2, 3, 2), axis=(0, -1)),
        example(s.distinct(2, 3), axis=0, initial=0.005),
        example(s.distinct(2, 3), axis=1, where=np.array([True, False, True]), initial=-5.0),
        example(s.distinct(2, 0), axis=1, initial=-5.0),
    ],
)
def max_(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Largest element; several equal ones share the gradient equally."""
    return _extreme(max_op, maximum, a, axis, keepdims, initial, where)


@function(
    np.min,
    np.amin,
    examples=lambda s: [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=1, keepdims=True),
        example(s.distinct(2, 3), where=np.array([True, False, True]), initial=5.0),
    ],
)
def min_(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Smallest element; several equal ones share the gradient equally."""
    return _extreme(min_op, minimum, a, axis, keepdims, initial, where)


@function(
    np.ptp,
    examples=lambda s: [example(s.distinct(2, 3)), example(s.distinct(2, 3), axis=1, keepdims=True)],
)
def ptp(a: Any, axis: Any = None, out: None = None, keepdims: Any = False) -> Any:
    """Peak to peak: the largest element minus the smallest."""
    return max_(a, axis, None, keepdims) - min_(a, axis, None, keepdims)


@function(
    np.all,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0, keepdims=True),
        example(np.zeros((2, 3), s.dtype), where=np.zeros(3, bool)),
    ],
    differentiable=False,
)
def all_(a: Any, axis: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True) -> Any:
    """Whether all elements are true, that is, not zero."""
    return reduce_with(all_op, a, axis, None, keepdims, where, True)


@function(
    np.any,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=(0, 1)),
        example(s.normal(2, 3), axis=1, where=np.zeros(3, bool)),
    ],
    differentiable=False,
)
def any_(a: Any, axis: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True) -> Any:
    """Whether some element is true, that is, not zero."""
    return reduce_with(any_op, a, axis, None, keepdims, where, False)


@function(
    np.count_nonzero,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2, 3), axis=1, keepdims=True)],
    differentiable=False,
)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """How many elements are not zero."""
    return reduce_with(count_op, a, axis, None, keepdims, True, 0)
