"""From a polynomial back to nodes: common factors first, and nodes that exist already are used again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from chainrule.graph.node import Node
from chainrule.graph.op import Op, lift
from chainrule.ops.arithmetic import add, divide, multiply, negative, subtract
from chainrule.simplify.merging import expression_key
from chainrule.simplify.polynomials import Coefficient, Monomial, Polynomial, Terms

__all__ = ["Builder"]


class Builder:
    """Builds formulas, and knows which nodes exist already.

    Parameters
    ----------
    known : dict
        Existing nodes by `chainrule.simplify.merging.expression_key`.
    atoms : sequence of Node
        What the numbers in monomials stand for.

    Attributes
    ----------
    fresh : list of Node
        The operations that had to be made, in order.
    """

    def __init__(self, known: dict[Any, Node], atoms: Sequence[Node]) -> None:
        self._known = known
        self._atoms = atoms
        self._made: dict[Any, Node] = {}
        self.fresh: list[Node] = []

    def call(self, op: Op, *arguments: Any) -> Node:
        """The node of an operation, an existing one if there is one."""
        inputs = tuple([lift(argument) for argument in arguments])
        node = op.apply(inputs)
        key = expression_key(node, inputs)
        known = self._known.get(key) or self._made.get(key)
        if known is not None:
            return known
        self._made[key] = node
        self.fresh.append(node)
        return node

    def express(self, polynomial: Polynomial) -> Node | None:
        """A short formula for a polynomial; `None` where it is a plain number or has no sensible form."""
        if not polynomial.atoms:
            return None
        try:
            return self._sum(dict(polynomial.terms))
        except OverflowError:  # a coefficient that is no floating-point number
            return None

    def _sum(self, terms: Terms) -> Node:
        if len(terms) == 1:
            ((monomial, coefficient),) = terms.items()
            return self._term(monomial, coefficient)
        common = _common_factor(terms)
        if common:
            rest = {_without(monomial, dict(common)): coefficient for monomial, coefficient in terms.items()}
            number, rest = _common_number(rest)
            return self._scaled(self._product(common, self._sum(rest)), number)
        number, terms = _common_number(terms)
        if number != 1:
            return self._scaled(self._sum(terms), number)
        grouped = self._horner(terms)
        return grouped if grouped is not None else self._plain_sum(terms)

    def _horner(self, terms: Terms) -> Node | None:
        """a · (…) + rest, for the atom a that most terms have as a factor."""
        counts: dict[int, int] = {}
        for monomial in terms:
            for atom, exponent in monomial:
                if exponent > 0:
                    counts[atom] = counts.get(atom, 0) + 1
        atom = max(counts, key=lambda one: counts[one], default=-1)
        if counts.get(atom, 0) < 2:
            return None
        inside = {_without(m, {atom: 1}): c for m, c in terms.items() if dict(m).get(atom, 0) > 0}
        outside = {m: c for m, c in terms.items() if dict(m).get(atom, 0) <= 0}
        product = self._product(((atom, 1),), self._sum(inside))
        if len(outside) == 1:
            ((monomial, coefficient),) = outside.items()
            return self._plus(product, monomial, coefficient)
        return self.call(add, product, self._sum(outside))

    def _plain_sum(self, terms: Terms) -> Node:
        """Terms one after the other, the first positive one first."""
        ordered = sorted(terms)
        start = next((monomial for monomial in ordered if terms[monomial] > 0), ordered[0])
        ordered.remove(start)
        if not start and len(ordered) and terms[start] > 0:  # a number: 1 - x, or x + 1
            first = ordered.pop(0)
            total = self._number_plus(terms[start], first, terms[first])
        else:
            total = self._term(start, terms[start])
        for monomial in ordered:
            total = self._plus(total, monomial, terms[monomial])
        return total

    def _number_plus(self, number: Coefficient, monomial: Monomial, coefficient: Coefficient) -> Node:
        term = self._term(monomial, abs(coefficient))
        return self.call(add if coefficient > 0 else subtract, _literal(number), term)

    def _plus(self, total: Node, monomial: Monomial, coefficient: Coefficient) -> Node:
        term: Any = self._term(monomial, abs(coefficient)) if monomial else _literal(abs(coefficient))
        return self.call(add if coefficient > 0 else subtract, total, term)

    def _term(self, monomial: Monomial, coefficient: Coefficient) -> Node:
        return self._scaled(self._product(monomial, None), coefficient)

    def _scaled(self, node: Node, number: Coefficient) -> Node:
        if number == 1:
            return node
        if number == -1 and node.dtype.kind == "f":
            return self.call(negative, node)
        return self.call(multiply, _literal(number), node)

    def _product(self, monomial: Monomial, last: Node | None) -> Node:
        """The atoms of a monomial multiplied, small arrays first, then with one more factor."""
        factors = [self._atoms[atom] for atom, exponent in monomial for _ in range(exponent)]
        factors.sort(key=lambda node: (node.dtype.kind != "f", node.size))
        divisors = [self._atoms[atom] for atom, exponent in monomial for _ in range(-exponent)]
        if last is not None:
            factors.append(last)
        product: Any = factors[0] if factors else 1
        for factor in factors[1:]:
            product = self.call(multiply, product, factor)
        for divisor in divisors:
            product = self.call(divide, product, divisor)
        return product


def _literal(value: Coefficient) -> float | int:
    """A coefficient as a Python number."""
    return value if isinstance(value, int) and abs(value) < 2**53 else float(value)


def _without(monomial: Monomial, factors: dict[int, int]) -> Monomial:
    """A monomial divided by another one."""
    return tuple([(a, e - factors.get(a, 0)) for a, e in monomial if e != factors.get(a, 0)])


def _common_factor(terms: Terms) -> Monomial:
    """What all terms have as a factor, or as a divisor."""
    monomials = [dict(monomial) for monomial in terms]
    common = []
    for atom in monomials[0]:
        exponents = [monomial.get(atom, 0) for monomial in monomials]
        if min(exponents) > 0:
            common.append((atom, min(exponents)))
        elif max(exponents) < 0:
            common.append((atom, max(exponents)))
    return tuple(common)


def _common_number(terms: Terms) -> tuple[Coefficient, Terms]:
    """The number by which all coefficients can be divided, if they differ in nothing but sign; else 1.

    The sign is taken out too where no coefficient is positive.
    """
    sizes = {abs(coefficient) for coefficient in terms.values()}
    sign = 1 if any(coefficient > 0 for coefficient in terms.values()) else -1
    size = sizes.pop() if len(sizes) == 1 else 1
    number = sign * size
    if number == 1:
        return 1, terms
    return number, {monomial: _divided(coefficient, number) for monomial, coefficient in terms.items()}


def _divided(coefficient: Coefficient, number: Coefficient) -> Coefficient:
    quotient = Fraction(coefficient) / number
    return int(quotient) if quotient.denominator == 1 else quotient
