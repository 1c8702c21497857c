"""Gradients as terms: a number, scalars, what they are divided by, and the factors that are arrays.

In a graph of gradients the same product can be written in many ways: numbers stand inside sums and matrix products,
columns are reshaped into rows. As a `Term` it has one form: x(ŷ − y), Xᵀ(ŷ − y)/n, [z > 0] ⊙ W2ᵀ(ŷ − y).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction as Ratio

from chainrule.notation.tree import (
    Expression,
    Fraction,
    Number,
    Product,
    Sum,
    matrix_product,
    negated,
)

__all__ = ["Part", "Term", "add_terms", "chained", "divided", "multiplied"]

#: Ratios of small numbers are written as fractions; other numbers as decimals.
_LARGEST_DENOMINATOR = 64


@dataclass(frozen=True)
class Part:
    """One factor.

    Attributes
    ----------
    expression : Expression
    shape : tuple of int
    rank : float
        What it depends on that is computed last; factors are written in this order, so the upstream gradient, which is
        infinitely late, comes after the local one.
    chain : tuple of Part
        Of a matrix product: its factors.
    terms : tuple of Term
        Of a sum: its terms.
    """

    expression: Expression
    shape: tuple[int, ...]
    rank: float
    chain: tuple[Part, ...] = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Term:
    """A product: ``number · scalars · factors / divisors``.

    Attributes
    ----------
    shape : tuple of int
    number : float
    scalars, divisors : tuple of Part
        Without axes, so that they may be written in front of anything linear.
    factors : tuple of Part
        Arrays, multiplied element by element.
    """

    shape: tuple[int, ...]
    number: float = 1.0
    scalars: tuple[Part, ...] = ()
    divisors: tuple[Part, ...] = ()
    factors: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All factors in the order in which they are written."""
        return tuple(sorted((*self.scalars, *self.factors), key=lambda part: (part.rank, bool(part.shape))))

    @property
    def rank(self) -> float:
        return max((part.rank for part in (*self.scalars, *self.factors, *self.divisors)), default=-1.0)

    @property
    def coefficient(self) -> Term:
        """All that can be written in front of anything linear."""
        return replace(self, factors=(), shape=())

    def body(self) -> Part | None:
        """The factors as one; None if there are none."""
        if not self.factors:
            return None
        if len(self.factors) == 1:
            return self.factors[0]
        alone = Term(self.shape, factors=self.factors)
        return Part(alone.expression(), self.shape, alone.rank)

    def expression(self) -> Expression:
        """The term written out."""
        numerator, denominator = _ratio(abs(self.number))
        front = [part.expression for part in self.parts if not part.shape]
        arrays = [part.expression for part in self.parts if part.shape]
        if len(self.factors) < 2 and not (numerator.value != 1 and arrays and front):
            front, arrays = [part.expression for part in self.parts], []
        if arrays:
            front.append(_product(arrays))  # the number belongs to the whole product: 2(x ⊙ y)
        if numerator.value != 1 or not front:
            front.insert(0, numerator)
        bottom = [part.expression for part in self.divisors]
        if denominator.value != 1:
            bottom.insert(0, denominator)
        written = _product(front)
        if bottom:
            written = Fraction(written, _product(bottom), is_array=written.is_array)
        return negated(written) if self.number < 0 else written


def _ratio(number: float) -> tuple[Number, Number]:
    if not math.isfinite(number):
        return Number(number), Number(1)
    ratio = Ratio(number).limit_denominator(_LARGEST_DENOMINATOR)
    if ratio != 0 and abs(float(ratio) - number) <= 1e-15 * number and ratio.numerator <= _LARGEST_DENOMINATOR:
        return Number(ratio.numerator), Number(ratio.denominator)
    return Number(int(number) if float(number).is_integer() else number), Number(1)


def _product(factors: list[Expression]) -> Expression:
    product = factors[0]
    for factor in factors[1:]:
        if product == factor and not isinstance(product, Number):
            product = product**2
        elif isinstance(product, Product) and product.factors[-1] == factor and product.kind != "matrix":
            product = replace(product, factors=(*product.factors[:-1], factor**2))
        else:
            product = product * factor
    return product


def multiplied(left: Term, right: Term, shape: tuple[int, ...]) -> Term:
    """The elementwise product."""
    return Term(
        shape,
        left.number * right.number,
        left.scalars + right.scalars,
        left.divisors + right.divisors,
        left.factors + right.factors,
    )


def divided(left: Term, right: Term, shape: tuple[int, ...]) -> Term:
    """The quotient by something without axes."""
    return Term(
        shape,
        left.number / right.number,
        left.scalars + right.divisors,
        left.divisors + right.scalars,
        left.factors,
    )


def add_terms(terms: list[Term], shape: tuple[int, ...]) -> Term:
    """The sum, with a number and divisors that all terms share written once."""
    flat: list[Term] = []
    for term in terms:
        (only,) = term.parts if len(term.parts) == 1 else (None,)
        if only is not None and only.terms and not term.divisors and abs(term.number) == 1:
            flat += [replace(inner, number=inner.number * term.number) for inner in only.terms]
        else:
            flat.append(term)
    shared = flat[0].divisors if all(term.divisors == flat[0].divisors for term in flat) else ()
    size = abs(flat[0].number) if all(abs(term.number) == abs(flat[0].number) != 0 for term in flat) else 1.0
    if any(not term.parts for term in flat) or (not shared and any(term.divisors for term in flat)):
        size = 1.0  # 2 − 2x stays, and so does 2λ w + 2Xᵀ(ŷ − y)/n
    front = -size if all(term.number < 0 for term in flat) else size
    flat = [replace(term, number=term.number / front, divisors=() if shared else term.divisors) for term in flat]
    flat.sort(key=lambda term: term.number < 0)  # b − a reads better than −a + b
    written = tuple([term.expression() for term in flat])
    summed = Sum(written, is_array=any(part.is_array for part in written))
    part = Part(summed, shape, max(term.rank for term in flat), terms=tuple(flat))
    if shape:
        return Term(shape, front, (), shared, (part,))
    return Term(shape, front, (part,), shared)


def chained(left: Part, right: Part, shape: tuple[int, ...]) -> Part:
    """The matrix product of two factors."""
    chain = (*(left.chain or (left,)), *(right.chain or (right,)))
    product = matrix_product(left.expression, right.expression)
    return Part(product, shape, max(left.rank, right.rank), chain=chain)
