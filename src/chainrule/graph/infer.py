"""Shape and dtype rules: what an operation's result looks like, told from its inputs alone.

A rule is called as ``rule(op, inputs, params)`` and returns ``(shape, dtype)``. A dtype is not worked out by
rules of our own: the operation is run once on tiny arrays of the same dtypes, and NumPy's answer is kept.
A rule that finds the shapes wrong raises `ValueError` with the reason; the recorder adds names, line and fix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import Op

__all__ = [
    "broadcast_shapes",
    "by_evaluation",
    "elementwise",
    "normalize_axes",
    "probe_dtype",
    "reduced_shape",
    "reduction",
    "same_as_first",
    "with_shape",
]

Shape = tuple[int, ...]


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape that NumPy broadcasts the given shapes to.

    >>> broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    result = shapes[0]
    for shape in shapes[1:]:
        if shape == result or not shape:
            continue
        if not result:
            result = shape
            continue
        try:
            result = np.broadcast_shapes(result, shape)
        except ValueError:
            raise ValueError(f"the shapes {result} and {shape} do not broadcast") from None
    return result


def probe_dtype(op: Op, inputs: tuple[Node, ...], params: dict[str, Any] | None = None) -> np.dtype[Any]:
    """The dtype NumPy gives the result, found by running the operation on one-element arrays."""
    samples = [
        node.kind(1) if isinstance(node.kind, type) else np.ones((1,) * max(node.ndim, 1), node.dtype)
        for node in inputs
    ]
    with np.errstate(all="ignore"):
        return np.asarray(op.compute(*samples, **(params or {}))).dtype


def elementwise(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    """Shapes broadcast; the dtype is what the operation gives for these dtypes."""
    if len(inputs) == 2:
        first, second = inputs
        shape = first.shape
        if shape != second.shape:
            shape = broadcast_shapes(shape, second.shape)
        key: Any = (first.kind, second.kind)
    else:
        shape = inputs[0].shape if len(inputs) == 1 else broadcast_shapes(*[node.shape for node in inputs])
        key = tuple([node.kind for node in inputs])
    if params:
        key = (key, tuple(params.items()))
    dtype = op.dtypes.get(key)
    if dtype is None:
        dtype = op.dtypes[key] = probe_dtype(op, inputs, params)
    return shape, dtype


def same_as_first(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    """The result has the shape and dtype of the first argument."""
    return inputs[0].shape, inputs[0].dtype


def with_shape(shape_rule: Callable[..., Shape]) -> Callable[..., tuple[Shape, np.dtype[Any]]]:
    """A rule from ``shape_rule(*inputs, **params)``; the dtype is the promoted dtype of the inputs."""

    def rule(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
        shape = shape_rule(*inputs, **params)
        if len(inputs) == 1:
            return shape, inputs[0].dtype
        return shape, np.result_type(*[node.kind(0) if isinstance(node.kind, type) else node.dtype for node in inputs])

    return rule


def normalize_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Axes as a sorted tuple of non-negative numbers; `None` means all of them.

    >>> normalize_axes(-1, 3)
    (2,)
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    result = []
    for one in axes:
        position = int(one)
        if not -ndim <= position < ndim:
            raise ValueError(f"axis {position} does not exist in an array of {ndim} dimensions")
        result.append(position % ndim)
    if len(set(result)) != len(result):
        raise ValueError(f"axis {axis} names a dimension twice")
    return tuple(sorted(result))


def reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape that is left when `axes` are reduced away."""
    if keepdims:
        return tuple([1 if i in axes else n for i, n in enumerate(shape)])
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def reduction(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    """A reduction with normalised ``axis`` (a tuple) and ``keepdims``."""
    node = inputs[0]
    shape = reduced_shape(node.shape, params["axis"], params.get("keepdims", False))
    dtype = op.dtypes.get(node.kind)
    if dtype is None:
        settings = {**params, "axis": (0,)}
        with np.errstate(all="ignore"):
            dtype = np.asarray(op.compute(np.ones((1,), node.dtype), **settings)).dtype
        op.dtypes[node.kind] = dtype
    return shape, dtype


def by_evaluation(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    """No rule: compute the value and look. Right for operations whose shape depends on the numbers."""
    result = op.compute(*[node.value for node in inputs], **params)
    if isinstance(result, (tuple, list)):
        return tuple((np.shape(part), np.asarray(part).dtype) for part in result), None
    return np.shape(result), np.asarray(result).dtype
