"""Typed statements and values: names in any spelling, defaults, limits, and errors that say which value is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.web.formula.typing_in import typed

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse_value
from chainrule.web.fields import Refused
from chainrule.web.formula.statements import value_as_text
from chainrule.web.limits import Limits


def test_values_come_in_the_order_of_the_formula() -> None:
    found = typed("z = w*x + b\nz**2", {"b": "3", "x": "[1, 2]", "w": "−0.5"})
    assert list(found.values) == ["w", "x", "b"]
    assert found.values["w"] == -0.5
    np.testing.assert_array_equal(found.values["x"], [1.0, 2.0])
    assert found.texts == {"w": "−0.5", "x": "[1, 2]", "b": "3"}
    assert found.given == {"w", "x", "b"}
    assert found.unused == ()


def test_a_name_without_a_value_is_guessed() -> None:
    found = typed("w*x", {"w": "2"})
    assert found.values == {"w": 2.0, "x": 1.0}
    assert found.texts == {"w": "2", "x": "1"}
    assert found.given == {"w"}
    found = typed("sum(W @ x)", {"x": "[1, 2]"})
    np.testing.assert_array_equal(parse_value(found.texts["W"]), found.values["W"])
    assert found.given == {"x"}


def test_statements_are_lines_or_stand_between_semicolons() -> None:
    assert typed("q = x + y; q*z").formula.names == typed("q = x + y\nq*z").formula.names == ("x", "y", "z")


def test_values_of_other_names_are_told() -> None:
    assert typed("w*x", {"w": "2", "v": "no number", "q": "1"}).unused == ("v", "q")


def test_names_may_be_spelled_as_they_are_printed() -> None:
    found = typed("y_hat - y", {"ŷ": "0.5"}, wrt=["ŷ"])
    assert found.values["y_hat"] == 0.5
    assert found.wrt == ("y_hat",)


def test_one_name_in_two_spellings_has_one_value() -> None:
    with pytest.raises(Refused, match="y_hat is given twice") as caught:
        typed("y_hat - y", {"ŷ": "0.5", "y_hat": "0.6"})
    assert (caught.value.status, caught.value.name) == (422, "y_hat")


@pytest.mark.parametrize("text", ["", "five", "[1, [2]]", "1e999", "[1 2]", "{}", "__import__('os')", "[" * 500])
def test_a_value_that_is_none_is_named(text: str) -> None:
    with pytest.raises(Refused, match="no number, vector or matrix") as caught:
        typed("w*x", {"w": "1", "x": text})
    assert (caught.value.status, caught.value.name) == (422, "x")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("statements", "column"), [("2x", 1), ("z = w*x\nz^2", 1), ("w*x +", 5), ("sum(x, dtype=int)", 7)]
)
def test_what_is_no_formula_has_a_caret(statements: str, column: int) -> None:
    with pytest.raises(FormulaError) as caught:
        typed(statements)
    _, line, caret = caught.value.what.split("\n")
    assert line.strip() == statements.split("\n")[-1]
    assert caret.index("^") - (len(line) - len(line.lstrip())) == column


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [(None, None), ([], None), (["w"], ("w",)), (["x", "w", "x"], ("x", "w")), (["w", "q"], ("w",)), (["q"], None)],
)
def test_wanted_names_that_the_formula_lacks_are_left_out(
    sent: list[str] | None, wanted: tuple[str, ...] | None
) -> None:
    assert typed("w*x", wrt=sent).wrt == wanted


def test_the_number_of_names_is_bounded() -> None:
    statements = "x1 + x2 + x3"
    assert len(typed(statements, limits=Limits(formula_names=3)).formula.names) == 3
    with pytest.raises(Refused, match="3 names that need values; 2 are allowed"):
        typed(statements, limits=Limits(formula_names=2))


def test_the_numbers_of_inputs_and_results_are_bounded() -> None:
    found = typed("h = x*x\nsum(h*h)", {"x": "[1, 2, 3]"}, limits=Limits(formula_numbers=18))
    with pytest.raises(FormulaError, match=r"more than 18 numbers\n  sum\(h\*h\)\n  \^"):
        found.formula(*found.values.values())
    enough = typed("h = x*x\nsum(h*h)", {"x": "[1, 2, 3]"}, limits=Limits(formula_numbers=19))
    assert enough.formula(*enough.values.values()) == 98


@pytest.mark.parametrize(
    "value", [0.1, -2.0, 1e300, 1e-7, 1 / 3, np.array([1.0, -0.25]), np.array([[1e17, 0.1], [2.0, 3.0]])]
)
def test_a_value_is_read_back_to_the_last_digit(value: Any) -> None:
    np.testing.assert_array_equal(parse_value(value_as_text(value)), value)


def test_another_point_keeps_the_other_values() -> None:
    moved = typed("w*x", {"w": "1", "x": "2"}).at({"w": 0.5})
    assert moved.values == {"w": 0.5, "x": 2.0}
    assert moved.texts == {"w": "0.5", "x": "2"}
