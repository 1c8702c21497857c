"""The graph as a textbook would write it, before it is differentiated for reading.

Functions for numerical care, such as ``xlogy`` and ``log1p``, and conventions at ties make gradients that are right
everywhere and hard to read. Here they are replaced by what they mean at any ordinary point; whatever is derived from
the result is compared with backpropagation's numbers before it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL, abstract_input
from chainrule.notation.tree import Symbol
from chainrule.ops.activations import relu
from chainrule.ops.arithmetic import add, multiply
from chainrule.ops.exponential import log
from chainrule.ops.reduction import mean_op, sum_op
from chainrule.simplify.rewrite import rebuild

__all__ = ["Counts", "Reading"]


class Counts:
    """The numbers of elements that means divide by, as symbols: n, m, ...

    Parameters
    ----------
    taken : iterable of Symbol
        Names that mean something else.

    Attributes
    ----------
    values : dict of Symbol to int
    reciprocals : dict of Node to Symbol
        The nodes that stand for 1/n. Products are what the rewrites know best, so a mean is a sum times this.
    """

    def __init__(self, taken: Iterable[Symbol]) -> None:
        names = {symbol.name for symbol in taken}
        self._free = [name for name in ("n", "m", "k", "N", "M", "K") if name not in names]
        self.values: dict[Symbol, int] = {}
        self.reciprocals: dict[Node, Symbol] = {}
        self._nodes: dict[tuple[int, np.dtype[Any]], Node] = {}

    def reciprocal(self, count: int, dtype: np.dtype[Any]) -> Node | None:
        """A leaf for one over a count; None where no letter is left."""
        known = self._nodes.get((count, dtype))
        if known is not None:
            return known
        symbol = next((symbol for symbol, value in self.values.items() if value == count), None)
        if symbol is None:
            if len(self.values) == len(self._free):
                return None
            symbol = Symbol(self._free[len(self.values)])
            self.values[symbol] = count
        leaf = abstract_input((), dtype, symbol.name)
        self._nodes[count, dtype] = leaf
        self.reciprocals[leaf] = symbol
        return leaf


class Reading:
    """Rebuilds nodes in the form in which they are read.

    Parameters
    ----------
    counts : Counts
    """

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def copy(self, order: Iterable[Node], done: dict[Node, Node]) -> None:
        """Rebuild nodes given in topological order; `done` maps nodes to their copies, and is filled."""
        for node in order:
            if node in done:
                continue
            if not node.inputs:
                done[node] = node
                continue
            self.copy_on(node, tuple([done.get(source, source) for source in node.inputs]), done)

    def copy_on(self, node: Node, inputs: tuple[Node, ...], done: dict[Node, Node]) -> None:
        """Rebuild one node on copies of its inputs."""
        rule = _FORMS.get(node.op.name)
        form = rule(*inputs, **node.params) if rule is not None else None
        if node.op is mean_op:
            form = self._mean(*inputs, **node.params)
        if form is None or form.shape != node.shape or form.dtype != node.dtype:
            form = rebuild(node, inputs)
        done[node] = form

    def _mean(self, x: Node, axis: tuple[int, ...], keepdims: bool) -> Node | None:
        """(Σ x) · 1/n"""
        count = math.prod([x.shape[i] for i in axis])
        total = sum_op(x, axis=axis, keepdims=keepdims)
        if count == 1:
            return total
        share = self._counts.reciprocal(count, x.dtype)
        return None if share is None else multiply(total, share)


def _larger(x: Node, y: Node) -> Node | None:
    """max(x, 0) = relu(x)"""
    for one, other in ((x, y), (y, x)):
        if other.op is LITERAL and other._value == 0:
            return relu(one)
    return None


_FORMS: dict[str, Callable[..., Node | None]] = {
    "xlogy": lambda x, y: multiply(x, log(y)),
    "xlog1py": lambda x, y: multiply(x, log(add(1, y))),
    "log1p": lambda x: log(add(1, x)),
    "maximum": _larger,
}
