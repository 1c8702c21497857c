"""New arrays whose shape, or whose numbers, come from traced values; and questions about shapes and dtypes.

The questions are answered with plain Python values: a shape is known before any number is.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes
from chainrule.graph.node import Node
from chainrule.graph.op import constant
from chainrule.ops.arithmetic import power
from chainrule.ops.comparison import floor, sign
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log
from chainrule.ops.joining import as_array
from chainrule.ops.rearranging import tiled
from chainrule.ops.record import Example, example, function
from chainrule.ops.shaping import astype, moveaxis, reshape


def _lengths(shape: Any) -> tuple[int, ...]:
    items = shape if isinstance(shape, (tuple, list)) else np.atleast_1d(_plain(shape)).tolist()
    return tuple([operator.index(_plain(n)) for n in items])


def _plain(value: Any) -> Any:
    """Integers that decide on a shape are looked at while recording."""
    return value.value if isinstance(value, Node) else value


def _new_like(a: Any, fill: float, dtype: Any, shape: Any) -> Any:
    """A constant that can be assigned into while recording."""
    a = as_array(a)
    return constant(np.full(a.shape if shape is None else _lengths(shape), fill, dtype or a.dtype))


@function(
    np.zeros_like,
    np.empty_like,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2), dtype=int, shape=(2, 2))],
    differentiable=False,
)
def zeros_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """Zeros in the shape and dtype of another array."""
    return _new_like(a, 0, dtype, shape)


@function(
    np.ones_like,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2), dtype=int, shape=3)],
    differentiable=False,
)
def ones_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """Ones in the shape and dtype of another array."""
    return _new_like(a, 1, dtype, shape)


@function(
    np.full_like,
    examples=lambda s: [
        Example((s.normal(2, 3), s.normal()), argnums=(1,)),
        Example((s.normal(2, 3), s.normal(3)), {"shape": (4, 3)}, argnums=(1,)),
    ],
    holomorphic=True,
)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """One value in the shape and dtype of another array."""
    a = as_array(a)
    return full(a.shape if shape is None else shape, fill_value, dtype or a.dtype)


@function(
    np.full,
    examples=lambda s: [
        Example((s.normal(),), prepare=lambda x: ((2, 3), x)),
        Example((s.normal(3),), prepare=lambda x: ((2, 3), x)),
    ],
    holomorphic=True,
)
def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None
) -> Any:
    """One value everywhere."""
    value = as_array(fill_value)
    if dtype is not None:
        value = astype(value, dtype)
    lengths = _lengths(shape)
    missing = (1,) * (len(lengths) - value.ndim)
    if broadcast_shapes(value.shape, lengths) != lengths:
        raise ValueError(f"a value of shape {value.shape} does not fill an array of shape {lengths}")
    return tiled(value, tuple([1 if n == m else m for n, m in zip(missing + value.shape, lengths, strict=True)]))


@function(np.copy, examples=lambda s: [example(s.normal(2, 3))], holomorphic=True)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """The same values; later assignments to either array do not reach the other."""
    return as_array(a)


@function(
    np.linspace,
    examples=lambda s: [
        example(s.normal(), s.normal(), 5),
        example(s.normal(2), s.normal(2, 1), 4, endpoint=False),
        example(s.normal(2), 1.0, 3, axis=-1),
        example(s.normal(), s.normal(), 3, retstep=True),
        example(s.normal(), s.normal(), 1),
        example(s.normal(), s.normal(), 0),
    ],
    holomorphic=True,
)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers between traced ends."""
    count = operator.index(_plain(num))
    if count < 0:
        raise ValueError(f"{count} numbers cannot be made")
    kinds = [value.dtype if hasattr(value, "dtype") else value for value in (start, stop)]
    common = np.result_type(*kinds, float(count))
    start, stop = astype(as_array(start), common), astype(as_array(stop), common)
    distance = stop - start
    gaps = count - 1 if endpoint else count
    fractions = np.arange(count, dtype=common).reshape((-1,) + (1,) * distance.ndim) / max(gaps, 1)
    result = start + fractions.astype(common) * distance
    if axis != 0:
        result = moveaxis(result, 0, axis)
    if dtype is not None:
        result = astype(floor(result) if np.dtype(dtype).kind in "iu" else result, dtype)
    step = distance / gaps if gaps > 0 else distance * np.nan
    return (result, step) if retstep else result


@function(
    np.logspace,
    examples=lambda s: [example(s.normal(), s.normal(), 4), example(s.normal(2), s.normal(2), 3, base=2.0)],
)
def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Powers of a base with evenly spaced exponents."""
    result = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else astype(result, dtype)


@function(
    np.geomspace,
    examples=lambda s: [example(s.positive(), s.positive(), 4), example(-s.positive(2), -s.positive(2), 3)],
)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Real numbers of one sign with evenly spaced logarithms."""
    start, stop = astype(as_array(start), np.float64), astype(as_array(stop), np.float64)
    powers = linspace(log(absolute(start)), log(absolute(stop)), num, endpoint, axis=axis)
    signs = sign(start)
    if axis != 0 and signs.ndim:
        signs = moveaxis(reshape(signs, (1, *signs.shape)), 0, axis)
    result = exp(powers) * signs
    return result if dtype is None else astype(result, dtype)


@function(
    np.arange,
    examples=lambda s: [
        Example((s.positive(), s.positive()), prepare=lambda x, y: (x, x + 3.5 * y, y), kwargs={}),
    ],
)
def arange(
    start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None, like: Any = None
) -> Any:
    """Numbers with equal steps; how many there are is looked at while recording."""
    if stop is None:
        start, stop = 0, start
    count = len(np.arange(_plain(start), _plain(stop), _plain(step)))
    first, step = as_array(start), as_array(step)
    common = (
        np.dtype(dtype) if dtype is not None else np.result_type(int, first.dtype, as_array(stop).dtype, step.dtype)
    )
    return astype(first + step * np.arange(count), common)


@function(np.iscomplexobj, differentiable=False)
def iscomplexobj(x: Any) -> Any:
    """Whether the dtype is complex, whatever the numbers are."""
    return as_array(x).dtype.kind == "c"


@function(np.isrealobj, differentiable=False)
def isrealobj(x: Any) -> Any:
    """Whether the dtype is not complex."""
    return as_array(x).dtype.kind != "c"


@function(np.common_type, differentiable=False)
def common_type(*arrays: Any) -> Any:
    """The floating-point type that holds all arrays."""
    return np.common_type(*[np.empty(0, as_array(array).dtype) for array in arrays])


@function(np.tril_indices_from, differentiable=False)
def tril_indices_from(arr: Any, k: int = 0) -> Any:
    """Positions of the lower triangle of a matrix."""
    return np.tril_indices(arr.shape[-2], k=k, m=arr.shape[-1])


@function(np.triu_indices_from, differentiable=False)
def triu_indices_from(arr: Any, k: int = 0) -> Any:
    """Positions of the upper triangle of a matrix."""
    return np.triu_indices(arr.shape[-2], k=k, m=arr.shape[-1])


@function(np.diag_indices_from, differentiable=False)
def diag_indices_from(arr: Any) -> Any:
    """Positions of the main diagonal."""
    return np.diag_indices(arr.shape[0], arr.ndim)
