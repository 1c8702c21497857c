"""The formula view's examples: stepped to their end, and every number compared with what is computed by hand."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from tests.browser.by_hand import Statements, gradient, values
from tests.browser.formula_view import FormulaView
from tests.browser.printed import says
from tests.browser.visiting import Visitor

pytestmark = pytest.mark.browser


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def cross_entropy(y: Any, y_hat: Any) -> Any:
    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def softmax(Z: Any) -> Any:
    return np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)


def gate(name: str, squash: Any) -> tuple[str, Any]:
    """A gate of the LSTM cell, whose weights are called after it."""
    return name, lambda v: squash(v[f"W_{name}"] @ v["x"] + v[f"U_{name}"] @ v["h"])


#: The statements of each example in NumPy, under the names that the page prints.
BY_HAND: dict[str, Statements] = {
    "logistic": [
        ("z", lambda v: v["w"] * v["x"] + v["b"]),
        ("ŷ", lambda v: sigmoid(v["z"])),
        ("L", lambda v: cross_entropy(v["y"], v["ŷ"])),
    ],
    "product": [
        ("q", lambda v: v["x"] + v["y"]),
        ("f", lambda v: v["q"] * v["z"]),
    ],
    "perceptron": [
        ("z1", lambda v: v["W1"] @ v["x"] + v["b1"]),
        ("a1", lambda v: np.tanh(v["z1"])),
        ("z2", lambda v: v["W2"] @ v["a1"] + v["b2"]),
        ("ŷ", lambda v: sigmoid(v["z2"])),
        ("L", lambda v: np.sum(cross_entropy(v["y"], v["ŷ"]))),
    ],
    "batch": [
        ("Z1", lambda v: v["X"] @ v["W1"] + v["b1"]),
        ("A1", lambda v: np.tanh(v["Z1"])),
        ("z2", lambda v: v["A1"] @ v["W2"] + v["b2"]),
        ("ŷ", lambda v: sigmoid(v["z2"])),
        ("L", lambda v: np.mean(cross_entropy(v["y"], v["ŷ"]))),
    ],
    "softmax": [
        ("Z", lambda v: v["X"] @ v["W"] + v["b"]),
        ("P", lambda v: softmax(v["Z"])),
        ("L", lambda v: -np.sum(v["Y"] * np.log(v["P"])) / len(v["P"])),
    ],
    "reused": [
        ("q", lambda v: v["w"] * v["x"]),
        ("a", lambda v: v["q"] ** 2),
        ("c", lambda v: np.sin(v["q"])),
        ("L", lambda v: v["a"] + v["c"]),
    ],
    "lstm": [
        *[gate(name, sigmoid) for name in "fio"],
        gate("g", np.tanh),
        ("c_new", lambda v: v["f"] * v["c"] + v["i"] * v["g"]),
        ("h_new", lambda v: v["o"] * np.tanh(v["c_new"])),
        ("L", lambda v: np.sum((v["h_new"] - v["y"]) ** 2) / 2),
    ],
}

#: What the lecture has on the board: a value, or the gradient with respect to it.
LECTURE = {
    "logistic": {
        ("forward", "z"): 0,
        ("forward", "ŷ"): 0.5,
        ("forward", "L"): 0.693147,
        ("backward", "ŷ"): -2,
        ("backward", "z"): -0.5,
        ("backward", "b"): -0.5,
        ("backward", "w"): -25,
    },
    "product": {
        ("forward", "q"): 3,
        ("forward", "f"): -12,
        ("backward", "z"): 3,
        ("backward", "q"): -4,
        ("backward", "y"): -4,
        ("backward", "x"): -4,
    },
}


def given_values(view: FormulaView, name: str) -> dict[str, Any]:
    """The values of an example as the server offers them."""
    answer = view.page.evaluate("fetch('/api/presets').then(answer => answer.json())")
    (preset,) = [preset for preset in answer["presets"] if preset["id"] == name]
    return {key: json.loads(text) for key, text in preset["values"].items()}


def test_every_example_is_among_these(visit: Visitor) -> None:
    assert list(FormulaView(visit()).examples) == list(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_each_step_of_an_example_shows_the_number_that_is_computed_by_hand(visit: Visitor, name: str) -> None:
    view = FormulaView(visit())
    view.choose_example(name)
    statements, given = BY_HAND[name], given_values(view, name)
    computed = values(statements, given)
    view.leave_fields()
    shown: dict[tuple[str, str], str] = {}
    for _ in range(view.total):
        view.page.keyboard.press("ArrowRight")
        told = view.told()
        expected = computed[told.name] if told.phase == "forward" else gradient(statements, given, told.name)
        assert says(told.number, expected), f"{told} against {expected}"
        shown[told.phase, told.name] = told.number
    assert [name for phase, name in shown if phase == "forward"] == [name for name, _ in statements]
    assert {name for phase, name in shown if phase == "backward"} >= {statements[-1][0], *trained(view)}
    for step, number in LECTURE.get(name, {}).items():
        assert says(shown[step], number), step


def trained(view: FormulaView) -> set[str]:
    """The names whose gradients are wanted, as their buttons say."""
    wanted = view.page.get_by_role("button", name="Gradient of", pressed=True).all()
    return {button.get_attribute("aria-label").removeprefix("Gradient of ") for button in wanted}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_table_beside_the_graph_says_the_same(visit: Visitor, name: str) -> None:
    view = FormulaView(visit(f"#formula?preset={name}"))
    view.page.get_by_text("The graph as a table").click()
    statements, given = BY_HAND[name], given_values(view, name)
    computed = values(statements, given)
    rows = view.lesson.get_by_role("table").first.locator("tbody tr").all()
    assert len(rows) == len(given) + len(statements)
    for row in rows:
        node = row.get_by_role("rowheader").inner_text()
        _, value, slope, *_ = [cell.inner_text() for cell in row.get_by_role("cell").all()]
        assert says_or_names_shape(value, computed[node]), node
        if slope:
            assert says_or_names_shape(slope, gradient(statements, given, node)), node


def says_or_names_shape(text: str, expected: Any) -> bool:
    """Whether a cell is this value; where there is no room for its numbers, it has its shape: ``3 × 2``, ``(3)``."""
    if re.fullmatch(r"\(\d+\)|\d+( × \d+)+", text):
        return tuple(map(int, re.findall(r"\d+", text))) == np.shape(expected)
    return says(text, expected)


@pytest.mark.parametrize("name", BY_HAND)
def test_gradient_descent_lowers_the_loss_of_an_example(visit: Visitor, name: str) -> None:
    view = FormulaView(visit(f"#formula?preset={name}"))
    first = float(view.outcome.inner_text().split("=")[1].replace("−", "-"))
    view.page.get_by_role("button", name="Run").click()
    view.page.get_by_role("button", name="Start again").wait_for()
    view.page.wait_for_function(
        "first => Number(document.querySelector('.outcome strong').textContent.replace('−', '-')) < first", arg=first
    )
    assert view.page.locator(".descent-words .error").count() == 0
