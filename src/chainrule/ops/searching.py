"""Questions about positions: where the largest element is, where a value belongs, which elements are there.

The answers are integers or Booleans and carry no gradient; what is picked by them does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import by_evaluation, normalize_axes, reduced_shape
from chainrule.graph.node import Node
from chainrule.graph.op import ZERO, Op, items
from chainrule.ops.comparison import greater, less
from chainrule.ops.gathering import take, take_along, take_op
from chainrule.ops.joining import as_array, concatenate
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.selection import maximum, minimum, where
from chainrule.ops.shaping import astype, broadcast_to, ravel, reshape
from chainrule.ops.sorting import argsort_op

Shape = tuple[int, ...]
_INTEGER = np.dtype(np.intp)


def _infer_arg(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    return reduced_shape(inputs[0].shape, (params["axis"],), params["keepdims"]), _INTEGER


def _position_op(name: str, compute: Any) -> Op:
    return Op(name, lambda x, axis, keepdims: compute(x, axis=axis, keepdims=keepdims), _infer_arg)


argmax_op = _position_op("argmax", np.argmax)
argmin_op = _position_op("argmin", np.argmin)
nanargmax_op = _position_op("nanargmax", np.nanargmax)
nanargmin_op = _position_op("nanargmin", np.nanargmin)


def _position_of(op: Op, a: Any, axis: int | None, keepdims: Any) -> Any:
    a = as_array(a)
    if axis is not None:
        return op(a, axis=normalize_axes(axis, a.ndim)[0], keepdims=bool(keepdims))
    position = op(ravel(a), axis=0, keepdims=False)
    return reshape(position, (1,) * a.ndim) if keepdims else position


def _position_examples(s: Sampler) -> list[Example]:
    return [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=-1, keepdims=True),
        example(s.distinct(2, 3), keepdims=True),
    ]


@function(np.argmax, examples=_position_examples, differentiable=False)
def argmax(a: Any, axis: int | None = None, out: None = None, *, keepdims: Any = False) -> Any:
    """The position of the largest element."""
    return _position_of(argmax_op, a, axis, keepdims)


@function(np.argmin, examples=_position_examples, differentiable=False)
def argmin(a: Any, axis: int | None = None, out: None = None, *, keepdims: Any = False) -> Any:
    """The position of the smallest element."""
    return _position_of(argmin_op, a, axis, keepdims)


@function(np.nanargmax, examples=_position_examples, differentiable=False)
def nanargmax(a: Any, axis: int | None = None, out: None = None, *, keepdims: Any = False) -> Any:
    """The position of the largest element that is not NaN."""
    return _position_of(nanargmax_op, a, axis, keepdims)


@function(np.nanargmin, examples=_position_examples, differentiable=False)
def nanargmin(a: Any, axis: int | None = None, out: None = None, *, keepdims: Any = False) -> Any:
    """The position of the smallest element that is not NaN."""
    return _position_of(nanargmin_op, a, axis, keepdims)


nonzero_op = Op("nonzero", np.nonzero, by_evaluation, vjp=(ZERO,))
argwhere_op = Op("argwhere", np.argwhere, by_evaluation)
_flatnonzero = Op("nonzero_flat", np.flatnonzero, by_evaluation)


def _zeros_among(s: Sampler) -> list[Example]:
    x = s.normal(2, 3)
    return [example(where(np.abs(x) < 0.5, 0, x).astype(s.dtype)), example(s.normal(3))]


@function(np.nonzero, examples=_zeros_among, differentiable=False)
def nonzero(a: Any) -> Any:
    """The positions of elements that are not zero, one array for each axis."""
    return items(nonzero_op(as_array(a)))


@function(np.flatnonzero, examples=_zeros_among, differentiable=False)
def flatnonzero(a: Any) -> Any:
    """The positions, in the flattened array, of elements that are not zero."""
    return _flatnonzero(as_array(a))


@function(np.argwhere, examples=_zeros_among, differentiable=False)
def argwhere(a: Any) -> Any:
    """The positions of elements that are not zero, one row for each."""
    return argwhere_op(as_array(a))


searchsorted_op = Op(
    "searchsorted",
    lambda a, v, side: np.asarray(np.searchsorted(a, v, side=side)),
    lambda op, inputs, params: (inputs[1].shape, _INTEGER),
)


@function(
    np.searchsorted,
    examples=lambda s: [
        example(np.sort(s.distinct(4)), s.normal(2, 3)),
        example(np.sort(s.distinct(4)), s.normal(), side="right"),
        example(s.distinct(4), s.normal(3), sorter=np.array([0, 1, 2, 3])),
    ],
    differentiable=False,
)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where values would have to be inserted into a sorted array."""
    a = as_array(a)
    return searchsorted_op(a if sorter is None else take(a, sorter), as_array(v), side=side)


digitize_op = Op(
    "digitize",
    lambda x, bins, right: np.asarray(np.digitize(x, bins, right=right)),
    lambda op, inputs, params: (inputs[0].shape, _INTEGER),
)


