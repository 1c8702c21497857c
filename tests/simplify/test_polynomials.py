"""Polynomials over atoms: exact arithmetic, and the guards that keep them small and safe."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chainrule.simplify.polynomials import Polynomial, number, of_atom

A, B, C = of_atom(0), of_atom(1), of_atom(2)


def test_like_terms_are_added_and_noticed() -> None:
    assert (A + A).terms == {((0, 1),): 2}
    assert (A + A).is_merged
    assert not (A + B).is_merged
    assert (A - A).terms == {}


def test_products_add_exponents() -> None:
    assert (A * A * B).terms == {((0, 2), (1, 1)): 1}
    assert ((A + B) * (A - B)).terms == {((0, 2),): 1, ((1, 2),): -1}


def test_numbers_are_taken_for_exactly_what_they_are() -> None:
    assert number(0.1).terms == {(): Fraction(0.1)}
    assert (number(0.1) * number(3)).terms == {(): Fraction(0.1) * 3}
    assert type((number(0.5) * number(2)).terms[()]) in (int, Fraction)
    assert number(0.0).terms == {}


def test_only_single_terms_have_an_inverse() -> None:
    inverse = (A * number(2)).inverse()
    assert inverse is not None
    assert inverse.terms == {((0, -1),): Fraction(1, 2)}
    assert (A + B).inverse() is None


def test_cancelling_is_seen_before_it_happens() -> None:
    inverse = A.inverse()
    assert inverse is not None
    assert A.cancels(inverse, ())
    assert not A.cancels(inverse, {0})
    assert not B.cancels(inverse, ())


def test_an_atom_is_replaced_by_a_polynomial() -> None:
    replaced = (A * A + B).replaced(0, number(1) - B)
    assert replaced is not None
    assert replaced.terms == {(): 1, ((1, 1),): -1, ((1, 2),): 1}
    inverse = A.inverse()
    assert inverse is not None
    assert inverse.replaced(0, B + C) is None


@pytest.mark.parametrize(
    ("total", "factor", "allowed"),
    [
        (number(1) - A, B, True),
        (number(5) - A * number(5), B, True),
        (number(1000) - A, B, False),
        (B - A * B, C, True),
        (B * B * number(2) - A * B * B, C, False),
        (A * A - A * B, C, False),
        (A - B, C, False),
        (A - B, number(3), True),
        (A - B, number(1) - C, False),
        (A, B, True),
    ],
)
def test_factors_are_multiplied_into_sums_that_do_not_cancel_by_that(
    total: Polynomial, factor: Polynomial, allowed: bool
) -> None:
    assert total.may_distribute(factor) is allowed


def test_what_grows_too_large_is_not_followed() -> None:
    assert (A + B + C).is_small
    assert not sum((of_atom(i) for i in range(1, 12)), start=A).is_small
    power = A
    for _ in range(10):
        power = power * A
    assert not power.is_small
    long = number(0.1)
    for _ in range(20):
        long = long * number(0.1)
    assert not long.is_small


def test_simple_polynomials_are_recognised() -> None:
    assert A.single_atom == (0, 1)
    assert (-A).single_atom == (0, -1)
    assert (A * A).single_atom is None
    assert (number(1) - A).is_complement
    assert (-A).is_complement
    assert not (A + B).is_complement
    assert not (A * number(2)).is_complement
