"""Gradients as terms: a number, scalars, what they are divided by, and the factors that are arrays.

In a graph of gradients the same product can be written in many ways: numbers stand inside sums and matrix products,
columns are reshaped into rows. As a `Term` it has one form: x(ŷ − y), Xᵀ(ŷ − y)/n, [z > 0] ⊙ W2ᵀ(ŷ − y).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from fractions import Fraction as Ratio

from chainrule.graph.infer import broadcast_shapes
from chainrule.notation.tree import (
    Expression,
    Fraction,
    Number,
    Power,
    Sum,
    matrix_product,
    negated,
)

__all__ = ["Part", "Term", "add_terms", "chained", "divided", "multiplied"]

#: Ratios of small numbers are written as fractions. Others, and those that are short decimals, are written as such.
_LARGEST_DENOMINATOR = 1024


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
    below : Expression or None
        Of one over an array: the array.
    """

    expression: Expression
    shape: tuple[int, ...]
    rank: float
    chain: tuple[Part, ...] = ()
    terms: tuple[Term, ...] = ()
    below: Expression | None = None


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
        """All factors in the order in which they are written, equal ones side by side."""
        parts = (*self.scalars, *self.factors)
        if len(parts) < 2:
            return parts
        first: dict[Expression, int] = {}
        for part in parts:
            first.setdefault(part.expression, len(first))
        return tuple(sorted(parts, key=lambda part: (part.rank, bool(part.shape), first[part.expression])))

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
        above, below = _arrays(alone.parts)  # x/(x v) is as long as v
        return Part(alone.expression(), broadcast_shapes(*[part.shape for part in (*above, *below)]), alone.rank)

    def expression(self) -> Expression:
        """The term written out."""
        numerator, denominator = _ratio(abs(self.number))
        parts = self.parts
        above = [part for part in parts if part.below is None]
        front = [part.expression for part in above if not part.shape]
        tops = [part for part in above if part.shape]
        kept, lower = _arrays(parts)
        arrays, below = [part.expression for part in kept], [part.expression for part in lower]
        if len(arrays) < 2 and not (numerator.value != 1 and arrays and front):
            front = [part.expression for part in above] if kept == tops else [*front, *arrays]
            arrays = []
        if arrays:
            front.append(_product(arrays))  # the number belongs to the whole product: 2(x ⊙ y)
        if numerator.value != 1 or not front:
            front.insert(0, numerator)
        divisors = [part.expression for part in self.divisors]
        bottom = sorted(divisors, key=divisors.index)  # equal ones side by side
        if denominator.value != 1:
            bottom.insert(0, denominator)
        if below:
            bottom.append(_product(below))
        written = _product(front)
        if bottom:
            divisor = _product(bottom)
            written = Fraction(written, divisor, is_array=written.is_array or divisor.is_array)
        return negated(written) if self.number < 0 else written


def _arrays(parts: tuple[Part, ...]) -> tuple[list[Part], list[Part]]:
    """The factors that are arrays, above and below the line, without what cancels."""
    arrays = [part for part in parts if part.shape]
    below = [replace(part, expression=part.below, below=None) for part in arrays if part.below is not None]
    return _cancelled([part for part in arrays if part.below is None], below)


def _cancelled(above: list[Part], below: list[Part]) -> tuple[list[Part], list[Part]]:
    """Powers of one base on both sides of a fraction, p/p², as one: 1/p."""
    for row, bottom in enumerate(below):
        base, many = _power_of(bottom.expression)
        for column, top in enumerate(above):
            same, some = _power_of(top.expression)
            if same == base and (some != many or len(above) > 1 or len(below) > 1):
                tops, bottoms = above[:column] + above[column + 1 :], below[:row] + below[row + 1 :]
                rest = base ** abs(some - many) if abs(some - many) > 1 else base
                left = [] if some == many else [Part(rest, bottom.shape, bottom.rank)]
                return _cancelled(tops + left, bottoms) if some > many else _cancelled(tops, bottoms + left)
    return above, below


