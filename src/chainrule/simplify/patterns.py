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


def same_value(first: Node, second: Node) -> bool:
    """Whether two nodes are the same node, or the same operation on the same nodes."""
    return first is second or (
        first.op is second.op
        and bool(first.inputs)
        and first.params == second.params
        and all(a is b for a, b in zip(first.inputs, second.inputs, strict=True))
    )
