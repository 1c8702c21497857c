"""Joining arrays: concatenation, stacking, blocks, and arrays written as nested lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.record import Example, Sampler, example, function, present
from chainrule.ops.shaping import astype, expand_dims, ravel, reshape, transpose

Shape = tuple[int, ...]


def _joint_dtype(inputs: tuple[Node, ...]) -> np.dtype[Any]:
    """Python numbers count as float64 or int64 here, as in ``np.array([x, 1.0])``."""
    first = inputs[0].dtype
    if all(node.dtype is first for node in inputs):
        return first
    return np.result_type(*[node.dtype for node in inputs])


def _infer_concatenate(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    axis, first = params["axis"], inputs[0].shape
    rest = first[:axis] + first[axis + 1 :]
    for node in inputs[1:]:
        if node.shape[:axis] + node.shape[axis + 1 :] != rest or len(node.shape) != len(first):
            raise ValueError(
                f"arrays of shapes {first} and {node.shape} cannot be concatenated along axis {axis}: "
                "all other lengths must agree"
            )
    length = sum([node.shape[axis] for node in inputs])
    return (*first[:axis], length, *first[axis + 1 :]), _joint_dtype(inputs)


def _concatenate_vjp(position: int, g: Any, out: Any, *inputs: Any, axis: int) -> Any:
    start = sum([part.shape[axis] for part in inputs[:position]])
    return g[(slice(None),) * axis + (slice(start, start + inputs[position].shape[axis]),)]


def _infer_stack(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    axis, first = params["axis"], inputs[0].shape
    for node in inputs[1:]:
        if node.shape != first:
            raise ValueError(f"arrays of shapes {first} and {node.shape} cannot be stacked: their shapes must be equal")
    return (*first[:axis], len(inputs), *first[axis:]), _joint_dtype(inputs)


def _stack(*parts: Any, axis: int) -> Any:
    if np.ndim(parts[0]):
        return np.stack(parts, axis=axis)
    return np.array(parts)


concatenate_op = Op(
    "concatenate",
    lambda *parts, axis: np.concatenate(parts, axis=axis),
    _infer_concatenate,
    vjp=_concatenate_vjp,
    jvp="linear",
)
stack_op = Op(
    "stack",
    _stack,
    _infer_stack,
    vjp=lambda position, g, out, *inputs, axis: g[(slice(None),) * axis + (position,)],
    jvp="linear",
)


def as_array(value: Any) -> Any:
    """What a function works on: a node stays, a nested list with nodes is stacked, the rest becomes an array."""
    if isinstance(value, Node):
        return value
    return _stacked(value) if isinstance(value, (list, tuple)) else np.asarray(value)


def _stacked(value: Any) -> Any:
    """A nested list as one node, or as an array if no node is in it."""
    if not isinstance(value, (list, tuple)):
        return value
    parts = [_stacked(item) for item in value]
    if not any(isinstance(part, Node) for part in parts):
        return np.asarray(value)
    shapes = {np.shape(part) for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"a nested list whose items have the shapes {sorted(shapes)} is no array: they must be equal")
    return stack_op(*parts, axis=0)


def _parts(arrays: Any) -> list[Any]:
    """The arrays to join; an array stands for its rows."""
    parts = [arrays[i] for i in range(arrays.shape[0])] if isinstance(arrays, Node) else list(arrays)
    if not parts:
        raise ValueError("there is nothing to join: at least one array is needed")
    return [as_array(part) for part in parts]


def _one_axis(axis: int, ndim: int) -> int:
    return normalize_axes(axis, ndim)[0]


def _in_a_list(*parts: Any) -> Any:
    return Example(parts, prepare=lambda *moved: (list(moved),))


def _array_examples(s: Sampler) -> list[Example]:
    return [
        _in_a_list(s.normal(), s.normal(), s.normal()),
        _in_a_list(s.normal(3), s.normal(3)),
        Example((s.normal(), s.normal(2)), prepare=lambda x, y: ([[x, 1.0], [y[0], y[1]], y],)),
        example(s.normal(2, 2)),
    ]


@function(np.array, examples=_array_examples, holomorphic=True)
def array(
    object: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    copy: Any = None,
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Any:
    """An array of nested lists of numbers and arrays."""
    result = as_array(object)
    if dtype is not None:
        result = astype(result, dtype)
    missing = ndmin - np.ndim(result)
    return reshape(result, (1,) * missing + np.shape(result)) if missing > 0 else result


@function(np.asarray, np.asanyarray, examples=_array_examples, holomorphic=True)
def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None
) -> Any:
    """An array of nested lists of numbers and arrays; an array stays what it is."""
    return array(a, dtype)


@function(np.ascontiguousarray, np.asfortranarray, examples=_array_examples, holomorphic=True)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """An array of at least one dimension; the memory layout of values is not part of the graph."""
    return array(a, dtype, ndmin=1)


@function(
    np.concatenate,
    examples=lambda s: [
        _in_a_list(s.normal(2, 3), s.normal(1, 3)),
        Example((s.normal(2, 3), s.normal(2, 2)), {"axis": -1}, prepare=lambda x, y: ((x, y),)),
        Example((s.normal(2, 3), s.normal(2)), {"axis": None}, prepare=lambda x, y: ((x, y),)),
        Example((s.normal(2),), prepare=lambda x: ([x, np.ones(2), x],)),
        _in_a_list(s.normal(0, 3), s.normal(1, 3)),
    ],
    holomorphic=True,
)
def concatenate(
    arrays: Any, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    """Join arrays along an axis that they have; all of their elements with ``axis=None``."""
    parts = _parts(arrays)
    if axis is None:
        parts, axis = [ravel(part) for part in parts], 0
    if not all(part.ndim for part in parts):
        raise ValueError("numbers cannot be concatenated; np.stack joins them into an array")
    if dtype is not None:
        parts = [astype(part, dtype) for part in parts]
    return concatenate_op(*parts, axis=_one_axis(axis, parts[0].ndim))


@function(
    np.stack,
    examples=lambda s: [
        _in_a_list(s.normal(2, 3), s.normal(2, 3)),
        Example((s.normal(2, 3), s.normal(2, 3)), {"axis": -1}, prepare=lambda x, y: ((x, y),)),
        Example((s.normal(), s.normal()), prepare=lambda x, y: ((x, y, 1.0),)),
        example(s.normal(2, 3), axis=1),
    ],
    holomorphic=True,
)
def stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Join arrays of one shape along a new axis."""
    parts = _parts(arrays)
    if dtype is not None:
        parts = [astype(part, dtype) for part in parts]
    return stack_op(*parts, axis=_one_axis(axis, parts[0].ndim + 1))


