"""What happens in a step of the backward pass, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.explain.building.local import Contribution, without
from chainrule.explain.building.terms import Term
from chainrule.graph.node import Node
from chainrule.notation.tree import Fence, Reduction, Symbol

__all__ = ["pattern_of"]


def pattern_of(contributions: Sequence[Contribution], uses: int) -> str:
    """The pattern that a step follows, as a lecture names it."""
    if uses > 1:
        return f"used {'twice: the sum over both uses' if uses == 2 else f'{uses} times: the sum over all uses'}"
    (only,) = contributions
    local = without(only.term, only.upstream)
    if local is not None:
        return _elementwise(only, local)
    return _linear(only)


def _elementwise(contribution: Contribution, local: Term) -> str:
    name = _operation(contribution.block.node)
    if not local.parts and not local.divisors:
        if local.number == 1:
            if contribution.source.size < contribution.block.node.size:
                return f"{name} passes the gradient on"
            return f"{name} passes the gradient on"
        if local.number == -1:
            return "subtract passes the gradient on with the other sign"
        return f"{name} multiplies the gradient by a constant"
    if len(local.parts) == 1 and not local.divisors and isinstance(local.parts[0].expression, Symbol):
        if local.parts[0].expression.name and _is_product(contribution.block.interior):
            return "multiply swaps: times the other factor"
    if any(isinstance(part.expression, Fence) for part in local.parts):
        return f"{name} routes the gradient to where its input was chosen, and blocks it elsewhere"
    return f"{name}: local gradient times upstream gradient"


def _linear(contribution: Contribution) -> str:
    body = contribution.term.body()
    if body is not None and body.chain:
        if contribution.upstream in (body.chain[0].expression, body.chain[-1].expression):
            return "matrix product: times the transpose of the other factor"
        return "matrix products: upstream gradient between the other factors"
    if body is not None and isinstance(body.expression, Reduction):
        return "broadcasting: the sum over all rows that the value was added to"
    return f"{_operation(contribution.block.node)}: local gradient applied to the upstream gradient"


def _operation(node: Node) -> str:
    """The operation that comes last, behind a sign."""
    while node.op.name in ("negative", "positive", "cast", "broadcast_to") and node.inputs[0].inputs:
        node = node.inputs[0]
    return node.inputs[0].op.name if node.inputs and node.inputs[0].is_tuple else node.op.name


def _is_product(interior: Sequence[Node]) -> bool:
    return any(node.op.name in ("multiply", "matmul") for node in interior)
