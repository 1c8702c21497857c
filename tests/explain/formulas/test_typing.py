"""A lesson typed again: the same value and the same gradients, or a message that says why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.explain.test_random_closed_forms import FORMS, formulas, lesson_of

import chainrule as cr
from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse, parse_value
from chainrule.explain.formulas.typing import typed_statements
from chainrule.explain.lesson import Lesson

RNG = np.random.default_rng(0)
A, B, V = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4)), RNG.normal(size=3)


def typed(function: Callable[..., Any], *values: Any, level: Any = "statement") -> tuple[list[str], dict[str, str]]:
    """The statements of a function's lesson, after they were held against it."""
    lesson = cr.explain(function, *values, level=level)
    statements, given = typed_statements(lesson)
    check(lesson, statements, given)
    return statements.split("\n"), given


def check(lesson: Lesson, statements: str, given: dict[str, str]) -> None:
    """Parsed, the statements give the value of the lesson and all of its gradients."""
    formula = parse(statements)
    assert set(formula.names) == set(given)
    arguments = [parse_value(given[name]) for name in formula.names]
    found = cr.value_and_grad(formula, argnums=tuple(range(len(arguments))))(*arguments)
    np.testing.assert_allclose(found[0], lesson.graph.outputs[0].value, rtol=1e-12, atol=1e-14)
    gradients = dict(zip(formula.names, found[1], strict=True))
    for part in lesson.result:
        gradient = gradients.get(part.symbol.name, 0.0)  # 0 where it is not used
        np.testing.assert_allclose(gradient, part.slope, rtol=1e-12, atol=1e-12, err_msg=part.symbol.name)


@pytest.mark.parametrize(("level", "rows"), FORMS)
def test_random_formulas_come_back(level: str, rows: bool) -> None:
    @given(text=formulas(rows, weighted=True), point=st.integers(0, 1000))
    @settings(max_examples=40, deadline=None)
    def come_back(text: str, point: int) -> None:
        lesson = lesson_of(text, level, point)
        check(lesson, *typed_statements(lesson))

    come_back()


def two_layers(W1: Any, b1: Any, W2: Any, X: Any, y: Any) -> Any:
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    y_hat = cr.sigmoid(a1 @ W2)
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


TWO_LAYERS = (A, np.zeros(2), RNG.normal(size=2), RNG.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]))


def test_statements_are_those_of_the_code() -> None:
    statements, values = typed(two_layers, *TWO_LAYERS)
    assert statements == [
        "z1 = X @ W1 + b1",
        "a1 = tanh(z1)",
        "y_hat = sigmoid(a1 @ W2)",
        "two_layers = -mean(y * log(y_hat) + (1 - y) * log(1 - y_hat))",
    ]
    assert values["b1"] == "[0.0, 0.0]"
    assert values["y"] == "[0, 1, 1, 0, 1]"
    assert parse_value(values["W1"]).tolist() == A.tolist()


def test_operations_can_be_typed_too() -> None:
    statements, _ = typed(two_layers, *TWO_LAYERS, level="operation")
    assert len(statements) > 8
    assert "z1 = t1 + b1" in statements


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "power": (lambda x: x**2 * x**-3 + x**0.5, (2.0,), "x ** 2 * x ** -3 + x ** 0.5"),
    "roots": (lambda x: np.sqrt(x + 1) * np.cbrt(x), (2.0,), "sqrt(x + 1) * cbrt(x)"),
    "absolute": (lambda x, y: np.abs(x - y), (2.0, 3.0), "abs(x - y)"),
    "steps": (lambda x: x * np.floor(x) + np.ceil(x), (2.5,), "x * floor(x) + ceil(x)"),
    "extremes": (lambda x, y: np.maximum(x, y) * np.minimum(x, 3.0), (2.0, 1.0), "maximum(x, y) * minimum(x, 3.0)"),
    "largest": (lambda x: np.max(x) - np.min(x), (V,), "max(x) - min(x)"),
    "cases": (lambda x: np.where(x > 1, x**2, 3 * x), (2.0,), "where(x > 1, x ** 2, 3 * x)"),
    "axis": (lambda x: np.sum(np.mean(x, axis=0) ** 2), (A,), "sum(mean(x, axis=0) ** 2)"),
    "kept": (lambda x: np.sum((x - np.mean(x, axis=1, keepdims=True)) ** 2), (A,), None),
    "product": (lambda x: np.prod(x), (V,), "prod(x)"),
    "norm": (lambda x: np.linalg.norm(x), (V,), "sqrt(sum(x ** 2))"),
    "softmax": (lambda x: np.sum(cr.softmax(x) ** 2), (V,), "sum(softmax(x) ** 2)"),
    "rows": (lambda x: np.sum(cr.softmax(x, axis=1) ** 2), (A,), "sum(softmax(x, axis=1) ** 2)"),
    "logarithms": (lambda x: np.log2(x) + np.log10(x) + np.log1p(x), (2.0,), "log2(x) + log10(x) + log(1 + x)"),
    "leaky": (lambda x: cr.leaky_relu(x), (-2.0,), "leaky_relu(x)"),
    "smooth": (lambda x: cr.gelu(x) + cr.silu(x) + cr.softplus(x), (0.5,), "gelu(x) + silu(x) + softplus(x)"),
    "transposed": (lambda x, y: np.sum((x.T @ y) ** 2), (A, RNG.normal(size=(3, 4))), "sum((x.T @ y) ** 2)"),
    "vectors": (lambda x, y: x @ y, (V, V + 1), "x @ y"),
    "vector and matrix": (lambda x, y: np.sum((x @ y) ** 2), (V, A), None),
    "outside": (lambda x: np.sum(V * x), (V + 1,), None),
    "remainder": (lambda x: x * np.mod(x, 3.0), (7.5,), "x * remainder(x, 3.0)"),
    "differences": (lambda x, y: x - (y - 2) - (-y), (7.5, 2.0), None),
    "quotients": (lambda x, y: x / (y / 2) / x * (y / x), (7.5, 2.0), None),
    "signs": (lambda x, y: -((-x) ** 2) * -y, (7.5, 2.0), None),
    "towers": (lambda x, y: (x**y) ** 2 + x ** (y**2) + 2 ** (-y), (1.5, 2.0), None),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_come_back(name: str) -> None:
    function, values, expected = FUNCTIONS[name]
    statements, _ = typed(function, *values)
    if expected is not None:
        assert statements[-1].partition(" = ")[2] == expected


