"""erf, erfc and the normal distribution function.

Near 0, erf x = x p(x²). Elsewhere (1 + 2 x) e^(x²) erfc x is so flat that it is a polynomial in t = (x − c) / (x + c).
The exponent x² is taken in two parts: its rounding error would be magnified by its size.
"""

from __future__ import annotations

from chainrule.native.builder import Builder, Value
from chainrule.native.functions.exponential import exp_of_sum
from chainrule.native.functions.primitives import by_dtype, constant, minimum, polynomial, two_product

__all__ = ["erf", "erfc", "ndtr"]

_SQRT_HALF = 0.7071067811865476
#: Up to here erf's own series is used.
_NEAR = 0.75
#: Beyond, erfc is 0, and so is e^(−x²).
_FAR = (10.1, 27.3)
_CENTER = (2.0, 3.0)

# erf x = 2/√π x + x p(x²), |x| ≤ 3/4
_TWO_OVER_SQRT_PI = 1.1283791670955126
_ERF32 = (-5.8663097e-08, -0.37612638, 0.11283764, -0.026863592, 0.0052125864, -0.00082891644, 9.064538e-05)
_ERF64 = (
    1.4452746224695306e-17, -0.37612638903183715, 0.11283791670952481, -0.02686617064440249, 0.005223977615121971,
    -0.0008548326169045606, 0.00012055288774552745, -1.4924176552590818e-05, 1.6430386696086698e-06,
    -1.5937585451193508e-07, 1.1463699851296576e-08,
)  # fmt: skip
# (1 + 2 x) e^(x²) erfc x = p(t), x ≥ 1/2
_ERFC32 = (
    1.2769784, -0.092763826, -0.16603033, 0.16404998, -0.054216128, -0.00801306, 0.00867643, 0.0011624665, -0.0012858536,
    -0.00023556272,
)  # fmt: skip
_ERFC64 = (
    1.2530080582697296, -0.13562110612458098, -0.0475622943534341, 0.12964515870273396, -0.11927366341635762,
    0.06830802734508064, -0.023770514892867193, 0.002529391794467008, 0.0018886900351407939, -0.0007798320336493107,
    -0.00010515743728905212, 0.00012509774329653764, 4.938856997947118e-06, -2.0093688671091215e-05,
    -7.013017939263287e-07, 3.453698509934348e-06, 3.029955290869566e-07, -5.851586810657816e-07, -8.403664317121065e-08,
    7.16646382585099e-08, 8.497728026466165e-09,
)  # fmt: skip


def erf(b: Builder, x: Value) -> Value:
    """Error function."""
    magnitude = minimum(b, constant(b, by_dtype(x, *_FAR), x), b.fabs(x))
    square, lost = two_product(b, magnitude, magnitude)
    far = b.fsub(constant(b, 1.0, x), _tail(b, magnitude, square, lost))
    near = b.fcmp("olt", magnitude, constant(b, _NEAR, x))
    return b.copysign(b.select(near, _series(b, magnitude, square), far), x)


def erfc(b: Builder, x: Value) -> Value:
    """1 − erf x, to its own relative precision."""
    one, two = constant(b, 1.0, x), constant(b, 2.0, x)
    magnitude = minimum(b, constant(b, by_dtype(x, *_FAR), x), b.fabs(x))
    square, lost = two_product(b, magnitude, magnitude)
    tail = _tail(b, magnitude, square, lost)
    positive = b.fcmp("ogt", x, constant(b, _NEAR, x))
    near = b.fcmp("olt", magnitude, constant(b, _NEAR, x))
    series = b.fsub(one, b.copysign(_series(b, magnitude, square), x))
    return b.select(near, series, b.select(positive, tail, b.fsub(two, tail)))


def ndtr(b: Builder, x: Value) -> Value:
    """The normal distribution function, erfc(−x / √2) / 2."""
    half, one = constant(b, 0.5, x), constant(b, 1.0, x)
    root = constant(b, _SQRT_HALF, x)
    largest = by_dtype(x, *_FAR) / _SQRT_HALF
    magnitude = minimum(b, constant(b, largest, x), b.fabs(x))
    square, lost = two_product(b, magnitude, magnitude)
    square, lost = b.fmul(square, half), b.fmul(lost, half)
    z = b.fmul(magnitude, root)
    tail = b.fmul(_tail(b, z, square, lost), half)
    near = b.fcmp("olt", z, constant(b, _NEAR, x))
    series = b.fma(b.copysign(_series(b, z, square), x), half, half)
    positive = b.fcmp("ogt", x, constant(b, 0.0, x))
    return b.select(near, series, b.select(positive, b.fsub(one, tail), tail))


def _series(b: Builder, x: Value, square: Value) -> Value:
    """erf x for 0 ≤ x ≤ 3/4."""
    p = polynomial(b, square, by_dtype(x, _ERF32, _ERF64))
    return b.fma(x, constant(b, _TWO_OVER_SQRT_PI, x), b.fmul(x, p))


def _tail(b: Builder, x: Value, square: Value, lost: Value) -> Value:
    """erfc x for x ≥ 1/2, with x² in two parts."""
    center = constant(b, by_dtype(x, *_CENTER), x)
    t = b.fdiv(b.fsub(x, center), b.fadd(x, center))
    p = polynomial(b, t, by_dtype(x, _ERFC32, _ERFC64))
    quotient = b.fdiv(p, b.fma(x, constant(b, 2.0, x), constant(b, 1.0, x)))
    return b.fmul(exp_of_sum(b, b.fneg(square), b.fneg(lost)), quotient)
