"""Rewriting: named rules that replace a node by a better one of the same meaning.

A rule looks at one node and the structure below it, and returns its replacement or `None`. Nodes are visited
inputs first, so a rule always sees inputs that are rewritten already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chainrule.errors import GraphError
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import INPUT

__all__ = ["Case", "Facts", "Rewrite", "Rule", "RuleSet", "rebuild"]

#: More rewrites of one node than this mean that rules undo each other.
_MOST_REWRITES = 64


class Rewrite(NamedTuple):
    """One entry of a log: which rule fired, on what, and what it made of it.

    Attributes
    ----------
    rule : str
    before, after : Node
    """

    rule: str
    before: Node
    after: Node


@dataclass(frozen=True)
class Case:
    """A formula that a rule fits; the property tests of the rules are made from these.

    Attributes
    ----------
    formula : callable
        Written with operations, so that it takes arrays and builds graphs.
    shapes : tuple of shape, optional
        Shapes of the arguments. Left out: every operation in the formula is elementwise, and it is tested at zero,
        infinity, NaN and the extremes of each dtype, and with broadcasting.
    low, high : float
        Where arguments are drawn from; beyond it the formula is not meant to be used.
    arity : int
        Of an elementwise formula: how many arguments it takes.
    labels : tuple of int
        Arguments that are labels 0 and 1.
    truth : callable, optional
        The same formula written so that it does not cancel, where the formula itself loses all digits even in higher
        precision.
    values_only : bool
        Whether the rule makes programs and not graphs to differentiate, so that gradients are not compared.
    """

    formula: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...] | None = None
    low: float = -float("inf")
    high: float = float("inf")
    arity: int = 1
    labels: tuple[int, ...] = ()
    truth: Callable[..., Any] | None = None
    values_only: bool = False


@dataclass
class Facts:
    """What a rule may know beside the structure below a node.

    Attributes
    ----------
    given : set of Node
        Nodes whose values are given at each run: a rule must not look at their values.
    uses : dict of Node to int
        How often each node is used, counting once for being an output.
    decaying : dict of Node to Node
        From z to the node that computes e^−|z|, where there is one.
    """

    given: frozenset[Node] = frozenset()
    uses: dict[Node, int] = field(default_factory=dict)
    decaying: dict[Node, Node] = field(default_factory=dict)

    @classmethod
    def about(cls, order: Iterable[Node], outputs: Iterable[Node], given: Iterable[Node]) -> Facts:
        """Count the uses of all nodes of a graph."""
        uses: dict[Node, int] = {}
        for node in order:
            for source in node.inputs:
                uses[source] = uses.get(source, 0) + 1
        for node in outputs:
            uses[node] = uses.get(node, 0) + 1
        return cls(frozenset(given), uses)


@dataclass(frozen=True)
class Rule:
    """A named rewrite.

    Attributes
    ----------
    name : str
    ops : tuple of str
        The operations whose nodes the rule looks at.
    apply : callable
        ``apply(node)`` returns the replacement, or `None` where the rule does not fit. A replacement of another
        shape or dtype is not used. Its docstring states the rule as a formula.
    cases : tuple of Case
        Formulas that the rule fits.
    opt_in : bool
        Whether it may change a finite result beyond rounding, and is therefore used only where it is asked for.
    wants_facts : bool
        Whether it is called as ``apply(node, facts)``. Such a rule is left out where no facts are known.
    """

    name: str
    ops: tuple[str, ...]
    apply: Callable[..., Node | None]
    cases: tuple[Case, ...] = ()
    opt_in: bool = False
    wants_facts: bool = False

    @property
    def formula(self) -> str:
        """What the rule states, in one line."""
        return " ".join((self.apply.__doc__ or "").split())


def rebuild(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The same operation on other inputs, keeping name, source and what it is the gradient of."""
    copy = _on(node, inputs)
    if type(node.kind) is type:
        copy.kind = node.kind  # arithmetic on Python's numbers stays one
    return _inherit(copy, node)


