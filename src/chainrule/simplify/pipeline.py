"""The stages of simplification one after the other: a graph as it was recorded or derived becomes a short one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.graph.node import Node, ancestors
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.closed_forms import close_forms
from chainrule.simplify.constants import fold_constants
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.rewrite import Facts, Rewrite, RuleSet
from chainrule.simplify.sharing import SHARING, find_decaying
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.unused import drop_unused_results

__all__ = ["apply_rules", "shorten", "simplify"]


def simplify(
    outputs: Sequence[Node],
    leaves: Sequence[Node] = (),
    *,
    log: list[Rewrite] | None = None,
    allow: frozenset[str] | None = None,
) -> list[Node]:
    """Make a graph short and cheap to compute.

    The stages are: results of loops that nobody uses are dropped, constants folded, common subexpressions merged, and
    identities applied (`canonicalise`); operations are replaced by cheaper ones (`specialise`); sums of products are
    shortened (`closed_forms`); and what that makes possible is done once more. Nodes that nothing depends on are gone.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : sequence of Node
        Nodes whose values are given at each run: never replaced, never looked into.
    log : list, optional
        Takes a `Rewrite`, (rule name, node before, node after), for each rule that fired.
    allow : set of str, optional
        Names of opt-in rules to use: those that may change a finite result beyond rounding.

    Returns
    -------
    list of Node
        The outputs in their new form, of the same shapes and dtypes.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.graph.graph import Graph
    >>> from chainrule.ops.exponential import sigmoid
    >>> graph = cr.trace(lambda z, y: y * cr.softplus(-z) + (1 - y) * cr.softplus(z), 0.3, 1.0)
    >>> gradient = cr.backward(graph, wrt=["z"])
    >>> log = []
    >>> print(Graph(graph.inputs, simplify(gradient.outputs, graph.inputs, log=log)))
    graph(z: float64, y: float64)
      %0 = σ(z)    : float64
      %1 = %0 - y  : float64
      return %1
    >>> "sigmoid of −z" in [rewrite.rule for rewrite in log]
    True
    """
    allowed = allow or frozenset()
    specialise = SPECIALISE.allowing(allowed)
    nodes = shorten(outputs, leaves, log, allow=allowed)
    nodes = apply_rules(specialise, nodes, leaves, log)
    nodes = _closed(nodes, leaves, log)
    nodes = apply_rules(specialise, nodes, leaves, log)
    if SHARING.allowing(allowed).by_op:
        nodes = apply_rules(SHARING.allowing(allowed), nodes, leaves, log)
    return _tidy(nodes, leaves, log, allowed)


def _closed(nodes: list[Node], leaves: Sequence[Node], log: list[Rewrite] | None) -> list[Node]:
    """Closed forms; once more if some were found, as what they no longer need may have had a second use."""
    fired: list[Rewrite] = []
    nodes = close_forms(nodes, leaves, fired)
    if fired:
        nodes = close_forms(nodes, leaves, fired)
    if log is not None:
        log.extend(fired)
    return nodes


def shorten(
    outputs: Sequence[Node],
    leaves: Sequence[Node],
    log: list[Rewrite] | None = None,
    allow: frozenset[str] = frozenset(),
) -> list[Node]:
    """The cheap part of `simplify`: drop and fold what can be, apply identities, merge what is computed twice."""
    return _tidy(fold_constants(drop_unused_results(outputs, leaves), leaves), leaves, log, allow)


def _tidy(nodes: list[Node], leaves: Sequence[Node], log: list[Rewrite] | None, allow: frozenset[str]) -> list[Node]:
    nodes = apply_rules(CANONICALISE.allowing(allow), nodes, leaves, log)
    return merge_equal(fold_constants(nodes, leaves), leaves)


def apply_rules(
    rules: RuleSet, outputs: Sequence[Node], leaves: Iterable[Node], log: list[Rewrite] | None = None
) -> list[Node]:
    """Apply a set of rules to all nodes between leaves and outputs."""
    given = frozenset(leaves)
    order = ancestors(outputs, skip=given.__contains__)
    if not any(node.op.name in rules.by_op for node in order):
        return list(outputs)
    facts = Facts.about(order, outputs, given)
    if rules.name == SHARING.name:
        facts.decaying = find_decaying(order)
    done: dict[Node, Node] = {leaf: leaf for leaf in given}
    rules.rewrite(order, done, log=log, facts=facts)
    return [done[node] for node in outputs]
