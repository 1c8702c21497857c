"""Typed formulas: what is understood, and what it means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.formulas import parse, parse_value
from chainrule.explain.formulas.naming import same_name


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("(x + y) * z", (5.0, -2.0, -4.0), -12.0),
        ("q = x + y; q * z", (5.0, -2.0, -4.0), -12.0),
        ("q = x + y\nq * z", (5.0, -2.0, -4.0), -12.0),
        ("x ** 2", (-3.0,), 9.0),
        ("x ** -2", (-2.0,), 0.25),
        ("x ** 3", (-2.0,), -8.0),
        ("-x ** 2", (3.0,), -9.0),
        ("+x - -x", (3.0,), 6.0),
        ("pi + e", (), np.pi + np.e),
        ("e = x; 2 * e", (4.0,), 8.0),
        ("max(x) + min(x)", (np.array([3.0, 1.0]),), 4.0),
        ("abs(x)", (-2.0,), 2.0),
        ("where(x > 0, x, 2)", (-1.0,), 2.0),
        ("W @ x", (np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones(2)), [3.0, 7.0]),
        ("W.T @ x", (np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones(2)), [4.0, 6.0]),
        ("sum(W, axis=0)", (np.array([[1.0, 2.0], [3.0, 4.0]]),), [4.0, 6.0]),
        ("sum(W, axis=(0, 1), keepdims=True)", (np.ones((2, 2)),), [[4.0]]),
        ("sum(W, axis=-1)", (np.ones((2, 2)),), [2.0, 2.0]),
        ("sigmoid(z)", (0.0,), 0.5),
        ("relu(z)", (-3.0,), 0.0),
        ("mse(y_hat, y)", (np.array([1.0, 2.0]), np.array([1.0, 4.0])), 2.0),
        ("bce(y_hat, y)", (0.5, 1.0), np.log(2)),
        ("sum(softmax(z))", (np.array([1.0, 2.0]),), 1.0),
        ("1_000 * x  # a comment", (2.0,), 2000.0),
        ("x;;", (1.0,), 1.0),
    ],
)
def test_a_formula_means_what_python_and_numpy_mean(text: str, values: Any, result: Any) -> None:
    np.testing.assert_allclose(parse(text)(*values), result, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("x − y", "x - y"),
        ("x · y × x ⊙ y", "x * y * x * y"),
        ("x² − y³", "x ** 2 - y ** 3"),
        ("x / 3.2·10⁻⁸ + y", "x / 3.2e-8 + y"),
        ("x / 3×10⁸ · y", "x / 3e8 * y"),
        ("x / 3 · 10² * y", "x / 3 * 10**2 * y"),
        ("x**2·10⁻³ - y", "x**2 * 10**-3 - y"),
        ("x **  -2·10³ - y", "x**-2 * 10**3 - y"),
        ("1e-5·10² + w2·10²*x", "1e-5 * 10**2 + w2 * 10**2 * x"),
        ("x / 10⁻⁴ + y", "x / 10**-4 + y"),
        ("x⁻¹ · y¹⁰", "x ** -1 * y ** 10"),
        ("−x² + y", "-(x ** 2) + y"),
        ("√(x + y)", "sqrt(x + y)"),
        ("2 * √x + √ y", "2 * sqrt(x) + sqrt(y)"),
        ("√2 * x * y", "sqrt(2) * x * y"),
        ("(√x)² + y", "sqrt(x) ** 2 + y"),
        ("σ(x) + y", "sigmoid(x) + y"),
        ("log₂(x) + log₁₀(y) + ln(y)", "log2(x) + log10(y) + log(y)"),
        ("where(x ≥ y, x, 1) + where(x ≤ y, 2, 3)", "where(x >= y, x, 1) + where(x <= y, 2, 3)"),
        ("where(x ≠ y, x, y)", "where(x != y, x, y)"),
        ("π * x * y", "pi * x * y"),
        ("x\N{NO-BREAK SPACE}+\N{THIN SPACE}y", "x + y"),
    ],
)
def test_signs_of_mathematics_are_understood(text: str, python: str) -> None:
    typed, expected = parse(text), parse(python)
    assert typed.names == expected.names
    assert typed(2.5, 1.25) == expected(2.5, 1.25)


def test_a_transposed_matrix_is_understood() -> None:
    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(parse("Wᵀ @ x₁")(W, np.ones(2)), [4.0, 6.0])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ŷ − y", ("y_hat", "y")),
        ("y\N{COMBINING CIRCUMFLEX ACCENT} − y", ("y_hat", "y")),
        ("ŷ + y_hat", ("y_hat",)),
        ("yhat + ŷ", ("yhat",)),
        ("ŷ₁ + y_hat1", ("y_hat1",)),
        ("x̄ + x̃", ("x_bar", "x_tilde")),
        ("y_hat = σ(z); (ŷ − y)²", ("z", "y")),
        ("α + alpha", ("alpha",)),
        ("lambda_ · x + λ", ("lambda_", "x")),
        ("λ · x", ("λ", "x")),
        ("x1 + x_1", ("x1", "x_1")),
        ("forêt + ê", ("forêt", "e_hat")),
    ],
)
def test_names_that_are_printed_alike_are_one_name(text: str, names: tuple[str, ...]) -> None:
    assert parse(text).names == names


def test_a_typed_name_is_found_among_others() -> None:
    names = ("x", "y_hat", "λ", "w_1")
    assert [same_name(name, names) for name in ("x", "ŷ", "lambda_", "w1", "q")] == ["x", "y_hat", "λ", "w_1", "q"]


def test_free_names_are_arguments_in_order_of_appearance() -> None:
    assert parse("z = w * x + b; sigmoid(z) - pi * y").names == ("w", "x", "b", "y")


def test_a_formula_is_a_function_for_every_transform() -> None:
    formula = parse("(x + y) * z")
    assert cr.grad(formula, argnums=(0, 1, 2))(5.0, -2.0, -4.0) == (-4.0, -4.0, 3.0)
    assert cr.hessian(parse("x ** 3"))(2.0) == 12.0


def test_names_of_statements_are_names_of_nodes() -> None:
    graph = cr.trace(parse("z = w * x; y_hat = sigmoid(z); L = bce(y_hat, y)"), 0.0, 50.0, 1.0)
    assert graph["y_hat"].value == 0.5
    assert graph.outputs[0].name == "L"


def test_the_square_of_a_negative_number_has_a_gradient() -> None:
    assert cr.grad(parse("x ** 2"))(-3.0) == -6.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5.0),
        (" -0.5 ", -0.5),
        ("1e-3", 1e-3),
        ("−4", -4.0),
        ("[1, −2]", [1.0, -2.0]),
        ("[1, 2]", [1.0, 2.0]),
        ("(1, 2)", [1.0, 2.0]),
    ],
)
def test_values_are_numbers_vectors_and_matrices(text: str, value: Any) -> None:
    np.testing.assert_array_equal(parse_value(text), value)


def test_a_value_is_floating_point() -> None:
    assert type(parse_value("5")) is float
    assert parse_value("[[1, 2], [3, 4]]").dtype == np.float64
