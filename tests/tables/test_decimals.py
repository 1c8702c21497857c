"""Numbers with a decimal comma: cell by cell, they mean what the same numbers with a point mean."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.tables.blocks import Block
from chainrule.tables.cells import BadCell
from chainrule.tables.decimals import Spelling, has_decimal_comma, in_points, with_commas_read


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_a_number_with_commas_and_groups_is_read_as_the_same_with_a_point(value: float, decimals: int) -> None:
    english = f"{value:,.{decimals}f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert in_points(pa.array([german])).to_pylist() == [english.replace(",", "")]


@pytest.mark.parametrize(
    "text", ["1,2,3", "1.2,3", "12.34.567", "0.123.456,5", "1.234,5.6", "a,5", ",", "1 234,5", "1,5 €"]
)
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert in_points(pa.array([text])).to_pylist() == [text]
    assert not has_decimal_comma(text)


def test_missing_cells_stay_missing() -> None:
    assert in_points(pa.array([None, "1,5", "2.345,5"])).to_pylist() == [None, "1.5", "2345.5"]
    assert with_commas_read(pa.nulls(2, pa.string()), has_thousands=False).to_pylist() == [None, None]


@pytest.mark.parametrize("text", ["3.5", "0.123", "1234.567", "1.5e3", ".5", "-3.25", "5."])
def test_decimal_points_are_refused_by_their_place(text: str) -> None:
    with pytest.raises(BadCell) as caught:
        with_commas_read(pa.array(["1,5", None, text]), has_thousands=True)
    assert (caught.value.index, caught.value.value) == (2, text)
    assert "is written with a decimal point" in caught.value.why


def test_a_point_that_may_mean_two_things_is_refused_unless_thousands_are_known() -> None:
    cells = pa.array(["1,5", "-1.234"])
    assert with_commas_read(cells, has_thousands=True).to_pylist() == ["1.5", "-1234"]
    with pytest.raises(BadCell, match="may stand between thousands or before decimals"):
        with_commas_read(cells, has_thousands=False)
    assert with_commas_read(pa.array(["1.234,5", "1.234.567"]), has_thousands=False).to_pylist() == [
        "1234.5",
        "1234567",
    ]


def test_the_spelling_remembers_the_first_cell_of_each_sort() -> None:
    spelling = Spelling()
    spelling.add(Block(pa.array(["1", "1,234", None]), part=0, row=0))
    assert spelling.has_commas
    assert spelling.comma is None
    spelling.add(Block(pa.array(["2.345", "1.234.567", "1.234,5", "0.5", "7,5"]), part=1, row=10))
    found = [spelling.comma, spelling.either_comma, spelling.point, spelling.either_point, spelling.grouped]
    assert [(first.part, first.row, first.value) for first in found if first] == [
        (1, 12, "1.234,5"),
        (0, 1, "1,234"),
        (1, 13, "0.5"),
        (1, 10, "2.345"),
        (1, 11, "1.234.567"),
    ]
