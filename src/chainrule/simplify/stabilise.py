"""Stabilisation: textbook formulas in the form that neither overflows nor cancels.

``-y * log(σ(z)) - (1-y) * log(1-σ(z))`` is how the cross-entropy is taught, and evaluated as written it turns into
NaN as soon as σ(z) rounds to 0 or 1. The rules here recognise the pieces, so that what is *evaluated and
differentiated* is ``y * softplus(-z) + (1-y) * softplus(z)``, while the recorded graph stays as the user wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.node import Node, ancestors
from chainrule.simplify.logarithms import LOGARITHMS
from chainrule.simplify.logistic import LOGISTIC
from chainrule.simplify.rewrite import Rewrite, RuleSet
from chainrule.simplify.roots import ROOTS
from chainrule.simplify.softmax_forms import SOFTMAX_FORMS

__all__ = ["STABILISE", "is_settled", "stabilise", "stable"]

#: The forms with a name of their own come first: ``log(1 + exp(u))`` is a softplus before it is a ``log1p``.
STABILISE = RuleSet("stabilise", [*LOGISTIC, *SOFTMAX_FORMS, *LOGARITHMS, *ROOTS])


def stabilise(order: Iterable[Node], log: list[Rewrite] | None = None) -> None:
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
