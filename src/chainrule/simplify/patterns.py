"""Looking at the structure below a node: the small questions that rewrite rules ask."""

from __future__ import annotations

import math

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.ops.arithmetic import negative
from chainrule.simplify.rewrite import rebuild

__all__ = [
    "MOVES",
    "before_moving",
    "is_literal",
    "is_nonnegative",
    "is_real",
    "is_real_exp",
    "moved_like",
    "negated",
    "number_of",
    "one_minus",
    "one_plus",
    "same_value",
]

#: Operations that only move elements, so that what is done to each element can be done before them.
MOVES = ("getitem", "reshape", "transpose", "broadcast_to")


def is_literal(node: Node, value: float) -> bool:
    """Whether the node is this number, written in the code."""
    return node.op is LITERAL and node._value == value


def number_of(node: Node) -> float | int | None:
    """The finite real number that the node is, if it is one that is written in the code."""
    value = node._value
    if node.op is LITERAL and type(value) in (int, float) and math.isfinite(value):
        return value
    return None


def is_real(node: Node) -> bool:
    """Whether the node holds real floating-point numbers."""
    return node.dtype is not None and node.dtype.kind == "f"


def is_real_exp(node: Node) -> bool:
    """Whether a node is e^u with a real u of its own dtype, not integers."""
    return node.op.name == "exp" and is_real(node) and node.inputs[0].dtype == node.dtype


#: Operations on real numbers whose results are never negative.
_NONNEGATIVE = frozenset(
    {"exp", "exp2", "absolute", "square", "sigmoid", "softplus", "relu", "softmax", "sqrt", "norm"}
)
#: Operations whose results are not negative if no argument is.
_KEEPS_SIGN = frozenset({"sum", "mean", "sum_to", "reshape", "transpose", "broadcast_to", "add", "multiply", "divide"})


def is_nonnegative(node: Node, depth: int = 4) -> bool:
    """Whether a node can be told not to hold negative numbers: a square, an exponential, a sum of such."""
    if not is_real(node):
        return False
    name = node.op.name
    if node.op is LITERAL:
        return bool(node._value >= 0)
    if name in _NONNEGATIVE:
        return True
    if name == "multiply" and same_value(node.inputs[0], node.inputs[1]):
        return True
    if name == "power":
        exponent = number_of(node.inputs[1])
        return exponent is not None and exponent % 2 == 0
    return name in _KEEPS_SIGN and depth > 0 and all(is_nonnegative(source, depth - 1) for source in node.inputs)


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


def one_minus(node: Node) -> Node | None:
    """x, if the node is ``1 - x``."""
    return node.inputs[1] if node.op.name == "subtract" and is_literal(node.inputs[0], 1) else None


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


def before_moving(node: Node) -> Node:
    """What a chain of moves, such as ``σ(z)[:, 0]``, starts from."""
    while node.op.name in MOVES:
        node = node.inputs[0]
    return node


def moved_like(start: Node, moved: Node) -> Node:
    """The same chain of moves from another start."""
    chain = []
    while moved.op.name in MOVES:
        chain.append(moved)
        moved = moved.inputs[0]
    for move in reversed(chain):
        start = rebuild(move, (start, *move.inputs[1:]))
    return start
