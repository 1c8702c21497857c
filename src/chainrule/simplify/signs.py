"""Minus signs, moved towards the end of a computation, where there are fewer numbers to negate.

Rounding is symmetric, so none of these changes a finite result; only the sign of a zero may differ.
"""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import add, divide, multiply, negative, subtract
from chainrule.simplify.rewrite import Rule

__all__ = ["SIGN_RULES"]


def _inside(node: Node) -> Node | None:
    """x, if the node is −x and x is real: unsigned integers wrap around, and zeros of complex numbers have signs that
    choose a branch."""
    return node.inputs[0] if node.op is negative and node.dtype.kind == "f" else None


def _double_negation(node: Node) -> Node | None:
    """−(−x) = x"""
    return _inside(node.inputs[0])


def _sign_of_product(node: Node) -> Node | None:
    """(−x) y = −(x y), and (−x)(−y) = x y"""
    op = multiply if node.op is multiply else divide
    x, y = node.inputs
    minus_x, minus_y = _inside(x), _inside(y)
    if minus_x is not None and minus_y is not None:
        return op(minus_x, minus_y)
    if minus_x is not None:
        return negative(op(minus_x, y))
    return negative(op(x, minus_y)) if minus_y is not None else None


def _sign_of_sum(node: Node) -> Node | None:
    """x + (−y) = x − y, (−x) + y = y − x, (−x) + (−y) = −(x + y)"""
    x, y = node.inputs
    minus_x, minus_y = _inside(x), _inside(y)
    if minus_x is not None and minus_y is not None:
        return negative(add(minus_x, minus_y))
    if minus_y is not None:
        return subtract(x, minus_y)
    return subtract(y, minus_x) if minus_x is not None else None


def _sign_of_difference(node: Node) -> Node | None:
    """x − (−y) = x + y, (−x) − y = −(x + y), (−x) − (−y) = y − x"""
    x, y = node.inputs
    minus_x, minus_y = _inside(x), _inside(y)
    if minus_x is not None and minus_y is not None:
        return subtract(minus_y, minus_x)
    if minus_y is not None:
        return add(x, minus_y)
    return negative(add(minus_x, y)) if minus_x is not None else None


def _sign_of_reduction(node: Node) -> Node | None:
    """Σ(−x) = −Σx, and the same for means"""
    inner = _inside(node.inputs[0])
    return negative(node.op.apply((inner,), node.params)) if inner is not None else None


SIGN_RULES = [
    Rule("double negation", ("negative",), _double_negation),
    Rule("sign of a product", ("multiply", "divide"), _sign_of_product),
    Rule("sign of a sum", ("add",), _sign_of_sum),
    Rule("sign of a difference", ("subtract",), _sign_of_difference),
    Rule("sign of a reduction", ("sum", "mean", "sum_to"), _sign_of_reduction),
]
