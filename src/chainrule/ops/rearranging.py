"""Rearranging whole arrays: flips, rolls, rotations, tiles, repetitions, and cutting into pieces."""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, same_as_first, with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.gathering import take_op
from chainrule.ops.joining import as_array, concatenate_op
from chainrule.ops.record import Example, Sampler, example, function, present
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import broadcast_to, ravel, reshape, reshape_op, swapaxes

Shape = tuple[int, ...]
_REVERSED = slice(None, None, -1)

def _rolled(x: Any, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """Along each axis, what leaves at the end is put before the rest."""
    for steps, one in zip(shift, axis, strict=True):
        start = -steps % max(x.shape[one], 1)
        if start:
            before = (slice(None),) * one
            x = concatenate_op(x[(*before, slice(start, None))], x[(*before, slice(None, start))], axis=one)
    return x


roll_op = Op(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    same_as_first,
    vjp=(lambda g, out, x, shift, axis: roll_op(g, shift=tuple([-s for s in shift]), axis=axis),),
    jvp="multilinear",
    decompose=_rolled,
)


def _tiled_shape(x: Any, reps: tuple[int, ...]) -> Shape:
    shape = (1,) * (len(reps) - x.ndim) + x.shape
    return tuple([count * length for count, length in zip(reps, shape, strict=True)])


def _tiled(x: Any, reps: tuple[int, ...]) -> Any:
    """Each axis repeated along a new axis before it."""
    shape = (1,) * (len(reps) - x.ndim) + x.shape
    separate = reshape_op(x, shape=tuple(itertools.chain.from_iterable((1, n) for n in shape)))
    repeated = broadcast_to(separate, tuple(itertools.chain.from_iterable(zip(reps, shape, strict=True))))
    return reshape_op(repeated, shape=_tiled_shape(x, reps))


def _sum_of_tiles(g: Any, x: Any, reps: tuple[int, ...]) -> Any:
    shape = (1,) * (len(reps) - x.ndim) + x.shape
    separate = reshape_op(g, shape=tuple(itertools.chain.from_iterable(zip(reps, shape, strict=True))))
    return reshape_op(sum_op(separate, axis=tuple(range(0, 2 * len(reps), 2)), keepdims=False), shape=x.shape)


#: Copies side by side; `reps` names every axis of the result.
tile_op = Op(
    "tile",
    lambda x, reps: np.tile(x, reps),
    with_shape(_tiled_shape),
    vjp=(lambda g, out, x, reps: _sum_of_tiles(g, x, reps),),
    jvp="multilinear",
    decompose=_tiled,
)


def _repeated(x: Any, count: int, axis: int) -> Any:
    """Each axis repeated along a new axis behind it."""
    before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
    repeated = broadcast_to(reshape_op(x, shape=(*before, 1, *after)), (*before, count, *after))
    return reshape_op(repeated, shape=(*before[:-1], before[-1] * count, *after))


def _sum_of_repetitions(g: Any, x: Any, count: int, axis: int) -> Any:
    separate = reshape_op(g, shape=(*x.shape[: axis + 1], count, *x.shape[axis + 1 :]))
    return sum_op(separate, axis=(axis + 1,), keepdims=False)


#: Each slice along an axis several times in a row.
repeat_op = Op(
    "repeat",
    lambda x, count, axis: np.repeat(x, count, axis=axis),
    with_shape(lambda x, count, axis: (*x.shape[:axis], x.shape[axis] * count, *x.shape[axis + 1 :])),
    vjp=(lambda g, out, x, count, axis: _sum_of_repetitions(g, x, count, axis),),
    jvp="multilinear",
    decompose=_repeated,
)


@function(
    np.flip,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2, 3), 1), example(s.normal(2, 3, 2), (0, -1))],
    holomorphic=True,
)
def flip(m: Any, axis: Any = None) -> Any:
    """The elements of some or all axes from last to first."""
    m = as_array(m)
    axes = normalize_axes(axis, m.ndim)
    return m[tuple([_REVERSED if i in axes else slice(None) for i in range(m.ndim)])]


@function(np.fliplr, examples=lambda s: [example(s.normal(2, 3))], holomorphic=True)
def fliplr(m: Any) -> Any:
    """Columns from right to left."""
    return flip(m, 1)


@function(np.flipud, examples=lambda s: [example(s.normal(2, 3))], holomorphic=True)
def flipud(m: Any) -> Any:
    """Rows from bottom to top."""
    return flip(m, 0)


