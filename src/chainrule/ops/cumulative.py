"""Running sums and products, and the product of all elements, whose derivative is made of running products.

The derivative of a product with respect to one factor is the product of the others. Dividing the result by the
factor would be 0/0 where it is zero, so products from the left and from the right are multiplied instead, which
is exact everywhere and can be differentiated again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduction, with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op, constant
from chainrule.notation.tree import Reduction, call
from chainrule.ops.joining import as_array, concatenate_op
from chainrule.ops.record import Example, Sampler, example, function, present
from chainrule.ops.reduction import initial_like, reduce_with, spread
from chainrule.ops.shaping import astype, broadcast, ravel, reshape, transpose

Shape = tuple[int, ...]


def _accumulation(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    """The shape stays; small integers become larger ones, as in a sum."""
    node = inputs[0]
    dtype = op.dtypes.get(node.dtype)
    if dtype is None:
        dtype = op.dtypes[node.dtype] = op.compute(np.ones(1, node.dtype), axis=0).dtype
    return node.shape, dtype


def along(axis: int, part: slice | int) -> tuple[Any, ...]:
    """An index that takes a part of one axis."""
    return (slice(None),) * axis + (part,)


def reversed_along(x: Any, axis: int) -> Any:
    """The elements of an axis from last to first."""
    return x[along(axis, slice(None, None, -1))]


def _running_sum_vjp(g: Any, out: Any, x: Any, axis: int) -> Any:
    """Each element is in all sums from its own place on."""
    return reversed_along(cumsum_op(reversed_along(g, axis), axis=axis), axis)


def _before(x: Any, axis: int, first: float) -> Any:
    """Each element's predecessor; the first has a given one."""
    head = np.full((*x.shape[:axis], min(1, x.shape[axis]), *x.shape[axis + 1 :]), first, x.dtype)
    return concatenate_op(head, x[along(axis, slice(None, -1))], axis=axis)


def _after(x: Any, axis: int) -> Any:
    """Each element's successor; the last has 0."""
    tail = np.zeros((*x.shape[:axis], min(1, x.shape[axis]), *x.shape[axis + 1 :]), x.dtype)
    return concatenate_op(x[along(axis, slice(1, None))], tail, axis=axis)


def _recurrence(factors: Any, terms: Any, axis: int, backwards: bool) -> Any:
    """s[k] = terms[k] + factors[k] s[k−1], or s[k+1] when running backwards."""
    dtype = np.result_type(factors, terms)
    a, s = np.moveaxis(factors, axis, 0), np.moveaxis(terms, axis, 0)
    a, s = (a[::-1], s[::-1]) if backwards else (a, s)
    if s.ndim == 1:
        total = 0.0
        totals: list[Any] = []
        for factor, term in zip(a.tolist(), s.tolist(), strict=True):
            total = term + factor * total if totals else term
            totals.append(total)
        result = np.array(totals, dtype)
    else:
        result = np.array(s, dtype)
        for k in range(1, len(result)):
            result[k] += a[k] * result[k - 1]
    return np.moveaxis(result[::-1] if backwards else result, 0, axis)


def _recurrence_vjp(position: int, g: Any, out: Any, factors: Any, terms: Any, axis: int, backwards: bool) -> Any:
    """The adjoint of a recurrence runs the other way, with the factors moved by one place."""
    moved = _before(factors, axis, 0.0) if backwards else _after(factors, axis)
    adjoint = recurrence(moved, g, axis=axis, backwards=not backwards)
    if position == 1:
        return adjoint
    return adjoint * (_after(out, axis) if backwards else _before(out, axis, 0.0))


def _sums_as_recurrence(x: Any, axis: int) -> Any:
    """s[k] = x[k] + 1 s[k−1]"""
    if x.dtype.kind != "f" or not x.size:
        return None
    return recurrence(broadcast(constant(np.ones((), x.dtype)), shape=x.shape), x, axis=axis, backwards=False)


def _products_as_recurrence(x: Any, axis: int) -> Any:
    """p[k] = −0 + x[k] p[k−1], as −0 changes nothing, the sign of a zero included"""
    if x.dtype.kind != "f" or not x.size:
        return None
    first = x[along(axis, slice(0, 1))]
    if x.shape[axis] == 1:
        return x
    rest = constant(np.full((*x.shape[:axis], x.shape[axis] - 1, *x.shape[axis + 1 :]), -0.0, x.dtype))
    return recurrence(x, concatenate_op(first, rest, axis=axis), axis=axis, backwards=False)


cumsum_op = Op(
    "cumsum",
    lambda x, axis: np.add.accumulate(x, axis=axis) if x.dtype.kind in "fc" else np.cumsum(x, axis=axis),
    _accumulation,
    vjp=(_running_sum_vjp,),
    jvp="multilinear",
    decompose=_sums_as_recurrence,
    notation=lambda x, **_: call("cumsum", x),
)
#: A linear recurrence along an axis; all derivatives of running products are made of it.
recurrence = Op(
    "recurrence",
    _recurrence,
    with_shape(lambda factors, terms, axis, backwards: terms.shape),
    vjp=_recurrence_vjp,
)


