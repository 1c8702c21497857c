"""The stages of simplification one after the other: a graph as it was recorded or derived becomes a short one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

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
    specialise, sharing = SPECIALISE.allowing(allowed), SHARING.allowing(allowed)
    work = _Work(outputs, leaves, log)
    _shorten(work, allowed)
    work.apply(specialise)
    if work.close():  # what the closed forms no longer need may have had a second use
        work.close()
    work.apply(specialise)
    if sharing.by_op:
        work.apply(sharing)
    _tidy(work, allowed)
    return work.outputs


def shorten(
    outputs: Sequence[Node],
    leaves: Sequence[Node],
    log: list[Rewrite] | None = None,
    allow: frozenset[str] = frozenset(),
) -> list[Node]:
    """The cheap part of `simplify`: drop and fold what can be, apply identities, merge what is computed twice."""
    work = _Work(outputs, leaves, log)
    _shorten(work, allow)
    return work.outputs


def _shorten(work: _Work, allow: frozenset[str]) -> None:
    work.run(drop_unused_results)
    work.run(fold_constants)
    _tidy(work, allow)


def _tidy(work: _Work, allow: frozenset[str]) -> None:
    work.apply(CANONICALISE.allowing(allow))
    work.run(fold_constants)
    work.run(merge_equal)


class _Work:
    """A graph that goes through the stages.

    Most stages change nothing in most graphs. Then the order of the nodes stays known, and a stage need not run again.

    Attributes
    ----------
    outputs : list of Node
    """

    def __init__(self, outputs: Sequence[Node], leaves: Iterable[Node], log: list[Rewrite] | None) -> None:
        self.outputs = list(outputs)
        self._given = frozenset(leaves)
        self._log = log
        self._order: list[Node] | None = None
        self._settled: set[Any] = set()

    def run(self, stage: Callable[..., list[Node]]) -> bool:
        """One stage; whether it changed the graph."""
        return self._changed(stage, lambda order: stage(self.outputs, self._given, order=order))

    def apply(self, rules: RuleSet) -> bool:
        """One set of rules; whether one of them fired."""
        return self._changed(rules, lambda order: apply_rules(rules, self.outputs, self._given, self._log, order=order))

    def close(self) -> bool:
        """Closed forms; whether one was found."""
        return self._changed(close_forms, lambda order: close_forms(self.outputs, self._given, self._log, order=order))

    def _changed(self, stage: Any, run: Callable[[list[Node]], list[Node]]) -> bool:
        if stage in self._settled:
            return False
        if self._order is None:
            self._order = ancestors(self.outputs, skip=self._given.__contains__)
        found = run(self._order)
        if all(new is old for new, old in zip(found, self.outputs, strict=True)):
            self._settled.add(stage)
            return False
        self.outputs, self._order = found, None
        self._settled.clear()
        return True


def apply_rules(
    rules: RuleSet,
    outputs: Sequence[Node],
    leaves: Iterable[Node],
    log: list[Rewrite] | None = None,
    *,
    order: Sequence[Node] | None = None,
) -> list[Node]:
    """Apply a set of rules to all nodes between leaves and outputs; `order` has these nodes, where it is known."""
    given = frozenset(leaves)
    if order is None:
        order = ancestors(outputs, skip=given.__contains__)
    if not any(node.op.name in rules.by_op for node in order):
        return list(outputs)
    facts = Facts.about(order, outputs, given)
    if rules.name == SHARING.name:
        facts.decaying = find_decaying(order)
    done: dict[Node, Node] = {leaf: leaf for leaf in given}
    rules.rewrite(order, done, log=log, facts=facts)
    return [done[node] for node in outputs]
