"""Programs: shared subexpressions, reused slots, fresh results, and warnings where NaN begins."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NonFiniteWarning
from chainrule.interpret import Program, compute_once, signature


def program_of(fun: Any, *args: Any) -> tuple[Program, list[Any]]:
    graph = cr.trace(fun, *args)
    _, leaves = signature(graph.nodes, graph.outputs)
    return Program(graph.outputs, leaves), [leaf._value for leaf in leaves]


def test_a_program_computes_the_outputs_for_any_values_of_its_leaves() -> None:
    program, _ = program_of(lambda x, y: (x * y, np.sin(x)), np.ones(2), np.ones(2))
    product, sine = program.run([np.array([2.0, 3.0]), np.array([5.0, 7.0])])
    np.testing.assert_array_equal(product, [10, 21])
    np.testing.assert_array_equal(sine, np.sin([2.0, 3.0]))


def test_equal_subexpressions_are_computed_once() -> None:
    program, values = program_of(lambda x: np.sin(x) * np.sin(x) + np.sin(x), 2.0)
    assert len(program) == 3
    assert program.run(values) == [np.sin(2.0) ** 2 + np.sin(2.0)]


def test_literals_of_other_types_and_signs_are_not_equal() -> None:
    program, values = program_of(lambda x: (x * 0.0, x * -0.0, x * 0, x * 2, x * 2.0), 3.0)
    results = program.run(values)
    assert [bool(np.signbit(result)) for result in results] == [False, True, False, False, False]


def test_a_slot_is_used_again_after_the_last_use_of_its_value() -> None:
    def chain(x: Any) -> Any:
        for _ in range(100):
            x = np.sin(x)
        return x

    program, values = program_of(chain, np.ones(3))
    assert len(program._template) < 5
    np.testing.assert_allclose(program.run(values)[0], chain(np.ones(3)))


def test_results_are_fresh_arrays() -> None:
    x = np.arange(6.0).reshape(2, 3)
    program, _ = program_of(lambda x: (x, x.T, x[0], x.reshape(-1), x * 2, (x * 2).T), x)
    first = program.run([x])
    for result in first:
        assert not np.shares_memory(result, x)
        assert result.flags.writeable
    for one in range(len(first)):
        for other in range(one):
            assert not np.shares_memory(first[one], first[other])
    first[4][:] = 99.0
    np.testing.assert_array_equal(program.run([x])[4], x * 2)


def test_computing_once_gives_what_a_program_gives() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) ** 2), x, x[::-1], np.sin(x), 3.0 * x

    graph = cr.trace(f, np.linspace(0, 1, 4))
    _, leaves = signature(graph.nodes, graph.outputs)
    kept = Program(graph.outputs, leaves).run([leaf._value for leaf in leaves])
    for one, other in zip(compute_once(graph.outputs), kept, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)
        assert type(one) is type(other)


def test_signatures_tell_apart_what_programs_must() -> None:
    def key(fun: Any, *args: Any) -> Any:
        graph = cr.trace(fun, *args)
        return signature(graph.nodes, graph.outputs)[0]

    assert key(lambda x: x * 2, 1.0) == key(lambda x: x * 2, 3.0)
    different = [
        key(lambda x: x * 2, 1.0),
        key(lambda x: x * 2.0, 1.0),
        key(lambda x: x * 3, 1.0),
        key(lambda x: 2 * x, 1.0),
        key(lambda x: x * 2, np.ones(2)),
        key(lambda x: x * 2, np.float32(1)),
        key(lambda x: x + 2, 1.0),
        key(lambda x: np.sum(x), np.ones((2, 2))),
        key(lambda x: np.sum(x, axis=0), np.ones((2, 2))),
        key(lambda x: np.sum(x, axis=1), np.ones((2, 2))),
        key(lambda x: x[0], np.ones((2, 2))),
        key(lambda x: x[1], np.ones((2, 2))),
        key(lambda x: x[:1], np.ones((2, 2))),
        key(lambda x, y: x - y, 1.0, 2.0),
        key(lambda x, y: y - x, 1.0, 2.0),
        key(lambda x, y: (x - y, x), 1.0, 2.0),
        key(lambda x, y: (x - y, y), 1.0, 2.0),
        key(lambda x: x[x > 0], np.array([1.0, -1.0])),
        key(lambda x: x[x > 0], np.array([1.0, 1.0])),
    ]
    for position, one in enumerate(different):
        assert all(one != other for other in different[:position])


def heard(call: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return caught


def test_a_nan_is_told_with_node_line_and_remedy() -> None:
    def f(x: Any) -> Any:
        shifted = x - 1.0
        logged = np.log(shifted)
        return logged * 2

    (warning,) = heard(lambda: cr.grad(f)(0.5))
    message = str(warning.message)
    assert warning.category is NonFiniteWarning
    assert "begins in log of the result of subtract (shape (), float64)" in message
    assert "test_interpret.py, line" in message
    assert "logged = np.log(shifted)" in message
    assert "log of −0.5, a negative number" in message
    assert "fix keep the argument above 0" in message


@pytest.mark.parametrize("transform", [cr.grad, cr.value_and_grad, cr.jacobian, cr.jacfwd, cr.elementwise_grad])
def test_the_warning_points_to_the_users_line(transform: Any) -> None:
    (warning, *_) = heard(lambda: transform(np.sqrt)(-1.0))
    assert warning.filename == __file__


@pytest.mark.parametrize(
    ("fun", "point", "begins"),
    [
        (lambda x: np.exp(x), 1000.0, "exp"),
        (lambda x: 1 / x, 0.0, "divide"),
        (lambda x: np.sqrt(x), -1.0, "sqrt"),
        (lambda x: x**0.5, -1.0, "power"),
        (lambda x: np.sum(np.log(x * np.array([1.0, 0.0]))), 1.0, "log"),
    ],
)
def test_the_first_bad_node_is_found(fun: Any, point: float, begins: str) -> None:
    (warning,) = heard(lambda: cr.grad(fun)(point))
    assert f"it begins in {begins} of" in str(warning.message)


def test_an_infinite_gradient_of_a_finite_function_is_told() -> None:
    (warning,) = heard(lambda: cr.grad(np.sqrt)(0.0))
    assert "although the forward pass is finite: a local gradient is infinite" in str(warning.message)


def test_nan_that_was_put_in_is_no_surprise() -> None:
    assert heard(lambda: cr.grad(lambda x: np.sum(x * 2))(np.array([np.nan, np.inf]))) == []
    data = np.array([1.0, np.nan])
    assert heard(lambda: cr.grad(lambda x: np.sum(x * data))(np.ones(2))) == []


def test_intermediate_infinity_that_does_not_reach_a_result_is_silent() -> None:
    assert heard(lambda: cr.grad(lambda x: 1 / (1 + np.exp(-x)))(-1000.0)) == []
    assert heard(lambda: cr.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(np.array([0.0, 1.0]))) == []


def test_underflow_is_silent() -> None:
    assert heard(lambda: cr.grad(lambda x: np.exp(-x) * 1e-300)(500.0)) == []


def test_the_users_own_floating_point_settings_come_back() -> None:
    with np.errstate(all="raise"):
        cr.grad(lambda x: 1 / (1 + np.exp(-x)))(-1000.0)
        assert set(np.geterr().values()) == {"raise"}