def _running_product_vjp(g: Any, out: Any, x: Any, axis: int) -> Any:
    """∂L/∂x[i] = (Π_{j<i} x[j]) S[i], with S[i] = g[i] + x[i+1] S[i+1]"""
    return _before(out, axis, 1.0) * recurrence(_after(x, axis), g, axis=axis, backwards=True)


cumprod_op = Op(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis=axis),
    _accumulation,
    vjp=(_running_product_vjp,),
    decompose=_products_as_recurrence,
    notation=lambda x, **_: call("cumprod", x),
)


def _products_of_others(x: Any, axis: int) -> Any:
    """For each element the product of the others along one axis."""
    from_left = _before(cumprod_op(x, axis=axis), axis, 1.0)
    from_right = _before(cumprod_op(reversed_along(x, axis), axis=axis), axis, 1.0)
    return from_left * reversed_along(from_right, axis)


def _product_vjp(g: Any, out: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    g = spread(g, x, axis, keepdims)
    if len(axis) == 1:
        return g * _products_of_others(x, axis[0])
    order = (*[i for i in range(x.ndim) if i not in axis], *axis)
    lined_up = transpose(x, order)
    count = math.prod([x.shape[i] for i in axis])
    flat = reshape(lined_up, (*lined_up.shape[: x.ndim - len(axis)], count))
    others = _products_of_others(flat, flat.ndim - 1)
    return g * transpose(reshape(others, lined_up.shape), np.argsort(order).tolist())


prod_op = Op(
    "prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    reduction,
    vjp=(_product_vjp,),
    notation=lambda x, **_: Reduction("Π", "", x),
)


def _with_zeros(x: Any, *places: int) -> Any:
    x = np.array(x)
    x.flat[list(places)] = 0
    return x


def _product_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1, keepdims=True),
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(_with_zeros(s.normal(4), 1)),
        example(_with_zeros(s.normal(2, 3), 0, 2, 4), axis=1),
        example(s.normal(0, 3), axis=0),
    ]


@function(
    np.prod,
    examples=lambda s: [
        *_product_examples(s),
        example(s.normal(3), where=np.array([True, False, True]), initial=2.0),
    ],
    holomorphic=True,
)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: Any = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    """Product over some or all axes; right also where factors are zero."""
    total = reduce_with(prod_op, a, axis, dtype, keepdims, where, 1)
    return total if isinstance(initial, int) and initial == 1 else total * initial_like(initial, total)


def _accumulate(op: Op, a: Any, axis: int | None, dtype: Any) -> Any:
    a = as_array(a)
    if dtype is not None:
        a = astype(a, dtype)
    if axis is None:
        a, axis = ravel(a), 0
    return op(a, axis=normalize_axes(axis, a.ndim)[0])


@function(
    np.cumsum,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1),
        example(s.normal(0)),
    ],
    holomorphic=True,
)
def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running sums along an axis; of the flattened array by default."""
    return _accumulate(cumsum_op, a, axis, dtype)


@function(
    np.cumprod,
    examples=lambda s: [
        example(s.normal(4)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1),
        example(_with_zeros(s.normal(4), 1, 3)),
        example(_with_zeros(s.normal(2, 4), 0, 5, 6), axis=1),
        example(s.normal(0)),
    ],
    holomorphic=True,
)
def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running products along an axis; right also where factors are zero."""
    return _accumulate(cumprod_op, a, axis, dtype)


def _standard(accumulate: Any, x: Any, axis: int | None, dtype: Any, start: float | None) -> Any:
    """The Array API's signature: an axis is needed unless there is just one, and the start may be included."""
    x = as_array(x)
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"axis is needed for an array of {x.ndim} dimensions")
        axis = 0
    axis = normalize_axes(axis, x.ndim)[0]
    result = accumulate(x, axis, dtype)
    if start is None:
        return result
    head = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), start, result.dtype)
    return concatenate_op(head, result, axis=axis)


@function(
    *present("cumulative_sum"),
    examples=lambda s: [example(s.normal(3)), example(s.normal(2, 3), axis=-1, include_initial=True)],
    holomorphic=True,
)
def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
) -> Any:
    """Running sums along an axis."""
    return _standard(cumsum, x, axis, dtype, 0.0 if include_initial else None)


@function(
    *present("cumulative_prod"),
    examples=lambda s: [example(s.normal(3)), example(s.normal(2, 3), axis=-1, include_initial=True)],
    holomorphic=True,
)
def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
) -> Any:
    """Running products along an axis."""
    return _standard(cumprod, x, axis, dtype, 1.0 if include_initial else None)