@function(
    np.roll,
    examples=lambda s: [
        example(s.normal(5), 2),
        example(s.normal(2, 3), -1),
        example(s.normal(2, 3), 1, axis=-1),
        example(s.normal(2, 3), (1, -1), axis=(0, 1)),
        example(s.normal(2, 3), 2, axis=(0, 1)),
        example(s.normal(0), 1),
    ],
    holomorphic=True,
)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Shift elements along axes; what leaves at one end enters at the other."""
    a = as_array(a)
    if axis is None:
        total = sum(_integers(shift))
        return reshape_op(roll_op(ravel(a), shift=(total,), axis=(0,)), shape=a.shape)
    axes = [normalize_axes(i, a.ndim)[0] for i in _integers(axis)]
    shifts = _integers(shift)
    if len(axes) != len(shifts):
        count = max(len(axes), len(shifts))
        axes, shifts = (axes * count)[:count], (shifts * count)[:count]
    return roll_op(a, shift=tuple(shifts), axis=tuple(axes))


def _integers(value: Any) -> list[int]:
    """One integer or several, which decide on the shape and so are looked at while recording."""
    if isinstance(value, Node):
        value = value.value
    return [operator.index(n) for n in np.atleast_1d(np.asarray(value)).ravel().tolist()]


@function(
    np.rot90,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), 2),
        example(s.normal(2, 3), -1),
        example(s.normal(2, 3), 0),
        example(s.normal(2, 3, 2), 1, axes=(2, 0)),
    ],
    holomorphic=True,
)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by quarter turns in the plane of two axes."""
    m = as_array(m)
    first, second = (normalize_axes(i, m.ndim)[0] for i in axes)
    if first == second:
        raise ValueError("the two axes of a rotation must differ")
    turns = operator.index(k) % 4
    if turns == 0:
        return flip(m, ())
    if turns == 2:
        return flip(m, (first, second))
    return swapaxes(flip(m, second), first, second) if turns == 1 else flip(swapaxes(m, first, second), second)


@function(
    np.tile,
    examples=lambda s: [
        example(s.normal(3), 2),
        example(s.normal(2, 3), (2, 1)),
        example(s.normal(3), (2, 2)),
        example(s.normal(2, 3), (2, 1, 2)),
        example(s.normal(), 3),
        example(s.normal(2), 0),
    ],
    holomorphic=True,
)
def tile(A: Any, reps: Any) -> Any:
    """Copies of an array side by side."""
    return tiled(as_array(A), tuple(_integers(reps)))


def tiled(x: Any, reps: tuple[int, ...]) -> Any:
    """Copies side by side; fewer repetitions than axes are those of the last ones, as in broadcasting."""
    times = (1,) * (x.ndim - len(reps)) + reps
    return tile_op(x, reps=times)


@function(
    np.repeat,
    examples=lambda s: [
        example(s.normal(3), 2),
        example(s.normal(2, 3), 2, axis=1),
        example(s.normal(2, 3), 2),
        example(s.normal(2, 3), np.array([1, 3]), axis=0),
        example(s.normal(2, 3), [2], axis=-1),
        example(s.normal(2), 0),
        example(s.normal(), 3),
    ],
    holomorphic=True,
)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times in a row."""
    a = as_array(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = normalize_axes(axis, a.ndim)[0]
    times = _integers(repeats)
    if len(times) == 1:
        return repeat_op(a, count=times[0], axis=axis)
    return take_op(a, np.repeat(np.arange(a.shape[axis]), times), axis=axis, mode="raise")


@function(
    np.resize,
    examples=lambda s: [example(s.normal(2, 3), (2, 4)), example(s.normal(5), 3), example(s.normal(3), (3, 2))],
    holomorphic=True,
)
def resize(a: Any, new_shape: Any) -> Any:
    """An array of another size, filled with the elements over and over."""
    a = as_array(a)
    shape = tuple(_integers(new_shape))
    if not a.size:
        return broadcast_to(np.zeros((), a.dtype), shape)
    return reshape_op(take_op(ravel(a), np.arange(math.prod(shape)) % a.size, axis=0, mode="raise"), shape=shape)


def _pieces(a: Any, borders: list[int], axis: int) -> list[Any]:
    lead = (slice(None),) * axis
    return [a[(*lead, slice(start, end))] for start, end in zip([0, *borders], [*borders, a.shape[axis]], strict=True)]


def _split_examples(s: Sampler) -> list[Example]:
    return [
        example(s.normal(4, 2), 2),
        example(s.normal(2, 6), 3, axis=1),
        example(s.normal(5, 2), [1, 3]),
        example(s.normal(4), np.array([3, 6])),
    ]


@function(
    np.array_split,
    examples=lambda s: [*_split_examples(s), example(s.normal(5), 3), example(s.normal(2), 3)],
    holomorphic=True,
)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut into pieces that may differ in length by one."""
    ary = as_array(ary)
    axis = normalize_axes(axis, ary.ndim)[0]
    if np.ndim(indices_or_sections):
        return _pieces(ary, _integers(indices_or_sections), axis)
    sections = _integers(indices_or_sections)[0]
    if sections <= 0:
        raise ValueError("the number of pieces must be positive")
    length, longer = divmod(ary.shape[axis], sections)
    lengths = [length + 1] * longer + [length] * (sections - longer)
    return _pieces(ary, list(itertools.accumulate(lengths))[:-1], axis)


