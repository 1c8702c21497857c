"""Gradient descent on a typed formula, beside steps that are computed by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tests.web.formula.typing_in import typed

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse_value
from chainrule.web.fields import Refused
from chainrule.web.formula.descent import _next_count, descend


def run(statements: str, values: dict[str, str], wrt: list[str] | None, lr: float, steps: int) -> dict[str, Any]:
    return descend(typed(statements, values, wrt), lr, steps, seconds=60.0)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7, 8, 50])
def test_steps_are_those_of_a_parabola(steps: int) -> None:
    # w ← w − 0.1 · 2(w − 3), so that w − 3 becomes 0.8 times what it was
    found = run("(w - 3)**2", {"w": "0"}, None, 0.1, steps)
    distances = [3 * 0.8**k for k in range(steps + 1)]
    assert found["losses"] == pytest.approx([distance**2 for distance in distances], rel=1e-12)
    assert float(found["values"]["w"]) == pytest.approx(3 - distances[-1], rel=1e-14)
    assert found["stopped"] == ""


def test_steps_of_a_neuron_by_hand() -> None:
    w, b = 0.0, 0.0
    losses = []
    for _ in range(4):
        prediction = 1 / (1 + math.exp(-(50 * w + b)))
        losses.append(-math.log(prediction))
        w, b = w - 0.0005 * 50 * (prediction - 1), b - 0.0005 * (prediction - 1)
    losses.append(-math.log(1 / (1 + math.exp(-(50 * w + b)))))
    statements = "z = w*x + b\ny_hat = sigmoid(z)\nL = -(y*log(y_hat) + (1 - y)*log(1 - y_hat))"
    found = run(statements, {"w": "0", "x": "50", "b": "0", "y": "1"}, ["w", "b"], 0.0005, 4)
    assert found["losses"] == pytest.approx(losses, rel=1e-12)
    assert float(found["values"]["w"]) == pytest.approx(w, rel=1e-12)
    assert float(found["values"]["b"]) == pytest.approx(b, rel=1e-12)
    assert (found["values"]["x"], found["values"]["y"]) == ("50", "1")


def test_steps_of_arrays_by_hand() -> None:
    X, y, w = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.0, 2.0]), np.zeros(2)
    for _ in range(20):
        w = w - 0.1 * 2 * X.T @ (X @ w - y) / 3
    values = {"X": "[[1, 0], [1, 1], [1, 2]]", "y": "[1, 0, 2]", "w": "[0, 0]"}
    found = run("mean((X @ w - y)**2)", values, ["w"], 0.1, 20)
    np.testing.assert_allclose(parse_value(found["values"]["w"]), w, rtol=1e-12)
    assert found["losses"][-1] == pytest.approx(np.mean((X @ w - y) ** 2), rel=1e-12)


def test_many_single_steps_are_one_run() -> None:
    values = {"w": "1.5", "x": "2"}
    whole = run("tanh(w*x)**2", values, ["w"], 0.3, 6)
    losses = []
    for _ in range(6):
        found = run("tanh(w*x)**2", values, ["w"], 0.3, 1)
        losses.append(found["losses"][0])
        values = found["values"]
    assert values == whole["values"]
    assert [*losses, found["losses"][1]] == whole["losses"]


@pytest.mark.parametrize("steps", [3, 4, 5, 100])
def test_a_run_that_diverges_ends_with_the_last_finite_values(steps: int) -> None:
    # w⁴ with lr 10: w ← w − 40 w³
    w = [1.0]
    while math.isfinite(w[-1] * w[-1] * w[-1] * w[-1]) and len(w) < 100:
        w.append(w[-1] - 40 * w[-1] * w[-1] * w[-1])
    finite = [value for value in w if math.isfinite(value * value * value * value)]
    found = run("w**4", {"w": "1"}, None, 10.0, steps)
    taken = min(steps, len(finite) - 1)
    assert len(found["losses"]) == taken + 1
    assert float(found["values"]["w"]) == pytest.approx(finite[taken], rel=1e-12)
    if steps > taken:
        assert found["stopped"].startswith(f"Step {taken + 1} leads to where the loss is not finite")
        assert "not finite: at f = w⁴, overflow of a power: " in found["stopped"]
        assert "The learning rate 10 is too large here." in found["stopped"]
    else:
        assert found["stopped"] == ""


def test_the_statement_is_named_at_which_a_descent_leaves_the_numbers() -> None:
    found = run("z = w*x\na = exp(z)\nL = a**2", {"w": "1", "x": "2"}, None, 1e3, 50)
    assert found["stopped"].startswith(
        "Step 1 leads to where the loss is not finite: at a = exp(z), overflow of exp at "
    )
    found = run("L = (w*x - y)**2", {"w": "1", "x": "2", "y": "0"}, None, 1e308, 1)
    assert found["stopped"].startswith("Step 1 leads to where the loss is not finite")
    assert "shape" not in found["stopped"]


def test_a_gradient_that_is_not_finite_is_explained() -> None:
    found = run("sqrt(w)", {"w": "0"}, None, 0.1, 5)
    assert (found["losses"], found["values"]) == ([0.0], {"w": "0"})
    assert found["stopped"].startswith("Step 1 has no finite gradient: the square root has an infinite slope at 0 (w).")
    assert "sqrt(x + 1e-12)" in found["stopped"]


def test_time_is_bounded() -> None:
    found = descend(typed("(w - 3)**2", {"w": "0"}), 0.1, 500, seconds=-1.0)
    assert (found["losses"], found["values"]) == ([9.0], {"w": "0"})
    assert "0 of 500 steps" in found["stopped"]


@pytest.mark.parametrize(
    ("count", "took", "left", "expected"),
    [(4, 0.1, 1.9, 8), (4, 1.0, 1.0, 4), (4, 1.0, 0.3, 1), (8, 1.0, 0.5, 4), (4, 1.0, -0.1, 1), (1, 0.0, 2.0, 2)],
)
def test_the_next_steps_are_so_many_as_the_time_left_is_enough_for(
    count: int, took: float, left: float, expected: int
) -> None:
    assert _next_count(count, took, left) == expected


def test_a_loss_that_is_not_finite_at_the_start_is_refused() -> None:
    with pytest.raises(Refused, match="the loss is not finite: log of −1, a negative number") as caught:
        run("log(w)", {"w": "-1"}, None, 0.1, 5)
    assert caught.value.status == 422


@pytest.mark.parametrize(("statements", "wrt"), [("z = w*x\n3", ["w"]), ("w*x", ["x"]), ("3", None)])
def test_a_loss_that_does_not_depend_on_what_is_learnt_is_refused(statements: str, wrt: list[str] | None) -> None:
    statements = statements if wrt != ["x"] else "x\nw**2"
    with pytest.raises(Refused, match="does not depend on"):
        run(statements, {}, wrt, 0.1, 5)


def test_an_array_is_no_loss() -> None:
    with pytest.raises(FormulaError, match="begins at one number"):
        run("w*x", {"w": "[1, 2]"}, None, 0.1, 5)
