"""Row analysis: which nodes carry the row axis of a data set, and which sum it away.

A loss over a data set is a sum over its rows. What carries the row axis can be computed for a tile of rows at a time,
which stays in the cache; by several threads, each with its share of the rows; and for data that arrive in pieces. What
sums the rows away is where the pieces meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chainrule.graph.node import Node

__all__ = ["RowAnalysis", "analyse_rows"]

#: Reductions that can be taken over tiles one after the other.
REDUCTIONS = frozenset({"sum", "max", "min"})


@dataclass
class RowAnalysis:
    """What the row analysis found.

    Attributes
    ----------
    count : int
        Number of rows.
    axis : dict of Node to int
        Nodes that are computed by rows, and which axis is the row axis.
    given : dict of Node to int
        Leaves that hold data, and views of them, with the axis of their rows.
    summed : dict of Node to None
        Nodes that reduce over the rows of an input, in order.
    phase : dict of Node to int
        How many passes over the rows must end before a node can be computed: a node that needs a sum over all rows is
        one phase later than what is summed.
    """

    count: int = 0
    axis: dict[Node, int] = field(default_factory=dict)
    given: dict[Node, int] = field(default_factory=dict)
    summed: dict[Node, None] = field(default_factory=dict)
    phase: dict[Node, int] = field(default_factory=dict)

    def follow(self, node: Node, like: Node) -> None:
        """Treat a new node as another one."""
        if like in self.axis:
            self.axis[node] = self.axis[like]
        elif like in self.given:
            self.axis[node] = self.given[like]
        self.phase[node] = self.phase[like]

    @property
    def phases(self) -> int:
        """How many passes over the rows there are."""
        return 1 + max((self.phase[node] for node in self.axis), default=-1)


def analyse_rows(order: Sequence[Node], data: Iterable[Node], count: int, leaves: Iterable[Node] = ()) -> RowAnalysis:
    """Find the nodes that carry the row axis.

    Parameters
    ----------
    order : sequence of Node
        Nodes in topological order.
    data : iterable of Node
        Leaves whose first axis is the row axis. They may be read by rows or as a whole, as each use needs.
    count : int
        Number of rows.
    leaves : iterable of Node
        Nodes whose inputs are not looked at.

    Examples
    --------
    >>> from chainrule.graph.op import input_node
    >>> from chainrule.ops.products import matmul
    >>> from chainrule.ops.reduction import sum_op
    >>> import numpy as np
    >>> X, w = input_node(np.ones((100, 3)), "X"), input_node(np.ones(3), "w")
    >>> z = matmul(X, w)
    >>> total = sum_op(z, axis=(0,), keepdims=False)
    >>> rows = analyse_rows([X, w, z, total], [X], 100)
    >>> rows.axis[z], total in rows.summed, rows.phase[total]
    (0, True, 1)
    """
    found = RowAnalysis(count)
    found.given = given = dict.fromkeys(data, 0)
    stops = set(leaves)
    for node in order:
        if not node.inputs or node in stops:
            found.phase[node] = 0
            continue
        if node.is_tuple:
            found.phase[node] = _phase(node, found, None)
            continue
        if node.op.is_view and node.inputs[0] in given and node.op.name in _RULES:
            result = _RULES[node.op.name](node, given, count)
            if result is not None:
                given[node] = result
                found.phase[node] = 0
                continue
        rule = _elementwise if node.op.broadcasts else _RULES.get(node.op.name)
        result = None
        if rule is not None:
            result = rule(node, found.axis, count)
            if result is None and not any(source in found.axis for source in node.inputs):
                result = rule(node, given, count)
        if result == "summed":
            found.summed[node] = None
        elif result is not None:
            found.axis[node] = result
        found.phase[node] = _phase(node, found, result)
    return found


def _phase(node: Node, found: RowAnalysis, result: Any) -> int:
    phase = 0
    for source in node.inputs:
        step = found.phase[source]
        # All rows must be there before a sum, or anything else that looks at all of them; and what a sum over rows
        # needs besides must be there before that pass over the rows begins.
        if result == "summed" or (source in found.axis and not isinstance(result, int)):
            step += 1
        phase = max(phase, step)
    return phase


#: From a node and the row axes of its inputs to its own row axis, "summed", or None where it needs all rows at once.
_Rule = Callable[[Node, dict[Node, int], int], Any]


def _elementwise(node: Node, axis: dict[Node, int], count: int) -> Any:
    axes = {node.ndim - source.ndim + axis[source] for source in node.inputs if source in axis}
    if len(axes) != 1:
        return None
    (found,) = axes
    return found if node.shape[found] == count else None


def _reduction(node: Node, axis: dict[Node, int], count: int) -> Any:
    source = node.inputs[0]
    if source not in axis:
        return None
    own, reduced = axis[source], node.params["axis"]
    if own in reduced:
        return "summed" if node.op.name in REDUCTIONS else None
    return own if node.params["keepdims"] else own - sum(i < own for i in reduced)


def _role(own: int, ndim: int, is_left: bool) -> str:
    """What an axis is in a matrix product: outer, inner, or one of the stack."""
    if ndim == 1:
        return "inner"
    from_end = ndim - own
    if from_end > 2:
        return "stack"
    return ("inner" if from_end == 1 else "outer") if is_left else ("outer" if from_end == 1 else "inner")


def _matmul(node: Node, axis: dict[Node, int], count: int) -> Any:
    a, b = node.inputs
    left, right = roles = [_role(axis[x], x.ndim, not i) if x in axis else None for i, x in enumerate((a, b))]
    if "inner" in (left, right):
        other = right if left == "inner" else left
        return "summed" if other in (None, "inner") else None
    if left == "stack" or right == "stack":
        stacks = {node.ndim - x.ndim + axis[x] for x, role in zip((a, b), roles, strict=True) if role == "stack"}
        others = [role for role in roles if role not in (None, "stack")]
        if len(stacks) != 1 or others or a.ndim < 2 or b.ndim < 2:
            return None
        return stacks.pop()
    if left == "outer" and right is None:
        return node.ndim - (2 if b.ndim > 1 else 1)
    if right == "outer" and left is None:
        return node.ndim - 1
    return None


def _transpose(node: Node, axis: dict[Node, int], count: int) -> Any:
    source = node.inputs[0]
    return node.params["axes"].index(axis[source]) if source in axis else None


def _broadcast(node: Node, axis: dict[Node, int], count: int) -> Any:
    source = node.inputs[0]
    return node.ndim - source.ndim + axis[source] if source in axis else None


def _reshape(node: Node, axis: dict[Node, int], count: int) -> Any:
    source = node.inputs[0]
    if source not in axis:
        return None
    before = math.prod(source.shape[: axis[source]])
    for position, length in enumerate(node.shape):
        if length == count and math.prod(node.shape[:position]) == before:
            return position
    return None


def _getitem(node: Node, axis: dict[Node, int], count: int) -> Any:
    source, *arrays = node.inputs
    if source not in axis or arrays:
        return None
    entries = node.params["index"].entries
    consumed = sum(entry is not None and entry is not Ellipsis for entry in entries)
    if Ellipsis not in entries:
        entries = (*entries, Ellipsis)
    position, own = 0, axis[source]
    at = 0
    for entry in entries:
        if entry is None:
            at += 1
        elif entry is Ellipsis:
            span = source.ndim - consumed
            if position <= own < position + span:
                return at + own - position
            position, at = position + span, at + span
        else:
            is_slice = isinstance(entry, tuple)
            if position == own:
                whole = is_slice and slice(*entry).indices(count) == (0, count, 1)
                return at if whole else None
            position, at = position + 1, at + is_slice
    return None


def _cast(node: Node, axis: dict[Node, int], count: int) -> Any:
    return axis.get(node.inputs[0])


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("sum", "max", "min", "prod", "any", "all"), _reduction),
    "matmul": _matmul,
    "transpose": _transpose,
    "broadcast_to": _broadcast,
    "reshape": _reshape,
    "getitem": _getitem,
    "cast": _cast,
    "stop_gradient": _cast,
}
