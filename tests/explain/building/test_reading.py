"""Textbook forms: the same numbers at ordinary points; at ties and kinks the operation's own rule is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.explain.reading import Reader, is_gradient
from tests.explain.telling import closed, local

import chainrule as cr
from chainrule.explain.building.reading import Counts, Reading, without_guards
from chainrule.explain.lesson import Lesson
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import input_node
from chainrule.notation.text import to_text
from chainrule.notation.tree import Symbol
from chainrule.ops.reduction import mean_op

FORMS: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {
    "xlogy": (lambda x, y: cr.scipy.special.xlogy(x, y), {"∂f/∂x": "log(y)", "∂f/∂y": "x/y"}),
    "xlog1py": (lambda x, y: cr.scipy.special.xlog1py(x, y), {"∂f/∂x": "log(1 + y)", "∂f/∂y": "x/(1 + y)"}),
    "log1p": (lambda x: np.log1p(x), {"∂f/∂x": "1/(1 + x)"}),
    "maximum": (lambda x, y: np.maximum(x, y), {"∂f/∂x": "[x > y]", "∂f/∂y": "[x ≤ y]"}),
    "minimum": (lambda x, y: np.minimum(x, y), {"∂f/∂x": "[x < y]", "∂f/∂y": "[x ≥ y]"}),
    "relu": (lambda x: np.maximum(x, 0), {"∂f/∂x": "[x > 0]"}),
    "relu the other way round": (lambda x: np.maximum(0, x), {"∂f/∂x": "[x > 0]"}),
    "power": (lambda x, y: x**y, {"∂f/∂x": "yx^(y − 1)", "∂f/∂y": "log(x) f"}),
}
POINT = {"x": 0.7, "y": 1.3}


def values_of(lesson: Lesson) -> dict[str, Any]:
    values = {to_text(operand.symbol): operand.value for operand in lesson.operands}
    values |= {to_text(step.symbol): step.value for step in lesson.forward}
    return values | {to_text(step.gradient): step.value for step in lesson.backward}


def assert_printed_is_right(lesson: Lesson) -> None:
    reader = Reader(values_of(lesson), False)
    for step in lesson.backward:
        for form in (step.formula, *([step.closed.formula] if step.closed else [])):
            assert is_gradient(reader.read(to_text(form)), step.value, rows=False), to_text(form)


def named_f(fun: Callable[..., Any]) -> Callable[..., Any]:
    fun.__name__ = "f"
    return fun


@pytest.mark.parametrize("name", FORMS)
def test_a_textbook_form_is_told_and_right(name: str) -> None:
    fun, expected = FORMS[name]
    lesson = cr.explain(named_f(fun), *[POINT[key] for key in POINT if f"∂f/∂{key}" in expected])
    assert local(lesson) == expected
    assert_printed_is_right(lesson)
    assert all(part.agrees for part in lesson.result)


def test_a_number_cut_off_on_both_sides_asks_twice() -> None:
    lesson = cr.explain(lambda x: np.sum(np.clip(x, -1.0, 1.0)), np.array([-2.0, 0.5, 3.0]))
    assert local(lesson) == {"∂f/∂x": "[x > −1] ⊙ [x < 1]"}
    np.testing.assert_array_equal(lesson.result[0].slope, [0, 1, 0])


@pytest.mark.parametrize("level", ["statement", "operation"])
@pytest.mark.parametrize(
    ("fun", "point"),
    [
        (lambda z: np.maximum(z, 0) * 3.0, (0.0,)),
        (lambda x, y: np.maximum(x, y) * x, (2.0, 2.0)),
        (lambda x, y: np.minimum(x, y) * y, (2.0, 2.0)),
        (lambda z: cr.relu(z) * 3.0, (0.0,)),
        (lambda z: np.abs(z) * 3.0, (0.0,)),
        (lambda z: np.sum(np.maximum(z, 0) * 3.0), (np.array([0.0, 1.0, -1.0]),)),
        (lambda z: np.sum(np.clip(z, -1.0, 1.0) * 3.0), (np.array([-1.0, 0.5, 1.0]),)),
        (lambda x, y: np.sum(x**y), (np.array([2.0, 0.0]), np.array([3.0, 2.0]))),
    ],
)
def test_at_a_tie_or_kink_what_is_told_is_what_was_computed(fun: Any, point: Any, level: Any) -> None:
    lesson = cr.explain(fun, *point, level=level)
    expected = cr.grad(fun, argnums=tuple(range(len(point))))(*point)
    assert lesson.fault is None
    for part, gradient in zip(lesson.result, expected, strict=True):
        np.testing.assert_array_equal(part.slope, gradient)
        assert part.agrees
    assert_printed_is_right(lesson)


def test_a_tie_is_told_as_a_tie() -> None:
    told = local(cr.explain(lambda x, y: np.maximum(x, y), 2.0, 2.0))
    assert told["∂f/∂x"] != "[x > y]"
    assert "x = y" in told["∂f/∂x"]


def test_a_mean_is_a_sum_over_n() -> None:
    lesson = cr.explain(lambda x: np.mean(x**2), np.array([1.0, 2.0, 3.0]))
    assert closed(lesson) == {"∂f/∂x": "2x/n"}
    assert [operand.value for operand in lesson.operands if operand.symbol == Symbol("n")] == [3]


def test_in_single_precision_too() -> None:
    lesson = cr.explain(lambda x: np.mean(np.tanh(x) ** 2), np.linspace(-1, 1, 5, dtype=np.float32))
    assert closed(lesson) == {"∂f/∂x": "2(tanh(x) ⊙ (1 − tanh(x)²))/n"}


def test_two_counts_have_two_letters() -> None:
    def f(x: Any) -> Any:
        rows = np.mean(x, axis=1)
        return np.mean(rows**2)

    lesson = cr.explain(f, np.arange(6.0).reshape(2, 3))
    counts = {to_text(operand.symbol): operand.value for operand in lesson.operands if not operand.is_input}
    assert counts == {"n": 3, "m": 2}
    assert_printed_is_right_with(lesson, counts)


def assert_printed_is_right_with(lesson: Lesson, counts: dict[str, Any]) -> None:
    reader = Reader(values_of(lesson) | counts, False)
    (last,) = [step for step in lesson.backward if step.symbol == Symbol("rows", is_array=True)]
    assert is_gradient(reader.read(to_text(last.formula)), last.value, rows=False)


def test_names_that_mean_something_else_are_no_counts() -> None:
    def f(n: Any) -> Any:
        return np.mean(n**2)

    assert closed(cr.explain(f, np.array([1.0, 2.0]))) == {"∂f/∂n": "2n/m"}


@pytest.mark.parametrize("level", ["statement", "operation"])
@pytest.mark.parametrize(
    ("fun", "gradient"),
    [
        (lambda x: np.mean(x) ** 2, "(2 Σ x)/n²"),
        (lambda x: np.mean(x) * np.mean(x), "(2 Σ x)/n²"),
        (lambda x: 1 / np.mean(x), "−f/(Σ x)"),
        (lambda x: np.log(np.mean(x)), "1/(Σ x)"),
        (lambda x: 0.123 * np.mean(x**2), "0.246x/n"),
        (lambda x: np.mean(x**2) * np.pi, "6.283x/n"),
        (lambda x: np.mean(0.37 * x**2), "0.74x/n"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_counts_and_numbers_in_the_code_stay_apart(fun: Any, gradient: str, dtype: Any, level: Any) -> None:
    lesson = cr.explain(named_f(fun), np.array([1.0, 2.0, 4.0], dtype), level=level)
    reader = Reader(values_of(lesson), False)
    for step in lesson.backward:
        assert step.closed is not None or step.symbol == Symbol("f")
        for form in (step.formula, *([step.closed.formula] if step.closed else [])):
            assert is_gradient(reader.read(to_text(form)), step.value, rtol=1e-3), to_text(form)
    if level == "statement":
        assert closed(lesson) == {"∂f/∂x": gradient}


def test_the_mean_of_two_arrays_in_one_statement() -> None:
    lesson = cr.explain(
        named_f(lambda x, y: np.mean(x) / np.mean(y)),
        np.array([1.0, 2.0, 4.0]),
        np.array([1.0, 2.0]),
        level="statement",
    )
    assert closed(lesson) == {"∂f/∂x": "m/((Σ y) n)", "∂f/∂y": "−f/(Σ y)"}


def test_the_mean_of_nothing_has_no_share() -> None:
    nothing = input_node(np.ones(0), "x")
    mean = mean_op(nothing, axis=(0,), keepdims=False)
    done: dict[Node, Node] = {}
    Reading(Counts([])).copy_on(mean, (nothing,), done)
    assert done[mean].op is mean_op


def differentiated(fun: Any, *values: Any) -> tuple[list[Node], Node]:
    graph = cr.trace(fun, *values)
    return list(cr.backward(graph).outputs), graph.outputs[0]


def test_a_guard_of_a_rule_is_left_out() -> None:
    gradients, result = differentiated(lambda x, y: x**y, 2.0, 3.0)
    assert any(node.op.name == "where" for node in ancestors(gradients))
    plain = without_guards(gradients, result)
    assert not any(node.op.name == "where" for node in ancestors(plain))
    assert [float(node.value) for node in plain] == pytest.approx([float(node.value) for node in gradients])


def test_a_condition_of_the_user_stays() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.where(x == 0, 1.0, np.sin(x)))

    told = local(cr.explain(f, np.array([0.0, 1.0])))
    assert told == {"∂f/∂x": "[x ≠ 0] ⊙ cos(x)"}


def test_a_place_that_is_written_twice_keeps_its_question() -> None:
    def f(x: Any, k: Any) -> Any:
        v = cr.numpy.zeros(3)
        v[k] = x
        return np.sum(v**2)

    x = np.array([1.0, 2.0])
    assert local(cr.explain(f, x, np.array([2, 0])))["∂v/∂x"] == "G ↦ G[k]"
    twice = cr.explain(f, x, np.array([2, 2]))
    np.testing.assert_array_equal(twice.result[0].slope, [0, 4])
    assert local(twice)["∂v/∂x"] != "G ↦ G[k]"


def test_a_copy_is_the_same_function() -> None:
    graph = cr.trace(lambda x, y: np.mean(np.log1p(x) * np.maximum(x, y)), np.array([0.5, 2.0]), np.array([1.0, 1.0]))
    for is_plain in (False, True):
        done: dict[Node, Node] = {}
        Reading(Counts([]), is_plain=is_plain).copy(graph.nodes, done)
        if is_plain:
            assert {node.op.name for node in done.values()} >= {"log1p", "maximum"}
        else:
            assert not {node.op.name for node in done.values()} & {"log1p", "maximum"}
