"""tanh and its kin."""

from __future__ import annotations

from chainrule.native.builder import Builder, Value
from chainrule.native.functions.exponential import expm1_of_remainder, reduce_by_ln2
from chainrule.native.functions.primitives import by_dtype, constant, minimum, power_of_two, residual

__all__ = ["tanh"]


def tanh(b: Builder, x: Value) -> Value:
    """h / (1 + h) with h = (e^(2|x|) − 1) / 2, and the sign of x."""
    one = constant(b, 1.0, x)
    magnitude = minimum(b, constant(b, by_dtype(x, 9.1, 19.2), x), b.fabs(x))  # beyond, it is 1
    _, shifted, r = reduce_by_ln2(b, b.fadd(magnitude, magnitude))
    half_power = power_of_two(b, shifted, -1)
    h = b.fma(half_power, expm1_of_remainder(b, r), b.fsub(half_power, constant(b, 0.5, x)))
    denominator = b.fadd(h, one)
    y = b.fdiv(h, denominator)
    # One step of Newton's on h − y (1 + h), with what the sum lost to rounding; 1 / (1 + h) is 1 − y.
    lost = b.fsub(h, b.fsub(denominator, one))
    rest = b.fma(b.fneg(y), lost, residual(b, h, y, denominator))
    y = b.fma(rest, b.fsub(one, y), y)
    return b.copysign(minimum(b, one, y), x)