@function(
    np.digitize,
    examples=lambda s: [
        example(s.normal(2, 3), np.array([-0.5, 0.0, 0.5])),
        example(s.normal(3), np.array([0.5, -0.5]), right=True),
    ],
    differentiable=False,
)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin that each value falls into."""
    return digitize_op(as_array(x), as_array(bins), right=bool(right))


isin_op = Op(
    "isin",
    lambda element, among, invert: np.isin(element, among, invert=invert),
    lambda op, inputs, params: (inputs[0].shape, np.dtype(bool)),
)


@function(np.isin, examples=lambda s: [example(np.array([1.0, 2.0, 5.0], s.dtype), [1, 5])], differentiable=False)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    """Whether each element is one of the test elements."""
    return isin_op(as_array(element), as_array(test_elements), invert=bool(invert))


unravel_op = Op(
    "unravel_index",
    lambda positions, shape, order: np.unravel_index(positions, shape, order=order),
    lambda op, inputs, params: (((inputs[0].shape, _INTEGER),) * len(params["shape"]), None),
    vjp=(ZERO,),
)


@function(np.unravel_index, examples=lambda s: [example(np.array([0, 5, 3]), (2, 3))], differentiable=False)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    """Coordinates of elements from their positions in the flattened array."""
    lengths = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return items(unravel_op(as_array(indices), shape=lengths, order=order))


def _unique(x: Any) -> tuple[Any, Any, Any]:
    _, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    return first, inverse.reshape(x.shape), counts


#: Where each distinct value stands first, which of them each element is, and how often each occurs.
unique_op = Op("unique", _unique, by_evaluation, vjp=(ZERO,))


@function(
    np.unique,
    examples=lambda s: [
        example(s.distinct(2, 3)),
        Example((s.distinct(3),), prepare=lambda x: (x[np.array([0, 2, 0, 1])],)),
        Example(
            (s.distinct(2, 2),),
            {"return_index": True, "return_inverse": True, "return_counts": True},
        ),
    ],
)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The distinct values in ascending order; the gradient goes to the first of equal ones."""
    if axis is not None:
        raise ValueError("unique along an axis cannot be recorded; leave out axis=")
    ar = as_array(ar)
    first, inverse, counts = items(unique_op(ar))
    values = take_op(ravel(ar), first, axis=0, mode="raise")
    extra = [(return_index, first), (return_inverse, inverse), (return_counts, counts)]
    chosen = [part for wanted, part in extra if wanted]
    return (values, *chosen) if chosen else values


@function(
    np.interp,
    examples=lambda s: [
        example(np.array([0.35, 1.6, 2.2], s.dtype), np.array([0.0, 1.0, 2.0, 3.0], s.dtype), s.normal(4)),
        example(np.array([[-0.7, 1.6], [2.2, 4.5]], s.dtype), np.array([0.0, 1.0, 3.0], s.dtype), s.normal(3)),
        example(np.array([-0.7, 4.5], s.dtype), np.array([0.0, 1.0, 3.0], s.dtype), s.normal(3), left=2.0, right=3.0),
        example(np.array([-0.7, 4.5, 0.3], s.dtype), np.array([0.0, 3.2, 1.1], s.dtype), s.normal(3), period=4.0),
        Example((np.array(0.4), np.array([0.0, 1.0]), s.normal(2).astype(float)), argnums=(0, 2)),
    ],
)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Values of the polygon through given points; constant beyond the first and last of them."""
    x, xp, fp = [a if a.dtype.kind in "fc" else astype(a, np.float64) for a in map(as_array, (x, xp, fp))]
    x, xp = astype(x, np.float64), astype(xp, np.float64)
    fp = astype(fp, np.complex128 if fp.dtype.kind == "c" else np.float64)
    if xp.ndim != 1 or xp.shape != fp.shape:
        raise ValueError(f"the points need equally long coordinates; xp has shape {xp.shape} and fp {fp.shape}")
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, period)
        left = right = None
    count = xp.shape[0]
    left, right = fp[0] if left is None else left, fp[count - 1] if right is None else right
    if count == 1:
        inside = broadcast_to(fp[0], x.shape)
    else:
        start = maximum(minimum(searchsorted_op(xp, x, side="right") - 1, count - 2), 0)
        x0, x1 = (take_op(xp, place, axis=0, mode="raise") for place in (start, start + 1))
        y0, y1 = (take_op(fp, place, axis=0, mode="raise") for place in (start, start + 1))
        inside = y0 + (y1 - y0) / (x1 - x0) * (x - x0)
    return where(less(x, xp[0]), left, where(greater(x, xp[count - 1]), right, inside))


def _periodic(x: Any, xp: Any, fp: Any, period: float) -> tuple[Any, Any, Any]:
    """All coordinates brought into one period, and a point repeated at both ends."""
    period = abs(period)
    x, xp = x % period, xp % period
    order = argsort_op(xp, axis=0)
    xp, fp = take_along(xp, order, axis=0), take_along(fp, order, axis=0)
    return x, concatenate([xp[-1:] - period, xp, xp[:1] + period]), concatenate([fp[-1:], fp, fp[:1]])
