"""Stabilisation: textbook formulas in the form that neither overflows nor cancels.

``-y * log(σ(z)) - (1-y) * log(1-σ(z))`` is how the cross-entropy is taught, and evaluated as written it turns into
NaN as soon as σ(z) rounds to 0 or 1. The rules here recognise the pieces, so that what is *evaluated and
differentiated* is ``y * softplus(-z) + (1-y) * softplus(z)``, while the recorded graph stays as the user wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.node import Node, ancestors
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import multiply, negative
from chainrule.ops.exponential import log, log1p, sigmoid
from chainrule.ops.softmaxes import log_softmax, logsumexp, softmax
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


#: Operations that only move elements, so that what is done to each element can be done before them.
_MOVES = ("getitem", "reshape", "transpose", "broadcast_to")


def _before_moving(node: Node) -> Node:
    """What a chain of moves, such as ``σ(z)[:, 0]``, starts from."""
    while node.op.name in _MOVES:
        node = node.inputs[0]
    return node


def _moved_like(start: Node, moved: Node) -> Node:
    """The same chain of moves from another start."""
    chain = []
    while moved.op.name in _MOVES:
        chain.append(moved)
        moved = moved.inputs[0]
    for move in reversed(chain):
        start = rebuild(move, (start, *move.inputs[1:]))
    return start


def _complement_of_sigmoid(node: Node) -> Node | None:
    """1 − σ(z) = σ(−z), exact where σ(z) rounds to 1; also for parts of σ(z)"""
    one, p = node.inputs
    source = _before_moving(p)
    if not is_literal(one, 1) or source.op is not sigmoid:
        return None
    return _moved_like(sigmoid(negated(source.inputs[0])), p)


def _log_of_sigmoid(node: Node) -> Node | None:
    """log σ(z) = −softplus(−z), for real z"""
    p = node.inputs[0]
    return negative(softplus(negated(p.inputs[0]))) if p.op is sigmoid and p.dtype.kind == "f" else None


def _log_of_complement(node: Node) -> Node | None:
    """log(1 + (−σ(z))) = log σ(−z)"""
    minus_p = node.inputs[0]
    if minus_p.op is not negative:
        return None
    source = _before_moving(minus_p.inputs[0])
    if source.op is not sigmoid:
        return None
    return log(_moved_like(sigmoid(negated(source.inputs[0])), minus_p.inputs[0]))


def _times_log(node: Node) -> Node | None:
    """x log p, where log p has a stable form, which is finite and needs no rule for 0 log 0"""
    x, p = node.inputs
    return multiply(x, log(p)) if _before_moving(p).op in (sigmoid, softmax) else None


def _times_log_of_complement(node: Node) -> Node | None:
    """x log(1 + (−σ(z))) = x log σ(−z)"""
    x, minus_p = node.inputs
    if minus_p.op is negative and _before_moving(minus_p.inputs[0]).op is sigmoid:
        return multiply(x, log1p(minus_p))
    return None


def _log_one_plus_exp(node: Node) -> Node | None:
    """log(1 + e^u) = softplus(u), for real u"""
    rest = one_plus(node.inputs[0]) if node.op.name == "log" else node.inputs[0]
    is_exp = rest is not None and rest.op.name == "exp" and rest.dtype.kind == "f"
    return softplus(rest.inputs[0]) if rest is not None and is_exp else None


def _log_of_exp(node: Node) -> Node | None:
    """log(e^u) = u, for real u"""
    inner = node.inputs[0]
    return inner.inputs[0] if inner.op.name == "exp" and _is_real(inner) else None


def _is_real(exponential: Node) -> bool:
    """Whether e^u has a real u of its own dtype, not integers."""
    return exponential.dtype.kind == "f" and exponential.inputs[0].dtype == exponential.dtype


def _only_adds_axes(node: Node) -> bool:
    """Whether a node is ``x[:, None]`` or the like, which keeps all elements in their order."""
    return node.op.name == "getitem" and all(
        entry is None or entry is Ellipsis or entry == (None, None, None) for entry in node.params["index"].entries
    )


def _quotient_softmax(node: Node) -> Node | None:
    """e^u / Σ e^u = softmax(u)"""
    top, bottom = node.inputs
    if top.op.name != "exp" or not _is_real(top):
        return None
    total = bottom
    if total.op.name == "reshape" or _only_adds_axes(total):
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
    if minus_z.op is negative and same_value(minus_z.inputs[0], z):
        return tanh(z)
    return tanh(negative(minus_z)) if z.op is negative and same_value(z.inputs[0], minus_z) else None


def _log_of_softmax(node: Node) -> Node | None:
    """log softmax(u), computed without leaving the logarithmic scale"""
    p = node.inputs[0]
    return log_softmax.apply(p.inputs, p.params) if p.op is softmax else None


def _log_of_sum_of_exp(node: Node) -> Node | None:
    """log Σ e^u = logsumexp(u)"""
    total = node.inputs[0]
    if total.op.name == "sum" and total.inputs[0].op.name == "exp" and _is_real(total.inputs[0]):
        return logsumexp.apply(total.inputs[0].inputs, total.params)
    return None


def _log_before_moving(node: Node) -> Node | None:
    """log(p[i]) = (log p)[i], where the logarithm of p has a stable form"""
    moved = node.inputs[0]
    if moved.op.name not in _MOVES or _before_moving(moved).op not in (sigmoid, softmax):
        return None
    return rebuild(moved, (log(moved.inputs[0]), *moved.inputs[1:]))


STABILISE = RuleSet(
    "stabilise",
    [
        Rule("reciprocal of 1 + exp is sigmoid", ("divide", "reciprocal", "power"), _reciprocal_sigmoid),
        Rule("exp over 1 + exp is sigmoid", ("divide",), _quotient_sigmoid),
        Rule("exp over sum of exp is softmax", ("divide",), _quotient_softmax),
        Rule("quotient of exponentials is tanh", ("divide",), _quotient_tanh),
        Rule("one minus sigmoid", ("subtract",), _complement_of_sigmoid),
        Rule("log of sigmoid", ("log",), _log_of_sigmoid),
        Rule("log of one minus sigmoid", ("log1p",), _log_of_complement),
        Rule("log of 1 + exp is softplus", ("log", "log1p"), _log_one_plus_exp),
        Rule("log of exp", ("log",), _log_of_exp),
        Rule("log of softmax", ("log",), _log_of_softmax),
        Rule("log of sum of exp", ("log",), _log_of_sum_of_exp),
        Rule("log before moving elements", ("log",), _log_before_moving),
        Rule("product with a log", ("xlogy",), _times_log),
        Rule("product with the log of one minus sigmoid", ("xlog1py",), _times_log_of_complement),
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
