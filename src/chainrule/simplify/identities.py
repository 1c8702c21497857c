"""Identities of arithmetic that hold for every number, NaN and infinity included."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.ops.arithmetic import negative
from chainrule.ops.comparison import greater
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.selection import where
from chainrule.ops.trigonometric import cos, sin, tanh
from chainrule.simplify.patterns import is_literal, is_real, same_value
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["IDENTITIES", "keeps"]


def keeps(node: Node, other: Node) -> Node | None:
    """`other` in place of `node`, if that changes neither shape nor dtype."""
    return other if other.shape == node.shape and other.dtype == node.dtype and other.op is not LITERAL else None


def _times_one(node: Node) -> Node | None:
    """x · 1 = x, x / 1 = x"""
    x, y = node.inputs
    if is_literal(y, 1):
        return keeps(node, x)
    return keeps(node, y) if is_literal(x, 1) and node.op.name == "multiply" else None


def _times_minus_one(node: Node) -> Node | None:
    """x · (−1) = −x, x / (−1) = −x"""
    x, y = node.inputs
    if is_literal(y, -1) and is_real(x):
        return keeps(node, negative(x))
    return keeps(node, negative(y)) if is_literal(x, -1) and node.op.name == "multiply" and is_real(y) else None


def _power_of_one(node: Node) -> Node | None:
    """x^1 = x"""
    return keeps(node, node.inputs[0]) if is_literal(node.inputs[1], 1) else None


def _minus_zero(node: Node) -> Node | None:
    """x − 0 = x; x + 0 is not among the identities, since −0 + 0 is +0"""
    zero = node.inputs[1]
    if zero.op is LITERAL and repr(zero._value) in ("0", "0.0") and is_real(node.inputs[0]):
        return keeps(node, node.inputs[0])
    return None


def _odd(node: Node) -> Node | None:
    """f(−x) = −f(x) for sin, tan, tanh, arctan and other odd functions of real numbers"""
    minus_x = node.inputs[0]
    return negative(node.op(minus_x.inputs[0])) if minus_x.op is negative and is_real(minus_x) else None


def _even(node: Node) -> Node | None:
    """f(−x) = f(x) for cos, cosh, |x| and x² of real numbers"""
    minus_x = node.inputs[0]
    return node.op(minus_x.inputs[0]) if minus_x.op is negative and is_real(minus_x) else None


def _choice_within_choice(node: Node) -> Node | None:
    """where(c, where(c, x, y), z) = where(c, x, z), and where(c, x, where(c, y, z)) = where(c, x, z)"""
    condition, first, second = node.inputs
    if first.op is where and same_value(first.inputs[0], condition) and first.dtype == node.dtype:
        return where(condition, first.inputs[1], second)
    if second.op is where and same_value(second.inputs[0], condition) and second.dtype == node.dtype:
        return where(condition, first, second.inputs[2])
    return None


def _choice_of_equals(node: Node) -> Node | None:
    """where(c, x, x) = x"""
    first, second = node.inputs[1:]
    return keeps(node, first) if first is second else None


_ODD = ("sin", "tan", "sinh", "tanh", "arcsin", "arctan", "arcsinh", "arctanh", "cbrt", "erf")
_EVEN = ("cos", "cosh", "absolute", "square")

IDENTITIES = [
    Rule(
        "times one",
        ("multiply", "divide"),
        _times_one,
        (Case(lambda x: x * 1), Case(lambda x: 1.0 * x), Case(lambda x: x / 1)),
    ),
    Rule(
        "times minus one",
        ("multiply", "divide"),
        _times_minus_one,
        (Case(lambda x: x * -1), Case(lambda x: -1.0 * x), Case(lambda x: x / -1)),
    ),
    Rule("power of one", ("power",), _power_of_one, (Case(lambda x: x**1),)),
    Rule("minus zero", ("subtract",), _minus_zero, (Case(lambda x: x - 0.0),)),
    Rule("odd function", _ODD, _odd, (Case(lambda x: sin(-x), low=-1e3, high=1e3), Case(lambda x: tanh(-x)))),
    Rule(
        "choice within a choice",
        ("where",),
        _choice_within_choice,
        (
            Case(lambda x, y: where(greater(y, 0), where(greater(y, 0), x, y), 1.0), arity=2),
            Case(lambda x, y: where(greater(x, 0), 2.0, where(greater(x, 0), x, y)), arity=2),
        ),
    ),
    Rule("choice of equals", ("where",), _choice_of_equals, (Case(lambda x: where(greater(x, 0), x, x)),)),
    Rule("even function", _EVEN, _even, (Case(lambda x: cos(-x), low=-1e3, high=1e3), Case(lambda x: absolute(-x)))),
]
