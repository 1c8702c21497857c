"""Minus signs, merged with what they meet.

Rounding is symmetric, so none of these changes a result. ``(-x) + (-y) = -(x + y)`` and ``Σ(-x) = -Σx`` are not among
them: they turn +0 into −0, and `arctan2` tells the two apart.
"""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import add, divide, multiply, negative, subtract
from chainrule.simplify.rewrite import Case, Rule

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
    """x + (−y) = x − y, (−x) + y = y − x"""
    x, y = node.inputs
    minus_x, minus_y = _inside(x), _inside(y)
    if minus_y is not None:
        return subtract(x, minus_y)
    return subtract(y, minus_x) if minus_x is not None else None


def _sign_of_difference(node: Node) -> Node | None:
    """x − (−y) = x + y"""
    x, y = node.inputs
    minus_y = _inside(y)
    return add(x, minus_y) if minus_y is not None else None


SIGN_RULES = [
    Rule("double negation", ("negative",), _double_negation, (Case(lambda x: negative(-x)),)),
    Rule(
        "sign of a product",
        ("multiply", "divide"),
        _sign_of_product,
        (
            Case(lambda x, y: -x * y, arity=2),
            Case(lambda x, y: x * -y, arity=2),
            Case(lambda x, y: -x * -y, arity=2),
            Case(lambda x, y: -x / -y, arity=2),
        ),
    ),
    Rule(
        "sign of a sum",
        ("add",),
        _sign_of_sum,
        (Case(lambda x, y: x + -y, arity=2), Case(lambda x, y: -x + y, arity=2)),
    ),
    Rule("sign of a difference", ("subtract",), _sign_of_difference, (Case(lambda x, y: x - -y, arity=2),)),
]
