"""Shapes for the names of a formula that have no values, so that it can be computed.

First what is certain follows, from operation to operation and in both directions. Where that leads no further,
one thing is assumed as the field would have it, and what follows from that is found again. If it leads to shapes that
do not fit each other, another convention is tried.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from chainrule.explain.formulas.shapes.conventions import Convention, is_number, is_weight, rank_of
from chainrule.explain.formulas.shapes.lengths import Length, Misfit, Shape, broadcast, known
from chainrule.explain.formulas.shapes.relations import axes_of, relate
from chainrule.explain.formulas.shapes.terms import Kind, Term, terms_of

__all__ = ["infer_shapes"]

#: Lengths that nothing decides: two for the first axis, and three beside it, so that one tells them apart.
_FIRST, _SECOND = 2, 3
_OF_ARRAYS = (Kind.REDUCED, Kind.ALONG, Kind.FLATTENED, Kind.INNER, Kind.PAIR, Kind.LABELLED, Kind.TRACE)


def infer_shapes(
    statements: Sequence[tuple[str | None, ast.expr]], given: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]] | None:
    """Shapes of free names with which checked statements can be computed.

    Parameters
    ----------
    statements : sequence of (name or None, expression)
        Of a `Formula`.
    given : mapping of str to tuple of int
        The shapes of names that have values. They stay.

    Returns
    -------
    dict of str to tuple of int, or None
        For each other free name its shape; None where no shapes were found that fit.

    Examples
    --------
    >>> from chainrule.explain.formulas import parse
    >>> infer_shapes(parse("sum(tanh(W @ x + b))").statements, {})
    {'W': (2, 3), 'x': (3,), 'b': (2,)}
    >>> infer_shapes(parse("sum(tanh(W @ x + b))").statements, {"x": (5,)})
    {'W': (2, 5), 'b': (2,)}
    """
    for convention in Convention:
        terms = terms_of(statements, given)
        try:
            _infer(terms, convention)
        except Misfit:
            continue
        names = [term for term in terms if term.kind is Kind.NAME and term.name not in given]
        return _measured({term.name: term.shape or () for term in names})
    return None


def _infer(terms: Sequence[Term], convention: Convention) -> None:
    _propagate(terms)
    while _assume(terms, convention):
        _propagate(terms)


def _propagate(terms: Sequence[Term]) -> None:
    """All that is certain, forward and backward. Each round but the last finds a shape."""
    while sum(relate(term) for term in (*terms, *reversed(terms))):
        pass


def _assume(terms: Sequence[Term], convention: Convention) -> bool:
    """The first assumption that there is to make, of those that say most; says whether there was one."""
    rules: tuple[Callable[[Term], bool], ...] = (
        lambda term: _operands_of_product(term, convention) or _bias(term) or _elementwise(term),
        lambda term: _array(term, convention),
        _number,
        _flattened,
    )
    return any(rule(term) for rule in rules for term in terms)


def _operands_of_product(term: Term, convention: Convention) -> bool:
    if term.kind is not Kind.PRODUCT:
        return False
    for operand in term.operands:
        if operand.shape is None and operand.kind is Kind.REDUCED:
            return _array(operand, convention)
        if operand.shape is None:
            rank = rank_of(operand, convention, is_left=operand is term.operands[0])
            operand.shape = tuple(Length() for _ in range(rank))
            return True
    return False


def _bias(term: Term) -> bool:
    """What is added to a product of weights and data has one number for each unit, whatever samples there are."""
    if term.kind is not Kind.SUM:
        return False
    for product, bias in (term.operands, term.operands[::-1]):
        if bias.kind is not Kind.NAME or bias.shape is not None or product.shape is None:
            continue
        if product.kind is Kind.PRODUCT:
            bias.shape = () if is_number(bias) or not product.shape else _shape_of_bias(product)
            return True
        if product.shape and bias.name[:1].islower() and not is_number(bias):
            bias.shape = product.shape[-1:]
            return True
    return False


def _shape_of_bias(product: Term) -> Shape:
    assert product.shape is not None
    left, right = product.operands
    assert left.shape is not None
    assert right.shape is not None
    if is_weight(left) and not is_weight(right) and len(left.shape) > 1:  # samples stand in columns
        return (product.shape[0], 1) if len(product.shape) == 2 else product.shape[-1:]
    return product.shape[-1:] if len(right.shape) > 1 or is_weight(left) else ()


def _elementwise(term: Term) -> bool:
    """Where one operand is an array, or the result is, the others have its shape."""
    if all(operand.shape is not None for operand in term.operands):
        return False
    if term.kind in (Kind.PAIR, Kind.LABELLED, Kind.INNER):
        shapes = [operand.shape for operand in term.operands]
    elif term.kind in (Kind.ELEMENTWISE, Kind.SUM, Kind.SCALED):
        shapes = [operand.shape for operand in (*term.operands, term)]
    else:
        return False
    there = [shape for shape in shapes if shape is not None]
    whole = broadcast(there)
    for place, operand in enumerate(term.operands):
        scales = term.kind is Kind.SCALED and place == 1
        becomes_number = there and is_number(operand, scales=scales)
        if operand.shape is None and (becomes_number or whole):
            operand.shape = () if becomes_number else whole
            return True
    return False


def _array(term: Term, convention: Convention) -> bool:
    """What has its elements added, or is compared with another array, is one itself."""
    if term.kind not in _OF_ARRAYS:
        return False
    operand = next((operand for operand in term.operands if operand.shape is None), None)
    if operand is None:
        return False
    if term.kind is not Kind.LABELLED and any(
        other.shape == () for other in term.operands
    ):  # such as a loss of one number
        operand.shape = ()
        return True
    rank = 2 if term.kind is Kind.TRACE else max(rank_of(operand, convention), _least_rank(term))
    operand.shape = tuple(Length() for _ in range(rank))
    if term.kind is Kind.TRACE:
        operand.shape = operand.shape[:1] * 2
    return True


def _least_rank(term: Term) -> int:
    for rank in range(1, 5):
        try:
            axes_of(term, rank)
        except Misfit:
            continue
        return rank
    raise Misfit


def _number(term: Term) -> bool:
    if term.kind is not Kind.NAME or term.shape is not None:
        return False
    term.shape = ()
    return True


def _flattened(term: Term) -> bool:
    """What is put into one axis needs its lengths, or nobody knows how long that is."""
    if term.kind is not Kind.FLATTENED:
        return False
    (shape,) = (operand.shape for operand in term.operands)
    return shape is not None and len(shape) > 1 and _measure(shape)


def _measured(shapes: Mapping[str, Shape]) -> dict[str, tuple[int, ...]]:
    """Shapes in numbers."""
    for shape in sorted(shapes.values(), key=len, reverse=True):  # matrices decide, and vectors follow
        _measure(shape)
    found = {name: [known(length) for length in shape] for name, shape in shapes.items()}
    return {name: tuple(length for length in lengths if isinstance(length, int)) for name, lengths in found.items()}


def _measure(shape: Shape) -> bool:
    """Decide the lengths of a shape that nothing else decides; says whether there were any."""
    is_new = False
    for axis, length in enumerate(shape):
        free = known(length)
        if isinstance(free, Length):
            others = [known(other) for other in (*shape[:axis], *shape[axis + 1 :])]
            free.become(_SECOND if _FIRST in others or not others else _FIRST)
            is_new = True
    return is_new
