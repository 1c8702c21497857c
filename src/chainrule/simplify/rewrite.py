"""Rewriting: named rules that replace a node by a better one of the same meaning.

A rule looks at one node and the structure below it, and returns its replacement or `None`. Nodes are visited
inputs first, so a rule always sees inputs that are rewritten already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chainrule.errors import GraphError
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import INPUT

__all__ = ["Rule", "RuleSet", "rebuild"]

#: More rewrites of one node than this mean that rules undo each other.
_MOST_REWRITES = 64


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
        shape or dtype is not used.
    """

    name: str
    ops: tuple[str, ...]
    apply: Callable[[Node], Node | None]


def rebuild(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The same operation on other inputs, keeping name, source and what it is the gradient of."""
    copy = node.op.apply(inputs, node.params)
    if type(node.kind) is type:
        copy.kind = node.kind  # arithmetic on Python's numbers stays one
    return _inherit(copy, node)


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

    Attributes
    ----------
    by_op : dict of str to list of Rule
    """

    def __init__(self, name: str, rules: Iterable[Rule]) -> None:
        self.name = name
        self.rules = tuple(rules)
        self.by_op: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for op in rule.ops:
                self.by_op.setdefault(op, []).append(rule)

    def rewrite(
        self,
        order: Iterable[Node],
        done: dict[Node, Node],
        *,
        outside: Callable[[Node], Node] | None = None,
        log: list[tuple[str, Node]] | None = None,
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
            Takes ``(rule name, node)`` for each rule that fired.

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
                rewritten = self._apply_rules(rewritten, done, log, 0)
            done[node] = rewritten

    def _apply_rules(self, node: Node, done: dict[Node, Node], log: list[tuple[str, Node]] | None, depth: int) -> Node:
        for rule in self.by_op.get(node.op.name, ()):
            mark = next_index()
            replacement = rule.apply(node)
            if replacement is None or replacement.shape != node.shape or replacement.dtype != node.dtype:
                continue
            if depth >= _MOST_REWRITES:
                raise GraphError(f"the rules of {self.name!r} undo each other without end; the last was {rule.name!r}")
            if log is not None:
                log.append((rule.name, node))
            for fresh in ancestors([replacement], after=mark):
                inputs = tuple([done.get(source, source) for source in fresh.inputs])
                changed = any(new is not old for new, old in zip(inputs, fresh.inputs, strict=True))
                done[fresh] = self._apply_rules(rebuild(fresh, inputs) if changed else fresh, done, log, depth + 1)
            return _inherit(done.get(replacement, replacement), node)
        return node