def test_names_that_are_used_several_times_are_numbered() -> None:
    def power(x: Any) -> Any:
        total = x
        total = total * x
        total = total * x
        return total + 1

    statements, _ = typed(power, 3.0)
    assert statements == ["total_1 = x * x", "total_2 = total_1 * x", "power = total_2 + 1"]


def test_a_number_does_not_take_a_name_that_is_there() -> None:
    def clash(h_1: Any, x: Any) -> Any:
        h = h_1 * x
        h = h * x
        return h + 1

    statements, values = typed(clash, 3.0, 2.0)
    assert len({line.partition(" = ")[0] for line in statements} | set(values)) == len(statements) + len(values)


def test_names_that_formulas_have_for_something_else_are_changed() -> None:
    def circle(pi: Any, e: Any, params: Any) -> Any:
        lam = params["lambda"] * pi
        return lam * e

    statements, values = typed_statements(cr.explain(circle, 3.0, 2.0, {"lambda": 4.0}))
    assert values == {"pi_": "3.0", "e_": "2.0", "lambda_": "4.0"}
    assert statements == "lam = lambda_ * pi_\ncircle = lam * e_"


def test_parts_of_containers_have_names() -> None:
    statements, values = typed_statements(cr.explain(lambda p, x: p[0] * x + p[1] * x, [2.0, 3.0], 4.0))
    assert values == {"p_0": "2.0", "p_1": "3.0", "x": "4.0"}
    assert statements == "f = p_0 * x + p_1 * x"


def test_values_keep_all_of_their_digits() -> None:
    x = np.array([0.1 + 0.2, 1e-300, -1e300, 1 / 3])
    _, values = typed(lambda x: np.sum(x * 2.0), x)
    assert parse_value(values["x"]).tolist() == x.tolist()
    _, values = typed_statements(cr.explain(lambda x: np.sum(x * 2), x[[0, 3]].astype(np.float32)))
    assert parse_value(values["x"]).tolist() == x[[0, 3]].astype(np.float32).tolist()


def test_an_argument_that_is_not_used_needs_no_value() -> None:
    _, values = typed(lambda x, y: x * x, 2.0, 3.0)
    assert list(values) == ["x"]


def test_where_numbers_stop_being_finite_the_statements_do_as_well() -> None:
    lesson = cr.explain(lambda x: np.log(x - x) + 1, 2.0, level="operation")
    statements, values = typed_statements(lesson)
    assert statements == "t1 = x - x\nt2 = log(t1)"
    assert values == {"x": "2.0"}


REFUSED: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str, str]] = {
    "slice": (
        lambda x: np.sum(x[1:]),
        (V,),
        r"x\[1:\] cannot be typed: formulas have no slices",
        "argument of its own",
    ),
    "function": (lambda x: np.linalg.det(x), (np.eye(2),), "det is no function that a formula knows", "known are"),
    "setting": (lambda x: np.var(x, ddof=1), (V,), "var.* cannot be typed", "only axis and keepdims"),
    "slope": (lambda x: cr.leaky_relu(x, negative_slope=0.2), (2.0,), "negative_slope=0.2", "only axis"),
    "shape": (lambda x: np.sum(x.reshape(2, 3) @ A), (A,), "reshape is no function", "known are"),
    "axis that is not written": (
        lambda x: np.sum(x.reshape(3, 1) * x),
        (V,),
        "brings arrays into other shapes",
        "need",
    ),
    "large": (lambda x: np.sum(x * x), (np.ones(101),), "x has 101 numbers, and a typed value may have 100", "smaller"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_typed_is_refused(name: str) -> None:
    function, values, what, fix = REFUSED[name]
    with pytest.raises(FormulaError, match=what) as caught:
        typed_statements(cr.explain(function, *values), limit=100)
    assert fix in str(caught.value.fix)


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(FormulaError, match="complex128, and values are real"):
        typed_statements(cr.explain(lambda x: np.real(x * x), 1 + 2j))
