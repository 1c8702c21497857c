"""Finite differences, numerical derivatives and the trapezoidal rule."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes
from chainrule.graph.node import Node
from chainrule.ops.comparison import not_equal
from chainrule.ops.cumulative import along
from chainrule.ops.joining import as_array, concatenate, concatenate_op
from chainrule.ops.record import example, function, present
from chainrule.ops.reduction import sum_
from chainrule.ops.shaping import astype, broadcast_to, ravel, reshape

_MISSING = object()


def _one_axis(axis: int, ndim: int) -> int:
    return normalize_axes(axis, ndim)[0]


@function(
    np.diff,
    examples=lambda s: [
        example(s.normal(4)),
        example(s.normal(2, 4), 2),
        example(s.normal(3, 2), axis=0),
        example(s.normal(2, 3), prepend=0.0, append=s.normal(2, 1)),
        example(s.normal(3), 0),
        example(s.normal(2), 3),
    ],
    holomorphic=True,
)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = _MISSING, append: Any = _MISSING) -> Any:
    """Differences of neighbours along an axis, taken `n` times."""
    a, n = as_array(a), operator.index(n)
    if n < 0:
        raise ValueError("a difference cannot be taken a negative number of times")
    if n == 0:
        return a[...]
    if not a.ndim:
        raise ValueError("differences need at least one dimension")
    axis = _one_axis(axis, a.ndim)
    edge = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    around = [as_array(part) if part is not _MISSING else None for part in (prepend, append)]
    before, after = [part if part is None or part.ndim else broadcast_to(part, edge) for part in around]
    parts = [part for part in (before, a, after) if part is not None]
    if len(parts) > 1:
        a = concatenate(parts, axis=axis)
    for _ in range(n):
        upper, lower = a[along(axis, slice(1, None))], a[along(axis, slice(None, -1))]
        a = not_equal(upper, lower) if a.dtype == bool else upper - lower
    return a


@function(
    np.ediff1d,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(3), to_end=s.normal(2), to_begin=1.0)],
    holomorphic=True,
)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in the flattened array."""
    flat = ravel(as_array(ary))
    middle = flat[1:] - flat[:-1]
    ends = [None if part is None else astype(ravel(as_array(part)), flat.dtype) for part in (to_begin, to_end)]
    parts = [part for part in (ends[0], middle, ends[1]) if part is not None]
    return middle if len(parts) == 1 else concatenate(parts)


@function(
    np.trapezoid,
    *present("trapz"),
    examples=lambda s: [
        example(s.normal(4)),
        example(s.normal(2, 4), dx=0.5),
        example(s.normal(2, 4), np.sort(s.distinct(4))),
        example(s.normal(3, 2), s.normal(3, 2), axis=0),
    ],
    holomorphic=True,
)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral along an axis by the trapezoidal rule."""
    y = as_array(y)
    axis = _one_axis(axis, y.ndim)
    if x is not None:
        x = as_array(x)
        if x.ndim == 1:
            steps = x[1:] - x[:-1]
            dx = reshape(steps, (-1,) + (1,) * (y.ndim - axis - 1))
        else:
            along_x = axis + x.ndim - y.ndim
            dx = x[along(along_x, slice(1, None))] - x[along(along_x, slice(None, -1))]
    pairs = y[along(axis, slice(1, None))] + y[along(axis, slice(None, -1))]
    return sum_(dx * pairs / 2.0, axis)


def _slope_inside(f: Any, axis: int, spacing: Any) -> Any:
    """Second-order central differences; of coordinates that are not evenly spaced, weighted."""
    left, middle, right = (f[along(axis, part)] for part in (slice(None, -2), slice(1, -1), slice(2, None)))
    if not np.ndim(spacing):
        return (right - left) / (2.0 * spacing)
    before, after = spacing[:-1], spacing[1:]
    column = (-1,) + (1,) * (f.ndim - axis - 1)
    a = reshape(-after / (before * (before + after)), column)
    b = reshape((after - before) / (before * after), column)
    c = reshape(before / (after * (before + after)), column)
    return a * left + b * middle + c * right


def _slope_at_edge(f: Any, axis: int, spacing: Any, edge_order: int, *, at_end: bool) -> Any:
    """One-sided differences over two points (first order) or three (second order)."""
    places = (-1, -2, -3) if at_end else (0, 1, 2)
    points = [f[along(axis, slice(i, i + 1 or None))] for i in places[: edge_order + 1]]
    if np.ndim(spacing):
        near, next_ = (spacing[-1], spacing[-2]) if at_end else (spacing[0], spacing[1])
        if edge_order == 1:
            near, next_ = (spacing[-1] if at_end else spacing[0]), None
    else:
        near = next_ = spacing
    sign = -1.0 if at_end else 1.0
    if edge_order == 1:
        return sign * (points[1] - points[0]) / near
    a = -(2.0 * near + next_) / (near * (near + next_))
    b = (near + next_) / (near * next_)
    c = -near / (next_ * (near + next_))
    return sign * (a * points[0] + b * points[1] + c * points[2])


def _slope(f: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    if f.shape[axis] < edge_order + 1:
        raise ValueError(f"a gradient with edges of order {edge_order} needs at least {edge_order + 1} elements")
    slope = concatenate_op(
        _slope_at_edge(f, axis, spacing, edge_order, at_end=False),
        _slope_inside(f, axis, spacing),
        _slope_at_edge(f, axis, spacing, edge_order, at_end=True),
        axis=axis,
    )
    return astype(slope, f.dtype)


def _steps(spacing: Any, length: int) -> Any:
    """The distance between neighbours, one for all or one for each pair."""
    if not np.ndim(spacing):
        return spacing
    coordinates = as_array(spacing)
    if coordinates.shape != (length,):
        raise ValueError(f"coordinates of shape {coordinates.shape} do not fit an axis of length {length}")
    if coordinates.dtype.kind not in "fc":
        coordinates = astype(coordinates, np.float64)
    steps = coordinates[1:] - coordinates[:-1]
    if not isinstance(steps, Node) and (steps == steps[0]).all():
        return steps[0]
    return steps


@function(
    np.gradient,
    examples=lambda s: [
        example(s.normal(5)),
        example(s.normal(5), 0.5),
        example(s.normal(3, 4)),
        example(s.normal(3, 4), 2.0, np.array([0.0, 0.3, 1.0, 1.2])),
        example(s.normal(3, 4), axis=1, edge_order=2),
        example(s.normal(5), np.array([0.0, 0.3, 1.0, 1.2, 1.9], s.dtype), edge_order=2),
        example(s.normal(2), 0.5),
        example(s.normal(3, 2, 3), 0.5, axis=(2, 0)),
    ],
    holomorphic=True,
)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Numerical derivatives on a grid: central differences inside, one-sided ones at the edges."""
    f = as_array(f)
    if f.dtype.kind not in "fc":
        f = astype(f, np.float64)
    listed = axis if isinstance(axis, tuple) else range(f.ndim) if axis is None else (axis,)
    axes = [_one_axis(i, f.ndim) for i in listed]
    if len(varargs) not in (0, 1, len(axes)):
        raise ValueError(f"there are {len(varargs)} spacings for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError("edge_order is 1 or 2")
    spacings = list(varargs or (1.0,)) * (len(axes) if len(varargs) < 2 else 1)
    results = tuple([_slope(f, i, _steps(h, f.shape[i]), edge_order) for i, h in zip(axes, spacings, strict=True)])
    return results[0] if len(results) == 1 else results
