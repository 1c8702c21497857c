"""What follows from the operation between terms, without any assumption."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.explain.formulas.shapes.lengths import Length, Misfit, Shape, broadcast, known, unify
from chainrule.explain.formulas.shapes.terms import Kind, Term

__all__ = ["axes_of", "relate", "settle"]


def relate(term: Term) -> bool:
    """Find what is certain of the shapes of a term and its operands; says whether a shape became known.

    Raises
    ------
    Misfit
        If shapes do not fit each other.
    """
    shapes = [operand.shape for operand in term.operands]
    match term.kind:
        case Kind.NUMBER | Kind.NAME:
            return False
        case Kind.TRANSPOSED:
            (inner,) = shapes
            below = term.shape is not None and settle(term.operands[0], term.shape[::-1])
            return (inner is not None and settle(term, inner[::-1])) or below
        case Kind.MAPPED | Kind.ALONG:
            (inner,) = shapes
            below = term.shape is not None and settle(term.operands[0], term.shape)
            if inner is not None and term.kind is Kind.ALONG:
                axes_of(term, len(inner))
            return (inner is not None and settle(term, inner)) or below
        case Kind.REDUCED:
            return _relate_reduced(term)
        case Kind.FLATTENED:
            (inner,) = shapes
            return inner is not None and settle(term, (_flattened(term, inner),))
        case Kind.PAIR | Kind.LABELLED | Kind.TRACE:
            _hold_together(term, [shape for shape in shapes if shape is not None])
            return settle(term, ())
    whole = [shape for shape in shapes if shape is not None]
    if len(whole) < len(shapes):
        return False
    if term.kind is Kind.INNER and all(whole):
        left, right = whole
        unify(left[-1], right[-1])
        return settle(term, left[:-1] + right[:-1])
    return settle(term, _product(*whole) if term.kind is Kind.PRODUCT else broadcast(whole))


def settle(term: Term, shape: Shape) -> bool:
    """Give a term a shape, or hold it against the one that it has; says whether that is new."""
    if term.shape is None:
        term.shape = shape
        return True
    if len(term.shape) != len(shape):
        raise Misfit
    for ours, theirs in zip(term.shape, shape, strict=True):
        unify(ours, theirs)
    return False


def axes_of(term: Term, rank: int) -> set[int]:
    """The axes that an operation goes along, of an operand with so many."""
    axis = term.settings.get("axis")
    if axis is None:
        return set(range(rank))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(-rank <= one < rank for one in axes):
        raise Misfit
    return {one % rank for one in axes}


def _flattened(term: Term, inner: Shape) -> Length | int:
    """How many elements there are, as far as that is known."""
    lengths = [known(length) for length in inner]
    if len(lengths) == 1:
        return lengths[0]
    numbers = [length for length in lengths if isinstance(length, int)]
    if len(numbers) == len(lengths):
        return math.prod(numbers)
    return Length() if term.shape is None else term.shape[0]


def _hold_together(term: Term, shapes: Sequence[Shape]) -> None:
    """Hold the operands of what gives a number against each other, or against what it needs."""
    if term.kind is Kind.TRACE:
        if any(len(shape) != 2 for shape in shapes):
            raise Misfit
        return
    if len(shapes) < 2 or (term.kind is Kind.PAIR and () in shapes):  # a loss may hold all against one number
        return
    first, second = shapes
    if term.kind is Kind.LABELLED and len(second) == len(first) - 1:  # such as 2 for the third class
        (classes,) = axes_of(term, len(first)) if "axis" in term.settings else {len(first) - 1}
        first = first[:classes] + first[classes + 1 :]
    if len(first) != len(second):
        raise Misfit
    for left, right in zip(first, second, strict=True):
        unify(left, right)


def _relate_reduced(term: Term) -> bool:
    (inner,) = (operand.shape for operand in term.operands)
    keeps = bool(term.settings.get("keepdims"))
    if inner is None:
        return term.settings.get("axis") is None and not keeps and settle(term, ())
    gone = axes_of(term, len(inner))
    lengths: list[Length | int] = []
    for axis, length in enumerate(inner):
        if axis not in gone:
            lengths.append(length)
        elif keeps:
            lengths.append(1)
    return settle(term, tuple(lengths))


def _product(left: Shape, right: Shape) -> Shape:
    if not left or not right:
        raise Misfit
    unify(left[-1], right[-2] if len(right) > 1 else right[0])
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    return broadcast([left[:-2], right[:-2]]) + rows + columns
