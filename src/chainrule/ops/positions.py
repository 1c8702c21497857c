"""Elements at computed positions, in the form that compiled code has: what indexing by arrays is taken apart into.

`gather` is ``x[p₁, p₂, ...]`` for the leading axes of an array, and `add_at` its transpose. The positions have been
checked: they are within the array, and not negative. They carry axes of length 1 for the axes of the array that are not
indexed, so that they broadcast to the shape of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes
from chainrule.graph.node import Node
from chainrule.graph.op import Op, constant, lift
from chainrule.ops.arithmetic import remainder
from chainrule.ops.selection import maximum, minimum
from chainrule.ops.shaping import astype, reshape_op

__all__ = ["add_at", "checked", "coordinates", "gather", "located"]

Shape = tuple[int, ...]


def _checked(positions: Any, length: int) -> Any:
    outside = (positions < -length) | (positions >= length)
    if np.any(outside):
        wrong = np.asarray(positions)[outside].flat[0]
        raise IndexError(f"index {wrong} is out of bounds for an axis with size {length}")
    return np.where(positions < 0, positions + length, positions).astype(np.int64)


#: Positions counted from the front; an `IndexError` for those that do not exist.
checked = Op("checked_positions", _checked, lambda op, inputs, params: (inputs[0].shape, np.dtype(np.int64)))


def _without_rest(positions: Sequence[Any], rest: int) -> tuple[Any, ...]:
    return tuple([p.reshape(p.shape[: p.ndim - rest]) for p in map(np.asarray, positions)])


def _infer_gather(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Shape, np.dtype[Any]]:
    x, *positions = inputs
    rest = x.shape[len(positions) :]
    picked = broadcast_shapes(*[p.shape[: p.ndim - len(rest)] for p in positions])
    return picked + rest, x.dtype


def _add_at(values: Any, *positions: Any, shape: Shape) -> Any:
    result = np.zeros(shape, values.dtype)
    np.add.at(result, _without_rest(positions, len(shape) - len(positions)), values)
    return result


gather = Op("gather", lambda x, *positions: x[_without_rest(positions, x.ndim - len(positions))], _infer_gather)
#: Zeros of a given shape, with values added at positions one after the other.
add_at = Op("add_at", _add_at, lambda op, inputs, params: (params["shape"], inputs[0].dtype))


def located(positions: Any, length: int, mode: str, rest: int) -> Any:
    """Positions within an axis, as `numpy.take` brings them there, with axes of length 1 behind them."""
    if mode == "wrap":
        inside = astype(remainder(positions, length), np.int64)
    elif mode == "clip":
        inside = astype(maximum(minimum(positions, length - 1), 0), np.int64)
    else:
        inside = checked(positions, length=length)
    inside = lift(inside)
    return reshape_op(inside, shape=(*inside.shape, *[1] * rest)) if rest else inside


def coordinates(shape: Shape, axis: int) -> Node:
    """The own coordinate of each element along an axis."""
    return constant(np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]))
