"""What names say of shapes in the field: matrices are capitals, vectors are small, Greek letters are numbers."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from chainrule.explain.formulas.shapes.terms import Kind, Term
from chainrule.notation.names import name_text

__all__ = ["Convention", "is_number", "is_weight", "rank_of"]


class Convention(enum.Enum):
    """How many axes the operands of a product have."""

    NAMES = "capitals have two, small letters have one"
    LEFT = "what stands at the left has two, and capitals"
    ALL = "all have two"


def rank_of(term: Term, convention: Convention, *, is_left: bool = False) -> int:
    """How many axes a term has by convention, where an array is needed."""
    if convention is Convention.ALL or (convention is Convention.LEFT and is_left):
        return 2
    return 2 if any(name[:1].isupper() for name in _unknown_names(term)) else 1


def is_number(term: Term, *, scales: bool = False) -> bool:
    """Whether a term is a number by convention, also where arrays stand beside it.

    Parameters
    ----------
    term : Term
    scales : bool, default False
        Whether it is an exponent or stands below the line: then any name is one, and what is computed from it.
    """
    while scales and term.kind is Kind.MAPPED:
        (term,) = term.operands
    return term.kind is Kind.NAME and (scales or _is_greek(term.name))


def _is_greek(name: str) -> bool:
    """Whether a name is written with a small Greek letter: λ, ``lam``, ``alpha``."""
    return "α" <= name_text(name)[:1] <= "ω"


def is_weight(term: Term) -> bool:
    """Whether a factor holds weights, and the other one data."""
    while term.kind is Kind.TRANSPOSED:
        (term,) = term.operands
    return term.kind is Kind.NAME and term.name[:1] in "WwUuVvΘθ"


def _unknown_names(term: Term) -> Iterator[str]:
    """Names without a shape that decide the shape of a term."""
    seen: set[Term] = set()
    waiting = [term]
    while waiting:
        here = waiting.pop()
        if here in seen or here.shape is not None:
            continue
        seen.add(here)
        if here.kind is Kind.NAME and not _is_greek(here.name):
            yield here.name
        waiting += here.operands[:1] if here.kind is Kind.SCALED else here.operands
