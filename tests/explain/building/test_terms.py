"""Products and sums in the form in which they are written."""

from __future__ import annotations

import pytest

from chainrule.explain.building.terms import Part, Term, add_terms, chained, divided, multiplied
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Number, Symbol, Transpose

N = (3,)


def part(name: str, shape: tuple[int, ...] = (), rank: float = 0.0) -> Part:
    return Part(Symbol(name, is_array=bool(shape)), shape, rank)


def term(name: str, shape: tuple[int, ...] = (), rank: float = 0.0, number: float = 1.0) -> Term:
    found = part(name, shape, rank)
    return Term(shape, number, factors=(found,)) if shape else Term((), number, scalars=(found,))


def below(name: str) -> Term:
    expression: Expression = Symbol(name, is_array=True)
    return Term(N, factors=(Part(Number(1) / expression, N, 0.0, below=expression),))


def text(found: Term) -> str:
    return to_text(found.expression())


@pytest.mark.parametrize(
    ("number", "written"),
    [(1.0, "x"), (-1.0, "−x"), (2.0, "2x"), (0.5, "x/2"), (-1.5, "−3x/2"), (2 / 3, "2x/3"), (0.1234, "0.1234x")],
)
def test_a_number_in_front(number: float, written: str) -> None:
    assert text(term("x", number=number)) == written


def test_what_is_computed_later_comes_later() -> None:
    assert text(multiplied(term("g", rank=float("inf")), term("x", rank=1.0), ())) == "x g"


def test_a_number_belongs_to_the_whole_product() -> None:
    product = multiplied(term("u", N, number=2.0), term("v", N), N)
    assert text(product) == "2(u ⊙ v)"


def test_equal_factors_are_a_power_wherever_they_stand() -> None:
    product = multiplied(multiplied(term("u", N), term("v", N), N), term("u", N), N)
    assert text(product) == "u² ⊙ v"
    square = Term((), scalars=(Part(Symbol("x") ** 2, (), 0.0),))
    assert text(multiplied(square, square, ())) == "x⁴"


def test_quotients_of_arrays_are_one_fraction() -> None:
    assert text(multiplied(term("u", N), multiplied(below("v"), below("w"), N), N)) == "u/(v ⊙ w)"


def test_scalars_on_both_sides_of_a_fraction_cancel() -> None:
    share = divided(Term(()), term("n"), ())
    assert text(divided(share, multiplied(term("s"), share, ()), ())) == "1/s"
    assert text(multiplied(share, multiplied(term("n"), term("n"), ()), ())) == "n"
    other = multiplied(share, divided(Term(()), term("m"), ()), ())
    assert text(multiplied(other, share, ())) == "1/(n² m)"


def test_powers_on_both_sides_of_a_fraction_cancel() -> None:
    square = Symbol("u", is_array=True) ** 2
    under = Term(N, factors=(Part(Number(1) / square, N, 0.0, below=square),))
    assert text(multiplied(term("u", N), under, N)) == "1/u"
    assert text(multiplied(Term(N, factors=(Part(square, N, 0.0),)), below("u"), N)) == "u"
    assert text(multiplied(multiplied(term("u", N), below("u"), N), below("v"), N)) == "1/v"


def test_one_base_cancels_once_for_each_time_it_occurs() -> None:
    twice = multiplied(below("u"), below("u"), N)
    assert text(multiplied(term("u", N), twice, N)) == "1/u"
    scaled = multiplied(term("a"), multiplied(term("u", N), twice, N), N)
    assert text(scaled) == "a/u"
    assert text(multiplied(term("u", N), multiplied(scaled, term("u", N), N), N)) == "a u"


def test_zero_times_anything_is_zero() -> None:
    assert text(multiplied(Term((), 0.0), term("x", N), N)) == "0"


def test_division_by_something_without_axes() -> None:
    assert text(divided(term("u", N), term("n"), N)) == "u/n"
    assert text(divided(term("x"), term("n", number=2.0), ())) == "x/(2n)"


def test_a_sum_has_what_all_terms_share_in_front() -> None:
    both = [divided(term(name, N, number=2.0), term("n"), N) for name in ("u", "v")]
    assert text(add_terms(both, N)) == "2(u + v)/n"


def test_what_is_subtracted_comes_last() -> None:
    assert text(add_terms([term("a", number=-1.0), term("b")], ())) == "b − a"
    assert text(add_terms([term("a", number=-1.0), term("b", number=-1.0)], ())) == "−(a + b)"


def test_zeros_are_not_added() -> None:
    assert text(add_terms([Term((), 0.0), term("b")], ())) == "b"
    assert text(add_terms([Term((), 0.0), Term((), 0.0)], ())) == "0"


def test_sums_in_sums_are_one_sum() -> None:
    inner = add_terms([term("a"), term("b")], ())
    assert text(add_terms([inner, term("c")], ())) == "a + b + c"


def test_a_chain_of_matrices_has_no_parentheses() -> None:
    a, b, c = part("A", (2, 3)), part("B", (3, 4)), Part(Transpose(Symbol("C", is_array=True)), (4, 2), 0.0)
    product = chained(chained(a, b, (2, 4)), c, (2, 2))
    assert to_text(product.expression) == "A B Cᵀ"
    assert product.chain == (a, b, c)
