"""Canonicalisation: identities that hold for every number, used to shorten what backpropagation writes.

Nothing here changes a finite result, not even by rounding, and NaN and inf stay what they were: ``x * 0`` is not
replaced by 0.
"""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import reshape_op
from chainrule.simplify.patterns import is_literal
from chainrule.simplify.rewrite import Rule, RuleSet
from chainrule.simplify.signs import SIGN_RULES

__all__ = ["CANONICALISE"]


def _keeps(node: Node, other: Node) -> Node | None:
    """`other` in place of `node`, if that changes neither shape nor dtype."""
    return other if other.shape == node.shape and other.dtype == node.dtype and other.op is not LITERAL else None


def _times_one(node: Node) -> Node | None:
    """x · 1 = x"""
    x, y = node.inputs
    if is_literal(y, 1):
        return _keeps(node, x)
    return _keeps(node, y) if is_literal(x, 1) and node.op.name == "multiply" else None


def _power_of_one(node: Node) -> Node | None:
    """x ** 1 = x"""
    return _keeps(node, node.inputs[0]) if is_literal(node.inputs[1], 1) else None


def _same_shape(node: Node) -> Node | None:
    """Reshaping, broadcasting or summing to the shape that is there already"""
    return _keeps(node, node.inputs[0])


def _double_transpose(node: Node) -> Node | None:
    """(Aᵀ)ᵀ = A, and the transpose of a vector is the vector"""
    inner = node.inputs[0]
    if node.ndim == 1:
        return inner
    if inner.op.name != "transpose":
        return None
    axes = tuple(inner.params["axes"][i] for i in node.params["axes"])
    return inner.inputs[0] if axes == tuple(range(len(axes))) else None


def _broadcast_in_elementwise(node: Node) -> Node | None:
    """An elementwise operation broadcasts by itself, if another operand has the full shape"""
    for position, source in enumerate(node.inputs):
        if source.op.name != "broadcast_to":
            continue
        others = [other for i, other in enumerate(node.inputs) if i != position]
        if any(other.shape == node.shape for other in others):
            inputs = (*node.inputs[:position], source.inputs[0], *node.inputs[position + 1 :])
            replacement = node.op.apply(inputs, node.params)
            return _keeps(node, replacement)
    return None


def _sum_over_stretched_axes(node: Node) -> Node | None:
    """Undoing a broadcast is a plain sum over the axes that were stretched"""
    x, shape = node.inputs[0], node.params["shape"]
    extra = x.ndim - len(shape)
    stretched = [i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1]
    total = sum_op.apply((x,), {"axis": (*range(extra), *stretched), "keepdims": False})
    return total if total.shape == shape else reshape_op.apply((total,), {"shape": shape})


_ARITHMETIC = ("add", "subtract", "multiply", "divide")

CANONICALISE = RuleSet(
    "canonicalise",
    [
        Rule("times one", ("multiply", "divide"), _times_one),
        Rule("power of one", ("power",), _power_of_one),
        Rule("same shape", ("reshape", "broadcast_to", "sum_to", "cast", "positive"), _same_shape),
        Rule("double transpose", ("transpose",), _double_transpose),
        Rule("broadcast in an elementwise operation", _ARITHMETIC, _broadcast_in_elementwise),
        Rule("sum over stretched axes", ("sum_to",), _sum_over_stretched_axes),
        *SIGN_RULES,
    ],
)
