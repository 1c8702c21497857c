"""Closed forms: the gradient of the whole function, simplified, and written in the values of the forward pass.

A closed form is shown only if evaluating it gives the gradient that backpropagation gave.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.backward import backpropagate
from chainrule.explain.building.checking import is_close
from chainrule.explain.building.reading import Reading, without_guards
from chainrule.explain.building.setting import Setting
from chainrule.explain.building.terms import Part
from chainrule.explain.building.writing import Known
from chainrule.explain.model import Closed
from chainrule.graph.node import Node, ancestors
from chainrule.interpret import Program
from chainrule.notation.text import to_text
from chainrule.notation.tree import INDEX_LETTERS, Expression, Number, Reduction, Relation
from chainrule.simplify.canonicalise import CANONICALISE
from chainrule.simplify.merging import Merger
from chainrule.simplify.pipeline import simplify
from chainrule.simplify.rewrite import Rewrite
from chainrule.simplify.specialise import SPECIALISE
from chainrule.simplify.stabilise import stabilise, stable
from chainrule.transforms.running import ones_for

__all__ = ["ClosedForms"]

#: A longer form explains nothing; the step then ends with its local gradients put in.
_LONGEST = 72
#: In larger graphs, unrolled loops for the most part, nobody reads closed forms, and finding them takes long.
_LARGEST = 2_000
#: How many nodes are simplified for the closed forms of one lesson; those that come later have none.
_MOST_NODES = 20_000
#: Rules that only tidy up are not named.
_TIDYING = frozenset(rule.name for rules in (CANONICALISE, SPECIALISE) for rule in rules.rules) | {"closed form"}


@dataclass(frozen=True)
class _Found:
    """What was found for one node; `told` are the rules that it or a node before it names."""

    closed: Closed | None = None
    is_long: bool = False
    told: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Form:
    """A gradient as a graph of `given` nodes, and written.

    Attributes
    ----------
    node : Node
    given : tuple of Node
    expression : Expression
    rules : tuple of str
        The rewrites that fired.
    condition : str
        What holds at this point, and was used in writing.
    """

    node: Node
    given: tuple[Node, ...]
    expression: Expression
    rules: tuple[str, ...]
    condition: str


class ClosedForms:
    """Finds closed forms of the gradients of one graph.

    Parameters
    ----------
    setting : Setting
    order : sequence of Node
        The nodes whose gradients are wanted, in the order of the backward pass.
    """

    def __init__(self, setting: Setting, order: Sequence[Node]) -> None:
        self._setting = setting
        self._found: dict[Node, _Found] = {}
        self._leaves = [node for node in setting.symbols if not node.inputs]
        self._data: dict[Expression, np.ndarray] = {
            setting.symbols[leaf]: np.asarray(leaf.value) for leaf in self._leaves if leaf.dtype.kind in "fiub"
        }
        self._stabilising: list[str] = []
        self._copies: dict[Node, Node] = {}
        self._gradients: dict[Node, Node] = {}
        self._merger = Merger(self._leaves)
        self._values: dict[Node, Node] = {}
        self._known: dict[Node, Known] = {}
        self._known_from_values: dict[Node, Known] = {}
        self._nodes_left = _MOST_NODES
        if len(setting.graph) <= _LARGEST:
            self._prepare(order)

    def _prepare(self, order: Sequence[Node]) -> None:
        graph, counts = self._setting.graph, self._setting.counts
        reading = Reading(counts)
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
        reached = {node: found[place] for node, place in zip(order, wanted, strict=True) if place in found}
        self._gradients = dict(zip(reached, without_guards(list(reached.values()), form), strict=True))
        results = [block.node for block in self._setting.blocks]
        short = simplify([self._copies[node] for node in results], [*self._leaves, *counts.reciprocals])
        merged = self._merger.merged(short, counts.reciprocals)
        self._values = {self._copies[node]: node for node in self._setting.symbols}
        leaves = {leaf: self._setting.known(leaf) for leaf in self._leaves}
        self._known = {
            form: self._setting.known(node) for node, form in zip(results, merged, strict=True) if form.inputs
        } | leaves
        self._known_from_values = {place: self._setting.known(node) for place, node in self._values.items()} | leaves

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
        is_long = self._nodes_left <= 0 or any(self._found[user].is_long for user in users if user in self._found)
        gradient = None if is_long else self._gradients.get(node)
        found = _Found(is_long=is_long) if gradient is None else self._closed(gradient, users, value)
        self._found[node] = found
        return found.closed

    def _closed(self, gradient: Node, users: Sequence[Node], value: np.ndarray) -> _Found:
        whole, cut = self._from_inputs(gradient), self._from_values(gradient)
        short = min((cut, whole), key=lambda form: len(to_text(form.expression)))
        if len(to_text(short.expression)) > _LONGEST:
            return _Found(is_long=True)
        if not self._is_right(short, value):
            return _Found()
        told = frozenset().union(*(self._found[user].told for user in users if user in self._found))
        rules = tuple(rule for rule in short.rules if rule not in _TIDYING and rule not in told)
        return _Found(Closed(short.expression, rules, short.condition), told=told.union(rules))

    def _from_inputs(self, gradient: Node) -> _Form:
        """Simplified as a function of the inputs; what the forward pass computes too is then written by its name."""
        form, given, log = self._simplified(gradient, set(self._leaves))
        (form,) = self._merger.merged([form], self._setting.counts.reciprocals)
        rules = dict.fromkeys([*self._stabilising, *(rewrite.rule for rewrite in log)])
        return self._written(form, self._known, given, tuple(rules))

    def _from_values(self, gradient: Node) -> _Form:
        """Simplified as a function of the inputs and of all values of the forward pass."""
        form, given, log = self._simplified(gradient, self._values)
        rules = dict.fromkeys(rewrite.rule for rewrite in log)
        return self._written(form, self._known_from_values, given, tuple(rules))

    def _simplified(self, gradient: Node, places: Collection[Node]) -> tuple[Node, list[Node], list[Rewrite]]:
        """A gradient as a function of those of some places that it depends on; these, and what was rewritten."""
        between = ancestors([gradient], skip=places.__contains__)
        self._nodes_left -= len(between)
        used = {source for node in between for source in node.inputs if source in places}
        given = sorted(used, key=lambda place: place.index) if between else [gradient]
        log: list[Rewrite] = []
        (form,) = simplify([gradient], [*given, *self._setting.counts.reciprocals], log=log)
        return form, given, log

    def _written(self, form: Node, known: Mapping[Node, Known], given: Sequence[Node], rules: tuple[str, ...]) -> _Form:
        conditions: dict[str, None] = {}

        def is_one(operand: Part, axis: tuple[int, ...]) -> bool:
            """Sums over data that are 1 here, such as those of one-hot labels, are left out, and said to be."""
            data = self._data.get(operand.expression)
            if data is None or data.shape != operand.shape or not _is_one(np.sum(data, axis=axis)):
                return False
            index = "" if len(axis) == data.ndim else "".join(INDEX_LETTERS[i] for i in axis)
            conditions[to_text(Relation("=", (Reduction("Σ", index, operand.expression), Number(1))))] = None
            return True

        expression = self._setting.gradient_writer(known, is_one=is_one).term(form).expression()
        return _Form(form, tuple(given), expression, rules, ", ".join(conditions))

    def _is_right(self, form: _Form, value: np.ndarray) -> bool:
        leaves = [*form.given, *self._setting.counts.reciprocals]
        with np.errstate(all="ignore"):
            values = [self._values[leaf].value if leaf in self._values else leaf.value for leaf in leaves]
            (found,) = Program([form.node], leaves, is_short=True).run(values)
        return is_close(found, value)


def _is_one(total: np.ndarray) -> bool:
    inexact = np.result_type(total, np.float16)  # sums of whole numbers are whole numbers
    return total.size > 0 and bool(np.allclose(total, 1, rtol=0, atol=1e3 * np.finfo(inexact).eps))
