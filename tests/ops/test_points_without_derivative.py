"""Kinks, infinities and points where a formula would give 0/0: the conventions, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import chainrule as cr


@pytest.mark.parametrize(
    ("fun", "x", "derivative"),
    [
        (np.abs, 0.0, 0.0),
        (np.fabs, 0.0, 0.0),
        (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
        (lambda x: np.copysign(x, 2.0), 0.0, 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0, 0.5),
        (lambda x: np.clip(x, 0.0, 1.0), 0.0, 0.5),
        (lambda x: np.fmax(x, np.nan), 2.0, 1.0),
        (lambda x: np.fmin(np.nan, x), 2.0, 1.0),
        (lambda x: np.logaddexp(x, -np.inf), -np.inf, 0.5),
        (lambda x: np.logaddexp(np.inf, x), np.inf, 0.5),
        (lambda x: np.logaddexp(x, 1.0), -np.inf, 0.0),
        (lambda x: np.nan_to_num(np.log(x)), 0.0, 0.0),
        (lambda x: np.maximum(np.sqrt(x), 1.0), 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: 2.0 * x**1, 0.0, 2.0),
        (lambda x: scipy.special.xlogy(0.0, x), 0.0, 0.0),
        (lambda x: scipy.special.xlog1py(0.0, x), -1.0, 0.0),
        (lambda x: scipy.special.j1(x), 0.0, 0.5),
        (lambda x: scipy.special.i1(x), 0.0, 0.5),
        (lambda x: scipy.special.log_ndtr(x), -1e3, 1000.000999998),
    ],
)
def test_derivative_at_a_special_point(fun: Any, x: float, derivative: float) -> None:
    assert cr.grad(fun)(x) == pytest.approx(derivative, rel=1e-9, abs=1e-15)


def test_sinc_is_smooth_at_zero() -> None:
    derivatives: list[Any] = [np.sinc]
    for _ in range(4):
        derivatives.append(cr.grad(derivatives[-1]))
    np.testing.assert_allclose(
        [f(0.0) for f in derivatives], [1, 0, -(np.pi**2) / 3, 0, np.pi**4 / 5], rtol=1e-13, atol=1e-13
    )


@pytest.mark.parametrize("x", [1e-9, 1e-4, 0.02, 1.3, 1.75, 40.0])
def test_the_derivative_of_sinc_has_no_cancellation(x: float) -> None:
    t = np.longdouble(np.pi) * np.longdouble(x)
    exact = sum((-1) ** k * 2 * k * t ** (2 * k - 1) / scipy.special.factorial(2 * k + 1) for k in range(1, 12))
    if t > 2:
        exact = np.cos(t) / t - np.sin(t) / t**2
    assert cr.grad(np.sinc)(x) == pytest.approx(float(np.pi * exact), rel=1e-12)


@pytest.mark.parametrize(
    ("fun", "operation"),
    [
        (lambda a: scipy.special.gammainc(a, 2.0), "gammainc"),
        (lambda v: scipy.special.jv(v, 2.0), "jv"),
        (lambda a: scipy.special.betainc(a, 2.0, 0.5), "betainc"),
        (lambda x: np.nextafter(x, 2.0), "nextafter"),
    ],
)
def test_an_argument_without_derivative_is_an_error_and_not_a_zero(fun: Any, operation: str) -> None:
    with pytest.raises(cr.errors.NonDifferentiableError, match=f"{operation} has no derivative with respect to"):
        cr.grad(fun)(1.5)


def test_questions_about_whole_arrays_steer_python_code() -> None:
    def fun(x: Any) -> Any:
        return np.sum(x) if np.allclose(x, 1.0) else np.sum(2 * x)

    assert cr.grad(fun)(1.0) == 1
    assert cr.grad(fun)(2.0) == 2