@functools.lru_cache(maxsize=1024, typed=True)
def _ratio(number: float) -> tuple[Number, Number]:
    if not math.isfinite(number):
        return Number(number), Number(1)
    ratio = Ratio(number).limit_denominator(_LARGEST_DENOMINATOR)
    is_decimal = ratio.denominator > 5 and ratio.denominator % 5 == 0 and float(f"{number:.2g}") == number
    if ratio != 0 and abs(float(ratio) - number) <= 1e-15 * number and ratio.numerator <= 64 and not is_decimal:
        return Number(ratio.numerator), Number(ratio.denominator)
    return Number(int(number) if float(number).is_integer() else number), Number(1)


def _product(factors: list[Expression]) -> Expression:
    """Equal neighbours are written as a power."""
    merged: list[Expression] = []
    for factor in factors:
        raised = _raised(merged[-1], factor) if merged else None
        if raised is None:
            merged.append(factor)
        else:
            merged[-1] = raised
    product = merged[0]
    for factor in merged[1:]:
        product = product * factor
    return product


def _raised(left: Expression, right: Expression) -> Expression | None:
    """The product of two powers of the same base; None if they have none."""
    (base, exponent), (other, second) = _power_of(left), _power_of(right)
    if base != other or isinstance(base, Number):
        return None
    return base ** (exponent + second)


def _power_of(factor: Expression) -> tuple[Expression, int]:
    if isinstance(factor, Power) and isinstance(factor.exponent, Number) and type(factor.exponent.value) is int:
        return factor.base, factor.exponent.value
    return factor, 1


def multiplied(left: Term, right: Term, shape: tuple[int, ...]) -> Term:
    """The elementwise product."""
    if left.number == 0 or right.number == 0:
        return Term(shape, 0.0)
    scalars, divisors = _reduced(left.scalars + right.scalars, left.divisors + right.divisors)
    return Term(shape, left.number * right.number, scalars, divisors, left.factors + right.factors)


def divided(left: Term, right: Term, shape: tuple[int, ...]) -> Term:
    """The quotient by something without axes."""
    scalars, divisors = _reduced(left.scalars + right.divisors, left.divisors + right.scalars)
    return Term(shape, left.number / right.number, scalars, divisors, left.factors)


def _reduced(above: tuple[Part, ...], below: tuple[Part, ...]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """A fraction of scalars without those that stand on both sides, such as the n of 1/n over a mean."""
    left = list(below)
    kept = []
    for part in above:
        if part in left:
            left.remove(part)
        else:
            kept.append(part)
    return tuple(kept), tuple(left)


def add_terms(terms: list[Term], shape: tuple[int, ...]) -> Term:
    """The sum, with a number and divisors that all terms share written once."""
    flat: list[Term] = []
    for term in [term for term in terms if term.number != 0] or terms[:1]:
        (only,) = term.parts if len(term.parts) == 1 else (None,)
        if only is not None and only.terms and not term.divisors and abs(term.number) == 1:
            flat += [replace(inner, number=inner.number * term.number) for inner in only.terms]
        else:
            flat.append(term)
    if len(flat) == 1:
        return replace(flat[0], shape=shape)
    shared = flat[0].divisors if all(term.divisors == flat[0].divisors for term in flat) else ()
    size = abs(flat[0].number) if all(abs(term.number) == abs(flat[0].number) != 0 for term in flat) else 1.0
    if any(not term.parts for term in flat) or (not shared and any(term.divisors for term in flat)):
        size = 1.0  # 2 − 2x stays, and so does 2λ w + 2Xᵀ(ŷ − y)/n
    front = -size if all(term.number < 0 for term in flat) else size
    flat = [replace(term, number=term.number / front, divisors=() if shared else term.divisors) for term in flat]
    flat.sort(key=lambda term: term.number < 0)  # b − a reads better than −a + b
    written = tuple([term.expression() for term in flat])
    summed = Sum(written, is_array=any(part.is_array for part in written))
    # Not `shape`: where no term is as large, the sum is repeated along an axis.
    common = broadcast_shapes(*[body.shape if body else () for body in [term.body() for term in flat]])
    part = Part(summed, common, max(term.rank for term in flat), terms=tuple(flat))
    if part.shape:
        return Term(shape, front, (), shared, (part,))
    return Term(shape, front, (part,), shared)


def chained(left: Part, right: Part, shape: tuple[int, ...]) -> Part:
    """The matrix product of two factors."""
    chain = (*(left.chain or (left,)), *(right.chain or (right,)))
    product = matrix_product(left.expression, right.expression)
    return Part(product, shape, max(left.rank, right.rank), chain=chain)
