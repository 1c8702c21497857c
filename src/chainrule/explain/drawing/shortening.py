"""Formulas that are too long for a box, cut so that a formula remains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chainrule.notation.tree import Call, Expression, Fence, Negative, Product, Reduction, Sum, Transpose, Verbatim

__all__ = ["ELLIPSIS", "shortened"]

#: What stands for the part that is left out.
ELLIPSIS = Verbatim("…")


def shortened(expression: Expression, fits: Callable[[Expression], bool]) -> Expression:
    """The expression if it fits; else with as many terms or factors, from the left, as fit; else just an ellipsis.

    Examples
    --------
    >>> from chainrule.notation.tree import Symbol
    >>> a, b, c = Symbol("a"), Symbol("b"), Symbol("c")
    >>> shortened(a + b + c, lambda part: sum(1 for _ in part.walk()) < 4).terms == (a, ELLIPSIS)
    True
    """
    return expression if fits(expression) else next(filter(fits, _cuts(expression)), ELLIPSIS)


def _cuts(expression: Expression) -> list[Expression]:
    """Shorter and shorter forms of an expression."""
    if isinstance(expression, Sum):
        terms = expression.terms
        return [replace(expression, terms=(*terms[:kept], ELLIPSIS)) for kept in range(len(terms) - 1, 0, -1)]
    if isinstance(expression, Product):
        factors = expression.factors
        return [replace(expression, factors=(*factors[:kept], ELLIPSIS)) for kept in range(len(factors) - 1, 0, -1)]
    if isinstance(expression, Call):
        arguments = expression.arguments
        return [
            replace(expression, arguments=(*arguments[:kept], ELLIPSIS)) for kept in range(len(arguments) - 1, -1, -1)
        ]
    if isinstance(expression, (Negative, Fence, Reduction, Transpose)):
        inner = [*_cuts(expression.operand), ELLIPSIS]
        return [replace(expression, operand=cut) for cut in inner]
    return []
