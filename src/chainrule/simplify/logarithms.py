"""Stable forms of logarithms and exponentials: log1p, expm1, logaddexp, and products that are 0 where x is 0."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import add, multiply, negative, subtract
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, expm1, log, log1p, logaddexp, xlog1py, xlogy
from chainrule.ops.reduction import sum_, sum_op
from chainrule.ops.selection import maximum
from chainrule.ops.shaping import reshape_op
from chainrule.ops.softmaxes import softmax
from chainrule.simplify.logistic import log_of_probability
from chainrule.simplify.patterns import (
    MOVES,
    is_literal,
    is_real,
    is_real_exp,
    one_minus,
    one_plus,
    same_value,
)
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["LOGARITHMS"]


def _log_of_exp(node: Node) -> Node | None:
    """log(e^u) = u, for real u"""
    inner = node.inputs[0]
    return inner.inputs[0] if is_real_exp(inner) else None


def _log_of_two_exponentials(node: Node) -> Node | None:
    """log(e^a + e^b) = logaddexp(a, b), for real a and b"""
    total = node.inputs[0]
    if total.op is not add or not all(map(is_real_exp, total.inputs)):
        return None
    a, b = total.inputs
    return logaddexp(a.inputs[0], b.inputs[0])


def _log_one_plus(node: Node) -> Node | None:
    """log(1 + x) = log1p(x) and log(1 − x) = log1p(−x), which do not lose a small x"""
    inner = node.inputs[0]
    x = one_plus(inner)
    if x is not None and is_real(x) and x.dtype == inner.dtype:
        return log1p(x)
    x = one_minus(inner)
    return log1p(negative(x)) if x is not None and is_real(x) and x.dtype == inner.dtype else None


def _exp_minus_one(node: Node) -> Node | None:
    """e^x − 1 = expm1(x) and 1 − e^x = −expm1(x), which do not lose a small x"""
    a, b = node.inputs
    if is_literal(b, 1) and is_real_exp(a):
        return expm1(a.inputs[0])
    return negative(expm1(b.inputs[0])) if is_literal(a, 1) and is_real_exp(b) else None


def _times_own_log(node: Node) -> Node | None:
    """x log x is 0 at x = 0"""
    for x, logarithm in (node.inputs, node.inputs[::-1]):
        if logarithm.op is log and is_real(x) and same_value(x, logarithm.inputs[0]):
            return xlogy(x, x)
    return None


def _log_before_moving(node: Node) -> Node | None:
    """log(p[i]) = (log p)[i], where the logarithm of p has a stable form"""
    moved = node.inputs[0]
    return log_of_probability(moved) if moved.op.name in MOVES else None


def _weighted_log(node: Node, logarithm: object) -> tuple[Node, Node] | None:
    """Weight and argument, if the node is a weight times this logarithm."""
    if node.op is multiply and is_real(node):
        for weight, factor in (node.inputs, node.inputs[::-1]):
            if factor.op is logarithm:
                return weight, factor.inputs[0]
    return None


def _binary_cross_entropy(node: Node) -> Node | None:
    """y log p + (1−y) log(1−p), where a term with the weight 0 is 0 even if its logarithm is infinite"""
    first, second = [_without_sign(term) for term in node.inputs]
    for order in ((first, second), (second, first)):
        of_one, of_zero = _weighted_log(order[0], log), _weighted_log(order[1], log1p)
        if of_one is None or of_zero is None or of_zero[1].op is not negative:
            continue
        complement = one_minus(_without_sign(of_zero[0]))
        if complement is None or not same_value(complement, _without_sign(of_one[0])):
            continue
        if same_value(of_zero[1].inputs[0], of_one[1]):
            terms = {order[0]: xlogy(*of_one), order[1]: xlog1py(*of_zero)}
            pairs = zip(node.inputs, (first, second), strict=True)
            return node.op(*[terms[bare] if bare is term else negative(terms[bare]) for term, bare in pairs])
    return None


def _without_sign(node: Node) -> Node:
    return node.inputs[0] if node.op is negative else node


def _categorical_cross_entropy(node: Node) -> Node | None:
    """Σ y log p for shares p = v / Σ v, where a term with the weight 0 is 0 even if its logarithm is infinite"""
    weighted = _weighted_log(node.inputs[0], log)
    if weighted is None or not _is_share(weighted[1]):
        return None
    return sum_op.apply((xlogy(*weighted),), node.params)


def _is_share(p: Node) -> bool:
    if p.op.name != "divide":
        return False
    v, total = p.inputs
    total = total.inputs[0] if total.op is reshape_op or total.op.name == "getitem" else total
    return total.op is sum_op and same_value(total.inputs[0], v)


def _log_sum_exp(a: Node, b: Node) -> Node:
    return add(maximum(a, b), log1p(exp(negative(absolute(subtract(a, b))))))


LOGARITHMS = [
    Rule("log of exp", ("log",), _log_of_exp, (Case(lambda x: log(exp(x))),)),
    Rule(
        "log of two exponentials",
        ("log",),
        _log_of_two_exponentials,
        (Case(lambda a, b: log(exp(a) + exp(b)), arity=2, truth=_log_sum_exp),),
    ),
    Rule("log of 1 + x", ("log",), _log_one_plus, (Case(lambda x: log(1 + x)), Case(lambda x: log(1 - x)))),
    Rule("exp minus 1", ("subtract",), _exp_minus_one, (Case(lambda x: exp(x) - 1), Case(lambda x: 1 - exp(x)))),
    Rule("x log x", ("multiply",), _times_own_log, (Case(lambda x: x * log(x)), Case(lambda x: log(x) * x))),
    Rule(
        "log before moving elements",
        ("log",),
        _log_before_moving,
        (Case(lambda x: log(softmax(x, axis=(1,))[:, 0]), ((3, 4),)),),
    ),
    Rule(
        "binary cross-entropy",
        ("add", "subtract"),
        _binary_cross_entropy,
        (
            Case(lambda p, y: y * log(p) + (1 - y) * log1p(-p), low=0, high=1, arity=2, labels=(1,)),
            Case(lambda p, y: -y * log(p) - (1 - y) * log1p(-p), low=0, high=1, arity=2, labels=(1,)),
            Case(lambda p, y: (1 - y) * log1p(-p) + log(p) * y, low=0, high=1, arity=2, labels=(1,)),
        ),
    ),
    Rule(
        "categorical cross-entropy",
        ("sum",),
        _categorical_cross_entropy,
        (Case(lambda v, y: sum_(y * log(v / sum_(v, 1, keepdims=True)), 1), ((3, 4), (3, 4)), low=0, labels=(1,)),),
    ),
]
