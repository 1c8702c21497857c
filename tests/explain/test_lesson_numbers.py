"""Lessons carry the numbers of the lecture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def product_of_sum(x: Any, y: Any, z: Any) -> Any:
    q = x + y
    f = q * z
    return f  # noqa: RET504  (the name is part of the lesson)


def logistic(w: Any, b: Any, x: Any, y: Any) -> Any:
    z = w * x + b
    y_hat = 1 / (1 + np.exp(-z))
    L = -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return L  # noqa: RET504


def gradients(lesson: cr.Lesson) -> dict[str, float]:
    return {step.symbol.name: float(step.value) for step in lesson.backward}


def test_sum_times_factor_is_visited_as_in_the_lecture() -> None:
    lesson = cr.explain(product_of_sum, 5.0, -2.0, -4.0)
    assert [step.symbol.name for step in lesson.backward] == ["f", "z", "q", "y", "x"]
    assert [step.number for step in lesson.backward] == [1, 2, 3, 4, 5]


def test_sum_times_factor_has_the_numbers_of_the_lecture() -> None:
    lesson = cr.explain(product_of_sum, 5.0, -2.0, -4.0)
    assert {step.symbol.name: float(step.value) for step in lesson.forward} == {"q": 3, "f": -12}
    assert gradients(lesson) == {"f": 1, "z": 3, "q": -4, "y": -4, "x": -4}
    assert {entry.symbol.name: float(entry.slope) for entry in lesson.result} == {"x": -4, "y": -4, "z": 3}
    assert all(entry.agrees for entry in lesson.result)
    assert lesson.output.name == "f"


def test_a_multiplication_swaps_and_a_sum_passes_on() -> None:
    patterns = {step.symbol.name: step.pattern for step in cr.explain(product_of_sum, 5.0, -2.0, -4.0).backward}
    assert "begins" in patterns["f"]
    assert "swaps" in patterns["z"]
    assert "swaps" in patterns["q"]
    assert "passes the gradient on" in patterns["x"]


def test_logistic_regression_is_visited_from_the_loss_to_the_weights() -> None:
    lesson = cr.explain(logistic, 0.0, 0.0, 50.0, 1.0, wrt=["w", "b"])
    named = [step.symbol.name for step in lesson.backward if step.symbol.name in ("L", "y_hat", "z", "b", "w")]
    assert named == ["L", "y_hat", "z", "b", "w"]


def test_logistic_regression_has_the_numbers_of_the_lecture() -> None:
    lesson = cr.explain(logistic, 0.0, 0.0, 50.0, 1.0)
    forward = {step.symbol.name: float(step.value) for step in lesson.forward}
    assert forward["y_hat"] == 0.5
    assert forward["L"] == pytest.approx(0.6931, abs=5e-5)
    found = gradients(lesson)
    assert found["y_hat"] == pytest.approx(-2)
    assert found["z"] == pytest.approx(-0.5)
    assert found["b"] == pytest.approx(-0.5)
    assert found["w"] == pytest.approx(-25)


def test_after_one_step_the_saturated_lesson_is_finite_and_right() -> None:
    lesson = cr.explain(logistic, 2.5, 0.05, 50.0, 1.0, wrt=["w", "b"])
    forward = {step.symbol.name: float(step.value) for step in lesson.forward}
    assert forward["z"] == 125.05
    assert forward["L"] == pytest.approx(np.exp(-125.05), rel=1e-9)
    found = {entry.symbol.name: float(entry.slope) for entry in lesson.result}
    assert found == pytest.approx({"w": -50 * np.exp(-125.05), "b": -np.exp(-125.05)}, rel=1e-9)
    assert all(entry.agrees for entry in lesson.result)
    assert "nan" not in str(lesson)
    assert "✗" not in str(lesson)


def test_a_lesson_agrees_with_grad_on_a_perceptron() -> None:
    rng = np.random.default_rng(0)
    params = {"W1": rng.normal(size=(2, 4)), "b1": np.zeros(4), "W2": rng.normal(size=4), "b2": 0.1}
    X, y = rng.normal(size=(6, 2)), np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])

    def loss(params: Any, X: Any, y: Any) -> Any:
        a1 = np.tanh(X @ params["W1"] + params["b1"])
        y_hat = 1 / (1 + np.exp(-(a1 @ params["W2"] + params["b2"])))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    lesson = cr.explain(loss, params, X, y)
    expected = cr.grad(loss)(params, X, y)
    found = {entry.symbol.name: entry for entry in lesson.result}
    for name, gradient in expected.items():
        (entry,) = [entry for key, entry in found.items() if name in key]
        np.testing.assert_allclose(entry.slope, gradient, rtol=1e-10)
        assert entry.agrees
    assert "(6, 4)" in str(lesson)
