"""What each block knows by itself: its local gradients, found by differentiating its own small graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.backward import backpropagate
from chainrule.explain.building.blocks import Block, operands
from chainrule.explain.building.reading import Counts, Reading
from chainrule.explain.building.terms import Part, Term, add_terms
from chainrule.explain.building.writing import Known, Writer, transposed
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import input_node, literal
from chainrule.notation.tree import Derivative, Expression, Relation, Symbol, matrix_product
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
    uses : tuple of Term
        If the block uses the source several times, and each use can be told on its own: the contributions of each.
    """

    block: Block
    source: Node
    upstream: Expression | None
    term: Term
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

    def local_gradient(self, of: Symbol, wrt: Symbol) -> Expression:
        """The local gradient, a Jacobian matrix, or the map of an upstream gradient G."""
        if self.local is not None:
            return self.local
        return self._jacobian() or self._map(of)

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

    def _map(self, of: Symbol) -> Expression:
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
    block: Block,
    wanted: Iterable[Node],
    symbols: Mapping[Node, Symbol],
    ranks: Mapping[Node, float],
    output: Node,
    counts: Counts,
    *,
    row_vectors: bool,
) -> list[Contribution]:
    """Differentiate one block with respect to some of its sources.

    The block is rebuilt on placeholders for its sources, so that its gradients are written in these, in its result, and
    in the upstream gradient, and depend on nothing else.
    """
    targets = [source for source in block.sources if source in set(wanted)]
    if not targets:
        return []
    whole = _Local(block, symbols, ranks, output, counts, row_vectors=row_vectors)
    terms = whole.differentiated(targets)
    split = whole.by_use(targets) if whole.is_as_written else {}
    return [
        Contribution(block, source, whole.upstream, terms[source], split.get(source, ()))
        for source in targets
        if source in terms
    ]


class _Local:
    """One block on placeholders."""

    def __init__(
        self,
        block: Block,
        symbols: Mapping[Node, Symbol],
        ranks: Mapping[Node, float],
        output: Node,
        counts: Counts,
        *,
        row_vectors: bool,
    ) -> None:
        self._block, self._symbols, self._ranks = block, symbols, ranks
        self._counts, self._row_vectors = counts, row_vectors
        interior = set(block.interior)
        self._borders = list(
            dict.fromkeys(source for node in block.interior for source in node.inputs if source not in interior)
        )
        node = block.node
        self.upstream = None if node is output else Derivative(symbols[output], symbols[node], is_array=node.size > 1)
        self._seed = literal(1.0) if node is output else input_node(np.ones(node.shape, node.dtype))
        self._places = {source: self._place(source) for source in self._borders}
        self._result = self._rebuilt(self._places)
        self.is_as_written = stable(self._result) is self._result and not any(node.is_tuple for node in block.interior)

    def _place(self, source: Node) -> Node:
        if source not in self._symbols:
            return source  # a number in the code
        # with its value, as some shapes and dtypes depend on numbers
        return input_node(source.value, source.name)

    def _rebuilt(self, places: Mapping[Node, Node]) -> Node:
        done = dict(places)
        Reading(self._counts).copy(self._block.interior, done)
        return done[self._block.node]

    def differentiated(self, targets: Sequence[Node]) -> dict[Node, Term]:
        """The contribution to each target."""
        places = [self._places[source] for source in targets]
        leaves = [place for source, place in self._places.items() if place is not source]
        gradients = self._gradients(self._result, places, leaves)
        result, *found = merge_equal([*simplify([self._form(self._result)], leaves), *gradients], leaves)
        writer = self._writer(self._places, result)
        return {source: writer.term(gradient) for source, gradient in zip(targets, found, strict=True)}

    def _gradients(self, result: Node, places: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
        form = self._form(result)
        seed = self._seed if self.upstream is not None else ones_for(form)
        gradients = backpropagate([form], [seed], places)
        found = [gradients.get(place) for place in places]
        given = [*leaves, *([self._seed] if self.upstream is not None else [])]
        short = [literal(0.0) if gradient is None else simplify([gradient], given)[0] for gradient in found]
        return self._counts.restored(short, given)

    def _form(self, result: Node) -> Node:
        """The stable form, as a textbook would write it: σ(z) for 1/(1 + e^−z), but y log(ŷ) without care for ŷ = 0."""
        form = stable(result)
        done: dict[Node, Node] = {}
        Reading(self._counts).copy(ancestors([form]), done)
        return done[form]

    def by_use(self, targets: Sequence[Node]) -> dict[Node, tuple[Term, ...]]:
        """For targets that are used several times: the contribution of each use."""
        found = {}
        for source in targets:
            count = sum(operands(node).count(source) for node in self._block.interior)
            if 1 < count <= _MOST_USES:
                found[source] = self._uses_of(source, count)
        return found

    def _uses_of(self, source: Node, count: int) -> tuple[Term, ...]:
        places = [input_node(source.value, source.name) for _ in range(count)]
        others = {known: place for known, place in self._places.items() if known is not source}
        done = dict(others)
        waiting = iter(places)
        reading = Reading(self._counts)
        for node in self._block.interior:
            if not node.inputs:
                continue  # a number in the code
            copies = {operand: done.get(operand, operand) for operand in node.inputs}
            inputs = tuple([next(waiting) if operand is source else copies[operand] for operand in node.inputs])
            reading.copy_on(node, inputs, done)
        result = done[self._block.node]
        leaves = [*places, *(place for known, place in others.items() if place is not known)]
        gradients = self._gradients(result, places, leaves)
        writer = self._writer(others, result, dict.fromkeys(places, source))
        return tuple([writer.term(gradient) for gradient in gradients])

    def _writer(self, places: Mapping[Node, Node], result: Node, more: Mapping[Node, Node] | None = None) -> Writer:
        known = {leaf: Known(symbol, 0.0, True) for leaf, symbol in self._counts.reciprocals.items()}
        sources = {place: source for source, place in places.items() if source in self._symbols} | dict(more or {})
        for place, source in sources.items():
            known[place] = Known(self._symbols[source], self._ranks[source])
        if result.inputs:
            known[result] = Known(self._symbols[self._block.node], self._ranks[self._block.node])
        if self.upstream is not None:
            known[self._seed] = Known(self.upstream, _LATE)
        return Writer(known, self._row_vectors)
