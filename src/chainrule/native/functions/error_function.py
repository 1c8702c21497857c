"""erf, erfc and the normal distribution function.

Near 0, erf x = x p(x²). Elsewhere (x + 1/2) e^(x²) erfc x is so flat that it is a polynomial in t = (x − c) / (x + c).
The exponent x² is taken in two parts: its rounding error would be magnified by its size.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.exponential import exp_of_sum
from chainrule.native.functions.primitives import (
    by_dtype,
    constant,
    minimum,
    polynomial,
    quick_two_sum,
    residual,
    scale,
    two_product,
)

__all__ = ["erf", "erfc", "ndtr"]

_SQRT_HALF = 0.7071067811865476
#: Up to here erf is its own series; erfc and ndtr leave it earlier, as they lose bits to the difference.
_NEAR = (0.85, 0.75)
#: Beyond, erfc is 0, and so is e^(−x²).
_FAR = (10.1, 27.3)

# erf x = 2/√π x + x p(x²), |x| ≤ 0.85 and |x| ≤ 0.75
_TWO_OVER_SQRT_PI = 1.1283791670955126
_ERF32 = (-5.879159e-08, -0.37612638, 0.11283763, -0.026863327, 0.005211379, -0.00082681316, 8.939667e-05)
_ERF64 = (
    1.4452746224695306e-17, -0.37612638903183715, 0.11283791670952481, -0.02686617064440249, 0.005223977615121971,
    -0.0008548326169045606, 0.00012055288774552745, -1.4924176552590818e-05, 1.6430386696086698e-06,
    -1.5937585451193508e-07, 1.1463699851296576e-08,
)  # fmt: skip
# For float32, erf(t + 2.25), 0.85 ≤ t + 2.25 ≤ 3.95: no exponential is needed.
_ERF_FAR32 = (
    0.9985373, 0.0071423235, -0.016071083, 0.021724487, -0.019077048, 0.010657671, -0.0029226406, -0.00066914485,
    0.0010259897, -0.00037309708, -3.257544e-05, 6.957237e-05, -1.3355963e-05, -4.0319583e-06, 1.3179658e-06,
)  # fmt: skip
_ERF_CENTER32 = 2.25
# Of the normal distribution function, Φ(x) − 1/2 = x / √(2π) + x p(x²), |x| ≤ √(1/2).
_NDTR_FIRST = 0.3989422804014327
_NDTR32 = (-1.1876021e-08, -0.06649033, 0.009972733, -0.0011826102, 0.00010434689)
_NDTR64 = (
    -2.6492855990260586e-17, -0.06649038006690494, 0.00997355701000901, -0.0011873282149314512, 0.00011543468197571675,
    -9.444623651420843e-06, 6.658583439847458e-07, -4.100545922276885e-08, 2.033342831712455e-09,
)  # fmt: skip
# (x + 1/2) e^(x²) erfc x = p(t), x ≥ 1/2
_ERFC32 = (
    0.6384892,
    -0.046381913,
    -0.083015166,
    0.08202499,
    -0.027108064,
    -0.00400653,
    0.004338215,
    0.00058123324,
    -0.0006429268,
    -0.00011778136,
)
_ERFC64 = (
    0.6265040291348648,
    -0.06781055306229049,
    -0.02378114717671705,
    0.06482257935136698,
    -0.05963683170817881,
    0.03415401367254032,
    -0.011885257446433596,
    0.001264695897233504,
    0.0009443450175703969,
    -0.00038991601682465536,
    -5.257871864452606e-05,
    6.254887164826882e-05,
    2.469428498973559e-06,
    -1.0046844335545607e-05,
    -3.5065089696316434e-07,
    1.726849254967174e-06,
    1.514977645434783e-07,
    -2.925793405328908e-07,
    -4.2018321585605326e-08,
    3.583231912925495e-08,
    4.248864013233083e-09,
)
# (x + √(1/2)) e^(x²/2) Φ(−x) = p(t), x ≥ √(1/2)
_NDTR_TAIL32 = (
    0.45192936,
    -0.031105664,
    -0.06158265,
    0.057312187,
    -0.016491944,
    -0.0040836907,
    0.0027726297,
    0.0007085631,
    -0.0003990918,
    -0.00013445459,
)
_NDTR_TAIL64 = (
    0.4429636842917825,
    -0.04797830627186922,
    -0.016655240443943432,
    0.045719296433199656,
    -0.04218375481996954,
    0.02425277420896385,
    -0.008503434680198482,
    0.0009428313744121295,
    0.0006600117030561189,
    -0.0002806257293825377,
    -3.4586130142809795e-05,
    4.455524307844917e-05,
    1.2428683882902027e-06,
    -7.1221501889417206e-06,
    -1.5193178077018647e-07,
    1.2248045900992623e-06,
    8.813719436435947e-08,
    -2.0858367469312496e-07,
    -2.6161586287473298e-08,
    2.571772625097123e-08,
    2.544774744464102e-09,
)


def erf(b: Builder, x: Value) -> Value:
    """Error function."""
    one = constant(b, 1.0, x)
    magnitude = b.fabs(x)
    if x.type.scalar == "float":
        square = b.fmul(magnitude, magnitude)
        t = b.fsub(magnitude, constant(b, _ERF_CENTER32, x))
        far = b.fma(t, polynomial(b, t, _ERF_FAR32[1:]), constant(b, _ERF_FAR32[0], x))
        far = b.select(b.fcmp("ogt", magnitude, constant(b, 3.9, x)), one, far)
    else:
        magnitude = minimum(b, constant(b, _FAR[1], x), magnitude)
        square, lost = two_product(b, magnitude, magnitude)
        far = b.fsub(one, _tail(b, _ERFC, magnitude, square, lost))
    near = b.fcmp("olt", magnitude, constant(b, by_dtype(x, *_NEAR), x))
    return b.copysign(b.select(near, _series(b, magnitude, square), far), x)


def erfc(b: Builder, x: Value) -> Value:
    """1 − erf x, to its own relative precision."""
    one, two = constant(b, 1.0, x), constant(b, 2.0, x)
    magnitude = minimum(b, constant(b, by_dtype(x, *_FAR), x), b.fabs(x))
    square, lost = two_product(b, magnitude, magnitude)
    tail = _tail(b, _ERFC, magnitude, square, lost)
    positive = b.fcmp("ogt", x, constant(b, 0.0, x))
    near = b.fcmp("olt", magnitude, constant(b, 0.5, x))
    first, first_low = two_product(b, x, constant(b, _TWO_OVER_SQRT_PI, x))
    rest = b.fma(x, polynomial(b, square, by_dtype(x, _ERF32, _ERF64)), first_low)
    series = b.fsub(b.fsub(one, first), rest)
    return b.select(near, series, b.select(positive, tail, b.fsub(two, tail)))


def ndtr(b: Builder, x: Value) -> Value:
    """The normal distribution function, erfc(−x / √2) / 2."""
    half, one = constant(b, 0.5, x), constant(b, 1.0, x)
    largest = by_dtype(x, *_FAR) / _SQRT_HALF
    magnitude = minimum(b, constant(b, largest, x), b.fabs(x))
    square, lost = two_product(b, magnitude, magnitude)
    tail = _tail(b, _NDTR, magnitude, b.fmul(square, half), b.fmul(lost, half))
    p = polynomial(b, square, by_dtype(x, _NDTR32, _NDTR64))
    series = b.fma(x, p, b.fma(x, constant(b, _NDTR_FIRST, x), half))
    near = b.fcmp("olt", square, half)
    positive = b.fcmp("ogt", x, constant(b, 0.0, x))
    return b.select(near, series, b.select(positive, b.fsub(one, tail), tail))


def _series(b: Builder, x: Value, square: Value) -> Value:
    """erf x for x ≥ 0 near 0."""
    p = polynomial(b, square, by_dtype(x, _ERF32, _ERF64))
    return b.fma(x, constant(b, _TWO_OVER_SQRT_PI, x), b.fmul(x, p))


@dataclass(frozen=True)
class _Tail:
    """(x + offset) f(x) = e^(−exponent) p(t), t = (x − center) / (x + center)."""

    offset: float
    center: tuple[float, float]
    float32: tuple[float, ...]
    float64: tuple[float, ...]


_ERFC = _Tail(0.5, (2.0, 3.0), _ERFC32, _ERFC64)
_NDTR = _Tail(_SQRT_HALF, (2.75, 4.25), _NDTR_TAIL32, _NDTR_TAIL64)


def _tail(b: Builder, tail: _Tail, x: Value, exponent: Value, lost: Value) -> Value:
    """The tail for x not near 0, with its exponent in two parts."""
    one = constant(b, 1.0, x)
    center = constant(b, by_dtype(x, *tail.center), x)
    t = b.fdiv(b.fsub(x, center), b.fadd(x, center))
    first, *others = by_dtype(x, tail.float32, tail.float64)
    # p / (x + offset) with what the sums and the division lose; its product with 1 + q is then rounded once.
    p, p_low = quick_two_sum(b, constant(b, first, x), b.fmul(t, polynomial(b, t, others)))
    denominator, denominator_low = quick_two_sum(b, x, constant(b, tail.offset, x))
    inverse = b.fdiv(one, denominator)
    g = b.fmul(p, inverse)
    rest = b.fma(b.fneg(g), denominator_low, b.fadd(residual(b, p, g, denominator), p_low))
    n, q = exp_of_sum(b, b.fneg(exponent), b.fneg(lost))
    g_low = b.fmul(rest, inverse)
    return scale(b, b.fadd(g, b.fma(q, g, b.fma(q, g_low, g_low))), n)
