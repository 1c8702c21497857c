"""Picking elements by number: ``take``, ``take_along_axis``, ``choose``, ``compress``, ``delete``, ``insert``.

Unlike an index in brackets, the shape of the result depends on the shapes of the arguments alone, so that recording
never has to compute the positions.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, by_evaluation, normalize_axes
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.joining import as_array, concatenate, stack
from chainrule.ops.positions import add_at, coordinates, gather, located
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.selection import maximum, minimum
from chainrule.ops.shaping import astype, broadcast_to, expand_dims, moveaxis, ravel, reshape, transpose_op

Shape = tuple[int, ...]


def _infer_take(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    x, positions = inputs
    axis = params["axis"]
    if positions.dtype.kind not in "iu":
        raise ValueError(f"positions must be integers, not {positions.dtype}")
    return x.shape[:axis] + positions.shape + x.shape[axis + 1 :], x.dtype


def _within(positions: Any, length: int, mode: str) -> Any:
    """Positions outside of the array, brought inside as `mode` says."""
    if mode == "wrap":
        return positions % length
    return np.clip(positions, 0, length - 1) if mode == "clip" else positions


def _put_back(g: Any, positions: Any, axis: int, mode: str, shape: Shape) -> Any:
    result = np.zeros(shape, np.asarray(g).dtype)
    np.add.at(result, (slice(None),) * axis + (_within(positions, shape[axis], mode),), g)
    return result


def _take_steps(x: Any, positions: Any, axis: int, mode: str) -> Any:
    """The axis first, picked from, and what replaces it put in its place."""
    if not x.size:
        return None
    others = [i for i in range(x.ndim) if i != axis]
    inside = located(positions, x.shape[axis], mode, len(others))
    picked = gather(transpose_op(x, axes=(axis, *others)), inside)
    return transpose_op(picked, axes=_axes_in_place(positions.ndim, axis, x.ndim))


def _axes_in_place(count: int, axis: int, ndim: int) -> tuple[int, ...]:
    """How to move the first `count` axes of what was picked behind the axes that come before the picked one."""
    rest = range(count, count + ndim - 1)
    return (*rest[:axis], *range(count), *rest[axis:])


def _put_back_steps(g: Any, positions: Any, axis: int, mode: str, shape: Shape) -> Any:
    if not g.size:
        return None
    others = [i for i in range(len(shape)) if i != axis]
    order = np.argsort(_axes_in_place(positions.ndim, axis, len(shape)))
    inside = located(positions, shape[axis], mode, len(others))
    total = add_at(
        transpose_op(g, axes=tuple(order.tolist())), inside, shape=tuple([shape[i] for i in (axis, *others)])
    )
    return transpose_op(total, axes=tuple(np.argsort([axis, *others]).tolist()))


take_op = Op(
    "take",
    lambda x, positions, axis, mode: np.take(x, positions, axis=axis, mode=mode),
    _infer_take,
    vjp=(lambda g, out, x, positions, axis, mode: put_back(g, positions, axis=axis, mode=mode, shape=x.shape), None),
    jvp="multilinear",
    decompose=_take_steps,
)
#: Zeros with values added at positions along an axis: the transpose of `take`.
put_back = Op(
    "put_back",
    _put_back,
    lambda op, inputs, params: (params["shape"], inputs[0].dtype),
    vjp=(lambda g, out, x, positions, axis, mode, shape: take_op(g, positions, axis=axis, mode=mode), None),
    jvp="multilinear",
    decompose=_put_back_steps,
)


def _along(positions: Any, axis: int) -> tuple[Any, ...]:
    """The index that names, for each position along an axis, the other coordinates as they are."""
    grid: list[Any] = list(np.ogrid[tuple([slice(n) for n in positions.shape])])
    grid[axis] = positions
    return tuple(grid)


def _put_back_along(g: Any, positions: Any, axis: int, length: int) -> Any:
    shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
    result = np.zeros(shape, g.dtype)
    np.add.at(result, _along(positions, axis), g)
    return result


def _infer_put_back_along(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    axis, shape = params["axis"], inputs[0].shape
    return (*shape[:axis], params["length"], *shape[axis + 1 :]), inputs[0].dtype


def _all_positions(positions: Any, axis: int, length: int) -> list[Any]:
    """A position for each axis: along the others every element stays where it is."""
    ndim = positions.ndim
    return [
        located(positions, length, "raise", 0) if i == axis else coordinates(positions.shape, i) for i in range(ndim)
    ]


def _take_along_steps(x: Any, positions: Any, axis: int) -> Any:
    return gather(x, *_all_positions(positions, axis, x.shape[axis])) if x.size else None


def _put_back_along_steps(g: Any, positions: Any, axis: int, length: int) -> Any:
    if not g.size:
        return None
    shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
    return add_at(g, *_all_positions(positions, axis, length), shape=shape)


#: Shapes agree except along the axis; `take_along_axis` broadcasts before.
take_along = Op(
    "take_along_axis",
    lambda x, positions, axis: x[_along(positions, axis)],
    lambda op, inputs, params: (inputs[1].shape, inputs[0].dtype),
    vjp=(lambda g, out, x, positions, axis: put_back_along(g, positions, axis=axis, length=x.shape[axis]), None),
    jvp="multilinear",
    decompose=_take_along_steps,
)
#: Zeros with values added along an axis: the transpose of `take_along_axis`.
put_back_along = Op(
    "put_back_along_axis",
    _put_back_along,
    _infer_put_back_along,
    vjp=(lambda g, out, x, positions, axis, length: take_along(g, positions, axis=axis), None),
    jvp="multilinear",
    decompose=_put_back_along_steps,
)
#: The positions of true elements of a flattened array.
flatnonzero_op = Op("flatnonzero", np.flatnonzero, by_evaluation)


def _integers(positions: Any) -> Any:
    """Positions as an integer node or array; an empty list names none, and Booleans count as 0 and 1."""
    positions = as_array(positions)
    if isinstance(positions, Node):
        return positions
    return positions.astype(np.intp) if positions.size == 0 or positions.dtype == bool else positions


@function(
    np.take,
    examples=lambda s: [
        example(s.normal(2, 3), np.array([0, 5, 5])),
        example(s.normal(2, 3), np.array([[0, -1], [2, 2]]), axis=1),
        example(s.normal(2, 3), 1, axis=0),
        example(s.normal(4), np.array([-5, 7, 1]), mode="wrap"),
        example(s.normal(4), np.array([-5, 7, 1]), mode="clip"),
        example(s.normal(4), [], axis=0),
    ],
    holomorphic=True,
)
def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    """Elements at given positions along an axis; of the flattened array by default."""
    a = as_array(a)
    if axis is None:
        a, axis = ravel(a), 0
    return take_op(a, _integers(indices), axis=normalize_axes(axis, a.ndim)[0], mode=mode)


@function(
    np.take_along_axis,
    examples=lambda s: [
        example(s.normal(2, 3), np.array([[0, 0], [2, 1]]), axis=1),
        example(s.normal(2, 3), np.array([[0, 0, -1]]), axis=0),
        example(s.normal(2, 3), np.array([[1], [2]]), -1),
        example(s.normal(1, 3), np.array([[1], [2]]), -1),
        example(s.normal(2, 2), np.array([3, 0, 0]), None),
    ],
    holomorphic=True,
)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """For each place an element along the axis, at a position of its own."""
    arr, indices = as_array(arr), _integers(indices)
    if axis is None:
        arr, axis = ravel(arr), 0
    if arr.ndim != indices.ndim:
        raise ValueError(f"the array has {arr.ndim} dimensions and the positions have {indices.ndim}; they must agree")
    axis = normalize_axes(axis, arr.ndim)[0]
    others = broadcast_shapes(
        (*arr.shape[:axis], 1, *arr.shape[axis + 1 :]), (*indices.shape[:axis], 1, *indices.shape[axis + 1 :])
    )
    arr = broadcast_to(arr, (*others[:axis], arr.shape[axis], *others[axis + 1 :]))
    indices = broadcast_to(indices, (*others[:axis], indices.shape[axis], *others[axis + 1 :]))
    return take_along(arr, indices, axis=axis)


def _choose_examples(s: Sampler) -> list[Example]:
    return [
        Example((s.normal(3), s.normal(3)), prepare=lambda x, y: (np.array([0, 1, 0]), [x, y])),
        Example((s.normal(3), s.normal(2, 1)), prepare=lambda x, y: (np.array([0, 1, 0]), (x, y))),
        Example((s.normal(2, 3),), prepare=lambda x: (np.array([-1, 1, 5]), x), kwargs={"mode": "clip"}),
        Example((s.normal(2, 3),), prepare=lambda x: (np.array([-1, 1, 5]), x), kwargs={"mode": "wrap"}),
    ]


@function(np.choose, examples=_choose_examples, holomorphic=True)
def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    """For each place the element of one of several arrays."""
    options = [choices[i] for i in range(choices.shape[0])] if isinstance(choices, Node) else list(choices)
    chosen = as_array(a)
    shape = broadcast_shapes(chosen.shape, *[np.shape(option) for option in options])
    stacked = stack([broadcast_to(as_array(option), shape) for option in options])
    if mode == "wrap":
        chosen = chosen % len(options)
    elif mode == "clip":
        chosen = maximum(minimum(chosen, len(options) - 1), 0)
    return take_along(stacked, expand_dims(broadcast_to(chosen, shape), 0), axis=0)[0]


@function(
    np.compress,
    examples=lambda s: [
        example([True, False, True], s.normal(2, 3)),
        example(np.array([False, True]), s.normal(2, 3), axis=0),
        example([0, 1], s.normal(2, 3), axis=1),
    ],
    holomorphic=True,
)
def compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Any:
    """Slices along an axis where a condition holds."""
    return take(a, flatnonzero_op(as_array(condition)), axis=axis)


@function(
    np.extract,
    examples=lambda s: [example(np.array([[True, False, True], [False, False, True]]), s.normal(2, 3))],
    holomorphic=True,
)
def extract(condition: Any, arr: Any) -> Any:
    """Elements where a condition holds, in one dimension."""
    return take(arr, flatnonzero_op(as_array(condition)))


def _known(value: Any) -> Any:
    """Positions that decide on a shape are looked at while recording."""
    return value.value if isinstance(value, Node) else value


@function(
    np.delete,
    examples=lambda s: [
        example(s.normal(2, 3), 1, axis=1),
        example(s.normal(2, 3), [0, 4]),
        example(s.normal(5), slice(1, 4, 2)),
        example(s.normal(5), np.array([True, False, True, False, False])),
    ],
    holomorphic=True,
)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Leave out slices along an axis."""
    arr = as_array(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axes(axis, arr.ndim)[0]
    return take(arr, np.delete(np.arange(arr.shape[axis]), _known(obj)), axis=axis)


@function(
    np.insert,
    examples=lambda s: [
        example(s.normal(3), 1, 2.0),
        example(s.normal(3), [0, 3, 3], s.normal(3)),
        example(s.normal(2, 3), 1, s.normal(3), axis=0),
        example(s.normal(2, 3), 1, s.normal(2), axis=1),
        example(s.normal(2, 3), [1, 2], s.normal(2, 1), axis=1),
        example(s.normal(2, 2), slice(0, 3, 2), s.normal(2)),
        example(s.normal(3), 1, s.normal(2)),
    ],
    holomorphic=True,
)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Insert values before given positions along an axis."""
    arr = as_array(arr)
    values = astype(as_array(values), arr.dtype)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axes(axis, arr.ndim)[0]
    length = arr.shape[axis]
    where = _known(obj)
    places = np.arange(length + 1)[where] if isinstance(where, slice) else np.asarray(where)
    if places.ndim == 0:
        values = reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
        values = moveaxis(values, 0, axis)
        count = values.shape[axis]
        places = np.full(count, operator.index(places.item()))
    else:
        count = int(places.sum()) if places.dtype == bool else places.size
    block = broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :]))
    order = np.insert(np.arange(length), places, np.arange(length, length + count))
    return take_op(concatenate([arr, block], axis=axis), order, axis=axis, mode="raise")
