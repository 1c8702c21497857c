"""What does not change from step to step is computed once, before a compiled loop begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.interpret import Program
from chainrule.native.planning.memory import VIEWS
from chainrule.native.planning.nodes import is_compiled

__all__ = ["hoisted", "hoisted_rows"]

#: Values are kept instead of computed anew if they take no more room than so many times the data.
_MOST_ROOM = 2


def hoisted(
    outputs: Sequence[Node], moving: set[Node], data: Sequence[Node], arrays: Sequence[Any]
) -> dict[Node, np.ndarray[Any, Any]]:
    """The values of a step that depend on the data alone, where each step sees all data.

    Parameters
    ----------
    outputs : sequence of Node
    moving : set of Node
        Inputs whose values each step changes.
    data, arrays : sequence of Node, sequence of array
        The other inputs, and their values.
    """
    room = _MOST_ROOM * sum(node.size for node in data)
    nodes = _unchanging(outputs, moving, set(data), room)
    values = Program(nodes, data).run(arrays) if nodes else []
    return {node: np.asarray(value) for node, value in zip(nodes, values, strict=True)}


def hoisted_rows(
    outputs: Sequence[Node], moving: set[Node], data: Sequence[Node], arrays: Sequence[Any]
) -> dict[Node, np.ndarray[Any, Any]]:
    """The same where each step picks rows: what has no native form and treats each element for itself, for all rows."""
    known = dict(zip(data, arrays, strict=True))
    return {
        node: value
        for node in _unchanging(outputs, moving, set(data), 0)
        if (value := _for_all_rows(node, known)) is not None
    }


def _unchanging(outputs: Sequence[Node], moving: set[Node], data: set[Node], room: int) -> list[Node]:
    """The last nodes on each path that depend on data alone, if they take little room or have no native form."""
    follows_data: dict[Node, bool] = {}
    changes: dict[Node, bool] = {}
    for node in ancestors(outputs, skip=lambda node: False):
        changes[node] = node in moving or any(changes[source] for source in node.inputs)
        follows_data[node] = node in data or any(follows_data[source] for source in node.inputs)

    def is_hoisted(node: Node) -> bool:
        if changes[node] or not follows_data[node] or not node.inputs or node.op.name in VIEWS or node.is_tuple:
            return False
        return node.size <= room or not is_compiled(node)

    found: dict[Node, None] = {}
    seen = set(outputs)
    stack = list(outputs)
    while stack:
        for source in stack.pop().inputs:
            if is_hoisted(source):
                found[source] = None
            elif source not in seen:
                seen.add(source)
                stack.append(source)
    return sorted(found, key=lambda node: node.index)


def _for_all_rows(node: Node, known: dict[Node, Any]) -> np.ndarray[Any, Any] | None:
    """The value of a node for all rows of the data; None where it is not computed row by row."""
    values: dict[Node, Any] = dict(known)
    for source in ancestors([node], skip=known.__contains__):
        if not source.inputs and not source.ndim:
            values[source] = source._value
        elif _is_elementwise(source):
            values[source] = source.op.compute(*[values[one] for one in source.inputs], **source.params)
        elif source.op.name == "reshape" and source.inputs[0].ndim and _keeps_rows(source):
            rows = values[source.inputs[0]]
            values[source] = rows.reshape(len(rows), *source.shape[1:])
        else:
            return None
    return np.asarray(values[node])


def _is_elementwise(node: Node) -> bool:
    """Whether each element depends on one element of each operand, in the same place."""
    if not (node.op.broadcasts or node.op.name in ("cast", "checked_positions")):
        return False
    return node.ndim > 0 and bool(node.inputs) and all(source.shape in (node.shape, ()) for source in node.inputs)


def _keeps_rows(node: Node) -> bool:
    """Whether the first axis is that of the operand."""
    return node.ndim > 0 and node.shape[0] == node.inputs[0].shape[0] > 0