@function(
    np.vstack,
    *present("row_stack"),
    examples=lambda s: [
        _in_a_list(s.normal(3), s.normal(2, 3)),
        _in_a_list(s.normal(), s.normal()),
        example(s.normal(2, 3)),
    ],
    holomorphic=True,
)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Join arrays as rows."""
    return concatenate([atleast_2d(part) for part in _parts(tup)], axis=0, dtype=dtype)


@function(
    np.hstack,
    examples=lambda s: [
        _in_a_list(s.normal(3), s.normal(2)),
        _in_a_list(s.normal(2, 3), s.normal(2, 1)),
        _in_a_list(s.normal(), s.normal(2)),
    ],
    holomorphic=True,
)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Join arrays side by side."""
    parts = [atleast_1d(part) for part in _parts(tup)]
    return concatenate(parts, axis=0 if parts[0].ndim == 1 else 1, dtype=dtype)


@function(
    np.dstack,
    examples=lambda s: [
        _in_a_list(s.normal(3), s.normal(3)),
        _in_a_list(s.normal(2, 3), s.normal(2, 3)),
        _in_a_list(s.normal(2, 3, 1), s.normal(2, 3, 2)),
    ],
    holomorphic=True,
)
def dstack(tup: Any) -> Any:
    """Join arrays along the third axis."""
    return concatenate([atleast_3d(part) for part in _parts(tup)], axis=2)


