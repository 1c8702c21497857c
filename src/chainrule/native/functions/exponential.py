"""exp and its kin.

x = n ln 2 + r with an integer n and |r| ≤ ln 2 / 2, so e^x = 2^n e^r. ln 2 is taken off in two parts (Cody and Waite), the
first so short that n times it is exact; e^r is a minimax polynomial.
"""

from __future__ import annotations

from chainrule.native.builder import Builder, Value
from chainrule.native.functions.primitives import (
    by_dtype,
    constant,
    maximum,
    minimum,
    polynomial,
    round_shifted,
    scale,
)

__all__ = ["LN2", "exp", "exp_of_nonpositive", "sigmoid"]

_LOG2_E = 1.4426950408889634
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


def reduce_by_ln2(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """n, its shifted form (see `round_shifted`) and r, with x = n ln 2 + r."""
    n, shifted = round_shifted(b, x, _LOG2_E)
    high, low = by_dtype(x, *LN2)
    r = b.fma(n, constant(b, -high, x), x)
    return n, shifted, b.fma(n, constant(b, -low, x), r)


def expm1_of_remainder(b: Builder, r: Value) -> Value:
    """e^r − 1 for |r| ≤ ln 2 / 2."""
    square = b.fmul(r, r)
    return b.fma(square, polynomial(b, r, by_dtype(r, _EXPM1_32, _EXPM1_64), square), r)


def exp(b: Builder, x: Value) -> Value:
    """e^x."""
    return exp_of_nonpositive(b, minimum(b, constant(b, by_dtype(x, *_RANGE)[1], x), x))


def exp_of_nonpositive(b: Builder, x: Value) -> Value:
    """e^x for x ≤ 0, a little quicker."""
    clipped = maximum(b, constant(b, by_dtype(x, *_RANGE)[0], x), x)
    n, _, r = reduce_by_ln2(b, clipped)
    return scale(b, b.fadd(expm1_of_remainder(b, r), constant(b, 1.0, x)), n)


def exp_of_minus_magnitude(b: Builder, x: Value) -> Value:
    """e^(−|x|), which `sigmoid` and `softplus` of the same x share."""
    return exp_of_nonpositive(b, b.fneg(b.fabs(x)))


def sigmoid(b: Builder, x: Value) -> Value:
    """1 / (1 + e^(−x)), from e^(−|x|), which cannot overflow."""
    e = exp_of_minus_magnitude(b, x)
    one = constant(b, 1.0, x)
    numerator = b.select(b.fcmp("olt", x, constant(b, 0.0, x)), e, one)
    denominator = b.fadd(one, e)
    y = b.fdiv(numerator, denominator)
    lost = b.fsub(e, b.fsub(denominator, one))
    return b.fma(b.fneg(y), lost, y)
