"""The lesson of a typed formula: what the view is told beside it, and errors that stand under the formula."""

from __future__ import annotations

import json
import math

import pytest
from tests.web.formula.typing_in import typed

from chainrule.errors import ChainRuleError, FormulaError
from chainrule.explain.page.fragment import lesson_fragment
from chainrule.web.formula.lessons import lesson_of, lesson_payload

NEURON = "z = w*x + b\ny_hat = sigmoid(z)\nL = -(y*log(y_hat) + (1 - y)*log(1 - y_hat))"


def test_the_answer_tells_of_values_and_steps() -> None:
    found = typed(NEURON, {"w": "0", "x": "50", "b": "0", "q": "3"}, wrt=["w", "b"])
    payload = lesson_payload(found, "statement")
    assert {name: payload[name] for name in ("title", "level", "output", "unused")} == {
        "title": "L",
        "level": "statement",
        "output": "L",
        "unused": ["q"],
    }
    assert payload["loss"] == pytest.approx(math.log(2), abs=1e-15)
    assert payload["steps"] == {"forward": 3, "backward": 5}
    assert [value["name"] for value in payload["values"]] == ["w", "x", "b", "y"]
    assert payload["values"][1] == {
        "name": "x",
        "label": "x",
        "text": "50",
        "shape": [],
        "is_scalar": True,
        "is_given": True,
    }
    assert [value["is_given"] for value in payload["values"]] == [True, True, True, False]
    assert payload["html"] == lesson_fragment(lesson_of(found, "statement", closed_forms=False))


def test_closed_forms_are_there_for_those_who_ask() -> None:
    found = typed("z = w*x\ny_hat = sigmoid(z)\n-log(y_hat)", {"w": "0", "x": "2"})
    assert "closed form" not in lesson_payload(found, "statement")["html"]
    assert "closed form" in lesson_payload(found, "statement", closed_forms=True)["html"]


def test_the_level_decides_how_many_steps_there_are() -> None:
    found = typed(NEURON)
    statements, operations = (lesson_payload(found, level)["steps"] for level in ("statement", "operation"))
    assert statements["forward"] == 3
    assert operations["forward"] > 6


def test_names_are_labelled_as_they_are_printed() -> None:
    labels = [value["label"] for value in lesson_payload(typed("y_hat*W1_2 - alpha"), "statement")["values"]]
    assert labels[0] == "ŷ"
    assert labels[2] == "α"


def test_arrays_have_shapes() -> None:
    (value,) = lesson_payload(typed("sum(W)", {"W": "[[1, 2, 3], [4, 5, 6]]"}), "statement")["values"]
    assert (value["shape"], value["is_scalar"]) == ([2, 3], False)


def test_a_single_name_is_a_lesson_too() -> None:
    payload = lesson_payload(typed("x", {"x": "4"}), "statement")
    assert (payload["loss"], payload["steps"]) == (4.0, {"forward": 0, "backward": 1})
    assert payload["output"] == "x"


@pytest.mark.parametrize(("statements", "output"), [("L = w", "L"), ("q = w\ny_hat = q", "ŷ"), ("L = w\nL", "w")])
def test_a_name_for_an_input_is_the_name_of_the_outcome(statements: str, output: str) -> None:
    payload = lesson_payload(typed(statements, {"w": "4"}), "statement")
    assert payload["output"] == output
    picture = payload["html"].partition("<svg")[2].partition("</svg>")[0]
    assert picture.count('data-symbol="w"') == 1
    assert "w; value 4; ∂w/∂w = 1" in picture


@pytest.mark.parametrize(("statements", "reason"), [("log(x)", "log of 0"), ("x*exp(w)", "overflow"), ("1/x", "0")])
def test_a_loss_that_is_not_finite_is_none_and_explained(statements: str, reason: str) -> None:
    payload = lesson_payload(typed(statements, {"x": "0", "w": "1000"}), "statement")
    assert payload["loss"] is None
    assert '<section class="fault">' in payload["html"]
    assert reason in payload["html"]
    json.dumps(payload, allow_nan=False)


def test_what_to_write_instead_can_be_typed() -> None:
    fault = lesson_of(typed("log(x)", {"x": "0"}), "statement").fault
    assert fault is not None
    assert "np." not in fault.fix
    assert fault.fix.startswith("keep the argument above 0: log(p + 1e-12)")


def test_a_fault_names_no_line_of_the_server() -> None:
    result = lesson_of(typed("p = 1 - x\nL = log(p)", {"x": "1"}), "operation")
    assert result.fault is not None
    assert result.fault.where == ""
    assert [step.symbol.name for step in result.forward] == ["p", "L"]


@pytest.mark.parametrize(
    ("statements", "values", "what", "column"),
    [
        ("h = w*x\nh", {"x": "[1, 2]"}, r"the shape \(2,\), and the backward pass begins at one number", 0),
        ("z = w + 1\nL = z > 0", {}, "true or false, which has no gradient", 4),
        ("L = 2*(x @ W)", {"x": "[1, 2]", "W": "[[1], [2], [3]]"}, "2 elements meet 3 rows", 7),
        ("w/(2 - 2)*x**(1/0)", {}, "divides by zero", 14),
    ],
)
def test_what_cannot_be_computed_has_a_caret(statements: str, values: dict[str, str], what: str, column: int) -> None:
    with pytest.raises(FormulaError, match=what) as caught:
        lesson_of(typed(statements, values), "statement")
    _, line, caret = caught.value.what.split("\n")
    assert line.strip() == statements.split("\n")[-1]
    assert caret.index("^") - 2 == column
    assert caught.value.fix


def test_values_without_a_shape_that_fits_are_named() -> None:
    with pytest.raises(FormulaError, match="matmul cannot combine W") as caught:
        lesson_of(typed("L = sum(W @ x + b)", {"x": "50"}), "statement")
    assert caught.value.fix == (
        "W and b have no value yet: give W a shape, such as [[0.1, -0.2, 0.3], [0.4, -0.5, 0.6]], "
        "and the others shapes that fit"
    )
    with pytest.raises(FormulaError) as caught:
        lesson_of(typed("L = w @ x", {"x": "50"}), "statement")
    assert caught.value.fix == "w has no value yet: give w a shape, such as [0.1, -0.2, 0.3]"


def test_a_shape_that_is_too_large_to_guess_is_named() -> None:
    with pytest.raises(FormulaError) as caught:
        lesson_of(typed("L = sum(W @ x)", {"x": str([1] * 600)}), "statement")
    assert caught.value.what == "W has no value yet, and the shape that it needs, 2 × 600, is too large to guess"
    assert caught.value.fix == "give its 1,200 numbers, or fewer to x"


def test_a_fixed_number_has_nothing_to_explain() -> None:
    with pytest.raises(ChainRuleError, match="the formula is a fixed number, so there is nothing to explain"):
        lesson_of(typed("L = 3*4"), "statement")
