"""Stabilisation: textbook formulas in the form that neither overflows nor cancels.

``-y * log(σ(z)) - (1-y) * log(1-σ(z))`` is how the cross-entropy is taught, and evaluated as written it turns into
NaN as soon as σ(z) rounds to 0 or 1. The rules here recognise the pieces, so that what is *evaluated and
differentiated* is ``y * softplus(-z) + (1-y) * softplus(z)``, while the recorded graph stays as the user wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.node import Node, ancestors
from chainrule.ops.arithmetic import negative
from chainrule.ops.exponential import log
from chainrule.ops.neural import log_softmax, logsumexp, sigmoid, softmax, softplus
from chainrule.ops.trigonometric import tanh
from chainrule.simplify.patterns import is_literal, negated, one_plus, same_value
from chainrule.simplify.rewrite import Rule, RuleSet, rebuild

__all__ = ["STABILISE", "is_settled", "stabilise", "stable"]


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
    """1 − σ(z) = σ(−z), exact where σ(z) rounds to 1"""
    one, p = node.inputs
    return sigmoid(negated(p.inputs[0])) if is_literal(one, 1) and p.op is sigmoid else None


def _log_of_sigmoid(node: Node) -> Node | None:
    """log σ(z) = −softplus(−z)"""
    p = node.inputs[0]
    return negative(softplus(negated(p.inputs[0]))) if p.op is sigmoid else None


def _log_one_plus_exp(node: Node) -> Node | None:
    """log(1 + e^u) = softplus(u)"""
    rest = one_plus(node.inputs[0]) if node.op.name == "log" else node.inputs[0]
    return softplus(rest.inputs[0]) if rest is not None and rest.op.name == "exp" else None


def _log_of_exp(node: Node) -> Node | None:
    """log(e^u) = u, for real u"""
    inner = node.inputs[0]
    return inner.inputs[0] if inner.op.name == "exp" and inner.dtype.kind == "f" else None


def _quotient_softmax(node: Node) -> Node | None:
    """e^u / Σ e^u = softmax(u)"""
    top, bottom = node.inputs
    if top.op.name != "exp" or top.dtype.kind != "f":
        return None
    total = bottom
    if total.op.name in ("reshape", "getitem") and total.size == total.inputs[0].size:
        total = total.inputs[0]  # s[:, None]
    if total.op.name != "sum" or not same_value(total.inputs[0], top):
        return None
    axis = total.params["axis"]
    kept = tuple([1 if i in axis else n for i, n in enumerate(top.shape)])
    aligned = (1,) * (top.ndim - bottom.ndim) + bottom.shape
    return softmax.apply((top.inputs[0],), {"axis": axis}) if aligned == kept else None


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
    if minus_z.op is negative and minus_z.inputs[0] is z:
        return tanh(z)
    return tanh(negative(minus_z)) if z.op is negative and z.inputs[0] is minus_z else None


def _log_of_softmax(node: Node) -> Node | None:
    """log softmax(u), computed without leaving the logarithmic scale"""
    p = node.inputs[0]
    return log_softmax.apply(p.inputs, p.params) if p.op is softmax else None


def _log_of_sum_of_exp(node: Node) -> Node | None:
    """log Σ e^u = logsumexp(u)"""
    total = node.inputs[0]
    if total.op.name == "sum" and total.inputs[0].op.name == "exp" and total.dtype.kind == "f":
        return logsumexp.apply(total.inputs[0].inputs, total.params)
    return None


#: Operations that only move elements, so that a logarithm can be taken before them.
_MOVES = ("getitem", "reshape", "transpose", "broadcast_to")


def _log_before_moving(node: Node) -> Node | None:
    """log(p[i]) = (log p)[i], where the logarithm of p has a stable form"""
    moved = node.inputs[0]
    if moved.op.name not in _MOVES:
        return None
    p = moved
    while p.op.name in _MOVES:
        p = p.inputs[0]
    return rebuild(moved, (log(moved.inputs[0]), *moved.inputs[1:])) if p.op in (sigmoid, softmax) else None


STABILISE = RuleSet(
    "stabilise",
    [
        Rule("reciprocal of 1 + exp is sigmoid", ("divide", "reciprocal", "power"), _reciprocal_sigmoid),
        Rule("exp over 1 + exp is sigmoid", ("divide",), _quotient_sigmoid),
        Rule("exp over sum of exp is softmax", ("divide",), _quotient_softmax),
        Rule("quotient of exponentials is tanh", ("divide",), _quotient_tanh),
        Rule("one minus sigmoid", ("subtract",), _complement_of_sigmoid),
        Rule("log of sigmoid", ("log",), _log_of_sigmoid),
        Rule("log of 1 + exp is softplus", ("log", "log1p"), _log_one_plus_exp),
        Rule("log of exp", ("log",), _log_of_exp),
        Rule("log of softmax", ("log",), _log_of_softmax),
        Rule("log of sum of exp", ("log",), _log_of_sum_of_exp),
        Rule("log before moving elements", ("log",), _log_before_moving),
    ],
)


def stabilise(order: Iterable[Node], log: list[tuple[str, Node]] | None = None) -> None:
    """Derive the stable form of each node of a graph, given in topological order, and keep it as `Node.stable`.

    Forms that are known already are used, so that a growing graph is stabilised piece by piece.
    """
    forms: dict[Node, Node] = {}
    pending = [node for node in order if not node.is_settled]
    STABILISE.rewrite(pending, forms, outside=lambda node: node.stable or node, log=log)
    for node in pending:
        form = forms[node]
        node.is_settled = form.is_settled = True
        if form is not node:
            node.stable = form


def is_settled(node: Node) -> bool:
    """Whether the stable form of a node, and so of all that it depends on, has been derived."""
    return node.is_settled


def stable(node: Node) -> Node:
    """The numerically stable form of a node: what is evaluated and differentiated in its place.

    Examples
    --------
    >>> from chainrule.graph.op import input_node
    >>> from chainrule.ops.exponential import exp, log
    >>> z = input_node(800.0, "z")
    >>> stable(log(1 / (1 + exp(-z))))
    <Node negative(%...) float64[]>
    """
    if not node.is_settled:
        stabilise(ancestors([node], skip=is_settled))
    return node.stable or node
