"""Printed parts of formulas: how strongly they hold together, and what joins two of them in a product."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum, IntEnum

from chainrule.notation.tree import Role

__all__ = ["Edge", "Joint", "Piece", "Strength", "joint", "joints"]


class Strength(IntEnum):
    """How strongly something holds together; what is weaker than its place asks for gets parentheses."""

    RELATION = 10
    SUM = 20
    NEGATIVE = 25  # begins with a minus sign
    REDUCTION = 30  # Σ x reaches as far to the right as it can
    ELEMENTWISE = 35
    QUOTIENT = 38  # a/b, ∂L/∂z and 0 · 50, which would be misread as a part of a product or of a quotient
    PRODUCT = 40
    COMPOUND = 45  # one factor that consists of several signs
    RAISED = 50  # has something at its upper right already
    CALL = 55
    ATOM = 60


class Edge(Enum):
    """What something looks like at its left or right end."""

    NUMERAL = "2"
    ODD_NUMBER = "3.2·10⁻⁸, ∞, [0, 1, …] (30,)"
    LETTER = "x"
    TENSOR = "X: one letter too, but an array"
    FUNCTION = "f: a letter that often names a function"
    NAME = "W1, x²"
    WORD = "loss"
    CALL = "log(x)"
    BRACKET = "(a + b)"
    SQUARE = "[z > 0]"
    FRACTION = "one above the other"
    DERIVATIVE = "∂L/∂z"
    ROOT = "√x"
    SIGN = "Σ x"


class Joint(Enum):
    """What stands between two factors."""

    TIGHT = "wx"
    NEAR = "W1 x"
    APART = "y log(ŷ)"
    DOT = "0 · 50"
    CIRCLE = "x ⊙ y"


@dataclass(frozen=True, slots=True)
class Piece:
    """A printed part of a formula.

    Attributes
    ----------
    body : str
        Without the mark of its role.
    strength : Strength
    begins, ends : Edge
    guarded : Piece or None
        The same with the negative number that it begins with in parentheses: ``(−4) · 3``.
    unsigned : Piece or None
        The same without the minus sign that it begins with, so that it can be subtracted.
    role : Role or None
        What it is marked as.
    """

    body: str
    strength: Strength = Strength.ATOM
    begins: Edge = Edge.NAME
    ends: Edge = Edge.NAME
    guarded: Piece | None = None
    unsigned: Piece | None = None
    role: Role | None = None


_DOTTED = {Edge.DERIVATIVE, Edge.SQUARE, Edge.ODD_NUMBER}
#: In front of a parenthesis these would be read as a function, or as ending elsewhere.
_LIKE_A_FUNCTION = {Edge.FUNCTION, Edge.WORD, Edge.CALL, Edge.ROOT}
_WITH_ROOM = {Edge.WORD, Edge.CALL}
_BEHIND_A_NUMBER = {Edge.LETTER, Edge.TENSOR, Edge.FUNCTION, Edge.BRACKET, Edge.SQUARE}


def joint(left: Edge, right: Edge) -> Joint:
    """What stands between two factors of an ordinary product.

    Examples
    --------
    >>> joint(Edge.LETTER, Edge.LETTER), joint(Edge.LETTER, Edge.NUMERAL)
    (<Joint.TIGHT: 'wx'>, <Joint.DOT: '0 · 50'>)
    """
    if left is Edge.NUMERAL and right in _BEHIND_A_NUMBER:
        return Joint.TIGHT
    if left in _DOTTED or right in _DOTTED or right is Edge.NUMERAL:
        return Joint.DOT
    if right is Edge.BRACKET:
        return Joint.DOT if left in _LIKE_A_FUNCTION else Joint.TIGHT
    if left is Edge.ROOT or (left is Edge.NUMERAL and right is Edge.FRACTION):
        return Joint.DOT
    if left is right is Edge.LETTER:
        return Joint.TIGHT
    return Joint.APART if left in _WITH_ROOM or right in _WITH_ROOM else Joint.NEAR


def joints(factors: list[Piece], *, apart: bool = False) -> list[Joint]:
    """What stands between the factors of an ordinary product, one less than there are factors.

    Letters run together, as in ``wx``, would look like the name of a function in front of a parenthesis; in a product
    of matrices they stand `apart`.
    """
    found: list[Joint] = []
    for left, right in itertools.pairwise(factors):
        are_letters = left.ends is right.begins is Edge.LETTER
        runs_on = bool(found) and found[-1] is Joint.TIGHT and left.begins is left.ends is Edge.LETTER
        end = Edge.WORD if runs_on and right.begins is Edge.BRACKET else left.ends
        found.append(Joint.NEAR if apart and are_letters else joint(end, right.begins))
    return found
