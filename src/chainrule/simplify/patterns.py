"""Looking at the structure below a node: the small questions that rewrite rules ask."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.ops.arithmetic import negative

__all__ = ["is_literal", "negated", "one_plus", "same_value"]


def is_literal(node: Node, value: float) -> bool:
    """Whether the node is this number, written in the code."""
    return node.op is LITERAL and node._value == value


def negated(node: Node) -> Node:
    """−x, without ever writing −(−x)."""
    return node.inputs[0] if node.op is negative else negative(node)


def one_plus(node: Node) -> Node | None:
    """x, if the node is ``1 + x`` or ``x + 1``."""
    if node.op.name == "add":
        first, second = node.inputs
        if is_literal(first, 1):
            return second
        if is_literal(second, 1):
            return first
    return None


#: How far down `same_value` looks: as deep as ``np.exp(z - np.max(z, axis=1, keepdims=True))`` and a bit more.
_DEPTH = 5


def same_value(first: Node, second: Node, depth: int = _DEPTH) -> bool:
    """Whether two nodes are the same node, or the same formula of the same nodes, written twice."""
    if first is second:
        return True
    if first.op is not second.op or depth == 0:
        return False
    if first.op is LITERAL:
        return first.kind is second.kind and repr(first._value) == repr(second._value)
    return (
        0 < len(first.inputs) == len(second.inputs)
        and first.params == second.params
        and all(same_value(a, b, depth - 1) for a, b in zip(first.inputs, second.inputs, strict=True))
    )
