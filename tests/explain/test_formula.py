"""Typed formulas: what is understood, and what it means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.explain.formulas import parse, parse_value


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
    ("text", "value"), [("5", 5.0), (" -0.5 ", -0.5), ("1e-3", 1e-3), ("[1, 2]", [1.0, 2.0]), ("(1, 2)", [1.0, 2.0])]
)
def test_values_are_numbers_vectors_and_matrices(text: str, value: Any) -> None:
    np.testing.assert_array_equal(parse_value(text), value)


def test_a_value_is_floating_point() -> None:
    assert type(parse_value("5")) is float
    assert parse_value("[[1, 2], [3, 4]]").dtype == np.float64


NUMBERS = st.floats(0.1, 9, allow_nan=False).map(lambda number: f"{number:.3f}")


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        st.tuples(inner, st.sampled_from([" + ", "-", " *", "/ "]), NUMBERS).map("".join),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda p: f"({p[0]}) ** {p[1]}"),
    )


@given(st.recursive(st.one_of(NUMBERS, st.sampled_from(["x", "y"])), _combined, max_leaves=8))
@settings(max_examples=150, deadline=None)
def test_random_arithmetic_is_computed_as_python_computes_it(text: str) -> None:
    given_values = {"x": 1.5, "y": -0.75}
    try:
        expected = eval(compile(text, "formula", "eval"), {"__builtins__": {}}, dict(given_values))
    except ArithmeticError:
        formula = parse(text)
        with pytest.raises(cr.errors.FormulaError):
            formula(*[given_values[name] for name in formula.names])
        return
    formula = parse(text)
    found = formula(*[given_values[name] for name in formula.names])
    assert found == pytest.approx(expected, rel=1e-12)
