"""One step of the backward pass, from what the users of a node contribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.explain.building.local import Contribution, without
from chainrule.explain.building.setting import Setting
from chainrule.explain.building.terms import Part
from chainrule.explain.building.words import pattern_of
from chainrule.explain.model import BackwardStep, Closed, Factor
from chainrule.graph.node import Node
from chainrule.notation.tree import (
    Derivative,
    Expression,
    Marked,
    Negative,
    Number,
    Relation,
    Symbol,
    Verbatim,
)

__all__ = ["backward_step", "update_rule"]


def backward_step(
    setting: Setting,
    number: int,
    node: Node,
    contributions: Sequence[Contribution],
    closed: Closed | None,
    value: Any,
) -> BackwardStep:
    """Make a step out of what was found; numbers are put in later.

    Parameters
    ----------
    setting : Setting
    number : int
    node : Node
        Whose gradient it is.
    contributions : sequence of Contribution
        One for each block that uses the node; none for the output.
    closed : Closed or None
    value : array
    """
    symbol, gradient = setting.symbols[node], setting.gradient_symbol(node)
    if not contributions:
        begins = "the backward pass begins"
        return BackwardStep(number, symbol, gradient, None, Number(1), None, None, value, (), begins, ())
    uses = sum(max(1, len(contribution.uses)) for contribution in contributions)
    return BackwardStep(
        number=number,
        symbol=symbol,
        gradient=gradient,
        chain=_total([_in_symbols(setting, part, is_one_of_several=len(contributions) > 1) for part in contributions]),
        formula=_total([_put_in(contribution) for contribution in contributions]),
        closed=closed,
        substituted=None,
        value=value,
        factors=tuple(factor for contribution in contributions[:_MOST_TERMS] for factor in _factors(contribution)),
        pattern=pattern_of(contributions, uses),
        users=tuple([setting.symbols[contribution.block.node] for contribution in contributions]),
    )


def update_rule(symbol: Symbol, gradient: Derivative) -> Expression:
    """``W ← W − lr · ∂L/∂W``"""
    return Relation("←", (symbol, symbol - Symbol("lr") * gradient), is_array=symbol.is_array)


#: Of longer sums over uses, such as those of a weight in a loop, the first two and the last are written.
_MOST_TERMS = 6


def _total(parts: Sequence[Expression]) -> Expression:
    if len(parts) > _MOST_TERMS:
        parts = [*parts[:2], Verbatim("…"), parts[-1]]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _in_symbols(setting: Setting, contribution: Contribution, *, is_one_of_several: bool) -> Expression:
    """∂v/∂u · ∂L/∂v"""
    user, source = contribution.block.node, contribution.source
    local = Marked(Derivative(setting.symbols[user], setting.symbols[source]), "local")
    if contribution.upstream is None:
        # beside other terms, ∂L/∂x of the last block alone would read like that of the whole
        return _put_in(contribution) if is_one_of_several else local
    return local * Marked(setting.gradient_symbol(user), "upstream")


def _put_in(contribution: Contribution) -> Expression:
    """The contribution with the local gradient put in, local and upstream gradient marked."""
    local, upstream = contribution.local, contribution.upstream
    if upstream is None:
        assert local is not None
        return Marked(local, "local", is_array=local.is_array)
    arriving = Marked(upstream, "upstream", is_array=upstream.is_array)
    if local is None:
        terms = contribution.uses or (contribution.term,)
        return _total([term.expression() for term in terms]).substituted({upstream: arriving})
    if local == Number(1):
        return arriving
    if local == Negative(Number(1)):
        return -arriving
    return Marked(local, "local", is_array=local.is_array) * arriving


def _factors(contribution: Contribution) -> list[Factor]:
    upstream = contribution.upstream
    if upstream is None:
        return []
    arriving = Factor(upstream, contribution.block.node.shape)
    local = without(contribution.term, upstream)
    if local is not None:
        written = local.expression()
        return [arriving] if written in (Number(1), Negative(Number(1))) else [Factor(written, local.shape), arriving]
    chain = _chain(contribution.term.body())
    shapes = [part.shape for part in chain]
    if len(contribution.source.shape) == 2 and len(chain) > 1:  # vectors at the ends are a column and a row
        shapes[0] = shapes[0] if len(shapes[0]) > 1 else (*shapes[0], 1)
        shapes[-1] = shapes[-1] if len(shapes[-1]) > 1 else (1, *shapes[-1])
    return [Factor(part.expression, shape) for part, shape in zip(chain, shapes, strict=True)]


def _chain(part: Part | None) -> tuple[Part, ...]:
    if part is None:
        return ()
    return part.chain or (part,)
