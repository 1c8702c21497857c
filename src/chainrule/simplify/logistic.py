"""Stable forms of the logistic function σ, of softplus and of tanh, however they are written."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import multiply, negative, reciprocal
from chainrule.ops.exponential import exp, expm1, log, log1p, sigmoid, xlog1py, xlogy
from chainrule.ops.softmaxes import log_softmax, softmax
from chainrule.ops.trigonometric import tanh
from chainrule.simplify.patterns import (
    before_moving,
    is_literal,
    is_real,
    is_real_exp,
    moved_like,
    negated,
    number_of,
    one_minus,
    one_plus,
    same_value,
)
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["LOGISTIC", "log_of_probability"]


def _reciprocal_sigmoid(node: Node) -> Node | None:
    """1 / (1 + e^u) = σ(−u)"""
    if node.op.name == "divide" and not is_literal(node.inputs[0], 1):
        return None
    if node.op.name == "power" and not is_literal(node.inputs[1], -1):
        return None
    rest = one_plus(node.inputs[1 if node.op.name == "divide" else 0])
    if rest is not None and rest.op.name == "exp":
        return sigmoid(negated(rest.inputs[0]))
    return None


def _quotient_sigmoid(node: Node) -> Node | None:
    """e^u / (1 + e^u) = σ(u)"""
    top, bottom = node.inputs
    rest = one_plus(bottom)
    if rest is not None and top.op.name == "exp" and same_value(top, rest):
        return sigmoid(top.inputs[0])
    return None


def _complement_of_sigmoid(node: Node) -> Node | None:
    """1 − σ(z) = σ(−z), exact where σ(z) rounds to 1; also for parts of σ(z)"""
    p = one_minus(node)
    source = None if p is None else before_moving(p)
    if p is None or source is None or source.op is not sigmoid:
        return None
    return moved_like(sigmoid(negated(source.inputs[0])), p)


def _log_of_sigmoid(node: Node) -> Node | None:
    """log σ(z) = −softplus(−z), for real z"""
    p = node.inputs[0]
    return negative(softplus(negated(p.inputs[0]))) if p.op is sigmoid and p.dtype.kind == "f" else None


def log_of_probability(p: Node) -> Node | None:
    """The stable logarithm of a result of σ or softmax, or of a part of it."""
    source = before_moving(p)
    if source.op is sigmoid and is_real(source):
        return moved_like(negative(softplus(negated(source.inputs[0]))), p)
    return moved_like(log_softmax.apply(source.inputs, source.params), p) if source.op is softmax else None


def _log_of_complement(node: Node) -> Node | None:
    """log(1 + (−σ(z))) = log σ(−z) = −softplus(z), for real z"""
    minus_p = node.inputs[0]
    if minus_p.op is not negative:
        return None
    source = before_moving(minus_p.inputs[0])
    if source.op is not sigmoid or not is_real(source):
        return None
    return moved_like(negative(softplus(source.inputs[0])), minus_p.inputs[0])


def _times_log(node: Node) -> Node | None:
    """x log p, where log p has a stable form, which is finite and needs no rule for 0 log 0"""
    x, p = node.inputs
    logarithm = log_of_probability(p)
    return None if logarithm is None else multiply(x, logarithm)


def _times_log_of_complement(node: Node) -> Node | None:
    """x log(1 + (−σ(z))) = −x softplus(z)"""
    x, minus_p = node.inputs
    if minus_p.op is not negative:
        return None
    source = before_moving(minus_p.inputs[0])
    if source.op is not sigmoid or not is_real(source):
        return None
    return multiply(x, moved_like(negative(softplus(source.inputs[0])), minus_p.inputs[0]))


def _log_one_plus_exp(node: Node) -> Node | None:
    """log(1 + e^u) = softplus(u), for real u"""
    rest = one_plus(node.inputs[0]) if node.op.name == "log" else node.inputs[0]
    is_exp = rest is not None and rest.op.name == "exp" and rest.dtype.kind == "f"
    return softplus(rest.inputs[0]) if rest is not None and is_exp else None


def _quotient_tanh(node: Node) -> Node | None:
    """(e^z − e^−z) / (e^z + e^−z) = tanh(z)"""
    top, bottom = node.inputs
    if top.op.name != "subtract" or bottom.op.name != "add":
        return None
    up, down = top.inputs
    terms = bottom.inputs
    if up.op.name != "exp" or down.op.name != "exp":
        return None
    if not any(same_value(up, a) and same_value(down, b) for a, b in (terms, terms[::-1])):
        return None
    z, minus_z = up.inputs[0], down.inputs[0]
    if minus_z.op is negative and same_value(minus_z.inputs[0], z):
        return tanh(z)
    return tanh(negative(minus_z)) if z.op is negative and same_value(z.inputs[0], minus_z) else None


def _tanh_of_half(node: Node) -> Node | None:
    """(e^u − 1) / (e^u + 1) = tanh(u / 2), for real u"""
    top, bottom = node.inputs
    power = one_plus(bottom)
    if power is None or not is_real_exp(power):
        return None
    is_negative = top.op is negative
    top = top.inputs[0] if is_negative else top
    u = power.inputs[0]
    if top.op is not expm1 or not same_value(top.inputs[0], u):
        return None
    half = tanh(_half(u))
    return negative(half) if is_negative else half


def _half(u: Node) -> Node:
    """u / 2, which is z where u is written 2 z."""
    if u.op is negative:
        return negative(_half(u.inputs[0]))
    if u.op is multiply:
        for factor, other in (u.inputs, u.inputs[::-1]):
            number = number_of(factor)
            if number in (2, -2) and other.dtype == u.dtype:
                return other if number == 2 else negative(other)
    return multiply(0.5, u)


def _log_sigmoid(z: Node) -> Node:
    """log σ(z), without cancellation as long as e^−z is finite."""
    return negative(log1p(exp(negative(z))))


LOGISTIC = [
    Rule(
        "reciprocal of 1 + exp is sigmoid",
        ("divide", "reciprocal", "power"),
        _reciprocal_sigmoid,
        (
            Case(lambda z: 1 / (1 + exp(-z))),
            Case(lambda z: 1.0 / (exp(-z) + 1.0)),
            Case(lambda z: (1 + exp(-z)) ** -1.0),
            Case(lambda z: reciprocal(1 + exp(z))),
        ),
    ),
    Rule("exp over 1 + exp is sigmoid", ("divide",), _quotient_sigmoid, (Case(lambda z: exp(z) / (1 + exp(z))),)),
    Rule(
        "quotient of exponentials is tanh",
        ("divide",),
        _quotient_tanh,
        (Case(lambda z: (exp(z) - exp(-z)) / (exp(z) + exp(-z))),),
    ),
    Rule("quotient of expm1 is tanh", ("divide",), _tanh_of_half, (Case(lambda z: expm1(2 * z) / (exp(2 * z) + 1)),)),
    Rule(
        "one minus sigmoid",
        ("subtract",),
        _complement_of_sigmoid,
        (Case(lambda z: 1 - sigmoid(z), truth=lambda z: 1 / (1 + exp(z))),),
    ),
    Rule("log of sigmoid", ("log",), _log_of_sigmoid, (Case(lambda z: log(sigmoid(z)), truth=_log_sigmoid),)),
    Rule(
        "log of one minus sigmoid",
        ("log1p",),
        _log_of_complement,
        (Case(lambda z: log1p(-sigmoid(z)), truth=lambda z: _log_sigmoid(-z)),),
    ),
    Rule(
        "log of 1 + exp is softplus",
        ("log", "log1p"),
        _log_one_plus_exp,
        (Case(lambda z: log(1 + exp(z)), truth=lambda z: log1p(exp(z))), Case(lambda z: log1p(exp(z)))),
    ),
    Rule(
        "product with a log",
        ("xlogy",),
        _times_log,
        (Case(lambda x, z: xlogy(x, sigmoid(z)), arity=2, truth=lambda x, z: x * _log_sigmoid(z)),),
    ),
    Rule(
        "product with the log of one minus sigmoid",
        ("xlog1py",),
        _times_log_of_complement,
        (Case(lambda x, z: xlog1py(x, -sigmoid(z)), arity=2, truth=lambda x, z: x * _log_sigmoid(-z)),),
    ),
]
