"""Statistics: variance, standard deviation, weighted averages, covariance and correlation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduced_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.notation.tree import call
from chainrule.ops.arithmetic import sqrt
from chainrule.ops.comparison import equal
from chainrule.ops.complex_numbers import absolute, conjugate
from chainrule.ops.diagonals import diagonal
from chainrule.ops.joining import as_array, concatenate
from chainrule.ops.products import matmul
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import cast_like, counted, mean, mean_op, spread, sum_, sum_op
from chainrule.ops.selection import maximum, minimum, where
from chainrule.ops.shaping import astype, broadcast_to, reshape, transpose

Axes = tuple[int, ...]


def _count(x: Any, axis: Axes) -> int:
    return math.prod([x.shape[i] for i in axis])


def _degrees_of_freedom(x: Any, axis: Axes, ddof: float) -> float:
    return max(_count(x, axis) - ddof, 0)


def _real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(dtype.type(0).real.dtype)


def _infer_var(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    x = inputs[0]
    return reduced_shape(x.shape, params["axis"], params["keepdims"]), _real_dtype(x.dtype)


def _deviation(x: Any, axis: Axes) -> Any:
    """x minus its mean, conjugated: half the derivative of the sum of the squared moduli."""
    deviation = x - mean_op(x, axis=axis, keepdims=True)
    return conjugate(deviation) if x.dtype.kind == "c" else deviation


def _var(x: Any, axis: Axes, ddof: float, keepdims: bool) -> Any:
    if x.dtype.itemsize < 4:
        return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)
    deviation = x - np.add.reduce(x, axis=axis, keepdims=True) / x.dtype.type(_count(x, axis))
    squares = deviation * deviation if x.dtype.kind == "f" else deviation.real**2 + deviation.imag**2
    total: Any = np.add.reduce(squares, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
    return total / squares.dtype.type(_degrees_of_freedom(x, axis, ddof))


def _var_vjp(g: Any, out: Any, x: Any, axis: Axes, ddof: float, keepdims: bool) -> Any:
    return spread(g * _share(2.0, x, axis, ddof), x, axis, keepdims) * _deviation(x, axis)


def _share(factor: float, x: Any, axis: Axes, ddof: float) -> float:
    """A factor divided by the degrees of freedom; without any the variance is not defined."""
    free = _degrees_of_freedom(x, axis, ddof)
    return factor / free if free else math.nan


def _std_vjp(g: Any, out: Any, x: Any, axis: Axes, ddof: float, keepdims: bool) -> Any:
    """(x − mean) / (n std), and 0 where all elements are equal."""
    is_zero = equal(out, 0)
    slope = where(is_zero, 0.0, g / where(is_zero, 1.0, out)) * _share(1.0, x, axis, ddof)
    return spread(slope, x, axis, keepdims) * _deviation(x, axis)


def _var_steps(x: Any, axis: Axes, ddof: float, keepdims: bool) -> Any:
    """The sum of the squared distances from the mean, divided by the degrees of freedom."""
    if x.dtype.kind != "f":
        return None
    deviation = x - sum_op(x, axis=axis, keepdims=True) / float(_count(x, axis))
    return sum_op(deviation * deviation, axis=axis, keepdims=keepdims) / float(_degrees_of_freedom(x, axis, ddof))


def _std_steps(x: Any, axis: Axes, ddof: float, keepdims: bool) -> Any:
    variance = _var_steps(x, axis, ddof, keepdims)
    return None if variance is None else sqrt(variance)


var_op = Op(
    "var",
    _var,
    _infer_var,
    vjp=(_var_vjp,),
    decompose=_var_steps,
    notation=lambda x, **_: call("var", x),
)
std_op = Op(
    "std",
    lambda x, axis, ddof, keepdims: np.sqrt(_var(x, axis, ddof, keepdims)),
    _infer_var,
    vjp=(_std_vjp,),
    decompose=_std_steps,
    notation=lambda x, **_: call("std", x),
)


def masked_var(a: Any, axis: Any, dtype: Any, ddof: float, keepdims: Any, where_: Any, mean_of: Any) -> tuple[Any, Any]:
    """The variance where a mask leaves elements out, or where the mean is given."""
    if dtype is not None:
        a = astype(a, dtype)
    center = mean(a, axis, None, None, True, where=where_) if mean_of is None else mean_of
    deviation = a - center
    squares = absolute(deviation) ** 2 if a.dtype.kind == "c" else deviation * deviation
    if where_ is not True:
        squares = where(where_, squares, 0.0)
    kept = counted(where_, squares, axis, keepdims)
    free = maximum(kept - ddof, 0.0)
    return sum_(squares, axis, None, None, keepdims) / free


def real_root(x: Any) -> Any:
    """The square root, with the gradient 0 at 0."""
    is_zero = equal(x, 0)
    return where(is_zero, 0.0, sqrt(where(is_zero, 1.0, x)))


def as_inexact(a: Any, dtype: Any) -> Any:
    a = as_array(a)
    if dtype is not None:
        return astype(a, dtype)
    return a if a.dtype.kind in "fc" else astype(a, np.float64)


def divisor_offset(ddof: Any, correction: Any) -> float:
    """The Array API's name for `ddof` wins; literals only, as the count that is divided by is static."""
    chosen = ddof if correction is None else correction
    return chosen if isinstance(chosen, (int, float)) else float(chosen)


