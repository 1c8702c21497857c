"""Where values live: buffers of memory, and views of them with strides.

Transposes, broadcasts, slices and new axes are views: they cost nothing but another set of strides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np

__all__ = ["Buffer", "Home", "View", "c_strides"]


class Home(Enum):
    """Whose memory a buffer is."""

    LEAF = "argument"
    CONSTANT = "constant"
    OUTPUT = "result"
    ARENA = "arena"
    SHARED = "shared"
    PARTIAL = "total of a thread"
    STATE = "state"
    NEXT_STATE = "next state"
    HISTORY = "history"


@dataclass(eq=False)
class Buffer:
    """A piece of memory.

    Attributes
    ----------
    home : Home
    index : int
        Which argument, constant, result or part of the state it is; its number in the arena.
    dtype : numpy.dtype
    size : int
        Elements.
    in_tile : bool
        Whether it holds the rows of one tile only.
    offset : int
        Bytes from the start of the arena or of the state, once planned.
    """

    home: Home
    index: int
    dtype: np.dtype[Any]
    size: int
    in_tile: bool = False
    offset: int = 0
    label: str = ""

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


@dataclass(frozen=True)
class View:
    """An array as a part of a buffer: element ``[i, j]`` is at ``offset + i·strides[0] + j·strides[1]``.

    Attributes
    ----------
    buffer : Buffer
    shape, strides : tuple of int
        Strides count elements; a stride of 0 repeats.
    offset : int
    row_axis : int or None
        The axis along which the buffer is cut into tiles of rows.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    row_axis: int | None = field(default=None)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.buffer.dtype

    def transpose(self, axes: tuple[int, ...]) -> View:
        """The view with its axes permuted."""
        return replace(
            self,
            shape=tuple([self.shape[i] for i in axes]),
            strides=tuple([self.strides[i] for i in axes]),
            row_axis=None if self.row_axis is None else axes.index(self.row_axis),
        )

    def broadcast_to(self, shape: tuple[int, ...]) -> View:
        """The view repeated along new and stretched axes."""
        extra = len(shape) - len(self.shape)
        strides = [0] * extra
        for own, wanted, stride in zip(self.shape, shape[extra:], self.strides, strict=True):
            strides.append(stride if own == wanted else 0)
        row_axis = None if self.row_axis is None else self.row_axis + extra
        return replace(self, shape=shape, strides=tuple(strides), row_axis=row_axis)

    def reshape(self, shape: tuple[int, ...]) -> View | None:
        """The view in another shape, where strides can express it; an axis of rows must stay whole."""
        positions = _match_axes(self.shape, self.strides, shape)
        if positions is None:
            return None
        row_axis = None
        if self.row_axis is not None:
            stride, length = self.strides[self.row_axis], self.shape[self.row_axis]
            found = [i for i, n in enumerate(shape) if n == length and positions[i] == stride]
            if not found:
                return None
            row_axis = found[0]
        return replace(self, shape=shape, strides=positions, row_axis=row_axis)

    def index(self, entries: tuple[Any, ...]) -> View:
        """A basic index: integers, slices as (start, stop, step), None and Ellipsis."""
        consumed = sum(entry is not None and entry is not Ellipsis for entry in entries)
        full = len(self.shape) - consumed
        if Ellipsis not in entries:
            entries = (*entries, Ellipsis)
        shape: list[int] = []
        strides: list[int] = []
        offset, axis, row_axis = self.offset, 0, None
        for entry in entries:
            if entry is None:
                shape.append(1)
                strides.append(0)
                continue
            if entry is Ellipsis:
                for _ in range(full):
                    if axis == self.row_axis:
                        row_axis = len(shape)
                    shape.append(self.shape[axis])
                    strides.append(self.strides[axis])
                    axis += 1
                continue
            n, stride = self.shape[axis], self.strides[axis]
            if isinstance(entry, tuple):
                start, stop, step = slice(*entry).indices(n)
                if axis == self.row_axis:
                    row_axis = len(shape)
                shape.append(len(range(start, stop, step)))
                strides.append(stride * step)
                offset += start * stride
            else:
                offset += (entry % n if n else 0) * stride
            axis += 1
        return replace(self, shape=tuple(shape), strides=tuple(strides), offset=offset, row_axis=row_axis)


def c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of an array in C order.

    >>> c_strides((2, 3))
    (3, 1)
    """
    return tuple([math.prod(shape[i + 1 :]) for i in range(len(shape))])


def _match_axes(shape: tuple[int, ...], strides: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...] | None:
    """Strides for another shape of the same elements in the same order, or None where they would need a copy."""
    runs: list[list[int]] = []  # maximal runs of axes that behave as one: [length, stride of the last axis]
    for length, stride in zip(shape, strides, strict=True):
        if length == 1:
            continue
        if runs and runs[-1][1] == stride * length:
            runs[-1] = [runs[-1][0] * length, stride]
        else:
            runs.append([length, stride])
    result: list[int] = []
    position, left = -1, 1
    for length in wanted:
        if length == 1:
            result.append(0)
            continue
        if left == 1:
            position += 1
            if position == len(runs):
                return None
            left = runs[position][0]
        if left % length:
            return None
        left //= length
        result.append(runs[position][1] * left)
    return tuple(result)
