"""tanh, sinh, cosh and their inverses."""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.exponential import exp_scaled, expm1_scaled
from chainrule.native.functions.logarithm import half_log_of_ratio, log1p_of_sum
from chainrule.native.functions.primitives import (
    by_dtype,
    constant,
    mantissa_and_exponent,
    minimum,
    polynomial,
    quick_two_sum,
    residual,
    scale,
)

__all__ = ["arccosh", "arcsinh", "arctanh", "cosh", "sinh", "tanh"]

_INF = float("inf")
_NAN = float("nan")
_LN2 = 0.6931471805599453
#: Beyond, sinh and cosh are ∞.
_LARGEST = (89.6, 710.6)

# sinh x = x + x³ p(x²), |x| ≤ 0.55
_SINH32 = (0.16666669, 0.008332977, 0.00020022066)
_SINH64 = (
    0.16666666666666666, 0.00833333333333387, 0.0001984126984023772, 2.755732013675191e-06, 2.5051700771614224e-08,
    1.6148456281846324e-10,
)  # fmt: skip


def tanh(b: Builder, x: Value) -> Value:
    """h / (1 + h) with h = (e^(2|x|) − 1) / 2, and the sign of x."""
    one = constant(b, 1.0, x)
    magnitude = minimum(b, constant(b, by_dtype(x, 9.1, 19.2), x), b.fabs(x))  # beyond, it is 1
    h = expm1_scaled(b, b.fadd(magnitude, magnitude), -1, precise=False)
    denominator = b.fadd(h, one)
    y = b.fdiv(h, denominator)
    # One step of Newton's on h − y (1 + h), with what the sum lost to rounding; 1 / (1 + h) is 1 − y.
    lost = b.fsub(h, b.fsub(denominator, one))
    rest = b.fma(b.fneg(y), lost, residual(b, h, y, denominator))
    y = b.fma(rest, b.fsub(one, y), y)
    return b.copysign(minimum(b, one, y), x)


def sinh(b: Builder, x: Value) -> Value:
    """Near 0 a series, else E + E / (2 E + 1) with E = (e^|x| − 1) / 2.

    Half of that is doubled, so that only the result can overflow.
    """
    magnitude = minimum(b, constant(b, by_dtype(x, *_LARGEST), x), b.fabs(x))
    e = expm1_scaled(b, magnitude, -2)
    half = b.fadd(e, b.fdiv(e, b.fma(e, constant(b, 4.0, x), constant(b, 1.0, x))))
    square = b.fmul(magnitude, magnitude)
    series = polynomial(b, square, by_dtype(x, _SINH32, _SINH64))
    series = b.fma(b.fmul(magnitude, square), series, magnitude)
    near = b.fcmp("olt", magnitude, constant(b, 0.55, x))
    return b.copysign(b.select(near, series, b.fadd(half, half)), x)


def cosh(b: Builder, x: Value) -> Value:
    """(e^|x| + e^(−|x|)) / 2; half of it is doubled, so that only the result can overflow."""
    magnitude = minimum(b, constant(b, by_dtype(x, *_LARGEST), x), b.fabs(x))
    e = exp_scaled(b, magnitude, -2)
    half = b.fadd(e, b.fdiv(constant(b, 1 / 16, x), e))
    return b.fadd(half, half)


def arcsinh(b: Builder, x: Value) -> Value:
    """log(1 + |x| + x² / (1 + √(1 + x²))), or log |x| + ln 2 where that is the same, and the sign of x."""
    one = constant(b, 1.0, x)
    magnitude = b.fabs(x)
    square = b.fmul(magnitude, magnitude)
    root = b.sqrt(b.fma(magnitude, magnitude, one))
    small, low = quick_two_sum(b, magnitude, b.fdiv(square, b.fadd(root, one)))
    return b.copysign(_log1p_or_large(b, magnitude, small, low), x)


def arccosh(b: Builder, x: Value) -> Value:
    """log(1 + t + √(t² + 2 t)) with t = x − 1, or log x + ln 2 where that is the same."""
    t = b.fsub(x, constant(b, 1.0, x))
    small, low = quick_two_sum(b, b.sqrt(b.fma(t, t, b.fadd(t, t))), t)
    y = _log1p_or_large(b, x, small, low)
    return b.select(b.fcmp("olt", x, constant(b, 1.0, x)), constant(b, _NAN, x), y)


def _log1p_or_large(b: Builder, x: Value, small: Value, low: Value) -> Value:
    """log(1 + small + low), or log x + ln 2 for x so large that its square may overflow."""
    large = b.fcmp("ogt", x, constant(b, by_dtype(x, 2.0**40, 2.0**200), x))
    y = log1p_of_sum(b, b.select(large, x, small), b.select(large, constant(b, 0.0, x), low))
    return b.select(large, b.fadd(y, constant(b, _LN2, x)), y)


def arctanh(b: Builder, x: Value) -> Value:
    """log(q) / 2 with q = (1 + |x|) / (1 − |x|) = 2^k (1 + s) / (1 − s), where s comes from x and k and not from q."""
    one = constant(b, 1.0, x)
    magnitude = b.fabs(x)
    rest = b.fsub(one, magnitude)
    lost = b.fsub(b.fsub(one, rest), magnitude)  # 1 − |x| is rest + lost
    _, k = mantissa_and_exponent(b, b.fdiv(b.fadd(one, magnitude), rest))
    rest, lost = scale(b, rest, k), scale(b, lost, k)
    numerator = b.fsub(b.fadd(b.fsub(one, rest), magnitude), lost)
    denominator = b.fadd(b.fadd(one, rest), b.fadd(magnitude, lost))
    y = half_log_of_ratio(b, b.fdiv(numerator, denominator), b.fmul(k, constant(b, 0.5, x)))
    y = b.select(b.fcmp("oeq", magnitude, one), constant(b, _INF, x), y)
    y = b.select(b.fcmp("ogt", magnitude, one), constant(b, _NAN, x), y)
    return b.copysign(y, x)
