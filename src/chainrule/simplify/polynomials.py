"""Polynomials with rational coefficients over numbered atoms; an atom may stand in a denominator."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["Coefficient", "Monomial", "Polynomial", "Terms", "number", "of_atom"]

#: Atoms with their exponents, in the order of the atoms' numbers: ``((2, 1), (5, -1))`` is a₂ / a₅.
Monomial = tuple[tuple[int, int], ...]
#: An `int` where it is whole, as that is faster, else a `Fraction`.
Coefficient = Any
Terms = dict[Monomial, Coefficient]

#: A polynomial with more terms, or a term with more factors, is not looked into any further.
_MOST_TERMS = 8
_MOST_FACTORS = 8
#: Longer coefficients than the product of a few floating-point numbers has are not followed either.
_MOST_BITS = 512


@dataclass(frozen=True)
class Polynomial:
    """A sum of terms, each a coefficient times a monomial.

    Attributes
    ----------
    terms : dict of monomial to coefficient
        Without terms that are zero.
    is_merged : bool
        Whether something came together on the way: like terms, or numbers. Only then can a shorter formula exist.

    Examples
    --------
    >>> a, b = of_atom(0), of_atom(1)
    >>> ((a + b) * (a - b)).terms
    {((0, 2),): 1, ((1, 2),): -1}
    """

    terms: Terms
    is_merged: bool = False

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        is_merged = self.is_merged or other.is_merged
        for monomial, coefficient in other.terms.items():
            if monomial in terms:
                is_merged = True
                total = terms[monomial] + coefficient
                if total:
                    terms[monomial] = total
                else:
                    del terms[monomial]
            else:
                terms[monomial] = coefficient
        return Polynomial(terms, is_merged)

    def __neg__(self) -> Polynomial:
        return Polynomial({monomial: -coefficient for monomial, coefficient in self.terms.items()}, self.is_merged)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        result = Polynomial({}, self.is_merged or other.is_merged)
        for first, a in self.terms.items():
            for second, b in other.terms.items():
                both_are_numbers = abs(a) != 1 and abs(b) != 1
                result = result + Polynomial({_product(first, second): a * b}, both_are_numbers)
        return result

    def inverse(self) -> Polynomial | None:
        """1 / p, if p is a single term."""
        if len(self.terms) != 1:
            return None
        ((monomial, coefficient),) = self.terms.items()
        inverted = tuple([(atom, -exponent) for atom, exponent in monomial])
        return Polynomial({inverted: _plain(Fraction(1) / coefficient)}, self.is_merged)

    def cancels(self, other: Polynomial, harmless: Container[int]) -> bool:
        """Whether a product with another polynomial cancels an atom that may be zero, as in x · (1 / x)."""
        signs = {atom: exponent > 0 for monomial in self.terms for atom, exponent in monomial}
        return any(
            atom in signs and signs[atom] != (exponent > 0) and atom not in harmless
            for monomial in other.terms
            for atom, exponent in monomial
        )

    def may_distribute(self, factor: Polynomial) -> bool:
        """Whether a factor may be multiplied into this sum: see `chainrule.simplify.closed_forms`."""
        if len(self.terms) <= 1:
            return len(factor.terms) <= 1
        if len(factor.terms) > 1:
            return False
        if not factor.atoms:
            return True
        shared = self._shared()  # w − w·y is w(1 − y): its number is that of 1 − y
        largest = max([abs(coefficient) for monomial, coefficient in self.terms.items() if monomial != shared])
        return 0 < abs(self.terms.get(shared, 0)) <= largest

    def _shared(self) -> Monomial:
        """The monomial that can be taken out of all terms."""
        if () in self.terms:
            return ()
        first, *others = [dict(monomial) for monomial in self.terms]
        return tuple(
            [
                (atom, min([exponent, *[other[atom] for other in others]]))
                for atom, exponent in first.items()
                if all(atom in other for other in others)
            ]
        )

    def replaced(self, atom: int, by: Polynomial) -> Polynomial | None:
        """Another polynomial in place of an atom, if that stands in no denominator."""
        result = Polynomial({}, True)
        for monomial, coefficient in self.terms.items():
            exponents = dict(monomial)
            exponent = exponents.pop(atom, 0)
            if exponent < 0:
                return None
            term = Polynomial({tuple(exponents.items()): coefficient})
            for _ in range(exponent):
                term = term * by
            result = result + term
        return Polynomial(result.terms, True)

    @property
    def is_small(self) -> bool:
        """Whether it is worth looking into."""
        return len(self.terms) <= _MOST_TERMS and all(
            sum([abs(exponent) for _, exponent in monomial]) <= _MOST_FACTORS and _bits(coefficient) <= _MOST_BITS
            for monomial, coefficient in self.terms.items()
        )

    @property
    def atoms(self) -> set[int]:
        return {atom for monomial in self.terms for atom, _ in monomial}

    @property
    def is_complement(self) -> bool:
        """Whether the polynomial is a or −a for an atom a, or a number plus or minus that."""
        monomials = [monomial for monomial in self.terms if monomial]
        return (
            len(monomials) == 1
            and len(monomials[0]) == 1
            and monomials[0][0][1] == 1
            and self.terms[monomials[0]] in (1, -1)
        )

    @property
    def single_atom(self) -> tuple[int, int] | None:
        """Atom and sign, if the polynomial is a or −a."""
        if len(self.terms) == 1:
            ((monomial, coefficient),) = self.terms.items()
            if len(monomial) == 1 and monomial[0][1] == 1 and coefficient in (1, -1):
                return monomial[0][0], int(coefficient)
        return None


def of_atom(atom: int) -> Polynomial:
    """The polynomial that is one atom."""
    return Polynomial({((atom, 1),): 1})


def number(value: float | int) -> Polynomial:
    """The polynomial that is a number, which is taken for exactly what it is.

    >>> number(0.5).terms
    {(): Fraction(1, 2)}
    """
    return Polynomial({(): _plain(Fraction(value))} if value else {})


def _plain(value: Coefficient) -> Coefficient:
    """Whole numbers as `int`, which is faster."""
    return int(value) if value.denominator == 1 else value


def _bits(value: Coefficient) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _product(first: Monomial, second: Monomial) -> Monomial:
    if not first:
        return second
    if not second:
        return first
    exponents = dict(first)
    for atom, exponent in second:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return tuple(sorted([pair for pair in exponents.items() if pair[1]]))
