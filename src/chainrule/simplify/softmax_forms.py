"""Stable forms of softmax, its logarithm, and the logarithm of a sum of exponentials."""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.ops.exponential import exp, log
from chainrule.ops.reduction import sum_
from chainrule.ops.softmaxes import log_softmax, logsumexp, softmax
from chainrule.simplify.moves import only_adds_axes
from chainrule.simplify.patterns import is_real, is_real_exp, same_value
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["SOFTMAX_FORMS"]


def _quotient_softmax(node: Node) -> Node | None:
    """e^u / Σ e^u = softmax(u)"""
    top, bottom = node.inputs
    if not is_real_exp(top):
        return None
    total = bottom
    if total.op.name == "reshape" or only_adds_axes(total):
        total = total.inputs[0]  # s[:, None]
    if total.op.name != "sum" or not same_value(total.inputs[0], top):
        return None
    axis = total.params["axis"]
    kept = tuple([1 if i in axis else n for i, n in enumerate(top.shape)])
    aligned = (1,) * (top.ndim - bottom.ndim) + bottom.shape
    return softmax.apply((top.inputs[0],), {"axis": axis}) if aligned == kept else None


def _shifted_softmax(node: Node) -> Node | None:
    """softmax(u − c) = softmax(u) for a c that is the same along the axis, as max u is: softmax subtracts one itself"""
    shifted = node.inputs[0]
    if shifted.op.name not in ("subtract", "add") or not is_real(node):
        return None
    u, c = shifted.inputs
    if shifted.op.name == "add" and u.shape != node.shape:
        u, c = c, u
    lengths = (1,) * (node.ndim - c.ndim) + c.shape
    is_constant = all(lengths[axis] == 1 for axis in node.params["axis"])
    fits = u.shape == node.shape and u.dtype == node.dtype
    return node.op.apply((u,), node.params) if is_constant and fits else None


def _log_of_softmax(node: Node) -> Node | None:
    """log softmax(u), computed without leaving the logarithmic scale"""
    p = node.inputs[0]
    return log_softmax.apply(p.inputs, p.params) if p.op is softmax else None


def _log_of_sum_of_exp(node: Node) -> Node | None:
    """log Σ e^u = logsumexp(u)"""
    total = node.inputs[0]
    if total.op.name == "sum" and is_real_exp(total.inputs[0]):
        return logsumexp.apply(total.inputs[0].inputs, total.params)
    return None


_GRID = ((3, 4),)

SOFTMAX_FORMS = [
    Rule(
        "exp over sum of exp is softmax",
        ("divide",),
        _quotient_softmax,
        (
            Case(lambda u: exp(u) / sum_(exp(u), 1, keepdims=True), _GRID),
            Case(lambda u: exp(u) / sum_(exp(u), 1)[:, None], _GRID),
            Case(lambda u: exp(u) / sum_(exp(u)), _GRID),
        ),
    ),
    Rule(
        "softmax of a shifted row",
        ("softmax", "log_softmax"),
        _shifted_softmax,
        (
            Case(lambda u: softmax(u - 3.0, axis=(1,)), _GRID),
            Case(lambda u: log_softmax(2.0 + u, axis=(1,)), _GRID),
        ),
    ),
    Rule("log of softmax", ("log",), _log_of_softmax, (Case(lambda u: log(softmax(u, axis=(1,))), _GRID),)),
    Rule(
        "log of sum of exp",
        ("log",),
        _log_of_sum_of_exp,
        (Case(lambda u: log(sum_(exp(u), 1)), _GRID), Case(lambda u: log(sum_(exp(u), 0, keepdims=True)), _GRID)),
    ),
]
