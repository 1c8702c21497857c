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
    Transpose,
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
    body = contribution.term.body()
    return [Factor(part.expression, _shape_as_written(part)) for part in _chain(body)]


def _shape_as_written(part: Part) -> tuple[int, ...]:
    """A transposed vector is a matrix of one row or column."""
    return (1, *part.shape) if isinstance(part.expression, Transpose) and len(part.shape) == 1 else part.shape


def _chain(part: Part | None) -> tuple[Part, ...]:
    if part is None:
        return ()
    return part.chain or (part,)
