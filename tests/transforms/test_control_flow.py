"""Python's control flow on the numbers themselves: define by run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.trace.session import active_sessions


def test_if_takes_the_branch_of_the_number_at_hand() -> None:
    def f(x: Any) -> Any:
        return x**2 if x > 0 else -3 * x

    assert [float(cr.grad(f)(x)) for x in (2.0, -1.0, 2.0, -5.0)] == [4, -3, 4, -3]


def test_while_runs_as_often_as_the_number_wants() -> None:
    def f(x: Any) -> Any:
        while x < 100:
            x = x * x
        return x

    assert [float(cr.grad(f)(x)) for x in (2.0, 5.0, 200.0)] == [8 * 2.0**7, 4 * 5.0**3, 1]


def test_recursion() -> None:
    def power(x: Any, n: int) -> Any:
        if n == 0:
            return 1.0
        half = power(x, n // 2)
        return half * half * x if n % 2 else half * half

    assert cr.grad(power)(1.5, 13) == pytest.approx(13 * 1.5**12)


def test_recursion_on_the_value() -> None:
    def halve(x: Any) -> Any:
        return x if x < 1 else 3 * halve(x / 2)

    assert cr.grad(halve)(5.0) == pytest.approx(3**3 / 2**3)


def test_loops_generators_and_comprehensions() -> None:
    def f(xs: Any) -> Any:
        return sum(x * i for i, x in enumerate(xs)) + max(xs) * min([x for x in xs if x > 0])

    assert cr.grad(f)([1.0, 3.0, -2.0]) == [3.0, 2.0, 2.0]
    assert cr.grad(f)(np.array([1.0, 3.0, -2.0])).tolist() == [3, 2, 2]


def test_and_or_not_any_all_on_traced_numbers() -> None:
    def f(x: Any, y: Any) -> Any:
        if (x > 0 and y > 0) or not (x < y):
            return x * y
        return x + y

    assert cr.grad(f)(2.0, 3.0) == 3
    assert cr.grad(f)(-2.0, 3.0) == 1


def test_a_newton_iteration_has_the_derivative_of_its_limit() -> None:
    def root(a: Any) -> Any:
        x = a
        while np.abs(x * x - a) > 1e-14 * a:
            x = (x + a / x) / 2
        return x

    assert cr.grad(root)(2.0) == pytest.approx(0.5 / np.sqrt(2), rel=1e-12)
    assert cr.grad(cr.grad(root))(2.0) == pytest.approx(-0.25 * 2**-1.5, rel=1e-6)


def test_slices_whose_limits_are_computed() -> None:
    def before_the_largest(x: Any) -> Any:
        return np.sum(x[: np.argmax(x)] ** 2)

    for x in ([1.0, 2.0, 5.0, 3.0], [4.0, 1.0, 0.0, 2.0], [0.0, 1.0, 2.0, 3.0]):
        expected = np.where(np.arange(4) < np.argmax(x), 2 * np.array(x), 0.0)
        np.testing.assert_array_equal(cr.grad(before_the_largest)(np.array(x)), expected)


def test_control_flow_inside_nested_derivatives() -> None:
    def f(x: Any) -> Any:
        inner = cr.grad(lambda y: y**3 if y > x - 1 else y)(x)
        return inner * x if inner > 1 else inner

    assert cr.grad(f)(2.0) == pytest.approx(9 * 4)


def test_assertions_and_sorting_by_value() -> None:
    def f(xs: Any) -> Any:
        assert all(x > 0 for x in xs)
        ordered = sorted(xs)
        return ordered[0] * ordered[-1]

    assert cr.grad(f)([3.0, 1.0, 2.0]) == [1.0, 3.0, 0.0]


def test_the_truth_of_an_array_is_ambiguous_as_in_numpy() -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        cr.grad(lambda x: np.sum(x) if x > 0 else 0.0)(np.ones(2))


def test_exceptions_of_the_user_pass_through_unchanged_and_leave_no_trace_open() -> None:
    def f(x: Any) -> Any:
        raise KeyError("mine")

    for transform in (cr.grad(f), cr.jacobian(f), lambda x: cr.trace(f, x), lambda x: cr.vjp(f, x)):
        with pytest.raises(KeyError, match="mine"):
            transform(1.0)
    assert cr.grad(lambda x: x * x)(3.0) == 6
    assert active_sessions() == []
