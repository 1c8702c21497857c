"""NumPy's functions that change an array in place: on a traced array they move its handle to the changed array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeMismatchError, TraceLeakError
from chainrule.graph.node import Node
from chainrule.ops.indexing import set_index
from chainrule.ops.joining import as_array
from chainrule.ops.rearranging import resize
from chainrule.ops.selection import where
from chainrule.ops.shaping import ravel, reshape
from chainrule.trace.record import explain_failure, to_node, unwrap
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.trace.views import assign_whole

__all__ = ["IN_PLACE"]

#: What each function makes of the node of its target and of its other arguments: the node of the changed array.
_CHANGES: dict[Any, Callable[..., Node]] = {}


def _changes(numpy_function: Any) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    def declare(change: Callable[..., Node]) -> Callable[..., Node]:
        _CHANGES[numpy_function] = change
        return change

    return declare


def _cycled(values: Any, count: int) -> Any:
    """As many values as are needed, from the first again after the last."""
    flat = ravel(as_array(values))
    if not flat.size:
        raise ValueError("there are no values to put in")
    return flat if flat.size == count else resize(flat, (count,))


def _set_flat(a: Any, places: Any, values: Any) -> Any:
    """A copy with the elements at places of the flattened array replaced."""
    return reshape(set_index(ravel(a), (places,), _cycled(values, math.prod(places.shape))), a.shape)


@_changes(np.put)
def _put(a: Any, ind: Any, v: Any, mode: str = "raise") -> Any:
    places = np.asarray(ind.value if isinstance(ind, Node) else ind).ravel()
    if not places.size:
        return a
    if mode == "wrap":
        places = places % a.size
    elif mode == "clip":
        places = np.clip(places, 0, a.size - 1)
    return _set_flat(a, places, v)


@_changes(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> Any:
    places = np.flatnonzero(mask.value if isinstance(mask, Node) else mask)
    return _set_flat(arr, places, vals) if places.size else arr


@_changes(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> Any:
    return where(mask, reshape(_cycled(values, a.size), a.shape), a)


@_changes(np.copyto)
def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> Any:
    return as_array(src) if where is True else _chosen(where, src, dst)


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    return where(condition, x, y)


@_changes(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Any:
    if a.ndim < 2:
        raise ValueError(f"a diagonal needs at least 2 dimensions, not {a.ndim}")
    if a.ndim == 2:
        step, end = a.shape[1] + 1, None if wrap else a.shape[1] * a.shape[1]
    elif len(set(a.shape)) > 1:
        raise ValueError(f"beyond 2 dimensions all lengths must be equal, not {a.shape}")
    else:
        step, end = 1 + sum([a.shape[0] ** i for i in range(1, a.ndim)]), None
    places = np.arange(a.size)[:end:step]
    return _set_flat(a, places, val) if places.size else a


@_changes(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None, mode: str = "raise") -> Any:
    places = np.asarray(indices.value if isinstance(indices, Node) else indices)
    if axis is None:
        return reshape(set_index(ravel(arr), (places,), values), arr.shape)
    axis = axis % arr.ndim
    lengths = [n if i == axis else m for i, (n, m) in enumerate(zip(places.shape, arr.shape, strict=True))]
    index: list[Any] = list(np.ogrid[tuple([slice(n) for n in lengths])])
    index[axis] = places
    return set_index(arr, tuple(index), values)


def _in_place(numpy_function: Any, change: Callable[..., Node]) -> Callable[..., None]:
    name = numpy_function.__name__

    def call(target: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(target, Tracer):
            raise TraceLeakError(
                f"np.{name} was asked to write traced values into a plain array, which would cut them out of the graph",
                where=line_of_frame(user_frame()),
                fix="make the array with chainrule.numpy.zeros(...) or chainrule.numpy.array(...)",
            )
        node = target._node
        try:
            new = change(node, *unwrap(args), **unwrap(kwargs))
            assign_whole(target, to_node(new))
        except ShapeMismatchError:
            raise
        except ValueError as error:
            raise explain_failure(name, (node,), error) from None

    return call


#: By NumPy function, what is called in its place.
IN_PLACE: dict[Any, Callable[..., None]] = {one: _in_place(one, change) for one, change in _CHANGES.items()}
