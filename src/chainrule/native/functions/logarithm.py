"""log and its kin.

x = 2^k m with m in [0.75, 1.5), f = m − 1, and log m = 2 atanh(s) with s = f / (2 + f), |s| ≤ 1/5. The series of atanh
has only even powers beside s, so few terms do. 2 s = f − s f puts the exact f in front:
log m = f − s (f − R), R = 2 s² / 3 + 2 s⁴ / 5 + ...
"""

from __future__ import annotations

from chainrule.native.builder import Builder, Value
from chainrule.native.functions.exponential import LN2, exp_of_minus_magnitude
from chainrule.native.functions.primitives import (
    by_dtype,
    constant,
    mantissa_and_exponent,
    maximum,
    minimum,
    polynomial,
    scale,
)

__all__ = ["log", "log1p", "softplus"]

_INF = float("inf")
_NAN = float("nan")

# R = s² p(s²), the signs turned around; s² ≤ 1/25.
_ATANH32 = (-0.6666695, -0.39957657, -0.30364498)
_ATANH64 = (
    -0.666666666666666, -0.4000000000005668, -0.2857142855582558, -0.22222224297035464, -0.18181665827033436,
    -0.1539111398049246, -0.1317355831815323, -0.13843358752779744,
)  # fmt: skip
# The same for s² ≤ 1/9.
_WIDE_ATANH32 = (-0.6666642, -0.40021437, -0.28003016, -0.2800688)
_WIDE_ATANH64 = (
    -0.6666666666666667, -0.39999999999995384, -0.28571428572333646, -0.22222222136998482, -0.18181822756010582,
    -0.15384462879827865, -0.13336631771374405, -0.11717742870733228, -0.10961032515540554, -0.07036417772607087,
    -0.1640076948455657,
)  # fmt: skip


def _product(b: Builder, f: Value, coefficients: tuple[float, ...]) -> tuple[Value, Value]:
    """s and f − R, of which log(1 + f) = f − s (f − R)."""
    s = b.fdiv(f, b.fadd(constant(b, 2.0, f), f))
    square = b.fmul(s, s)
    return s, b.fma(square, polynomial(b, square, coefficients), f)


def log_of_parts(b: Builder, f: Value, k: Value) -> Value:
    """log(2^k (1 + f)) for f in [−0.25, 0.5]."""
    high, low = by_dtype(f, *LN2)
    s, rest = _product(b, f, by_dtype(f, _ATANH32, _ATANH64))
    small = b.fma(k, constant(b, -low, f), b.fmul(s, rest))
    return b.fma(k, constant(b, high, f), b.fsub(f, small))


def log(b: Builder, x: Value) -> Value:
    """Natural logarithm."""
    m, k = mantissa_and_exponent(b, x)
    return with_special_logarithms(b, log_of_parts(b, b.fsub(m, constant(b, 1.0, x)), k), x)


def with_special_logarithms(b: Builder, y: Value, x: Value) -> Value:
    """y = log x, or ∞, NaN or −∞ where x is ∞, NaN or negative, or 0."""
    if b.has_avx512:  # already so
        return y
    zero = constant(b, 0.0, x)
    y = b.select(b.fcmp("olt", x, constant(b, _INF, x)), y, x)
    y = b.select(b.fcmp("olt", x, zero), constant(b, _NAN, x), y)
    return b.select(b.fcmp("oeq", x, zero), constant(b, -_INF, x), y)


def log1p(b: Builder, x: Value) -> Value:
    """log(1 + x): what 1 + x loses to rounding is added to the mantissa."""
    one = constant(b, 1.0, x)
    u = b.fadd(one, x)
    lost = b.fsub(x, b.fsub(u, one))
    lost = b.select(b.fcmp("olt", x, constant(b, _INF, x)), lost, constant(b, 0.0, x))
    m, k = mantissa_and_exponent(b, u)
    down = minimum(b, constant(b, 64.0, x), b.fneg(k))  # 2^∞ times the 0 that is lost at −1 would be NaN
    f = b.fadd(b.fsub(m, one), scale(b, lost, down))
    return b.copysign(with_special_logarithms(b, log_of_parts(b, f, k), u), x)  # −0 stays −0


def log1p_of_fraction(b: Builder, f: Value) -> Value:
    """log(1 + f) for f in [0, 1]."""
    s, rest = _product(b, f, by_dtype(f, _WIDE_ATANH32, _WIDE_ATANH64))
    return b.fma(b.fneg(s), rest, f)


def softplus(b: Builder, x: Value) -> Value:
    """log(1 + e^x) = max(x, 0) + log(1 + e^(−|x|))."""
    rest = log1p_of_fraction(b, exp_of_minus_magnitude(b, x))
    return b.fadd(maximum(b, constant(b, 0.0, x), x), rest)
