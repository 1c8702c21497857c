"""What happens in a step of the backward pass, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.explain.building.blocks import Block
from chainrule.explain.building.local import Contribution, without
from chainrule.explain.building.terms import Term
from chainrule.notation.tree import Fence, Reduction, Symbol, Transpose

__all__ = ["pattern_of"]


def pattern_of(contributions: Sequence[Contribution], uses: int) -> str:
    """The pattern that a step follows, as a lecture names it."""
    if uses > 1:
        return f"used {'twice: the sum over both uses' if uses == 2 else f'{uses} times: the sum over all uses'}"
    (only,) = contributions
    local = without(only.term, only.upstream)
    return _linear(only) if local is None else _elementwise(only, local)


def _elementwise(contribution: Contribution, local: Term) -> str:
    operation = _operation(contribution.block)
    if not local.parts and not local.divisors:
        if local.number == 1:
            return f"{operation or 'add'} passes the gradient on"
        if local.number == -1:
            return f"{operation or 'subtract'} passes the gradient on with the other sign"
        return f"{operation or 'multiply'} scales the gradient by a constant"
    if any(isinstance(part.expression, Fence) and part.expression.left == "[" for part in local.parts):
        return f"{operation or 'the choice'} routes the gradient to what was chosen"
    if len(local.parts) == 1 and isinstance(local.parts[0].expression, Symbol) and _multiplies(contribution):
        return "multiply swaps: times the other factor"
    if contribution.upstream is None:
        return "the local gradient alone, as the upstream gradient is 1"
    return f"{operation}: {_CHAIN_RULE}" if operation else _CHAIN_RULE


def _linear(contribution: Contribution) -> str:
    body = contribution.term.body()
    if body is not None and body.chain:
        return "matrix product: times the transpose of the other factor"
    collected = _collected(contribution)
    if collected is not None:
        place = _PLACES.get(collected.index, "place")
        if collected.operand == contribution.upstream:
            return f"a value added to every {place} collects the gradients of all {place}s"
        return f"a value used in every {place} collects the gradients of all {place}s, each times its local gradient"
    operation = _operation(contribution.block)
    if operation == "getitem":
        return "what was picked takes its gradient back to its place; everything else gets 0"
    name = f"{operation}: " if operation else ""
    return f"{name}a linear map of the upstream gradient"


def _collected(contribution: Contribution) -> Reduction | None:
    """The sum over the places where a value was used, if that is all that there is."""
    if contribution.source.size >= contribution.block.node.size:
        return None
    term = contribution.term
    body = term.body()
    only = body or (term.parts[0] if len(term.parts) == 1 else None)
    if only is None:
        return None
    inner = only.expression.operand if isinstance(only.expression, Transpose) else only.expression
    return inner if isinstance(inner, Reduction) and inner.sign == "Σ" else None


#: What a sum runs over, by its index letters.
_PLACES = {"": "element", "i": "row", "j": "column"}
_CHAIN_RULE = "local gradient times upstream gradient"
#: Operations that are not worth a word beside another one.
_SILENT = frozenset({"negative", "positive", "cast", "broadcast_to", "reshape"})


def _operation(block: Block) -> str | None:
    """The name of a block's operation, if it has only one that counts."""
    names = [node.op.name for node in block.interior if node.inputs and node.op.name not in (*_SILENT, "item")]
    return names[0] if len(names) == 1 else None


def _multiplies(contribution: Contribution) -> bool:
    """Whether the source itself is a factor: in 2 exp(x) it is not."""
    products = [node for node in contribution.block.interior if node.op.name == "multiply"]
    return any(contribution.source in node.inputs for node in products)
