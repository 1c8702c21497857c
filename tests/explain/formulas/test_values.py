"""Values as they are typed, and as the page prints them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse, parse_value
from chainrule.notation.numbers import number_text

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300).filter(
    lambda number: number == 0 or abs(number) > 1e-300
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("3.2·10⁻⁸", 3.2e-8), ("−2·10³", -2000.0), ("10⁻⁴", 1e-4), ("−10⁺²", -100.0), (" .5×10⁴ ", 5000.0), ("10", 10.0)],
)
def test_powers_of_ten_are_numbers(text: str, value: float) -> None:
    assert parse_value(text) == value


def test_powers_of_ten_stand_in_arrays() -> None:
    np.testing.assert_array_equal(parse_value("[[1, −2.5·10⁷], [10⁻⁹, 0]]"), [[1, -2.5e7], [1e-9, 0]])


@pytest.mark.parametrize("text", ["2·3", "x·10⁻⁴", "2·10", "20⁻⁴", "210⁴", "10⁴ᵀ", "1·10⁹⁹⁹", "10⁻"])
def test_nothing_else_with_these_signs_is_a_value(text: str) -> None:
    with pytest.raises(FormulaError, match="is no number, vector or matrix"):
        parse_value(text)


@given(NUMBERS, st.integers(1, 17))
def test_a_number_that_is_printed_can_be_typed(number: float, digits: int) -> None:
    printed = number_text(number, digits)
    value = parse_value(printed)
    assert math.isclose(value, number, rel_tol=0.51 * 10 ** (1 - digits))
    assert number_text(value, digits) == printed


@given(NUMBERS.filter(bool), st.integers(1, 17))
def test_a_printed_number_is_one_number_in_a_formula(number: float, digits: int) -> None:
    printed = number_text(abs(number), digits)
    value = parse_value(printed)
    assert parse(f"x / {printed}")(3.0) == pytest.approx(3.0 / value, rel=1e-14)
