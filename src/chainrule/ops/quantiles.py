"""Medians, quantiles and percentiles.

A quantile lies between two neighbours in the sorted order, so its gradient goes to these two elements. Where they
stand depends on the level and the number of elements alone.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import normalize_axes, probe_dtype, reduced_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.notation.tree import call
from chainrule.ops.comparison import floor, isnan, logical_not
from chainrule.ops.gathering import put_back_along, take_along
from chainrule.ops.joining import as_array
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.selection import maximum, minimum, where
from chainrule.ops.shaping import astype, broadcast_to, expand_dims, moveaxis, reshape, transpose
from chainrule.ops.sorting import argsort_op, sort_op

Shape = tuple[int, ...]


@functools.lru_cache(maxsize=256)
def _neighbours(levels: tuple[float, ...], count: int, method: str) -> tuple[Any, Any, Any]:
    """For each level the two places in the sorted order, and the weight of the second.

    The quantile of 0, 1, 2, ... is its own place in the order, for every method.
    """
    place = np.quantile(np.arange(float(count)), np.array(levels), method=method)  # type: ignore[call-overload]
    lower = np.floor(place)
    weight = place - lower
    lower = lower.astype(np.intp)
    return lower, np.minimum(lower + 1, count - 1), weight


def _sources(x: Any, levels: tuple[float, ...], method: str) -> tuple[Any, Any, Any]:
    """Positions in `x` (quantiles run along the last axis) of both neighbours, and the weight of the second."""
    lower, upper, weight = _neighbours(levels, x.shape[-1], method)
    order = argsort_op(x, axis=x.ndim - 1)
    return order[..., lower], order[..., upper], weight.astype(x.dtype)


def _quantile_vjp(g: Any, out: Any, x: Any, levels: tuple[float, ...], precision: str, method: str) -> Any:
    lower, upper, weight = _sources(x, levels, method)
    g = moveaxis(g, 0, -1)
    axis, length = x.ndim - 1, x.shape[-1]
    from_lower = put_back_along(g * (1 - weight), lower, axis=axis, length=length)
    return from_lower + put_back_along(g * weight, upper, axis=axis, length=length)


def _quantile_jvp(tangents: Any, out: Any, x: Any, levels: tuple[float, ...], precision: str, method: str) -> Any:
    lower, upper, weight = _sources(x, levels, method)
    axis = x.ndim - 1
    moved = (
        take_along(tangents[0], lower, axis=axis) * (1 - weight) + take_along(tangents[0], upper, axis=axis) * weight
    )
    return moveaxis(moved, -1, 0)


def _infer_quantile(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    x = inputs[0]
    key = (x.dtype, params["precision"], params["method"])
    dtype = op.dtypes.get(key)
    if dtype is None:
        dtype = op.dtypes[key] = probe_dtype(op, inputs, params)
    return (len(params["levels"]), *x.shape[:-1]), dtype


def _quantile(x: Any, levels: tuple[float, ...], precision: str, method: str) -> Any:
    return np.quantile(x, np.array(levels, precision), axis=-1, method=method)  # type: ignore[call-overload]


#: Quantiles along the last axis; the levels come first in the result, as in NumPy.
quantile_op = Op("quantile", _quantile, _infer_quantile, vjp=(_quantile_vjp,), jvp=_quantile_jvp)
median_op = Op(
    "median",
    lambda x: np.median(x, axis=-1),
    lambda op, inputs, params: (inputs[0].shape[:-1], np.result_type(inputs[0].dtype, np.float16)),
    vjp=(lambda g, out, x: _quantile_vjp(expand_dims(g, 0), out, x, (0.5,), "", "linear"),),
    jvp=lambda tangents, out, x: _quantile_jvp(tangents, out, x, (0.5,), "", "linear")[0],
    notation=lambda x: call("median", x),
)


def _lined_up(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The axes to reduce as one last axis."""
    a = as_array(a)
    axes = normalize_axes(axis, a.ndim)
    if not axes:
        return expand_dims(a, -1), axes
    rest = [i for i in range(a.ndim) if i not in axes]
    count = math.prod([a.shape[i] for i in axes])
    if not count:
        raise ValueError("a quantile needs at least one element")
    lined_up = transpose(a, [*rest, *axes]) if rest else a
    return reshape(lined_up, (*[a.shape[i] for i in rest], count)), axes


def _check_levels(levels: Any) -> None:
    if not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError("quantiles lie between 0 and 1, percentiles between 0 and 100")


def _quantiles(a: Any, q: Any, axis: Any, method: str, keepdims: Any, *, without_nan: bool = False) -> Any:
    shape = np.shape(a)
    x, axes = _lined_up(a, axis)
    level_shape = np.shape(q)
    if without_nan or isinstance(q, Node):
        result = _interpolated(x, q, method, without_nan)
    else:
        is_number = isinstance(q, (int, float)) and x.dtype.kind == "f"
        levels = np.asarray(q, x.dtype if is_number else np.result_type(np.asarray(q), np.float16))
        _check_levels(levels)
        result = quantile_op(x, levels=tuple(levels.ravel().tolist()), precision=levels.dtype.name, method=method)
    return reshape(result, level_shape + reduced_shape(shape, axes, bool(keepdims)))


