"""Relations between the values of a function at z and at −z, by which one of the two can be left out.

Each relation gets a polynomial in which both occur, and returns it without one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import negative
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.exponential import exp, log1p, sigmoid
from chainrule.ops.selection import maximum
from chainrule.simplify.polynomials import Polynomial, Terms, number, of_atom
from chainrule.simplify.rewrite import Case

__all__ = ["RELATIONS", "Atoms", "Relation"]


class Atoms(Protocol):
    """What a relation may ask of the atoms of a polynomial."""

    def number_of(self, node: Node) -> int:
        """The number of a node as an atom."""

    def built(self, op: Op, *arguments: Node | float) -> Node:
        """A node that is made for the new form."""


@dataclass(frozen=True)
class Relation:
    """A relation between f(z) and f(−z).

    Attributes
    ----------
    name, formula : str
    op : Op
    apply : callable
        ``apply(polynomial, plus, minus, z, atoms)`` with the atoms f(z) and f(−z) and the node z.
    cases : tuple of Case
        Formulas that it shortens.
    """

    name: str
    formula: str
    op: Op
    apply: Callable[[Polynomial, int, int, Node, Atoms], Polynomial | None]
    cases: tuple[Case, ...]


def _complement(polynomial: Polynomial, plus: int, minus: int, z: Node, atoms: Atoms) -> Polynomial | None:
    return polynomial.replaced(minus, number(1) - of_atom(plus))


def _ramp(polynomial: Polynomial, plus: int, minus: int, z: Node, atoms: Atoms) -> Polynomial | None:
    """With softplus(z) left over, ``max(z, 0) + log1p(e^-|z|)`` is written in its place: the large parts, max(z, 0)
    and multiples of z, then cancel exactly before the small part is added."""
    line = of_atom(atoms.number_of(z))
    result = polynomial.replaced(minus, of_atom(plus) - line)
    if result is None or plus not in result.atoms or atoms.number_of(z) not in result.atoms:
        return result
    ramp = atoms.built(maximum, z, 0.0)
    bend = atoms.built(log1p, atoms.built(exp, atoms.built(negative, atoms.built(absolute, z))))
    return result.replaced(plus, of_atom(atoms.number_of(ramp)) + of_atom(atoms.number_of(bend)))


def _reciprocal(polynomial: Polynomial, plus: int, minus: int, z: Node, atoms: Atoms) -> Polynomial | None:
    terms: Terms = {}
    for monomial, coefficient in polynomial.terms.items():
        exponents = dict(monomial)
        shared = min(exponents.get(plus, 0), exponents.get(minus, 0))
        for atom in (plus, minus):
            if shared > 0:
                exponents[atom] -= shared
        reduced = tuple([pair for pair in exponents.items() if pair[1]])
        terms[reduced] = terms.get(reduced, 0) + coefficient
    return Polynomial({monomial: c for monomial, c in terms.items() if c}, True) if terms != polynomial.terms else None


RELATIONS = (
    Relation(
        "sigmoid of −z",
        "σ(−z) = 1 − σ(z), where both occur in a sum of products",
        sigmoid,
        _complement,
        (
            Case(lambda z, y: (1 - y) * sigmoid(z) - y * sigmoid(-z), arity=2, labels=(1,)),
            Case(lambda z, y: 0.1 * (y * sigmoid(-z)) - 0.1 * ((1 - y) * sigmoid(z)), arity=2, labels=(1,)),
            Case(lambda z: sigmoid(z) * 3 + sigmoid(-z) * 3 - sigmoid(z)),
        ),
    ),
    Relation(
        "softplus of −z",
        "softplus(−z) = softplus(z) − z, where both occur in a sum of products; "
        "softplus(z) − y z is computed as max(z, 0) − y z + log1p(e^−|z|)",
        softplus,
        _ramp,
        (
            Case(lambda z, y: y * softplus(-z) + (1 - y) * softplus(z), arity=2, labels=(1,)),
            Case(lambda z: softplus(-z) - softplus(z)),
        ),
    ),
    Relation(
        "exp of −z",
        "e^z · e^−z = 1, where z occurs in another term",
        exp,
        _reciprocal,
        (Case(lambda z: exp(z) * exp(-z) + exp(z), low=-80, high=80),),
    ),
)