@function(np.split, examples=_split_examples, holomorphic=True)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut into pieces of equal length, or at given places."""
    ary = as_array(ary)
    if not np.ndim(indices_or_sections):
        length = ary.shape[normalize_axes(axis, ary.ndim)[0]]
        if length % _integers(indices_or_sections)[0]:
            raise ValueError(f"a length of {length} cannot be cut into {indices_or_sections} equal pieces")
    return array_split(ary, indices_or_sections, axis)


@function(np.hsplit, examples=lambda s: [example(s.normal(4), 2), example(s.normal(2, 4), [1, 2])], holomorphic=True)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut into pieces side by side."""
    ary = as_array(ary)
    if not ary.ndim:
        raise ValueError("hsplit needs at least one dimension")
    return split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


@function(np.vsplit, examples=lambda s: [example(s.normal(4, 2), 2)], holomorphic=True)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut into pieces above each other."""
    if np.ndim(ary) < 2:
        raise ValueError("vsplit needs at least two dimensions")
    return split(ary, indices_or_sections, 0)


@function(np.dsplit, examples=lambda s: [example(s.normal(2, 2, 4), [1, 3])], holomorphic=True)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut along the third axis."""
    if np.ndim(ary) < 3:
        raise ValueError("dsplit needs at least three dimensions")
    return split(ary, indices_or_sections, 2)


@function(
    *present("unstack"),
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2, 3), axis=-1)],
    holomorphic=True,
)
def unstack(x: Any, /, *, axis: int = 0) -> Any:
    """The slices along an axis, one by one."""
    x = as_array(x)
    if not x.ndim:
        raise ValueError("a number cannot be unstacked")
    axis = normalize_axes(axis, x.ndim)[0]
    lead = (slice(None),) * axis
    return tuple([x[(*lead, i)] for i in range(x.shape[axis])])


@function(
    np.broadcast_arrays,
    examples=lambda s: [example(s.normal(3), s.normal(2, 1)), example(s.normal(), s.normal(2), 1.0)],
    holomorphic=True,
)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """All arrays repeated to the shape they broadcast to."""
    arrays = [as_array(array) for array in args]
    shape = np.broadcast_shapes(*[array.shape for array in arrays])
    return tuple([array[...] if array.shape == shape else broadcast_to(array, shape) for array in arrays])


@function(
    np.meshgrid,
    examples=lambda s: [
        example(s.normal(2), s.normal(3)),
        example(s.normal(2), s.normal(3), s.normal(2), indexing="ij"),
        example(s.normal(2), s.normal(3), sparse=True),
        example(s.normal(3)),
        example(s.normal(), s.normal(3)),
    ],
    holomorphic=True,
)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Coordinate grids of coordinate vectors."""
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing is 'xy' or 'ij'")
    ndim = len(xi)
    if not ndim:
        return ()
    grids = []
    for i, x in enumerate(xi):
        x = as_array(x)
        grids.append(reshape(x, (1,) * i + (math.prod(x.shape),) + (1,) * (ndim - i - 1)))
    if indexing == "xy" and ndim > 1:
        grids = [swapaxes(grid, 0, 1) for grid in grids]
    shape = (1,) * ndim if sparse else np.broadcast_shapes(*[grid.shape for grid in grids])
    return tuple(
        [tiled(grid, tuple([1 if n > 1 else m for n, m in zip(grid.shape, shape, strict=True)])) for grid in grids]
    )
