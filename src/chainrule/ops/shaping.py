"""Moving elements without changing them: reshape, transpose, broadcast, and casting between dtypes."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, normalize_axes, with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.notation.tree import Expression, Reduction, Transpose, call
from chainrule.ops.record import example, function

Shape = tuple[int, ...]


def _sum_to(x: Any, shape: Shape) -> Any:
    extra = x.ndim - len(shape)
    stretched = tuple([i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1])
    summed = np.add.reduce(x, axis=tuple(range(extra)) + stretched)
    return summed if summed.shape == shape else summed.reshape(shape)


def _sum_to_steps(x: Any, shape: Shape) -> Any:
    from chainrule.ops.reduction import sum_op

    extra = x.ndim - len(shape)
    stretched = tuple([i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1])
    axes = tuple(range(extra)) + stretched
    summed = sum_op(x, axis=axes, keepdims=False) if axes else x
    return summed if summed.shape == shape else reshape_op(summed, shape=shape)


def _written_transpose(x: Expression, axes: tuple[int, ...]) -> Expression:
    return Transpose(x) if axes == tuple(range(len(axes)))[::-1] else call("transpose", x)


broadcast = Op(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    lambda op, inputs, params: (params["shape"], inputs[0].dtype),
    vjp=(lambda g, out, x, shape: sum_to(g, shape=x.shape),),
    jvp="multilinear",
    is_view=True,
    notation=lambda x, shape: x,
)
#: Undoes broadcasting: sums over the axes that were stretched. The transpose of `broadcast_to`.
sum_to = Op(
    "sum_to",
    _sum_to,
    lambda op, inputs, params: (params["shape"], inputs[0].dtype),
    vjp=(lambda g, out, x, shape: broadcast(_with_leading_axes(g, shape, x.ndim), shape=x.shape),),
    jvp="multilinear",
    decompose=_sum_to_steps,
    notation=lambda x, shape: Reduction("Σ", "", x),
)
cast = Op(
    "cast",
    lambda x, dtype: (
        np.asarray(x).real.astype(dtype)
        if np.iscomplexobj(x) and np.dtype(dtype).kind != "c"
        else np.asarray(x).astype(dtype)
    ),
    lambda op, inputs, params: (inputs[0].shape, params["dtype"]),
    vjp=(lambda g, out, x, dtype: g,),
    jvp="multilinear",
    notation=lambda x, dtype: x,
)
reshape_op = Op(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    lambda op, inputs, params: (params["shape"], inputs[0].dtype),
    vjp=(lambda g, out, x, shape: reshape_op(g, shape=x.shape),),
    jvp="multilinear",
    is_view=True,
)
transpose_op = Op(
    "transpose",
    lambda x, axes: x.transpose(axes),
    with_shape(lambda x, axes: tuple([x.shape[i] for i in axes])),
    vjp=(lambda g, out, x, axes: transpose_op(g, axes=tuple(np.argsort(axes).tolist())),),
    jvp="multilinear",
    is_view=True,
    notation=_written_transpose,
)


def _with_leading_axes(x: Any, shape: Shape, ndim: int) -> Any:
    """Broadcasting aligns at the right: give back the length-1 axes that `sum_to` dropped."""
    return x if len(shape) == ndim else reshape(x, (1,) * (ndim - len(shape)) + shape)


def _target_shape(size: int, newshape: Any) -> Shape:
    """Resolve a -1 in a requested shape."""
    shape = (
        tuple(operator.index(n) for n in newshape)
        if isinstance(newshape, (tuple, list))
        else (operator.index(newshape),)
    )
    if shape.count(-1) > 1:
        raise ValueError("only one length can be -1")
    if -1 in shape:
        known = -math.prod(shape)
        if known == 0 or size % known:
            raise ValueError(f"{size} elements do not fit the shape {shape}")
        shape = tuple(size // known if n == -1 else n for n in shape)
    if math.prod(shape) != size:
        raise ValueError(f"{size} elements do not fit the shape {shape}")
    return shape


@function(
    np.reshape,
    examples=lambda s: [
        example(s.normal(2, 3), (3, 2)),
        example(s.normal(2, 3), -1),
        example(s.normal(2, 3), (3, 2), order="F"),
    ],
    holomorphic=True,
)
def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """Give the elements another shape, in C or Fortran order."""
    if order == "F":
        target = _target_shape(math.prod(np.shape(a)), shape)
        return transpose(reshape(transpose(a), target[::-1]))
    return reshape_op(a, shape=_target_shape(math.prod(np.shape(a)), shape))


@function(np.ravel, examples=lambda s: [example(s.normal(2, 3))], holomorphic=True)
def ravel(a: Any, order: str = "C") -> Any:
    """All elements in one dimension."""
    return reshape(a, (-1,), order=order)


@function(
    np.transpose,
    np.permute_dims,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3, 4), (1, 2, 0)),
        example(s.normal(2, 3), (-1, 0)),
    ],
    holomorphic=True,
)
def transpose(a: Any, axes: Any = None) -> Any:
    """Permute the axes; reverse them by default."""
    ndim = np.ndim(a)
    if axes is None:
        order = tuple(range(ndim))[::-1]
    else:
        order = tuple(operator.index(i) % ndim for i in axes)
        if sorted(order) != list(range(ndim)):
            raise ValueError(f"axes {tuple(axes)} do not name each of the {ndim} dimensions once")
    return transpose_op(a, axes=order) if ndim else a


@function(
    np.matrix_transpose, np.linalg.matrix_transpose, examples=lambda s: [example(s.normal(2, 3, 4))], holomorphic=True
)
def matrix_transpose(x: Any) -> Any:
    """Swap the last two axes."""
    return swapaxes(x, -1, -2)


@function(np.swapaxes, examples=lambda s: [example(s.normal(2, 3, 4), 0, 2)], holomorphic=True)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Swap two axes."""
    order = list(range(np.ndim(a)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(a, order)


@function(
    np.moveaxis,
    examples=lambda s: [example(s.normal(2, 3, 4), 0, -1), example(s.normal(2, 3, 4), (0, 1), (-1, 0))],
    holomorphic=True,
)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Move axes to other places; the rest keep their order."""
    ndim = np.ndim(a)
    sources = [_place(i, ndim) for i in (source if np.iterable(source) else (source,))]
    places = [_place(i, ndim) for i in (destination if np.iterable(destination) else (destination,))]
    if len(sources) != len(places):
        raise ValueError(f"{len(sources)} axes cannot be moved to {len(places)} places")
    if len(set(sources)) < len(sources) or len(set(places)) < len(places):
        raise ValueError("an axis is named twice")
    order = [i for i in range(ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return transpose(a, order)


def _place(axis: Any, ndim: int) -> int:
    return normalize_axes(operator.index(axis), ndim)[0]


@function(
    np.rollaxis,
    examples=lambda s: [example(s.normal(2, 3, 4), 2), example(s.normal(2, 3, 4), 0, 3)],
    holomorphic=True,
)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move an axis until it stands before the place `start`."""
    ndim = np.ndim(a)
    axis = _place(axis, ndim)
    start = start + ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


@function(
    np.broadcast_to,
    examples=lambda s: [example(s.normal(3), (2, 3)), example(s.normal(2, 1), (4, 2, 3))],
    holomorphic=True,
)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """Repeat along new axes and axes of length 1, as broadcasting does."""
    target = tuple(shape) if isinstance(shape, (tuple, list)) else (int(shape),)
    if np.shape(array) == target:
        return array
    if broadcast_shapes(np.shape(array), target) != target:
        raise ValueError(f"an array of shape {np.shape(array)} does not broadcast to {target}")
    return broadcast(array, shape=target)


@function(
    np.expand_dims,
    examples=lambda s: [example(s.normal(3), 0), example(s.normal(2, 3), (0, -1))],
    holomorphic=True,
)
def expand_dims(a: Any, axis: Any) -> Any:
    """Insert axes of length 1."""
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = np.ndim(a) + len(axes)
    new = normalize_axes(tuple(axes), ndim)
    old = iter(np.shape(a))
    return reshape_op(a, shape=tuple([1 if i in new else next(old) for i in range(ndim)]))


@function(np.squeeze, examples=lambda s: [example(s.normal(1, 3, 1)), example(s.normal(1, 3, 1), 0)], holomorphic=True)
def squeeze(a: Any, axis: Any = None) -> Any:
    """Remove axes of length 1."""
    shape = np.shape(a)
    gone = {i for i, n in enumerate(shape) if n == 1} if axis is None else set(normalize_axes(axis, len(shape)))
    for i in gone:
        if shape[i] != 1:
            raise ValueError(f"axis {i} has length {shape[i]}, only axes of length 1 can be squeezed")
    return reshape_op(a, shape=tuple([n for i, n in enumerate(shape) if i not in gone]))


@function(np.astype, examples=lambda s: [example(s.normal(3), np.float64)])
def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """Convert to another dtype; a complex number loses its imaginary part, as in NumPy."""
    dtype = np.dtype(dtype)
    return x if isinstance(x, Node) and x.dtype == dtype else cast(x, dtype=dtype)
