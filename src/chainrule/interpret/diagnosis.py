"""Why a value is not finite: which element of it, what happened to the operands there, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import ITEM, Hazard
from chainrule.notation.numbers import number_text
from chainrule.ops.hazards import SMALLER

__all__ = ["Blame", "Diagnosis", "computing", "diagnose", "has_nan", "is_finite", "slope_hazard"]

Index = tuple[int, ...]


@dataclass(frozen=True)
class Blame:
    """An element of a value: the node, and the index; () for a number."""

    node: Node
    index: Index


@dataclass(frozen=True)
class Diagnosis:
    """What happened in one node.

    Attributes
    ----------
    reason, fix : str
        As in `Hazard`, with the numbers put in.
    blamed : tuple of Blame
        The elements of the operands that it happened to; of the result where operands cannot be told apart, as in a
        matrix product.
    of_infinity : bool
        Whether an operand was infinite there already.
    """

    reason: str
    fix: str
    blamed: tuple[Blame, ...]
    of_infinity: bool = False


def is_finite(value: Any) -> bool:
    """Whether an array is free of NaN and infinity; what is no floating-point number is."""
    array = np.asarray(value)
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def has_nan(value: Any) -> bool:
    """Whether an element is NaN."""
    array = np.asarray(value)
    return array.dtype.kind in "fc" and bool(np.isnan(array).any())


def computing(node: Node) -> Node:
    """The node that computes: for one of several results, such as Q of a QR decomposition, the node of them all."""
    return node.inputs[0] if node.op is ITEM else node


def diagnose(node: Node) -> Diagnosis | None:
    """Why a node is NaN or infinite, if it begins in this node.

    It begins here if an element is not finite although the elements that it is computed from are, or is NaN although
    none of these is: ∞ − ∞.

    Returns
    -------
    Diagnosis or None
        None if the value is finite, or if what is wrong with it came from an operand.
    """
    sources = [source for source in computing(node).inputs if not source.is_tuple]
    if not sources or is_finite(node.value):
        return None
    operands = [np.asarray(source.value) for source in sources]
    result = np.asarray(node.value)
    if node.op.broadcasts:
        return _of_elements(node, sources, operands, result)
    return _of_whole(node, operands, result)


def _of_elements(
    node: Node, sources: list[Node], operands: list[np.ndarray[Any, Any]], result: np.ndarray[Any, Any]
) -> Diagnosis | None:
    """An operation that computes each element from the elements of its operands at the same place."""
    finite, known = np.True_, np.True_
    for operand in operands:
        finite = finite & np.isfinite(operand)
        known = known & ~np.isnan(operand)
    fresh = ~np.isfinite(result) & finite
    is_fresh = bool(fresh.any())
    if not is_fresh:
        fresh = np.isnan(result) & known
    index = _first(np.broadcast_to(fresh, result.shape))
    if index is None:
        return None
    places = [_aligned(operand, index) for operand in operands]
    numbers = [operand[place] for operand, place in zip(operands, places, strict=True)]
    texts = [number_text(number) for number in numbers]
    reason, fix = _matching(node, numbers, is_fresh) or (_otherwise(node, result[index], texts), SMALLER)
    return Diagnosis(reason.format(*texts, name=node.op.name), fix, tuple(map(Blame, sources, places)), not is_fresh)


def _of_whole(node: Node, operands: list[np.ndarray[Any, Any]], result: np.ndarray[Any, Any]) -> Diagnosis | None:
    """Any other operation: an element of the result may come from all elements of the operands."""
    of_infinity = not all(map(is_finite, operands))
    if of_infinity and (not has_nan(result) or any(map(has_nan, operands))):
        return None
    index = _first(~np.isfinite(result))
    assert index is not None, "diagnosed is what is not finite"
    hazard = next(iter(computing(node).op.hazards), None)
    name = computing(node).op.name
    if hazard is None:
        hazard = Hazard(f"{name} of ∞ has no value" if of_infinity else f"overflow of {name}", SMALLER)
    return Diagnosis(hazard.reason.format(name=name), hazard.fix, (Blame(node, index),), of_infinity)


def _matching(node: Node, numbers: list[Any], is_fresh: bool) -> tuple[str, str] | None:
    """The first hazard in the operation's record that holds for some numbers; a general one only for finite numbers."""
    for hazard in node.op.hazards:
        if not hazard.in_slope and (is_fresh if hazard.when is None else bool(hazard.when(*numbers))):
            return hazard.reason, hazard.fix
    return None


def _otherwise(node: Node, number: Any, operands: list[str]) -> str:
    """A reason where the record names none."""
    what = f"{node.op.name} of {' and '.join(operands)}"
    return f"{what} has no value" if np.isnan(number) else f"overflow: {what}"


def slope_hazard(node: Node) -> Diagnosis | None:
    """Why the derivative of an operation is infinite although its result is not: the slope of the square root at 0."""
    for hazard in node.op.hazards:
        if hazard.in_slope and hazard.when is not None:
            operand = np.asarray(node.inputs[0].value)
            index = _first(np.asarray(hazard.when(operand)))
            if index is not None:
                text = number_text(operand[index])
                return Diagnosis(
                    hazard.reason.format(text, name=node.op.name), hazard.fix, (Blame(node.inputs[0], index),)
                )
    return None


def _first(mask: np.ndarray[Any, Any]) -> Index | None:
    """Where a mask is true for the first time."""
    if not mask.any():
        return None
    return tuple(int(place) for place in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _aligned(operand: np.ndarray[Any, Any], index: Index) -> Index:
    """Which element of an operand broadcasting brings to a place of the result."""
    own = index[len(index) - operand.ndim :]
    return tuple([0 if length == 1 else place for place, length in zip(own, operand.shape, strict=True)])
