"""Padding: values around an array, in all modes of ``np.pad``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.gathering import take_op
from chainrule.ops.indexing import Index, scatter
from chainrule.ops.joining import as_array, concatenate_op
from chainrule.ops.products import matmul
from chainrule.ops.quantiles import median
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import max_, mean, min_
from chainrule.ops.shaping import astype, broadcast_to, moveaxis

Widths = tuple[tuple[int, int], ...]


def _inner(shape: tuple[int, ...], widths: Widths) -> tuple[slice, ...]:
    return tuple([slice(before, before + n) for n, (before, _) in zip(shape, widths, strict=True)])


def _with_zeros_around(x: Any, widths: Widths) -> Any:
    result = np.zeros(_padded_shape(x, widths), x.dtype)
    result[_inner(x.shape, widths)] = x
    return result


def _padded_shape(x: Any, widths: Widths) -> tuple[int, ...]:
    return tuple([before + n + after for n, (before, after) in zip(x.shape, widths, strict=True)])


#: Zeros around an array.
pad_op = Op(
    "pad",
    _with_zeros_around,
    with_shape(_padded_shape),
    vjp=(lambda g, out, x, widths: g[_inner(x.shape, widths)],),
    jvp="multilinear",
    decompose=lambda x, widths: scatter(
        x, index=Index.parse(_inner(x.shape, widths))[0], shape=_padded_shape(x, widths)
    ),
)


def _per_axis(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """NumPy's forms of a setting: one for all, one pair for all, or one pair for each axis."""
    if isinstance(value, Node):
        value = _entries(value)
    if not isinstance(value, (list, tuple, np.ndarray)):
        return [(value, value)] * ndim
    rows = [_entries(row) if isinstance(row, Node) and row.ndim else row for row in value]
    if not any(isinstance(row, (list, tuple, np.ndarray)) for row in rows):
        pair = rows * 2 if len(rows) == 1 else rows
        if len(pair) != 2:
            raise ValueError(f"a setting for each side has two values, not {len(pair)}")
        return [(pair[0], pair[1])] * ndim
    pairs = [(row[0], row[-1]) for row in rows]
    if len(pairs) == 1:
        pairs *= ndim
    if len(pairs) != ndim:
        raise ValueError(f"there are settings for {len(pairs)} axes, but the array has {ndim}")
    return pairs


def _entries(node: Node) -> Any:
    """The elements of a traced setting, as a nested list of nodes."""
    return node if not node.ndim else [_entries(node[i]) for i in range(node.shape[0])]


def _widths(pad_width: Any, ndim: int) -> Widths:
    if isinstance(pad_width, dict):
        named = {axis % ndim: width for axis, width in pad_width.items()}
        pairs = [_per_axis(named.get(i, 0), 1)[0] for i in range(ndim)]
    else:
        pairs = _per_axis(pad_width, ndim)
    widths = tuple([(operator.index(before), operator.index(after)) for before, after in pairs])
    if any(width < 0 for pair in widths for width in pair):
        raise ValueError("an array cannot be padded by a negative number of elements")
    return widths


def _pad_with_constants(a: Any, widths: Widths, values: Any) -> Any:
    if isinstance(values, (int, float)) and values == 0:
        return pad_op(a, widths=widths)
    for axis, (width, pair) in enumerate(zip(widths, _per_axis(values, a.ndim), strict=True)):
        a = _between(a, axis, width, [astype(as_array(value), a.dtype) for value in pair])
    return a


def _between(a: Any, axis: int, width: tuple[int, int], fillers: list[Any]) -> Any:
    """An array between blocks that repeat a value or a slice of length 1."""
    sides = [
        [broadcast_to(filler, (*a.shape[:axis], count, *a.shape[axis + 1 :]))] if count else []
        for count, filler in zip(width, fillers, strict=True)
    ]
    parts = [*sides[0], a, *sides[1]]
    return a if len(parts) == 1 else concatenate_op(*parts, axis=axis)


def _pad_by_moving(a: Any, widths: Widths, mode: str) -> Any:
    """Modes that repeat elements: NumPy pads the positions, and they are looked up."""
    for axis, width in enumerate(widths):
        if any(width):
            positions = np.pad(np.arange(a.shape[axis]), width, mode=mode)  # type: ignore[call-overload]
            a = take_op(a, positions, axis=axis, mode="raise")
    return a