@function(
    np.column_stack,
    examples=lambda s: [_in_a_list(s.normal(3), s.normal(3, 2)), _in_a_list(s.normal(2), s.normal(2))],
    holomorphic=True,
)
def column_stack(tup: Any) -> Any:
    """Join vectors and matrices as columns."""
    parts = [part if part.ndim > 1 else transpose(atleast_2d(part)) for part in _parts(tup)]
    return concatenate(parts, axis=1)


@function(
    np.append,
    examples=lambda s: [
        example(s.normal(2, 3), s.normal(2)),
        example(s.normal(2, 3), s.normal(2, 1), axis=1),
        example(s.normal(3), 2.0),
    ],
    holomorphic=True,
)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Add values at the end."""
    arr, values = as_array(arr), as_array(values)
    return concatenate([ravel(arr), ravel(values)] if axis is None else [arr, values], axis=axis or 0)


def _block_depth(item: Any) -> int:
    if not isinstance(item, list):
        return 0
    if not item:
        raise ValueError("an empty list cannot be a block")
    depths = {_block_depth(part) for part in item}
    if len(depths) > 1:
        raise ValueError("the lists of a block must be nested equally deep")
    return depths.pop() + 1


def _block_leaves(item: Any) -> list[Any]:
    return [leaf for part in item for leaf in _block_leaves(part)] if isinstance(item, list) else [item]


@function(
    np.block,
    examples=lambda s: [
        Example((s.normal(2, 2), s.normal(2)), prepare=lambda a, b: ([[a, np.zeros((2, 1))], [b, 1.0]],)),
        Example((s.normal(2), s.normal()), prepare=lambda a, b: ([a, b],)),
        Example((s.normal(2, 2, 1),), prepare=lambda a: ([[[a, a]], [[a, 2.0 * a]]],)),
    ],
    holomorphic=True,
)
def block(arrays: Any) -> Any:
    """Build an array from nested lists of blocks."""
    depth = _block_depth(arrays)
    ndim = max([depth, *[np.ndim(leaf) for leaf in _block_leaves(arrays)]])

    def build(item: Any, level: int) -> Any:
        if not isinstance(item, list):
            shape = np.shape(item)
            return reshape(as_array(item), (1,) * (ndim - len(shape)) + shape)
        return concatenate([build(part, level - 1) for part in item], axis=-level)

    return build(arrays, depth)


def _each(arrays: tuple[Any, ...], change: Any) -> Any:
    """One array gives one result, several give a tuple."""
    results = tuple([change(as_array(array)) for array in arrays])
    return results[0] if len(results) == 1 else results


@function(
    np.atleast_1d,
    examples=lambda s: [example(s.normal()), example(s.normal(2)), example(s.normal(), s.normal(2, 3))],
    holomorphic=True,
)
def atleast_1d(*arys: Any) -> Any:
    """At least one dimension."""
    return _each(arys, lambda a: a if a.ndim else reshape(a, (1,)))


@function(
    np.atleast_2d,
    examples=lambda s: [example(s.normal()), example(s.normal(2)), example(s.normal(2, 3), s.normal(2))],
    holomorphic=True,
)
def atleast_2d(*arys: Any) -> Any:
    """At least two dimensions; a vector becomes a row."""
    return _each(arys, lambda a: a if a.ndim > 1 else reshape(a, (1, math.prod(a.shape))))


@function(
    np.atleast_3d,
    examples=lambda s: [example(s.normal()), example(s.normal(2)), example(s.normal(2, 3)), example(s.normal(2, 3, 1))],
    holomorphic=True,
)
def atleast_3d(*arys: Any) -> Any:
    """At least three dimensions; a vector becomes (1, n, 1), a matrix (m, n, 1)."""

    def change(a: Any) -> Any:
        if a.ndim > 2:
            return a
        return expand_dims(a, 2) if a.ndim == 2 else reshape(a, (1, math.prod(a.shape), 1))

    return _each(arys, change)
