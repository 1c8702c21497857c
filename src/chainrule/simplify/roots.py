"""Stable forms of roots and squares that undo each other; the squares overflow where the result does not."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import multiply, power, sqrt, square
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp
from chainrule.ops.norms import norm_op
from chainrule.ops.reduction import sum_op
from chainrule.simplify.patterns import is_literal, is_nonnegative, is_real, same_value
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["ANY_ROOT", "ROOTS", "squared"]


def squared(node: Node) -> Node | None:
    """x, if the node is x², however it is written."""
    if node.op is square or (node.op is power and is_literal(node.inputs[1], 2)):
        return node.inputs[0]
    return node.inputs[0] if node.op is multiply and same_value(node.inputs[0], node.inputs[1]) else None


def _square_of_root(node: Node) -> Node | None:
    """(√x)² = x, where x cannot be negative"""
    root = squared(node)
    if root is None or root.op is not sqrt or not is_nonnegative(root.inputs[0]):
        return None
    return root.inputs[0]


def _square_of_any_root(node: Node) -> Node | None:
    """(√x)² = x also for negative x, where the left side is NaN"""
    root = squared(node)
    return root.inputs[0] if root is not None and root.op is sqrt and is_real(root) else None


def _root_of_square(node: Node) -> Node | None:
    """√(x²) = |x|, for real x"""
    x = squared(node.inputs[0])
    return absolute(x) if x is not None and is_real(x) else None


def _square_of_norm(node: Node) -> Node | None:
    """‖x‖² = Σ x², whose gradient needs no division by the norm"""
    norm = squared(node)
    if norm is None or norm.op is not norm_op or norm.params["p"] != 2 or not is_real(norm.inputs[0]):
        return None
    settings = {"axis": norm.params["axis"], "keepdims": norm.params["keepdims"]}
    return sum_op.apply((square(norm.inputs[0]),), settings)


_SQUARES = ("square", "power", "multiply")

ROOTS = [
    Rule(
        "square of a square root",
        _SQUARES,
        _square_of_root,
        (
            Case(lambda x: sqrt(exp(x)) ** 2),
            Case(lambda x: square(sqrt(absolute(x)))),
            Case(lambda x: sqrt(x * x) * sqrt(x * x)),
        ),
    ),
    Rule(
        "square root of a square", ("sqrt",), _root_of_square, (Case(lambda x: sqrt(x**2)), Case(lambda x: sqrt(x * x)))
    ),
    Rule(
        "square of a norm",
        _SQUARES,
        _square_of_norm,
        (
            Case(lambda x: norm_op(x, p=2.0, axis=(1,), keepdims=False) ** 2, ((3, 4),)),
            Case(lambda x: square(norm_op(x, p=2.0, axis=(0, 1), keepdims=True)), ((3, 4),)),
        ),
    ),
]

ANY_ROOT = Rule(
    "square of any square root", _SQUARES, _square_of_any_root, (Case(lambda x: sqrt(x) ** 2, low=0),), opt_in=True
)