def _pad_linearly(a: Any, widths: Widths, settings: Callable[[int], dict[str, Any]]) -> Any:
    """Modes that are linear in the elements of an axis: NumPy pads the identity, which gives the matrix."""
    for axis, width in enumerate(widths):
        if any(width):
            matrix = np.pad(np.eye(a.shape[axis]), (width, (0, 0)), **settings(axis))
            a = (
                moveaxis(matmul(matrix.astype(a.dtype), moveaxis(a, axis, -2)), -2, axis)
                if a.ndim > 1
                else matmul(matrix.astype(a.dtype), a)
            )
    return a


_STATISTICS: dict[str, Any] = {"mean": mean, "median": median, "maximum": max_, "minimum": min_}


def _pad_with_statistics(a: Any, widths: Widths, statistic: Any, stat_length: Any) -> Any:
    lengths = _per_axis(stat_length, a.ndim)
    for axis, (width, (first, last)) in enumerate(zip(widths, lengths, strict=True)):
        count = a.shape[axis]
        lead = (slice(None),) * axis
        start = a[(*lead, slice(None, count if first is None else min(first, count)))]
        end = a[(*lead, slice(0 if last is None else max(count - last, 0), None))]
        fillers = [statistic(part, axis=axis, keepdims=True) for part in (start, end)]
        a = _between(a, axis, width, fillers)
    return a


def _pad_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(3), 2),
        example(s.normal(2, 3), ((1, 0), (0, 2))),
        example(s.normal(2, 3), (1, 2), constant_values=1.5),
        example(s.normal(2, 3), 1, constant_values=((1.0, 2.0), (3.0, 4.0))),
        example(s.normal(3), 2, mode="edge"),
        example(s.normal(2, 3), ((0, 1), (2, 2)), "reflect"),
        example(s.normal(3), (4, 5), mode="symmetric"),
        example(s.normal(2, 3), 2, mode="wrap"),
        example(s.normal(2, 3), ((1, 2), (0, 1)), mode="reflect", reflect_type="odd"),
        example(s.normal(2, 3), ((1, 2), (0, 1)), mode="linear_ramp", end_values=2.0),
        example(s.normal(2, 3), 1, mode="mean"),
        example(s.normal(4), 2, mode="mean", stat_length=(2, 3)),
    ]


@function(
    np.pad,
    examples=_pad_examples,
    holomorphic=True,
)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Put values around an array; constants may be traced."""
    a = as_array(array)
    widths = _widths(pad_width, a.ndim)
    if mode == "constant":
        return _pad_with_constants(a, widths, kwargs.get("constant_values", 0))
    if mode == "empty":
        return pad_op(a, widths=widths)
    if not math.prod(a.shape) and any(map(any, widths)):
        raise ValueError(f"an array without elements cannot be padded in the mode {mode!r}")
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and kwargs.get("reflect_type", "even") == "even"):
        return _pad_by_moving(a, widths, mode)
    if mode in ("reflect", "symmetric"):
        return _pad_linearly(a, widths, lambda axis: {"mode": mode, "reflect_type": "odd"})
    if mode == "linear_ramp":
        ends = _per_axis(kwargs.get("end_values", 0), a.ndim)
        return _pad_with_ramps(a, widths, ends)
    if mode in _STATISTICS:
        return _pad_with_statistics(a, widths, _STATISTICS[mode], kwargs.get("stat_length"))
    raise UnsupportedOperationError(
        f"np.pad with the mode {mode!r} is not known to chainrule",
        fix="use one of NumPy's named modes, or np.concatenate",
    )


def _pad_with_ramps(a: Any, widths: Widths, ends: list[tuple[Any, Any]]) -> Any:
    """From the edge to an end value in equal steps."""
    for axis, ((before, after), (first, last)) in enumerate(zip(widths, ends, strict=True)):
        lead, behind = (slice(None),) * axis, (1,) * (a.ndim - axis - 1)
        parts = [a]
        if before:
            steps = (np.arange(before) / before).astype(a.dtype).reshape(-1, *behind)
            parts.insert(0, steps * (a[(*lead, slice(0, 1))] - first) + first)
        if after:
            steps = (np.arange(after, 0, -1) / after - 1 / after).astype(a.dtype).reshape(-1, *behind)
            parts.append(steps * (a[(*lead, slice(-1, None))] - last) + last)
        a = concatenate_op(*parts, axis=axis)
    return a
