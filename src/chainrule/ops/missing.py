"""The forms of sums, means, products, variances and extremes that pass over NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes
from chainrule.ops.comparison import isnan, logical_and, logical_not
from chainrule.ops.cumulative import cumprod, cumsum, prod
from chainrule.ops.joining import as_array
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import all_op, max_, mean, min_, sum_
from chainrule.ops.selection import where
from chainrule.ops.statistics import as_inexact, divisor_offset, masked_var, real_root


def _with_nan(x: Any) -> Any:
    """An example in which the second element is missing."""
    x = np.array(x)
    x.flat[1] = np.nan
    return x


def without_nan(a: Any, filler: Any) -> Any:
    """A number in place of NaN; the gradient is selected, so that a NaN does not get into it."""
    a = as_array(a)
    return where(isnan(a), filler, a) if a.dtype.kind in "fc" else a


def _not_nan(a: Any) -> Any:
    return logical_not(isnan(a))


@function(
    np.nansum,
    examples=lambda s: [example(_with_nan(s.normal(4))), example(s.normal(2, 3), axis=0, keepdims=True)],
    holomorphic=True,
)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum of the elements that are not NaN."""
    return sum_(without_nan(a, 0), axis, dtype, None, keepdims, initial, where)


def _kept(a: Any, where_: Any) -> Any:
    return _not_nan(a) if where_ is True else logical_and(_not_nan(a), where_)


@function(
    np.nanmean,
    examples=lambda s: [
        example(_with_nan(s.normal(4))),
        example(_with_nan(s.normal(2, 3)), axis=1, keepdims=True),
    ],
    holomorphic=True,
)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """Mean of the elements that are not NaN."""
    a = as_inexact(a, dtype)
    return mean(a, axis, None, None, keepdims, where=_kept(a, where))


def _nan_var_examples(s: Sampler) -> list[Example]:
    return [
        example(_with_nan(s.normal(4))),
        example(_with_nan(s.normal(2, 3)), axis=1, keepdims=True, ddof=1),
    ]


@function(np.nanvar, examples=_nan_var_examples)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Variance of the elements that are not NaN."""
    a = as_inexact(a, dtype)
    kept, filled = _kept(a, where), without_nan(a, 0)
    return masked_var(filled, axis, None, divisor_offset(ddof, correction), keepdims, kept, mean)


@function(np.nanstd, examples=_nan_var_examples)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Standard deviation of the elements that are not NaN."""
    return real_root(nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))


def _nan_extreme(extreme: Any, worst: float, a: Any, axis: Any, keepdims: Any, initial: Any, where_: Any) -> Any:
    """An extreme of what is not NaN; NaN where nothing else is there."""
    a = as_array(a)
    if a.dtype.kind not in "fc":
        return extreme(a, axis, None, keepdims, initial, where_)
    result = extreme(without_nan(a, worst), axis, None, keepdims, initial, where_)
    if initial is not None:
        return result
    nothing = all_op(isnan(a), axis=normalize_axes(axis, a.ndim), keepdims=bool(keepdims))
    return where(nothing, np.nan, result)


@function(
    np.nanmax,
    examples=lambda s: [
        example(_with_nan(s.distinct(4))),
        example(_with_nan(s.distinct(2, 3)), axis=0, keepdims=True),
    ],
)
def nanmax(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Largest element that is not NaN."""
    return _nan_extreme(max_, -np.inf, a, axis, keepdims, initial, where)


@function(
    np.nanmin,
    examples=lambda s: [
        example(_with_nan(s.distinct(4))),
        example(_with_nan(s.distinct(2, 3)), axis=0, keepdims=True),
    ],
)
def nanmin(
    a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    """Smallest element that is not NaN."""
    return _nan_extreme(min_, np.inf, a, axis, keepdims, initial, where)


@function(
    np.nanprod,
    examples=lambda s: [
        example(_with_nan(s.normal(4))),
        example(s.normal(2, 3), axis=0, keepdims=True),
    ],
    holomorphic=True,
)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    """Product of the elements that are not NaN."""
    return prod(without_nan(a, 1), axis, dtype, None, keepdims, initial, where)


@function(np.nancumsum, examples=lambda s: [example(_with_nan(s.normal(4)))], holomorphic=True)
def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running sums in which NaN counts as 0."""
    return cumsum(without_nan(a, 0), axis, dtype)


@function(np.nancumprod, examples=lambda s: [example(_with_nan(s.normal(4)))], holomorphic=True)
def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running products in which NaN counts as 1."""
    return cumprod(without_nan(a, 1), axis, dtype)
