"""Closed forms: sums of products, multiplied out, shortened, and written again where that is cheaper.

The gradient of the cross-entropy behind a sigmoid arrives as ``(1−y) σ(z) − y σ(−z)``. As polynomials over the atoms
y, σ(z) and σ(−z), and with the relation σ(−z) = 1 − σ(z), it is ``σ(z) − y``.

Multiplying out is not always a good idea: x (x − y) loses all digits as x² − xy where x and y are nearly equal. So only
numbers are multiplied into any sum, and other factors only into sums like 1 − y, whose number is no larger than the
rest; (x − y) stays together. A new form is used only if it is cheaper, which it can be only if terms cancelled or came
together. It differs from the old form by rounding errors relative to its terms; its products are taken in another
order, so they overflow at other numbers, close to the limits of the dtype. Every atom of the old form also occurs in
the new one, so that NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, Op
from chainrule.simplify.costs import cost
from chainrule.simplify.expressing import Builder
from chainrule.simplify.merging import expression_key
from chainrule.simplify.patterns import number_of
from chainrule.simplify.polynomials import Coefficient, Polynomial, number, of_atom
from chainrule.simplify.relations import RELATIONS
from chainrule.simplify.rewrite import Rewrite, rebuild

__all__ = ["close_forms"]

_TERMS = frozenset({"add", "subtract", "multiply", "divide", "negative", "square", "power", "reciprocal"})
#: Operations whose results are positive as real numbers, so that a quotient of them may be cancelled.
_POSITIVE = frozenset({"exp", "sigmoid", "softplus"})
_RELATED = {relation.op: relation for relation in RELATIONS}


def close_forms(
    outputs: Sequence[Node],
    leaves: Iterable[Node] = (),
    log: list[Rewrite] | None = None,
    *,
    order: Sequence[Node] | None = None,
) -> list[Node]:
    """Write sums of products of real numbers in a shorter form, where there is one.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : iterable of Node
        Nodes whose values are given at each run.
    log : list, optional
        Takes a `Rewrite` for each node that got a new form: "closed form", or the name of the relation that was used.
    order : sequence of Node, optional
        The nodes between leaves and outputs, in topological order, where they are known already.

    Returns
    -------
    list of Node
        The outputs in their new form.
    """
    given = frozenset(leaves)
    if order is None:
        order = ancestors(outputs, skip=given.__contains__)
    return _Closing(outputs, given, log, order).run()


def _is_term(node: Node) -> bool:
    """Whether a node is a sum or product of real numbers, or of whole numbers that label something."""
    if node.op.name not in _TERMS or node.dtype.kind not in "fi":
        return False
    for source in node.inputs:
        kind, size = source.dtype.kind, source.dtype.itemsize
        if source.op is LITERAL:
            if number_of(source) is None:
                return False
        elif not (kind == "f" or (kind == "i" and size == 8)):
            return False  # small and unsigned integers wrap around, truth values do not add up
    if node.dtype.kind == "i":
        return node.op.name == "negative" or (
            node.op.name in ("add", "subtract") and any(source.op is LITERAL for source in node.inputs)
        )
    return True


def _are_moderate(coefficients: Iterable[Coefficient], dtype: np.dtype[Any]) -> bool:
    """Whether numbers are far from the limits of a dtype, so that a product of numbers has not left its range."""
    lowest = float(np.finfo(dtype).tiny) ** 0.5
    return all(lowest <= abs(coefficient) <= 1 / lowest for coefficient in coefficients)


class _Closing:
    """One run over a graph."""

    def __init__(
        self, outputs: Sequence[Node], given: frozenset[Node], log: list[Rewrite] | None, order: Sequence[Node]
    ) -> None:
        self._outputs = outputs
        self._given = given
        self._log = log
        self._order = order
        self._uses: dict[Node, int] = {}
        self._needed: set[Node] = set(outputs)
        self._atoms: list[Node] = []
        self._atom_numbers: dict[Node, int] = {}
        self._harmless: set[int] = set()
        self._has_integers = False
        self._forms: dict[Node, Polynomial] = {}
        self._done: dict[Node, Node] = {}
        self._replaced: set[Node] = set()
        self._origin: dict[Node, Node] = {}
        self._known: dict[Any, Node] = {}
        self._arguments: dict[Any, Node] = {}

    def run(self) -> list[Node]:
        terms = self._count_uses()
        for node in self._order:
            if node in terms:
                form = self._form(node)
                if form is None:
                    self._needed.update(node.inputs)
                else:
                    self._forms[node] = form
        if not any(self._may_be_improved(node, form) for node, form in self._forms.items()):
            return list(self._outputs)
        for node in self._order:
            self._settle(node)
        return [self._done.get(node, node) for node in self._outputs]

    def _count_uses(self) -> set[Node]:
        """Count uses, note what is needed by other operations than sums and products, and find those."""
        terms: set[Node] = set()
        for node in self._outputs:
            self._uses[node] = self._uses.get(node, 0) + 1
        for node in self._order:
            is_term = _is_term(node)
            if is_term:
                terms.add(node)
            for source in node.inputs:
                self._uses[source] = self._uses.get(source, 0) + 1
                if not is_term or (source.dtype != node.dtype and source.dtype.kind == "f"):
                    self._needed.add(source)
        return terms

    # Polynomials -----------------------------------------------------------------------------------------------------

    def number_of(self, node: Node) -> int:
        """The number of a node as an atom."""
        place = self._atom_numbers.get(node)
        if place is None:
            place = self._atom_numbers[node] = len(self._atoms)
            self._atoms.append(node)
            self._has_integers = self._has_integers or node.dtype.kind != "f"
            if node.op.name in _POSITIVE:
                self._harmless.add(place)
        return place

    def _seen(self, node: Node) -> Polynomial:
        """A node as a polynomial: what is needed anyway is an atom, also if it is a sum or product itself, unless it is
        as simple as −x or 1 − x."""
        value = number_of(node)
        if value is not None:
            return number(value)
        form = self._forms.get(node)
        if form is not None and (node not in self._needed or form.is_complement):
            return form
        return of_atom(self.number_of(node))

    def _form(self, node: Node) -> Polynomial | None:
        """A sum or product of polynomials; None where that is not worth while or would cancel what may be zero."""
        name = node.op.name
        first = self._seen(node.inputs[0])
        second = self._seen(node.inputs[1]) if len(node.inputs) == 2 else first
        form: Polynomial | None
        if name == "add":
            form = first + second
        elif name == "subtract":
            form = first - second
        elif name == "negative":
            form = -first
        elif name in ("multiply", "square"):
            form = self._product(first, second)
        elif name == "power":
            form = self._product(first, first) if number_of(node.inputs[1]) == 2 else None
        else:
            form = self._quotient(node, first if name == "divide" else number(1), second)
        if form is None or not form.is_small or (self._has_integers and not self._keeps_integers(form)):
            return None
        return form if not form.is_merged or self._covers(form, first.atoms | second.atoms) else None

    def _product(self, first: Polynomial, second: Polynomial) -> Polynomial | None:
        if first.cancels(second, self._harmless) or not (first.may_distribute(second) or second.may_distribute(first)):
            return None
        return first * second

    def _quotient(self, node: Node, first: Polynomial, second: Polynomial) -> Polynomial | None:
        divisor = node.inputs[-1]
        if not second.terms:
            return None
        inverse = second.inverse()
        if inverse is None:  # a sum in the denominator is an atom
            self._needed.add(divisor)
            inverse = of_atom(self.number_of(divisor)).inverse()
        return None if inverse is None else self._product(first, inverse)

    def _keeps_integers(self, form: Polynomial) -> bool:
        """Products and sums of several integers might overflow where those of floating-point numbers do not."""
        whole = [atom for atom in form.atoms if self._atoms[atom].dtype.kind != "f"]
        return len(whole) <= 1 and all(
            exponent == 1 for monomial in form.terms for atom, exponent in monomial if atom in whole
        )

    # New forms -------------------------------------------------------------------------------------------------------

    def _settle(self, node: Node) -> None:
        """Find what stands for a node: its new form, or itself on top of the new forms of its inputs."""
        inputs = tuple([self._done.get(source, source) for source in node.inputs])
        kept = node if inputs == node.inputs else rebuild(node, inputs)
        self._done[node] = kept
        self._origin[kept] = node
        form = self._forms.get(node)
        if form is not None and self._may_be_improved(node, form):
            replacement = self._improved(node, form)
            if replacement is not None:
                self._done[node] = replacement
                self._origin.setdefault(replacement, node)
                self._inherit(replacement, node)
                kept = replacement
        if node.inputs:
            self._known.setdefault(expression_key(kept, kept.inputs), kept)

    def _may_be_improved(self, node: Node, form: Polynomial) -> bool:
        """Whether there can be a shorter form: something came together, or may by a relation of two atoms."""
        if node not in self._needed or node.dtype.kind != "f":
            return False
        return form.is_merged or sum([self._atoms[atom].op in _RELATED for atom in form.atoms]) > 1

    def _inherit(self, new: Node, old: Node) -> None:
        if new.name is None and new.site is None:
            new.name, new.site = old.name, old.site
        if new.gradient_of is None:
            new.gradient_of = old.gradient_of

    def _improved(self, node: Node, form: Polynomial) -> Node | None:
        builder = Builder(self._known, _Replaced(self))
        self._builder = builder
        related, rule = self._related(form)
        if not related.is_merged or not related.is_small or not self._covers(related, form.atoms):
            return None
        if not _are_moderate(related.terms.values(), node.dtype):
            return None
        candidate = builder.express(related)
        if candidate is None or candidate.shape != node.shape or candidate.dtype != node.dtype:
            return None
        if candidate is self._done[node] or not self._is_cheaper(node, candidate, builder.fresh):
            return None
        for fresh in builder.fresh:
            self._known.setdefault(expression_key(fresh, fresh.inputs), fresh)
        self._replaced.add(node)
        if self._log is not None:
            self._log.append(Rewrite(rule, node, candidate))
        return candidate

    def built(self, op: Op, *arguments: Node | float) -> Node:
        """A node that is made for the new form of the node at hand."""
        replaced = [self._done.get(one, one) if isinstance(one, Node) else one for one in arguments]
        return self._builder.call(op, *replaced)

    def _related(self, form: Polynomial) -> tuple[Polynomial, str]:
        """The polynomial after all relations that fit, and the name for the log."""
        name = "closed form"
        sides: dict[tuple[Op, Node], dict[int, int]] = {}
        for atom in sorted(form.atoms):
            node = self._atoms[atom]
            if node.op in _RELATED and node.dtype.kind == "f":
                z, sign = self._argument(node)
                sides.setdefault((node.op, z), {})[sign] = atom
        for (op, z), both in sides.items():
            if len(both) == 2:
                relation = _RELATED[op]
                result = relation.apply(form, both[1], both[-1], z, self)
                if result is not None:
                    form, name = result, relation.name
        return form, name

    def _argument(self, node: Node) -> tuple[Node, int]:
        """The argument z of f(z) or f(−z), and the sign; the same z for both."""
        argument = node.inputs[0]
        form = self._forms.get(argument)
        if form is None:
            return argument, 1
        single = form.single_atom
        if single is not None:
            return self._atoms[single[0]], single[1]
        opposite = self._arguments.get(frozenset((-form).terms.items()))
        if opposite is not None:
            return opposite, -1
        return self._arguments.setdefault(frozenset(form.terms.items()), argument), 1

    def _covers(self, form: Polynomial, atoms: set[int]) -> bool:
        """Whether all that these atoms depend on is still there, so that its NaN is not lost."""
        kept = form.atoms
        return atoms <= kept or {self._base(atom) for atom in atoms} <= {self._base(atom) for atom in kept}

    def _base(self, atom: int) -> Node:
        node = self._atoms[atom]
        if node.op in _RELATED:
            return self._argument(node)[0]
        return node

    # Which form is cheaper -------------------------------------------------------------------------------------------

    def _is_cheaper(self, node: Node, candidate: Node, fresh: Sequence[Node]) -> bool:
        """Whether what becomes superfluous costs more than what is added. If not, use counts are left as they were."""
        changes: list[tuple[Node, int]] = []
        new = frozenset(fresh)
        made = ancestors([candidate], skip=lambda one: one not in new)
        for one in made:
            for source in one.inputs:
                self._change(self._origin.get(source, source), 1, changes)
        if not made:
            self._change(self._origin.get(candidate, candidate), self._uses[node], changes)
        saved, stack = 0, [node]
        while stack:
            dead = stack.pop()
            if dead in self._replaced:
                continue  # what it saves has been counted
            saved += cost(dead)
            for source in dead.inputs:
                if self._change(source, -1, changes) == 0 and source not in self._given and source.inputs:
                    stack.append(source)
        if sum(map(cost, made)) < saved:
            return True
        for source, change in changes:
            self._uses[source] -= change
        return False

    def _change(self, node: Node, by: int, changes: list[tuple[Node, int]]) -> int:
        changes.append((node, by))
        self._uses[node] = count = self._uses.get(node, 0) + by
        return count


class _Replaced(Sequence[Node]):
    """The atoms, each as what stands for it by now."""

    def __init__(self, closing: _Closing) -> None:
        self._closing = closing

    def __len__(self) -> int:
        return len(self._closing._atoms)

    def __getitem__(self, atom: Any) -> Any:
        node = self._closing._atoms[atom]
        return self._closing._done.get(node, node)
