"""exp and its kin.

x = n ln 2 + r with an integer n and |r| ≤ ln 2 / 2, so e^x = 2^n e^r. ln 2 is taken off in two parts (Cody and Waite),
the first so short that n times it is exact; e^r is a minimax polynomial.
"""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.primitives import (
    by_dtype,
    constant,
    maximum,
    minimum,
    polynomial,
    power_of_two,
    round_shifted,
    scale,
    scale_down,
)

__all__ = ["LN2", "exp", "exp2", "expm1", "sigmoid"]

_LOG2_E = 1.4426950408889634
_LN2 = 0.6931471805599453
#: ln 2 in two parts, the first of 15 and 41 bits; both positive, so that ±∞ times them adds up.
LN2 = ((0.693145751953125, 1.4286068203094173e-06), (0.693147180559663, 2.8235290563031577e-13))
# e^r − 1 = r + r² p(r).
_EXPM1_32 = (0.49999997, 0.16666542, 0.04166753, 0.008366674, 0.0013862087)
_EXPM1_64 = (
    0.5000000000000006, 0.166666666666666, 0.04166666666657191, 0.008333333333381644, 0.0013888888933036557,
    0.00019841269738776938, 2.480150365778755e-05, 2.7557388059733575e-06, 2.76266268893167e-07, 2.5060349648788818e-08,
)  # fmt: skip
#: Below the first exp is 0, above the second ∞.
_RANGE = ((-104.0, 89.0), (-746.0, 710.0))
#: Below the first exp2 is 0, above the second ∞.
_BINARY_RANGE = ((-151.0, 129.0), (-1076.0, 1025.0))
#: Below the first expm1 is −1.
_EXPM1_RANGE = ((-18.0, 89.0), (-38.0, 710.0))


def reduce_by_ln2(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """n, its shifted form (see `round_shifted`) and r, with x = n ln 2 + r."""
    n, shifted = round_shifted(b, x, _LOG2_E)
    high, low = by_dtype(x, *LN2)
    r = b.fma(n, constant(b, -high, x), x)
    return n, shifted, b.fma(n, constant(b, -low, x), r)


def expm1_of_remainder(b: Builder, r: Value, low: Value | None = None) -> Value:
    """e^r − 1 for |r| ≤ ln 2 / 2, or e^(r + low) − 1 with a small `low`."""
    square = b.fmul(r, r)
    p = polynomial(b, r, by_dtype(r, _EXPM1_32, _EXPM1_64), square)
    if low is None:
        return b.fma(square, p, r)
    return b.fadd(r, b.fma(square, p, low))


def exp(b: Builder, x: Value) -> Value:
    """e^x."""
    n, q = exp_of_sum(b, x, None)
    return scale(b, b.fadd(q, constant(b, 1.0, x)), n)


def exp_of_minus_magnitude(b: Builder, x: Value) -> Value:
    """e^(−|x|), which `sigmoid` and `softplus` of the same x share."""
    clipped = maximum(b, constant(b, by_dtype(x, *_RANGE)[0], x), b.fneg(b.fabs(x)))
    n, shifted, r = reduce_by_ln2(b, clipped)
    return scale_down(b, b.fadd(expm1_of_remainder(b, r), constant(b, 1.0, x)), n, shifted)


def exp_of_sum(b: Builder, high: Value, low: Value | None) -> tuple[Value, Value]:
    """n and q with e^(high + low) = 2^n (1 + q), for a small `low`, or none; `high` may be anything."""
    below, above = by_dtype(high, *_RANGE)
    clipped = minimum(b, constant(b, above, high), maximum(b, constant(b, below, high), high))
    n, _, r = reduce_by_ln2(b, clipped)
    return n, expm1_of_remainder(b, r if low is None else b.fadd(r, low))


def exp2(b: Builder, x: Value) -> Value:
    """2^x."""
    below, above = by_dtype(x, *_BINARY_RANGE)
    clipped = minimum(b, constant(b, above, x), maximum(b, constant(b, below, x), x))
    n, _ = round_shifted(b, clipped, 1.0)
    r = b.fmul(b.fsub(clipped, n), constant(b, _LN2, x))
    return scale(b, b.fadd(expm1_of_remainder(b, r), constant(b, 1.0, x)), n)


def exp_scaled(b: Builder, x: Value, offset: int) -> Value:
    """e^x 2^offset, where 2^(offset + x / ln 2) is a normal number."""
    _, shifted, r = reduce_by_ln2(b, x)
    return b.fmul(b.fadd(expm1_of_remainder(b, r), constant(b, 1.0, x)), power_of_two(b, shifted, offset))


def expm1_scaled(b: Builder, x: Value, offset: int, precise: bool = True) -> Value:
    """(e^x − 1) 2^offset, to its own relative precision; 2^(offset + x / ln 2) must be a normal number.

    Where −1 and 2^n e^r all but cancel, the rounding of r tells; `precise` puts it right.
    """
    n, shifted, r = reduce_by_ln2(b, x)
    lost = None
    if precise:
        high, low = by_dtype(x, *LN2)
        exact = b.fma(n, constant(b, -high, x), x)
        lost = b.fma(n, constant(b, -low, x), b.fsub(exact, r))
    power = power_of_two(b, shifted, offset)
    return b.fma(power, expm1_of_remainder(b, r, lost), b.fsub(power, constant(b, 2.0**offset, x)))


def expm1(b: Builder, x: Value) -> Value:
    """e^x − 1. Halves are doubled, as 2^n may be too large where the result is not."""
    below, above = by_dtype(x, *_EXPM1_RANGE)
    half = expm1_scaled(b, minimum(b, constant(b, above, x), maximum(b, constant(b, below, x), x)), -1)
    return b.copysign(b.fadd(half, half), x)


def sigmoid(b: Builder, x: Value) -> Value:
    """1 / (1 + e^(−x)), from e^(−|x|), which cannot overflow."""
    e = exp_of_minus_magnitude(b, x)
    one = constant(b, 1.0, x)
    numerator = b.select(b.fcmp("olt", x, constant(b, 0.0, x)), e, one)
    denominator = b.fadd(one, e)
    y = b.fdiv(numerator, denominator)
    lost = b.fsub(e, b.fsub(denominator, one))
    return b.fma(b.fneg(y), lost, y)
