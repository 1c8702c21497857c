"""Sorting and the order of elements. Sorted values are moved values: the gradient moves back the same way."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, same_as_first
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.gathering import take_along
from chainrule.ops.joining import as_array
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.shaping import ravel

Shape = tuple[int, ...]
_INTEGER = np.dtype(np.intp)


def _positions_like_first(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    return inputs[0].shape, _INTEGER


argsort_op = Op("argsort", lambda x, axis: np.argsort(x, axis=axis, kind="stable"), _positions_like_first)
quick_argsort_op = Op("quick_argsort", lambda x, axis: np.argsort(x, axis=axis), _positions_like_first)
argpartition_op = Op("argpartition", lambda x, kth, axis: np.argpartition(x, kth, axis=axis), _positions_like_first)


def _ranks(x: Any, axis: int) -> Any:
    """The place of each element in the sorted order."""
    return argsort_op(argsort_op(x, axis=axis), axis=axis)


def _partition_sources(out: Any, x: Any, axis: int) -> Any:
    """Where each element of the partitioned array came from: the element of `x` of the same rank."""
    return take_along(argsort_op(x, axis=axis), _ranks(out, axis), axis=axis)


sort_op = Op(
    "sort",
    lambda x, axis: np.sort(x, axis=axis, kind="stable"),
    same_as_first,
    vjp=(lambda g, out, x, axis: take_along(g, _ranks(x, axis), axis=axis),),
    jvp=lambda tangents, out, x, axis: take_along(tangents[0], argsort_op(x, axis=axis), axis=axis),
)
partition_op = Op(
    "partition",
    lambda x, kth, axis: np.partition(x, kth, axis=axis),
    same_as_first,
    vjp=(
        lambda g, out, x, kth, axis: take_along(g, argsort_op(_partition_sources(out, x, axis), axis=axis), axis=axis),
    ),
    jvp=lambda tangents, out, x, kth, axis: take_along(tangents[0], _partition_sources(out, x, axis), axis=axis),
)


def _order_examples(s: Sampler) -> list[Example]:
    return [
        example(s.distinct(2, 3)),
        example(s.distinct(2, 3), axis=0),
        example(s.distinct(2, 3), axis=None),
        example(s.distinct(0)),
    ]


def _on_one_axis(op: Op, a: Any, axis: int | None, **settings: Any) -> Any:
    a = as_array(a)
    if axis is None:
        a, axis = ravel(a), 0
    return op(a, **settings, axis=normalize_axes(axis, a.ndim)[0])


@function(np.sort, examples=_order_examples)
def sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> Any:
    """Sorted along an axis, the smallest first."""
    return _on_one_axis(sort_op, a, axis)


@function(np.argsort, examples=_order_examples, differentiable=False)
def argsort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> Any:
    """The positions that sort an array."""
    is_stable = stable or kind in ("stable", "mergesort")
    return _on_one_axis(argsort_op if is_stable else quick_argsort_op, a, axis)


def _places(kth: Any) -> tuple[int, ...]:
    if isinstance(kth, Node):
        kth = kth.value
    return tuple([operator.index(k) for k in np.atleast_1d(np.asarray(kth)).tolist()])


def _partition_examples(s: Sampler) -> list[Example]:
    return [
        example(s.distinct(5), 2),
        example(s.distinct(2, 4), 1, axis=0),
        example(s.distinct(2, 4), (0, -1)),
        example(s.distinct(2, 2), 3, axis=None),
    ]


@function(np.partition, examples=_partition_examples)
def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Any:
    """The kth element at its place in the sorted order, smaller ones before it, larger ones behind."""
    return _on_one_axis(partition_op, a, axis, kth=_places(kth))


@function(np.argpartition, examples=_partition_examples, differentiable=False)
def argpartition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Any:
    """The positions that partition an array."""
    return _on_one_axis(argpartition_op, a, axis, kth=_places(kth))


lexsort_op = Op(
    "lexsort",
    lambda *keys, axis: np.lexsort(keys, axis=axis),
    _positions_like_first,
)


@function(
    np.lexsort,
    examples=lambda s: [
        Example((s.normal(3), s.normal(3)), prepare=lambda x, y: ((x, y),)),
        example(s.normal(2, 3)),
    ],
    differentiable=False,
)
def lexsort(keys: Any, axis: int = -1) -> Any:
    """The positions that sort by several keys, the last key first."""
    columns = [as_array(keys[i]) for i in range(len(keys) if isinstance(keys, (list, tuple)) else keys.shape[0])]
    return lexsort_op(*columns, axis=normalize_axes(axis, columns[0].ndim)[0])