def _medians(a: Any, axis: Any, keepdims: Any) -> Any:
    x, axes = _lined_up(a, axis)
    result = median_op(astype(x, np.float64) if x.dtype.kind not in "fc" else x)
    return reshape(result, reduced_shape(np.shape(a), axes, True)) if keepdims else result


def _interpolated(x: Any, q: Any, method: str, without_nan: bool) -> Any:
    """Linear interpolation in the sorted order, for levels that are traced and for data with gaps (NaN)."""
    if method != "linear":
        raise UnsupportedOperationError(
            f"the method {method!r} is not known for traced levels and for data with NaN",
            fix="leave out method=, which means linear interpolation",
        )
    if x.dtype.kind != "f":
        x = astype(x, np.float64)
    q = as_array(q)
    if not isinstance(q, Node):
        _check_levels(q)
        q = q.astype(x.dtype)
    levels = reshape(q, (math.prod(q.shape),) + (1,) * (x.ndim - 1))
    values = sort_op(x, axis=x.ndim - 1)
    present = logical_not(isnan(x))
    count = sum_op(present, axis=(x.ndim - 1,), keepdims=False) if without_nan else x.shape[-1]
    place = levels * astype(as_array(maximum(count - 1, 0)), x.dtype)
    lower = floor(place)
    rows = broadcast_to(values, (levels.shape[0], *values.shape))

    def at(number: Any) -> Any:
        number = expand_dims(broadcast_to(astype(number, np.intp), rows.shape[:-1]), -1)
        return take_along(rows, number, axis=rows.ndim - 1)[..., 0]

    first, second = at(lower), at(minimum(lower + 1, astype(as_array(maximum(count - 1, 0)), x.dtype)))
    result = first + (second - first) * (place - lower)
    return result if without_nan else where(isnan(values[..., -1]), np.nan, result)


def _refuse_weights(weights: Any) -> None:
    if weights is not None:
        raise UnsupportedOperationError(
            "quantiles with weights= are not known to chainrule",
            fix="leave out weights=, or repeat the elements with np.repeat",
        )


def _fraction(percent: Any) -> Any:
    return (percent if isinstance(percent, (int, float)) else as_array(percent)) / 100


def _quantile_examples(s: Sampler, scale: float) -> list[Example]:
    return [
        example(s.distinct(5), 0.3 * scale),
        example(s.distinct(2, 4), 0.6 * scale, axis=0),
        example(s.distinct(2, 4), np.array([0.1, 0.85]) * scale, axis=1),
        example(s.distinct(2, 3, 2), 0.4 * scale, axis=(0, 2), keepdims=True),
        example(s.distinct(5), [0.0, 1.0 * scale]),
        example(s.distinct(2, 3), np.array([[0.2], [0.6]]) * scale, axis=-1, keepdims=True),
        example(s.distinct(5), 0.45 * scale, method="hazen"),
        example(s.distinct(5), 0.45 * scale, method="lower"),
    ]


@function(
    np.quantile,
    examples=lambda s: [
        *_quantile_examples(s, 1.0),
        Example((s.distinct(5), np.array(0.3)), argnums=(0, 1)),
        Example((s.distinct(2, 5), np.array([0.3, 0.9])), {"axis": 1}, argnums=(0, 1)),
    ],
)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Values below which given fractions of the elements lie."""
    _refuse_weights(weights)
    return _quantiles(a, q, axis, method, keepdims)


@function(np.percentile, examples=lambda s: _quantile_examples(s, 100.0))
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Values below which given percentages of the elements lie."""
    _refuse_weights(weights)
    return _quantiles(a, _fraction(q), axis, method, keepdims)


@function(
    np.median,
    examples=lambda s: [
        example(s.distinct(5)),
        example(s.distinct(4)),
        example(s.distinct(2, 3), axis=1, keepdims=True),
        example(s.distinct(2, 3, 2), axis=(0, 2)),
    ],
)
def median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    """The middle of the sorted elements; the mean of the two in the middle of an even number."""
    return _medians(a, axis, keepdims)


def _with_gap(x: Any) -> Any:
    """An example in which the second element is missing."""
    x = np.array(x)
    x.flat[1] = np.nan
    return x


@function(
    np.nanquantile,
    examples=lambda s: [
        example(_with_gap(s.distinct(6)), 0.3),
        example(_with_gap(s.distinct(2, 4)), np.array([0.1, 0.85]), axis=1, keepdims=True),
    ],
)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Quantiles of the elements that are not NaN."""
    _refuse_weights(weights)
    return _quantiles(a, q, axis, method, keepdims, without_nan=True)


@function(np.nanpercentile, examples=lambda s: [example(_with_gap(s.distinct(2, 4)), 35.0, axis=0)])
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Percentiles of the elements that are not NaN."""
    _refuse_weights(weights)
    return _quantiles(a, _fraction(q), axis, method, keepdims, without_nan=True)


@function(
    np.nanmedian, examples=lambda s: [example(_with_gap(s.distinct(5))), example(_with_gap(s.distinct(2, 4)), axis=1)]
)
def nanmedian(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    """The median of the elements that are not NaN."""
    return _quantiles(a, 0.5, axis, "linear", keepdims, without_nan=True)
