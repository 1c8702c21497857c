"""The closed forms of the lecture, as text and as LaTeX, in column form and in row form; each gives the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.explain.reading import Reader, is_gradient

import chainrule as cr
from chainrule.explain.formulas import parse
from chainrule.explain.lesson import Lesson
from chainrule.notation.latex import to_latex
from chainrule.notation.text import to_text

#: One sample has two features; the hidden layer has three neurons; a batch has five rows.
RANDOM = np.random.default_rng(7)
VALUES: dict[str, Any] = {
    "scalars": {"w": 0.5, "x": 2.0, "b": -0.25, "y": 1.0},
    "column vectors": {
        "W1": RANDOM.standard_normal((3, 2)),
        "b1": RANDOM.standard_normal(3),
        "W2": RANDOM.standard_normal((1, 3)),
        "b2": RANDOM.standard_normal(1),
        "x": RANDOM.standard_normal(2),
        "y": np.array([1.0]),
    },
    "columns": {
        "W1": RANDOM.standard_normal((3, 2)),
        "b1": RANDOM.standard_normal((3, 1)),
        "W2": RANDOM.standard_normal((1, 3)),
        "b2": RANDOM.standard_normal((1, 1)),
        "x": RANDOM.standard_normal((2, 1)),
        "y": np.array([[1.0]]),
    },
    "row vectors": {
        "W1": RANDOM.standard_normal((2, 3)),
        "b1": RANDOM.standard_normal(3),
        "W2": RANDOM.standard_normal((3, 1)),
        "b2": RANDOM.standard_normal(1),
        "x": RANDOM.standard_normal(2),
        "y": np.array([1.0]),
    },
    "batch": {
        "W1": RANDOM.standard_normal((2, 3)),
        "b1": RANDOM.standard_normal(3),
        "W2": RANDOM.standard_normal((3, 1)),
        "b2": RANDOM.standard_normal(1),
        "X": RANDOM.standard_normal((5, 2)),
        "y": np.array([[1.0], [0.0], [0.0], [1.0], [1.0]]),
    },
}


def lesson_of(formula: str, values: dict[str, Any], wrt: Sequence[str]) -> Lesson:
    parsed = parse(formula)
    return cr.explain(parsed, *[values[name] for name in parsed.names], wrt=wrt)


def closed_forms(lesson: Lesson) -> dict[str, tuple[str, str]]:
    """Text and LaTeX of the closed form of each gradient."""
    return {
        to_text(step.gradient): (to_text(step.closed.formula), to_latex(step.closed.formula))
        for step in lesson.backward
        if step.closed is not None
    }


def assert_forms(lesson: Lesson, expected: dict[str, tuple[str, str]], *, rows: bool = False, **counts: int) -> None:
    found = closed_forms(lesson)
    assert {gradient: found.get(gradient) for gradient in expected} == expected
    values: dict[str, Any] = {to_text(operand.symbol): operand.value for operand in lesson.operands}
    values |= {to_text(step.symbol): step.value for step in lesson.forward} | counts
    reader = Reader(values, rows)
    for step in lesson.backward:
        if step.closed is not None:
            text = to_text(step.closed.formula)
            assert is_gradient(reader.read(text), step.value, rows=rows), (to_text(step.gradient), text)
    assert all(part.agrees for part in lesson.result)


LOG_LOSS = "-y*log(y_hat) - (1 - y)*log(1 - y_hat)"
ERROR = ("ŷ − y", r"\hat{y} - y")


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("loss", [LOG_LOSS, "bce(y_hat, y)"])
def test_logistic_regression(loss: str, y: float) -> None:
    lesson = lesson_of(f"z = w*x + b; y_hat = sigmoid(z); L = {loss}", VALUES["scalars"] | {"y": y}, wrt=["w", "b"])
    assert_forms(
        lesson,
        {"∂L/∂z": ERROR, "∂L/∂b": ERROR, "∂L/∂w": ("x(ŷ − y)", r"x (\hat{y} - y)")},
    )


SLOPES = {
    "tanh": ("(1 − a1²)", "(1 - a_{1}^{2})"),
    "sigmoid": ("a1 ⊙ (1 − a1)", r"a_{1} \odot (1 - a_{1})"),
    "relu": ("[z1 > 0]", "[z_{1} > 0]"),
}


@pytest.mark.parametrize("kind", ["column vectors", "columns"])
@pytest.mark.parametrize("activation", SLOPES)
def test_a_perceptron_in_column_form(activation: str, kind: str) -> None:
    lesson = lesson_of(
        f"z1 = W1 @ x + b1; a1 = {activation}(z1); z2 = W2 @ a1 + b2; y_hat = sigmoid(z2); L = sum({LOG_LOSS})",
        VALUES[kind],
        wrt=["W1", "b1", "W2", "b2"],
    )
    slope, slope_latex = SLOPES[activation]
    delta = (f"{slope} ⊙ W2ᵀ(ŷ − y)", rf"{slope_latex} \odot W_{{2}}^{{\top}} (\hat{{y}} - y)")
    assert_forms(
        lesson,
        {
            "∂L/∂z2": ERROR,
            "∂L/∂b2": ERROR,
            "∂L/∂W2": ("(ŷ − y) a1ᵀ", r"(\hat{y} - y) a_{1}^{\top}"),
            "∂L/∂a1": ("W2ᵀ(ŷ − y)", r"W_{2}^{\top} (\hat{y} - y)"),
            "∂L/∂z1": delta,
            "∂L/∂b1": delta,
            "∂L/∂W1": (f"({delta[0]}) xᵀ", rf"({delta[1]}) x^{{\top}}"),
        },
    )


@pytest.mark.parametrize("activation", SLOPES)
def test_a_perceptron_in_row_form(activation: str) -> None:
    lesson = lesson_of(
        f"z1 = x @ W1 + b1; a1 = {activation}(z1); z2 = a1 @ W2 + b2; y_hat = sigmoid(z2); L = sum({LOG_LOSS})",
        VALUES["row vectors"],
        wrt=["W1", "b1", "W2", "b2"],
    )
    slope, slope_latex = SLOPES[activation]
    delta = (f"{slope} ⊙ (ŷ − y) W2ᵀ", rf"{slope_latex} \odot (\hat{{y}} - y) W_{{2}}^{{\top}}")
    assert_forms(
        lesson,
        {
            "∂L/∂z2": ERROR,
            "∂L/∂b2": ERROR,
            "∂L/∂W2": ("a1ᵀ(ŷ − y)", r"a_{1}^{\top} (\hat{y} - y)"),
            "∂L/∂a1": ("(ŷ − y) W2ᵀ", r"(\hat{y} - y) W_{2}^{\top}"),
            "∂L/∂z1": delta,
            "∂L/∂b1": delta,
            "∂L/∂W1": (f"xᵀ({delta[0]})", rf"x^{{\top}} ({delta[1]})"),
        },
        rows=True,
    )


@pytest.mark.parametrize("loss", [f"mean({LOG_LOSS})", f"sum({LOG_LOSS}) / 5", "bce(y_hat, y)"])
@pytest.mark.parametrize("activation", SLOPES)
def test_a_perceptron_on_a_batch(activation: str, loss: str) -> None:
    lesson = lesson_of(
        f"z1 = X @ W1 + b1; a1 = {activation}(z1); z2 = a1 @ W2 + b2; y_hat = sigmoid(z2); L = {loss}",
        VALUES["batch"],
        wrt=["W1", "b1", "W2", "b2"],
    )
    slope, slope_latex = SLOPES[activation]
    delta = f"{slope} ⊙ (ŷ − y) W2ᵀ"
    delta_latex = rf"{slope_latex} \odot (\hat{{y}} - y) W_{{2}}^{{\top}}"
    n = "5" if loss.endswith("/ 5") else "n"
    assert_forms(
        lesson,
        {
            "∂L/∂z2": (f"(ŷ − y)/{n}", rf"\frac{{\hat{{y}} - y}}{{{n}}}"),
            "∂L/∂b2": (f"(Σᵢ (ŷ − y))/{n}", rf"\frac{{\sum_{{i}} (\hat{{y}} - y)}}{{{n}}}"),
            "∂L/∂W2": (f"a1ᵀ(ŷ − y)/{n}", rf"\frac{{a_{{1}}^{{\top}} (\hat{{y}} - y)}}{{{n}}}"),
            "∂L/∂z1": (f"({delta})/{n}", rf"\frac{{{delta_latex}}}{{{n}}}"),
            "∂L/∂b1": (f"(Σᵢ {delta})/{n}", rf"\frac{{\sum_{{i}} {delta_latex}}}{{{n}}}"),
            "∂L/∂W1": (f"Xᵀ({delta})/{n}", rf"\frac{{X^{{\top}} ({delta_latex})}}{{{n}}}"),
        },
        n=5,
    )


def test_softmax_of_one_sample_with_categorical_cross_entropy() -> None:
    values = {"W": RANDOM.standard_normal((3, 2)), "b": RANDOM.standard_normal(3), "x": np.array([0.5, -1.0])}
    lesson = lesson_of(
        "z = W @ x + b; y_hat = softmax(z); L = -sum(y * log(y_hat))",
        values | {"y": np.array([0.0, 1.0, 0.0])},
        wrt=["W", "b"],
    )
    assert_forms(
        lesson,
        {"∂L/∂z": ERROR, "∂L/∂b": ERROR, "∂L/∂W": ("(ŷ − y) xᵀ", r"(\hat{y} - y) x^{\top}")},
    )
    assert {step.closed.condition for step in lesson.backward if step.closed} == {"Σ y = 1"}


def test_softmax_of_a_batch_with_categorical_cross_entropy() -> None:
    values = {"X": RANDOM.standard_normal((5, 2)), "W": RANDOM.standard_normal((2, 3)), "b": np.zeros(3)}
    lesson = lesson_of(
        "z = X @ W + b; y_hat = softmax(z); L = cross_entropy(y_hat, Y)",
        values | {"Y": np.eye(3)[[0, 2, 1, 1, 0]]},
        wrt=["W", "b"],
    )
    assert_forms(
        lesson,
        {
            "∂L/∂z": ("(ŷ − Y)/n", r"\frac{\hat{y} - Y}{n}"),
            "∂L/∂b": ("(Σᵢ (ŷ − Y))/n", r"\frac{\sum_{i} (\hat{y} - Y)}{n}"),
            "∂L/∂W": ("Xᵀ(ŷ − Y)/n", r"\frac{X^{\top} (\hat{y} - Y)}{n}"),
        },
        n=5,
    )
    assert {step.closed.condition for step in lesson.backward if step.closed} == {"Σⱼ Y = 1"}


def test_labels_that_do_not_add_up_to_one_make_no_shorter_form() -> None:
    lesson = lesson_of(
        "y_hat = softmax(z); L = -sum(y * log(y_hat))",
        {"z": np.array([0.5, -1.0, 2.0]), "y": np.array([0.5, 1.0, 0.0])},
        wrt=["z"],
    )
    ((text, _),) = [form for gradient, form in closed_forms(lesson).items() if gradient == "∂L/∂z"]
    assert text != "ŷ − y"
    assert_forms(lesson, {})


def test_linear_regression_with_the_squared_error() -> None:
    line = lesson_of("y_hat = w*x + b; L = (y_hat - y)**2", VALUES["scalars"], wrt=["w", "b"])
    assert_forms(line, {"∂L/∂ŷ": ("2(ŷ − y)", r"2 (\hat{y} - y)"), "∂L/∂b": ("2(ŷ − y)", r"2 (\hat{y} - y)")})
    values = {"X": RANDOM.standard_normal((4, 3)), "w": RANDOM.standard_normal(3), "b": 0.5, "y": np.arange(4.0)}
    lesson = lesson_of("y_hat = X @ w + b; L = mean((y_hat - y)**2)", values, wrt=["w", "b"])
    assert_forms(
        lesson,
        {
            "∂L/∂ŷ": ("2(ŷ − y)/n", r"\frac{2 (\hat{y} - y)}{n}"),
            "∂L/∂b": ("(2 Σ (ŷ − y))/n", r"\frac{2 \sum (\hat{y} - y)}{n}"),
            "∂L/∂w": ("2Xᵀ(ŷ − y)/n", r"\frac{2 X^{\top} (\hat{y} - y)}{n}"),
        },
        n=4,
    )


def test_a_ridge_penalty() -> None:
    values = {"X": RANDOM.standard_normal((4, 3)), "w": RANDOM.standard_normal(3), "y": np.arange(4.0), "lam": 0.1}
    lesson = lesson_of("y_hat = X @ w; L = mean((y_hat - y)**2) + lam * sum(w**2)", values, wrt=["w"])
    assert_forms(lesson, {"∂L/∂w": ("2λ w + 2Xᵀ(ŷ − y)/n", r"2 \lambda w + \frac{2 X^{\top} (\hat{y} - y)}{n}")}, n=4)
    lesson = lesson_of("y_hat = X @ w; L = sum((y_hat - y)**2) / 2 + lam / 2 * sum(w**2)", values, wrt=["w"])
    assert_forms(lesson, {"∂L/∂w": ("λ w + Xᵀ(ŷ − y)", r"\lambda w + X^{\top} (\hat{y} - y)")})


def test_a_lesson_can_do_without_closed_forms() -> None:
    def loss(z: Any) -> Any:
        return -np.log(1 / (1 + np.exp(-z)))

    with_forms, without = (
        cr.explain(loss, 0.5, level="operation", closed_forms=is_wanted) for is_wanted in (True, False)
    )
    assert any(step.closed for step in with_forms.backward)
    assert not any(step.closed for step in without.backward)
    assert [step.value for step in without.backward] == [step.value for step in with_forms.backward]
    assert "closed form" not in without.to_text()
