"""What each block knows by itself: its local gradients, found by differentiating its own small graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.backward import backpropagate
from chainrule.explain.building.blocks import Block, operands
from chainrule.explain.building.gradient_writing import GradientWriter
from chainrule.explain.building.reading import Reading, without_guards
from chainrule.explain.building.setting import Setting
from chainrule.explain.building.terms import Part, Term, add_terms
from chainrule.explain.building.writing import Known, transposed
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import input_node, literal
from chainrule.notation.tree import Expression, Relation, Symbol, matrix_product
from chainrule.simplify.merging import merge_equal
from chainrule.simplify.pipeline import simplify
from chainrule.simplify.stabilise import stable
from chainrule.transforms.running import ones_for

__all__ = ["Contribution", "local_contributions"]

#: A value that one statement uses more often is differentiated as a whole, not use by use.
_MOST_USES = 3
_LATE = float("inf")


@dataclass(frozen=True)
class Contribution:
    """What one block hands on to one of its sources.

    Attributes
    ----------
    block : Block
    source : Node
    upstream : Expression or None
        ∂L/∂v of the block's result; None for the output, where it is 1.
    term : Term
        The contribution, with the upstream gradient in it.
    gradient : Node
        The contribution as a graph, on the values of this point.
    uses : tuple of Term
        If the block uses the source several times, and each use can be told on its own: the contributions of each.
    """

    block: Block
    source: Node
    upstream: Expression | None
    term: Term
    gradient: Node
    uses: tuple[Term, ...] = ()

    @property
    def local(self) -> Expression | None:
        """The local gradient, if it is a factor of the upstream gradient; None for other linear maps."""
        found = [without(term, self.upstream) for term in self.uses or (self.term,)]
        kept = [term for term in found if term is not None]
        if len(kept) < len(found):
            return None
        if len(kept) == 1:
            return kept[0].expression()
        return add_terms(kept, kept[0].shape).expression()

    def local_gradient(self) -> Expression:
        """The local gradient, a Jacobian matrix, or the map of an upstream gradient G."""
        if self.local is not None:
            return self.local
        return self._jacobian() or self._map()

    def _jacobian(self) -> Expression | None:
        """From Wᵀ g, of columns, W."""
        if len(self.source.shape) != 1 or len(self.block.node.shape) != 1 or self.term.divisors or self.term.scalars:
            return None
        body = self.term.body()
        if body is None or not body.chain or self.term.number != 1 or body.chain[-1].expression != self.upstream:
            return None
        first, *others = [transposed(part.expression) for part in reversed(body.chain[:-1])]
        for other in others:
            first = matrix_product(first, other)
        return first

    def _map(self) -> Expression:
        assert self.upstream is not None
        g = Symbol("G", is_array=self.upstream.is_array)
        return Relation("↦", (g, self.term.expression().substituted({self.upstream: g})))


def without(term: Term, upstream: Expression | None) -> Term | None:
    """A term without one factor; None if it is no factor. There is nothing to leave out for None."""
    if upstream is None:
        return term
    for kind in ("scalars", "factors"):
        parts: tuple[Part, ...] = getattr(term, kind)
        for position, part in enumerate(parts):
            if part.expression == upstream:
                left = {kind: parts[:position] + parts[position + 1 :]}
                return replace(term, **left)  # type: ignore[arg-type]
    if len(term.parts) == 1 and term.parts[0].terms:
        inner = [without(part, upstream) for part in term.parts[0].terms]
        kept = [part for part in inner if part is not None]
        if len(kept) == len(inner):
            total = add_terms(kept, term.shape)
            return replace(total, number=total.number * term.number, divisors=total.divisors + term.divisors)
    return None


def local_contributions(
    setting: Setting, block: Block, wanted: Collection[Node], upstream: np.ndarray, *, is_plain: bool = False
) -> list[Contribution]:
    """Differentiate one block with respect to some of its sources.

    The block is rebuilt on placeholders for its sources, so that its gradients are written in these, in its result, and
    in the upstream gradient, and depend on nothing else.

    Parameters
    ----------
    setting : Setting
    block : Block
    wanted : collection of Node
        The nodes whose gradients are wanted; those among the block's sources get a contribution.
    upstream : array
        The gradient of the block's result.
    is_plain : bool, default False
        See `Reading`.
    """
    targets = [source for source in block.sources if source in wanted]
    if not targets:
        return []
    whole = _Local(setting, block, upstream, is_plain=is_plain)
    found = whole.differentiated(targets)
    split = whole.by_use(targets) if whole.is_as_written else {}
    return [
        Contribution(block, source, whole.upstream, term, gradient, split.get(source, ()))
        for source, (term, gradient) in found.items()
    ]


class _Local:
    """One block on placeholders. These have values, as some shapes and dtypes depend on numbers."""

    def __init__(self, setting: Setting, block: Block, upstream: np.ndarray, *, is_plain: bool) -> None:
        self._setting, self._block = setting, block
        self._is_plain = is_plain
        self._reading = Reading(setting.counts, is_plain=is_plain)
        is_output = block.node is setting.output
        self.upstream = None if is_output else setting.gradient_symbol(block.node)
        self._seed = literal(1.0) if is_output else input_node(upstream)
        interior = set(block.interior)
        borders = dict.fromkeys(source for node in block.interior for source in node.inputs if source not in interior)
        self._places = {
            source: input_node(source.value, source.name) for source in borders if source in setting.symbols
        }
        done = dict(self._places)
        self._reading.copy(block.interior, done)
        self._result = done[block.node]
        self.is_as_written = stable(self._result) is self._result and not any(node.is_tuple for node in block.interior)

    def differentiated(self, targets: Sequence[Node]) -> dict[Node, tuple[Term, Node]]:
        """The contribution to each target, as a term and as a graph."""
        leaves = [*self._places.values(), *self._setting.counts.reciprocals]
        gradients = self._gradients(self._result, [self._places[source] for source in targets], leaves)
        result, *found = merge_equal([*simplify([self._form(self._result)], leaves), *gradients], leaves)
        writer = self._writer({place: source for source, place in self._places.items()}, result)
        return {source: (writer.term(gradient), gradient) for source, gradient in zip(targets, found, strict=True)}

    def _gradients(self, result: Node, places: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
        form = self._form(result)
        found = backpropagate([form], [ones_for(form) if self.upstream is None else self._seed], places)
        if not self._is_plain:
            places_found = [place for place in places if place in found]
            found = dict(zip(places_found, without_guards([found[place] for place in places_found], form), strict=True))
        given = [*leaves, self._seed, *self._setting.counts.reciprocals]
        zero = literal(0.0)
        return [simplify([found[place]], given)[0] if place in found else zero for place in places]

    def _form(self, result: Node) -> Node:
        """The stable form, as a textbook would write it: σ(z) for 1/(1 + e^−z), but y log(ŷ) without care for ŷ = 0."""
        done: dict[Node, Node] = {}
        self._reading.copy(ancestors([stable(result)]), done)
        return done[stable(result)]

    def by_use(self, targets: Sequence[Node]) -> dict[Node, tuple[Term, ...]]:
        """For targets that are used several times: the contribution of each use."""
        found = {}
        for source in targets:
            count = sum(operands(node).count(source) for node in self._block.interior)
            if 1 < count <= _MOST_USES:
                found[source] = self._uses_of(source, count)
        return found

    def _uses_of(self, source: Node, count: int) -> tuple[Term, ...]:
        """The block once more, with a placeholder of its own for each use."""
        places = [input_node(source.value, source.name) for _ in range(count)]
        others = {known: place for known, place in self._places.items() if known is not source}
        done = dict(others)
        waiting = iter(places)
        for node in self._block.interior:
            if node.inputs:
                copies = {operand: done.get(operand, operand) for operand in node.inputs}
                inputs = tuple([next(waiting) if operand is source else copies[operand] for operand in node.inputs])
                self._reading.copy_on(node, inputs, done)
        result = done[self._block.node]
        gradients = self._gradients(result, places, [*places, *others.values()])
        named = {place: known for known, place in others.items()} | dict.fromkeys(places, source)
        writer = self._writer(named, result)
        return tuple([writer.term(gradient) for gradient in gradients])

    def _writer(self, named: Mapping[Node, Node], result: Node) -> GradientWriter:
        known = {place: self._setting.known(source) for place, source in named.items()}
        if result.inputs:
            known[result] = self._setting.known(self._block.node)
        if self.upstream is not None:
            known[self._seed] = Known(self.upstream, _LATE)
        return self._setting.gradient_writer(known)
