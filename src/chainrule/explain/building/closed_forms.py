"""Closed forms: the gradient of the whole function, simplified, and written in the values of the forward pass.

A closed form is shown only if evaluating it gives the gradient that backpropagation gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.backward import backpropagate
from chainrule.explain.building.blocks import Block
from chainrule.explain.building.reading import Counts, Reading
from chainrule.explain.building.terms import Term
from chainrule.explain.building.writing import Known, Writer
from chainrule.explain.model import Closed
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import constant
from chainrule.interpret import Program
from chainrule.notation.text import to_text
from chainrule.notation.tree import Number, Reduction, Relation, Symbol
from chainrule.ops.arithmetic import negative
from chainrule.ops.reduction import sum_op
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.pipeline import simplify
from chainrule.simplify.rewrite import Rewrite, rebuild
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.stabilise import stabilise, stable
from chainrule.transforms.running import ones_for

__all__ = ["ClosedForms"]

#: A longer form explains nothing; the step then ends with its local gradients put in.
_LONGEST = 72
#: In larger graphs, unrolled loops for the most part, nobody reads closed forms, and finding them takes long.
_LARGEST = 2_000
#: Rules that only tidy up are not named.
_TIDYING = frozenset(rule.name for rules in (CANONICALISE, SPECIALISE) for rule in rules.rules)


@dataclass(frozen=True)
class _Found:
    """What was found for one node; `told` are the rules that it or a node before it names."""

    closed: Closed | None = None
    is_long: bool = False
    told: frozenset[str] = frozenset()


class ClosedForms:
    """Finds closed forms of the gradients of one graph.

    Parameters
    ----------
    graph : Graph
    blocks : sequence of Block
    symbols : mapping of Node to Symbol
    ranks : mapping of Node to float
    order : sequence of Node
        The nodes whose gradients are wanted, in the order of the backward pass.
    counts : Counts
    row_vectors : bool
    """

    def __init__(
        self,
        graph: Graph,
        blocks: Sequence[Block],
        symbols: Mapping[Node, Symbol],
        ranks: Mapping[Node, float],
        order: Sequence[Node],
        counts: Counts,
        *,
        row_vectors: bool,
    ) -> None:
        self._symbols, self._ranks, self._counts, self._row_vectors = symbols, ranks, counts, row_vectors
        self._found: dict[Node, _Found] = {}
        self._leaves = [node for node in symbols if not node.inputs]
        self._copies: dict[Node, Node] = {}
        self._stabilising: list[str] = []
        self._gradients: dict[Node, Node] = {}
        self._named: list[tuple[Node, Node]] = []
        if len(graph) <= _LARGEST:
            self._prepare(graph, blocks, order)

    def _prepare(self, graph: Graph, blocks: Sequence[Block], order: Sequence[Node]) -> None:
        reading = Reading(self._counts)
        reading.copy(graph.nodes, self._copies)
        result = self._copies[graph.outputs[0]]
        log: list[Rewrite] = []
        stabilise(ancestors([result]), log)
        self._stabilising = list(dict.fromkeys(rewrite.rule for rewrite in log))
        stabilised = {node: stable(copy) for node, copy in self._copies.items()}
        forms: dict[Node, Node] = {}
        reading.copy(ancestors(list(stabilised.values())), forms)
        self._copies = {node: forms[form] for node, form in stabilised.items()}
        form = self._copies[graph.outputs[0]]
        wanted = [self._copies[node] for node in order]
        found = backpropagate([form], [ones_for(form)], wanted)
        self._gradients = {node: found[place] for node, place in zip(order, wanted, strict=True) if place in found}
        given = self._given()
        values = [block.node for block in blocks]
        self._named = [
            (node, form)
            for node, form in zip(values, simplify([self._copies[node] for node in values], given), strict=True)
            if form.inputs and form not in given
        ]

    def _given(self) -> list[Node]:
        return [*self._leaves, *self._counts.reciprocals]

    def find(self, node: Node, users: Sequence[Node], value: np.ndarray) -> Closed | None:
        """The closed form of a node's gradient; None where there is none, it is long, or it is not right.

        Parameters
        ----------
        node : Node
        users : sequence of Node
            The nodes that its gradient comes from. Where their closed forms were too long, this one is longer still.
        value : array
            The gradient as backpropagation computed it.
        """
        is_long = any(self._found[user].is_long for user in users if user in self._found)
        gradient = None if is_long else self._gradients.get(node)
        found = _Found(is_long=is_long) if gradient is None else self._closed(gradient, users, value)
        self._found[node] = found
        return found.closed

    def _closed(self, gradient: Node, users: Sequence[Node], value: np.ndarray) -> _Found:
        log: list[Rewrite] = []
        (form,) = self._counts.restored(simplify([gradient], self._given(), log=log), self._given())
        form, conditions = self._at_this_point(form)
        term = self._written(form)
        expression = term.expression()
        if len(to_text(expression)) > _LONGEST:
            return _Found(is_long=True)
        if not self._is_right(form, value):
            return _Found()
        told = frozenset().union(*(self._found[user].told for user in users if user in self._found))
        fired = dict.fromkeys([*self._stabilising, *(rewrite.rule for rewrite in log)])
        rules = tuple(rule for rule in fired if rule not in _TIDYING and rule not in told)
        return _Found(Closed(expression, rules, conditions), told=told.union(rules))

    def _written(self, form: Node) -> Term:
        """A form in the symbols of the forward pass, wherever it computes the same once more."""
        result, *named = merge_equal([form, *(known for _, known in self._named)], self._given())
        known = {leaf: Known(symbol, 0.0, True) for leaf, symbol in self._counts.reciprocals.items()}
        known |= {leaf: Known(self._symbols[leaf], self._ranks[leaf]) for leaf in self._leaves}
        for (node, _), place in zip(self._named, named, strict=True):
            known.setdefault(place, Known(self._symbols[node], self._ranks[node]))
        return Writer(known, self._row_vectors).term(result)

    def _at_this_point(self, form: Node) -> tuple[Node, str]:
        """Sums over data that are 1 here, such as those of one-hot labels, are left out, and said to be."""
        given = set(self._given())
        done: dict[Node, Node] = {}
        conditions: dict[str, None] = {}
        for node in ancestors([form], skip=given.__contains__):
            inputs = tuple([done.get(source, source) for source in node.inputs])
            done[node] = rebuild(node, inputs) if inputs != node.inputs else node
            data, sign = _summed_data(node)
            if data is not None and data in self._symbols and _is_one(node.op.compute(data._value, **node.params)):
                done[node] = constant(np.full(node.shape, sign, node.dtype))
                total = Reduction("Σ", "j" if data.ndim > 1 else "", self._symbols[data])
                conditions[to_text(Relation("=", (total, Number(1))))] = None
        return done.get(form, form), ", ".join(conditions)

    def _is_right(self, form: Node, value: np.ndarray) -> bool:
        given = self._given()
        values = [
            leaf._value if leaf in self._symbols else 1 / self._counts.values[self._counts.reciprocals[leaf]]
            for leaf in given
        ]
        with np.errstate(all="ignore"):
            (found,) = Program([form], given).run(values)
        wanted = np.asarray(value)
        tolerance = 1e3 * float(np.finfo(wanted.dtype).eps)
        scale = float(np.max(np.abs(wanted), initial=0.0))
        return bool(np.allclose(np.asarray(found), wanted, rtol=tolerance, atol=tolerance * scale))


def _summed_data(node: Node) -> tuple[Node | None, float]:
    """For a sum over a leaf, or over a leaf with the other sign: the leaf and the sign."""
    if node.op is not sum_op:
        return None, 1.0
    (operand,) = node.inputs
    is_negative = operand.op is negative
    leaf = operand.inputs[0] if is_negative else operand
    return (None if leaf.inputs else leaf), -1.0 if is_negative else 1.0


def _is_one(total: np.ndarray) -> bool:
    return total.size > 0 and bool(np.allclose(total, 1, rtol=0, atol=1e3 * np.finfo(total.dtype).eps))
