"""log and its kin.

x = 2^k m with m in [0.75, 1.5), f = m − 1, and log m = 2 atanh(s) with s = f / (2 + f), |s| ≤ 1/5. The series of atanh
has only even powers beside s, so few terms do. 2 s = f − s f puts the exact f in front:
log m = f − s (f − R), R = 2 s² / 3 + 2 s⁴ / 5 + ...
"""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.exponential import LN2, exp_of_minus_magnitude, exp_of_sum
from chainrule.native.functions.primitives import (
    FORMAT,
    by_dtype,
    constant,
    mantissa_and_exponent,
    maximum,
    minimum,
    polynomial,
    quick_two_sum,
    scale,
    scale_within_range,
    two_product,
    two_sum,
)

__all__ = ["log", "log1p", "log2", "log10", "logaddexp", "softplus"]

#: The parts of log₂ e, of log₁₀ e and of log₁₀ 2, the last so that k times the first is exact.
_LOG2_E = ((1.4426950216293335, 1.925963033500011e-08), (1.4426950408889634, 2.0355273740931033e-17))
_LOG10_E = ((0.4342944920063019, -1.0103049952192578e-08), (0.4342944819032518, 1.098319650216765e-17))
_LOG10_2 = ((0.301025390625, 4.605039066518657e-06), (0.3010299956640665, -8.532344317057107e-14))
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


def log_of_parts(b: Builder, f: Value, k: Value, low: Value | None = None) -> Value:
    """log(2^k (1 + f)) for f in [−0.25, 0.5], or log(2^k (1 + f + low)) with a `low` below the last place of f."""
    ln2_high, ln2_low = by_dtype(f, *LN2)
    s, rest = _product(b, f, by_dtype(f, _ATANH32, _ATANH64))
    small = b.fma(k, constant(b, -ln2_low, f), b.fmul(s, rest))
    if low is not None:
        small = b.fsub(small, low)
    return b.fma(k, constant(b, ln2_high, f), b.fsub(f, small))


def half_log_of_ratio(b: Builder, s: Value, half_k: Value) -> Value:
    """log(2^k (1 + s) / (1 − s)) / 2 for |s| ≤ 1/5."""
    high, low = by_dtype(s, *LN2)
    square = b.fmul(s, s)
    tail = polynomial(b, square, [-0.5 * c for c in by_dtype(s, _ATANH32, _ATANH64)])
    small = b.fma(half_k, constant(b, low, s), b.fmul(b.fmul(s, square), tail))
    return b.fma(half_k, constant(b, high, s), b.fadd(s, small))


def log(b: Builder, x: Value) -> Value:
    """Natural logarithm."""
    m, k = mantissa_and_exponent(b, x)
    return with_special_logarithms(b, log_of_parts(b, b.fsub(m, constant(b, 1.0, x)), k), x)


def log2(b: Builder, x: Value) -> Value:
    """Logarithm to base 2."""
    return _log_to_base(b, x, by_dtype(x, *_LOG2_E), (1.0, 0.0))


def log10(b: Builder, x: Value) -> Value:
    """Logarithm to base 10."""
    return _log_to_base(b, x, by_dtype(x, *_LOG10_E), by_dtype(x, *_LOG10_2))


def _log_to_base(b: Builder, x: Value, factor: tuple[float, float], log_2: tuple[float, float]) -> Value:
    """k log 2 + factor · log m: both in two parts, as their sum may cancel."""
    m, k = mantissa_and_exponent(b, x)
    f = b.fsub(m, constant(b, 1.0, x))
    s, rest = _product(b, f, by_dtype(f, _ATANH32, _ATANH64))
    high, low = quick_two_sum(b, f, b.fneg(b.fmul(s, rest)))
    product, lost = two_product(b, high, constant(b, factor[0], x))
    lost = b.fma(low, constant(b, factor[0], x), b.fma(high, constant(b, factor[1], x), lost))
    if log_2[1]:
        lost = b.fma(k, constant(b, log_2[1], x), lost)
    total, rest = quick_two_sum(b, b.fmul(k, constant(b, log_2[0], x)), product)
    return _with_specials(b, b.fadd(total, b.fadd(rest, lost)), x)


