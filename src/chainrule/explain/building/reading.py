"""The graph as a textbook would write it, before it is differentiated for reading.

Functions for numerical care, such as ``xlogy`` and ``log1p``, and conventions at ties make gradients that are right
everywhere and hard to read. Here they are replaced by what they mean at any ordinary point; whatever is derived from
the result is compared with backpropagation's numbers before it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, input_node
from chainrule.notation.tree import Symbol
from chainrule.ops.activations import relu
from chainrule.ops.arithmetic import add, multiply
from chainrule.ops.comparison import equal, greater, less
from chainrule.ops.exponential import log
from chainrule.ops.reduction import mean_op, sum_op
from chainrule.ops.selection import where
from chainrule.simplify.rewrite import rebuild

__all__ = ["Counts", "Reading", "without_guards"]


class Counts:
    """The numbers of elements that means divide by, as symbols: n, m, ...

    While formulas are simplified, 1/n is a leaf like any other, and no number: what numbers are folded into cannot be
    told apart again.

    Parameters
    ----------
    taken : iterable of Symbol
        Names that mean something else.

    Attributes
    ----------
    values : dict of Symbol to int
    reciprocals : dict of Node to Symbol
        The nodes that stand for 1/n.
    """

    def __init__(self, taken: Iterable[Symbol]) -> None:
        names = {symbol.name for symbol in taken}
        self._free = [name for name in ("n", "m", "k", "N", "M", "K") if name not in names]
        self.values: dict[Symbol, int] = {}
        self.reciprocals: dict[Node, Symbol] = {}
        self._symbols: dict[int, Symbol] = {}
        self._leaves: dict[tuple[Symbol, np.dtype[Any]], Node] = {}

    def learn(self, nodes: Iterable[Node]) -> None:
        """Give letters to the counts of means, in the order in which the code takes them."""
        for node in nodes:
            if node.op is mean_op and node.size != node.inputs[0].size:
                self._symbol(node.inputs[0].size // max(node.size, 1))

    def share(self, count: int, dtype: np.dtype[Any]) -> Node | None:
        """The leaf of a real type that stands for one over a count; None where no letter is left."""
        symbol = self._symbol(count)
        if symbol is None:
            return None
        leaf = self._leaves.get((symbol, dtype))
        if leaf is None:
            leaf = self._leaves[symbol, dtype] = input_node(dtype.type(1 / count), symbol.name)
            self.reciprocals[leaf] = symbol
        return leaf

    def _symbol(self, count: int) -> Symbol | None:
        if count not in self._symbols:
            if len(self._symbols) == len(self._free):
                return None
            symbol = Symbol(self._free[len(self._symbols)])
            self._symbols[count] = symbol
            self.values[symbol] = count
        return self._symbols[count]


class Reading:
    """Rebuilds nodes in the form in which they are read.

    Parameters
    ----------
    counts : Counts
    is_plain : bool, default False
        Whether nothing but means is rewritten: where a convention at a tie matters, no textbook form is right.
    """

    def __init__(self, counts: Counts, *, is_plain: bool = False) -> None:
        self._counts = counts
        self._forms = {} if is_plain else _FORMS

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
        rule: Callable[..., Node | None] | None = self._mean if node.op is mean_op else self._forms.get(node.op.name)
        form = rule(*inputs, **node.params) if rule is not None else None
        if form is None or form.shape != node.shape or form.dtype != node.dtype:
            form = rebuild(node, inputs)
        done[node] = form

    def _mean(self, x: Node, axis: tuple[int, ...], keepdims: bool) -> Node | None:
        """(Σ x) · 1/n"""
        count = math.prod([x.shape[i] for i in axis])
        if count == 0:
            return None
        total = sum_op(x, axis=axis, keepdims=keepdims)
        if count == 1:
            return total
        share = self._counts.share(count, np.finfo(total.dtype if total.dtype.kind in "fc" else float).dtype)
        return None if share is None else multiply(total, share)


def without_guards(gradients: Sequence[Node], result: Node) -> list[Node]:
    """The gradients at ordinary points: ``log(x)`` for a rule's ``log(where(x == 0, 1, x))``.

    Conditions that `result` has are the user's, and stay.
    """
    own = set(ancestors([result]))
    done: dict[Node, Node] = {}
    for node in ancestors(gradients, skip=own.__contains__):
        inputs = tuple([done.get(source, source) for source in node.inputs])
        ordinary = _ordinary(node, inputs) if node.op is where and node.inputs[0] not in own else None
        if ordinary is not None and (ordinary.shape, ordinary.dtype) == (node.shape, node.dtype):
            done[node] = ordinary
        elif inputs != node.inputs:
            done[node] = rebuild(node, inputs)
    return [done.get(node, node) for node in gradients]


def _ordinary(guarded: Node, inputs: Sequence[Node]) -> Node | None:
    """What a selection takes where no number is 0 by chance and no position is named twice; None for a real choice."""
    condition = guarded.inputs[0]
    if condition.op is not equal:
        return None
    if all(side.dtype.kind in "iu" for side in condition.inputs) and np.all(condition.value):
        return inputs[1]
    return inputs[2] if any(side.op is LITERAL for side in condition.inputs) else None


def _larger(x: Node, y: Node) -> Node:
    """max(x, 0) = relu(x), and max(x, y) is x where x > y, else y"""
    for one, other in ((x, y), (y, x)):
        if other.op is LITERAL and other._value == 0:
            return relu(one)
    return where(greater(x, y), x, y)


def _smaller(x: Node, y: Node) -> Node:
    """min(x, y) is x where x < y, else y; of a number that is cut off below, too, x < y decides: min(max(x, −1), 1)."""
    tested = x
    if y.op is LITERAL and x.op is where:
        condition, kept, bound = x.inputs
        if condition.op is greater and condition.inputs == (kept, bound) and bound.op is LITERAL:
            tested = kept if bound._value < y._value else x
    return where(less(tested, y), x, y)


_FORMS: dict[str, Callable[..., Node | None]] = {
    "xlogy": lambda x, y: multiply(x, log(y)),
    "xlog1py": lambda x, y: multiply(x, log(add(1, y))),
    "log1p": lambda x: log(add(1, x)),
    "maximum": _larger,
    "minimum": _smaller,
}