def _var_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0, ddof=1),
        example(s.normal(2, 3), axis=-1, keepdims=True),
        example(s.normal(2, 3, 2), axis=(0, 2), correction=1),
        example(s.normal(4), where=np.array([True, False, True, True]), ddof=1),
        example(s.normal(2, 3), axis=1, mean=s.normal(2, 1)),
    ]


@function(np.var, examples=_var_examples, holomorphic=True)
def var(
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
    """Variance: the mean squared distance from the mean."""
    a, ddof = as_inexact(a, dtype), divisor_offset(ddof, correction)
    if where is not True or mean is not None:
        return masked_var(a, axis, dtype, ddof, keepdims, where, mean)
    return var_op(a, axis=normalize_axes(axis, a.ndim), ddof=ddof, keepdims=bool(keepdims))


@function(np.std, examples=_var_examples, holomorphic=True)
def std(
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
    """Standard deviation; its gradient where all elements are equal is 0."""
    a, ddof = as_inexact(a, dtype), divisor_offset(ddof, correction)
    if where is not True or mean is not None:
        return real_root(masked_var(a, axis, dtype, ddof, keepdims, where, mean))
    return std_op(a, axis=normalize_axes(axis, a.ndim), ddof=ddof, keepdims=bool(keepdims))


def _average_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=1, keepdims=True),
        example(s.normal(2, 3), None, s.positive(2, 3)),
        example(s.normal(2, 3), 1, s.positive(3)),
        example(s.normal(2, 3, 2), (0, 2), s.positive(2, 2)),
        example(s.normal(2, 3), 0, s.positive(2), returned=True),
    ]


@function(np.average, examples=_average_examples, holomorphic=True)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """Weighted mean, and with ``returned=True`` the sum of the weights too."""
    a = as_array(a)
    if weights is None:
        result = mean(a, axis, None, None, keepdims)
        count = cast_like(np.asarray(a.size / max(result.size, 1)), result)
        return (result, broadcast_to(count, result.shape)) if returned else result
    weights = as_array(weights)
    if weights.shape != a.shape:
        axes = axis if isinstance(axis, tuple) else (axis,)
        if axis is None:
            raise ValueError("axis is needed where the weights do not have the shape of the values")
        places = [int(i) % a.ndim for i in axes]
        if weights.shape != tuple([a.shape[i] for i in places]):
            raise ValueError(f"weights of shape {weights.shape} do not fit axis {axis} of an array of shape {a.shape}")
        weights = transpose(weights, np.argsort(places).tolist())
        weights = reshape(weights, tuple([n if i in places else 1 for i, n in enumerate(a.shape)]))
    total = sum_(broadcast_to(weights, a.shape), axis, None, None, keepdims)
    result = sum_(a * weights, axis, None, None, keepdims) / total
    return (result, cast_like(total, result)) if returned else result


def _rows_are_variables(m: Any, rowvar: bool, dtype: Any) -> Any:
    m = as_array(m)
    if m.ndim > 2:
        raise ValueError(f"a table of observations has at most 2 dimensions, not {m.ndim}")
    m = astype(m, np.result_type(m.dtype, np.float64) if dtype is None else dtype)
    table = reshape(m, (1, *m.shape)) if m.ndim < 2 else m
    return table if rowvar or (m.ndim < 2 and table.shape[0] == 1) else transpose(table)


def _cov_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(3, 5)),
        example(s.normal(5)),
        example(s.normal(5, 3), rowvar=False),
        example(s.normal(2, 5), s.normal(5)),
        example(s.normal(2, 5), bias=True),
    ]


@function(
    np.cov,
    examples=lambda s: [
        *_cov_examples(s),
        example(s.normal(2, 5), ddof=0),
        example(s.normal(2, 4), fweights=np.array([1, 2, 1, 3]), aweights=s.positive(4).real),
    ],
    holomorphic=True,
)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Covariance matrix of variables that were observed together."""
    x = _rows_are_variables(m, rowvar, dtype)
    if y is not None:
        x = concatenate([x, _rows_are_variables(y, rowvar, dtype)], axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None if fweights is None else astype(as_array(fweights), np.float64)
    if aweights is not None:
        weights = as_array(aweights) if weights is None else weights * as_array(aweights)
    if weights is None:
        centered = x - mean(x, 1, None, None, True)
        weighted, free = centered, float(max(x.shape[1] - ddof, 0))
        return _outer_sum(weighted, centered) / free if free else _outer_sum(weighted, centered) / np.float64(0.0)
    total = sum_(weights)
    centered = x - sum_(x * weights, 1, None, None, True) / total
    bias_term = 0.0 if ddof == 0 else ddof * (total if aweights is None else sum_(weights * aweights) / total)
    return _outer_sum(centered * weights, centered) / (total - bias_term)


def _outer_sum(x: Any, y: Any) -> Any:
    """X Yᴴ, a number for a single variable."""
    product = matmul(x, transpose(conjugate(y) if y.dtype.kind == "c" else y))
    return product[0, 0] if product.shape == (1, 1) else product


@function(np.corrcoef, examples=lambda s: _cov_examples(s)[:4])
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Correlation matrix of variables that were observed together."""
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    deviations = sqrt(absolute(diagonal(c)) if c.dtype.kind == "c" else diagonal(c))
    c = c / reshape(deviations, (-1, 1)) / deviations
    return c if c.dtype.kind == "c" else minimum(maximum(c, -1.0), 1.0)
