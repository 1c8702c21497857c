"""The examples of the formula view: their gradients beside derivations by hand, and their loss as it falls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.web.formula.typing_in import typed

from chainrule.explain.formulas import parse_value
from chainrule.explain.model import Level
from chainrule.web.formula.descent import descend
from chainrule.web.formula.lessons import lesson_of
from chainrule.web.formula.presets import PRESETS, Preset
from chainrule.web.formula.statements import Typed

BY_ID = {preset.id: preset for preset in PRESETS}


def read(preset: Preset) -> Typed:
    return typed(preset.statements, preset.values, preset.wrt)


def values_of(id: str) -> dict[str, Any]:
    return {name: parse_value(text) for name, text in BY_ID[id].values.items()}


def forward(id: str, level: Level = "statement") -> dict[str, Any]:
    return {step.symbol.name: step.value for step in lesson_of(read(BY_ID[id]), level).forward}


def gradients(id: str, level: Level = "statement") -> dict[str, Any]:
    return {step.symbol.name: step.value for step in lesson_of(read(BY_ID[id]), level).backward}


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-15, err_msg=name)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
@pytest.mark.parametrize("level", ["statement", "operation"])
def test_every_gradient_agrees_with_finite_differences(preset: Preset, level: Level) -> None:
    lesson = lesson_of(read(preset), level)
    assert lesson.fault is None
    assert [part.symbol.name for part in lesson.result] == preset.wrt
    assert all(part.agrees for part in lesson.result)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_values_are_those_that_the_formula_needs_in_its_order(preset: Preset) -> None:
    found = read(preset)
    assert tuple(preset.values) == found.formula.names
    assert found.unused == ()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_gradient_descent_lowers_the_loss_at_every_step(preset: Preset) -> None:
    found = descend(read(preset), preset.lr, 20, seconds=60.0)
    assert found["stopped"] == ""
    assert all(after < before for before, after in zip(found["losses"], found["losses"][1:], strict=False))
    first, last = found["losses"][0], found["losses"][-1]
    assert last < first - 0.2 * abs(first)


@pytest.mark.parametrize("level", ["statement", "operation"])
def test_the_neuron_has_the_numbers_of_the_lecture(level: Level) -> None:
    check(forward("logistic", level), {"z": 0, "y_hat": 0.5, "L": np.log(2)})
    check(gradients("logistic", level), {"L": 1, "y_hat": -2, "z": -0.5, "b": -0.5, "w": -25})


def test_sum_and_product_have_the_numbers_of_the_lecture() -> None:
    check(forward("product"), {"q": 3, "f": -12})
    check(gradients("product"), {"f": 1, "q": -4, "x": -4, "y": -4, "z": 3})


def test_the_perceptron_by_hand() -> None:
    v = values_of("perceptron")
    a1 = np.tanh(v["W1"] @ v["x"] + v["b1"])
    y_hat = sigmoid(v["W2"] @ a1 + v["b2"])
    delta2 = y_hat - v["y"]
    delta1 = (1 - a1**2) * (v["W2"].T @ delta2)
    check(forward("perceptron"), {"a1": a1, "y_hat": y_hat, "L": -np.log(y_hat).sum()})
    expected = {"z2": delta2, "b2": delta2, "W2": np.outer(delta2, a1), "a1": v["W2"].T @ delta2}
    check(gradients("perceptron"), expected | {"z1": delta1, "b1": delta1, "W1": np.outer(delta1, v["x"])})


def test_the_batch_by_hand() -> None:
    v = values_of("batch")
    A1 = np.tanh(v["X"] @ v["W1"] + v["b1"])
    y_hat = sigmoid(A1 @ v["W2"] + v["b2"])
    delta2 = (y_hat - v["y"]) / 4
    delta1 = (1 - A1**2) * (delta2 @ v["W2"].T)
    check(gradients("batch"), {"W2": A1.T @ delta2, "b2": delta2.sum(0), "W1": v["X"].T @ delta1, "b1": delta1.sum(0)})


def test_softmax_by_hand() -> None:
    v = values_of("softmax")
    E = np.exp(v["X"] @ v["W"] + v["b"])
    P = E / E.sum(axis=1, keepdims=True)
    delta = (P - v["Y"]) / 4
    check(forward("softmax"), {"P": P, "L": -np.mean(np.log((P * v["Y"]).sum(1)))})
    check(gradients("softmax"), {"Z": delta, "W": v["X"].T @ delta, "b": delta.sum(0)})


def test_the_gradients_of_both_ways_are_added() -> None:
    # q = w x = 2, L = q² + sin q
    check(gradients("reused"), {"q": 4 + np.cos(2.0), "w": 2 * (4 + np.cos(2.0))})
    step = next(step for step in lesson_of(read(BY_ID["reused"]), "statement").backward if step.symbol.name == "q")
    assert step.pattern == "used twice: the sum over both uses"


def test_the_lstm_cell_by_hand() -> None:
    v = values_of("lstm")
    gate = {k: v[f"W_{k}"] @ v["x"] + v[f"U_{k}"] @ v["h"] for k in "fiog"}
    f, i, o, g = sigmoid(gate["f"]), sigmoid(gate["i"]), sigmoid(gate["o"]), np.tanh(gate["g"])
    c = f * v["c"] + i * g
    h = o * np.tanh(c)
    dh = h - v["y"]
    dc = dh * o * (1 - np.tanh(c) ** 2)
    deltas = {
        "f": dc * v["c"] * f * (1 - f),
        "i": dc * g * i * (1 - i),
        "o": dh * np.tanh(c) * o * (1 - o),
        "g": dc * i * (1 - g**2),
    }
    check(forward("lstm"), {"c_new": c, "h_new": h, "L": (dh**2).sum() / 2})
    expected = {f"W_{k}": np.outer(delta, v["x"]) for k, delta in deltas.items()}
    check(gradients("lstm"), expected | {f"U_{k}": np.outer(delta, v["h"]) for k, delta in deltas.items()})