def with_special_logarithms(b: Builder, y: Value, x: Value) -> Value:
    """y = log x, or ∞, NaN or −∞ where x is ∞, NaN or negative, or 0, if `mantissa_and_exponent` leaves that to do."""
    return y if b.has_avx512 else _with_specials(b, y, x)


def _with_specials(b: Builder, y: Value, x: Value) -> Value:
    zero = constant(b, 0.0, x)
    y = b.select(b.fcmp("olt", x, constant(b, _INF, x)), y, x)
    y = b.select(b.fcmp("olt", x, zero), constant(b, _NAN, x), y)
    return b.select(b.fcmp("oeq", x, zero), constant(b, -_INF, x), y)


def log1p(b: Builder, x: Value) -> Value:
    """log(1 + x): what the sum loses to rounding is added to the mantissa."""
    return log1p_of_sum(b, x, None)


def log1p_of_sum(b: Builder, x: Value, low: Value | None) -> Value:
    """log(1 + x + low) for a `low` below the last place of x, or none."""
    one = constant(b, 1.0, x)
    u = b.fadd(one, x)
    lost = b.fsub(x, b.fsub(u, one))
    if low is not None:
        lost = b.fadd(lost, low)
    lost = b.select(b.fcmp("olt", x, constant(b, _INF, x)), lost, constant(b, 0.0, x))
    m, k = mantissa_and_exponent(b, u, normal=True)
    down = minimum(b, constant(b, 64.0, x), b.fneg(k))  # 2^∞ times the 0 that is lost at −1 would be NaN
    if not b.has_avx512:
        down = maximum(b, constant(b, 1.0 - FORMAT[x.type.scalar].bias, x), down)  # nothing is lost from so large a u
    f, lost = b.fsub(m, one), scale_within_range(b, lost, down)
    if low is None:
        y = log_of_parts(b, b.fadd(f, lost), k)
    else:
        f, lost = two_sum(b, f, lost)
        y = log_of_parts(b, f, k, lost)
    return b.copysign(with_special_logarithms(b, y, u), x)  # −0 stays −0


def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    """log(e^x + e^y) = max(x, y) + log(1 + e^(−|x − y|)); the two may cancel."""
    zero = constant(b, 0.0, x)
    larger, smaller = maximum(b, x, y), b.select(b.fcmp("ogt", x, y), y, x)
    difference, lost = two_sum(b, smaller, b.fneg(larger))
    same = b.fcmp("oeq", x, y)
    far = b.fcmp("olt", difference, constant(b, -1000.0, x))
    difference = b.select(same, zero, difference)  # ∞ − ∞ would be NaN
    lost = b.select(b.or_(same, far), zero, lost)
    n, q = exp_of_sum(b, difference, lost)
    fraction, low = quick_two_sum(b, constant(b, 1.0, x), q)
    fraction, low = scale(b, fraction, n), scale(b, low, n)
    s, tail = _product(b, fraction, by_dtype(x, _WIDE_ATANH32, _WIDE_ATANH64))
    small = b.fsub(b.fmul(s, tail), low)  # log(1 + fraction) is fraction − small
    total, rest = two_sum(b, larger, fraction)
    infinite = b.fcmp("oeq", b.fabs(larger), constant(b, _INF, x))
    return b.fadd(total, b.fsub(b.select(infinite, zero, rest), small))


def log1p_of_fraction(b: Builder, f: Value) -> Value:
    """log(1 + f) for f in [0, 1]."""
    s, rest = _product(b, f, by_dtype(f, _WIDE_ATANH32, _WIDE_ATANH64))
    return b.fma(b.fneg(s), rest, f)


def softplus(b: Builder, x: Value) -> Value:
    """log(1 + e^x) = max(x, 0) + log(1 + e^(−|x|))."""
    rest = log1p_of_fraction(b, exp_of_minus_magnitude(b, x))
    return b.fadd(maximum(b, constant(b, 0.0, x), x), rest)