def _on(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The operation of a node on other inputs; shape and dtype are worked out only where they may differ."""
    for new, old in zip(inputs, node.inputs, strict=True):
        if new.kind is not old.kind or new.shape != old.shape:
            return node.op.apply(inputs, node.params)
    return Node(node.op, inputs, node.params, node.shape, node.dtype)


def _inherit(new: Node, old: Node) -> Node:
    if new.inputs and new.name is None and new.site is None:
        new.name, new.site = old.name, old.site
    if new.gradient_of is None:
        new.gradient_of = old.gradient_of
    return new


class RuleSet:
    """Rules that are applied together until none of them fits.

    Parameters
    ----------
    name : str
    rules : iterable of Rule
    allow : set of str, default none
        Names of rules that are used although they are opt-in.

    Attributes
    ----------
    by_op : dict of str to list of Rule
        The rules in use.
    """

    def __init__(self, name: str, rules: Iterable[Rule], allow: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.rules = tuple(rules)
        self.by_op: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if not rule.opt_in or rule.name in allow:
                for op in rule.ops:
                    self.by_op.setdefault(op, []).append(rule)

    def allowing(self, names: frozenset[str]) -> RuleSet:
        """The same rules, with some of those that are opt-in."""
        return RuleSet(self.name, self.rules, names) if names else self

    def rewrite(
        self,
        order: Iterable[Node],
        done: dict[Node, Node],
        *,
        outside: Callable[[Node], Node] | None = None,
        log: list[Rewrite] | None = None,
        facts: Facts | None = None,
    ) -> None:
        """Rewrite nodes given in topological order.

        Parameters
        ----------
        order : iterable of Node
        done : dict of Node to Node
            From nodes to their replacements; read for inputs, and filled.
        outside : callable, optional
            What stands for a node that is not in `done`; by default the node itself.
        log : list, optional
            Takes a `Rewrite` for each rule that fired.
        facts : Facts, optional
            What is known of the graph; without it, rules that want facts are left out.

        Raises
        ------
        GraphError
            If rules undo each other without end.
        """
        by_op = self.by_op
        for node in order:
            if node in done:
                continue
            changed = False
            if node.op is not INPUT:
                for source in node.inputs:
                    replacement = done.get(source)
                    if replacement is None:
                        done[source] = replacement = source if outside is None else outside(source)
                    if replacement is not source:
                        changed = True
            rewritten = rebuild(node, tuple([done[source] for source in node.inputs])) if changed else node
            if node.op.name in by_op:
                rewritten = self._apply_rules(rewritten, done, log, facts, 0)
            if facts is not None and rewritten is not node:
                facts.uses[rewritten] = facts.uses.get(rewritten, 0) + facts.uses.get(node, 0)
            done[node] = rewritten

    def _apply_rules(
        self, node: Node, done: dict[Node, Node], log: list[Rewrite] | None, facts: Facts | None, depth: int
    ) -> Node:
        for rule in self.by_op.get(node.op.name, ()):
            if rule.wants_facts and facts is None:
                continue
            mark = next_index()
            replacement = rule.apply(node, facts) if rule.wants_facts else rule.apply(node)
            if replacement is None or replacement.shape != node.shape or replacement.dtype != node.dtype:
                continue
            if depth >= _MOST_REWRITES:
                raise GraphError(f"the rules of {self.name!r} undo each other without end; the last was {rule.name!r}")
            position = len(log) if log is not None else 0
            if log is not None:
                log.append(Rewrite(rule.name, node, replacement))
            for fresh in ancestors([replacement], after=mark):
                inputs = tuple([done.get(source, source) for source in fresh.inputs])
                fitted = fresh if inputs == fresh.inputs else rebuild(fresh, inputs)
                done[fresh] = self._apply_rules(fitted, done, log, facts, depth + 1)
            result = _inherit(done.get(replacement, replacement), node)
            if log is not None:
                log[position] = Rewrite(rule.name, node, result)
            return result
        return node
