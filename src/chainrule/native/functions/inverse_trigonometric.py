"""arcsin, arccos, arctan and arctan2."""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.primitives import FORMAT, by_dtype, constant, polynomial, quick_two_sum

__all__ = ["arccos", "arcsin", "arctan", "arctan2"]

_INF = float("inf")
#: π/2 and π/4 in two parts.
_HALF_PI = ((1.5707963705062866, -4.371138828673793e-08), (1.5707963267948966, 6.123233995736766e-17))
_QUARTER_PI = ((0.7853981852531433, -2.1855694143368964e-08), (0.7853981633974483, 3.061616997868383e-17))

# arctan t = t + t³ p(t²), |t| ≤ 1/2
_ATAN32 = (-0.33333233, 0.19994168, -0.14174213, 0.1015583, -0.051251646)
_ATAN64 = (
    -0.3333333333333298, 0.19999999999903004, -0.1428571427637175, 0.11111110658894041, -0.09090896223959212,
    0.0769207356252742, -0.06663806853085025, 0.058582724557665, -0.051218846527598234, 0.041861562718392475,
    -0.02742925113504129, 0.010112791649966884,
)  # fmt: skip
# arcsin v = v + v³ p(v²), |v| ≤ 1/2
_ASIN32 = (0.16666752, 0.074953064, 0.04546977, 0.024180813, 0.042166315)
_ASIN64 = (
    0.16666666666665403, 0.07500000000338589, 0.04464285682694338, 0.030381959196913177, 0.02237175655540492,
    0.017359728071627924, 0.013884998468963222, 0.012170808432731387, 0.006520905443564824, 0.01954803492895717,
    -0.016255904127226054, 0.03193437657626322,
)  # fmt: skip


def arctan(b: Builder, x: Value) -> Value:
    """Arc tangent."""
    return b.copysign(_angle(b, b.fabs(x), constant(b, 1.0, x), None), x)


def arctan2(b: Builder, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), in (−π, π]."""
    one, infinity = constant(b, 1.0, x), constant(b, _INF, x)
    height, width = b.fabs(y), b.fabs(x)
    both_infinite = b.and_(b.fcmp("oeq", height, infinity), b.fcmp("oeq", width, infinity))
    height, width = b.select(both_infinite, one, height), b.select(both_infinite, one, width)
    both_zero = b.and_(b.fcmp("oeq", height, constant(b, 0.0, x)), b.fcmp("oeq", width, constant(b, 0.0, x)))
    width = b.select(both_zero, one, width)
    # Sums of the two must not overflow.
    large = constant(b, by_dtype(x, 2.0**100, 2.0**1000), x)
    down = b.select(b.or_(b.fcmp("ogt", height, large), b.fcmp("ogt", width, large)), constant(b, 0.25, x), one)
    bits = b.bitcast(x, FORMAT[x.type.scalar].integer)
    left = b.icmp("slt", bits, b.constant(0, bits.type))
    return b.copysign(_angle(b, b.fmul(height, down), b.fmul(width, down), left), y)


def _angle(b: Builder, height: Value, width: Value, left: Value | None) -> Value:
    """The angle of (±width, height) for positive numbers: k π/4 ± arctan t with |t| ≤ 1/2."""
    zero, one, two = (constant(b, number, width) for number in (0.0, 1.0, 2.0))
    steep = b.fcmp("ogt", height, width)
    short, long = b.select(steep, width, height), b.select(steep, height, width)
    middle = b.fcmp("ogt", b.fadd(short, short), long)
    numerator = b.select(middle, b.fsub(short, long), short)
    t = b.fdiv(numerator, b.select(middle, b.fadd(short, long), long))
    square = b.fmul(t, t)
    a = b.fma(b.fmul(t, square), polynomial(b, square, by_dtype(t, _ATAN32, _ATAN64)), t)
    eighths = b.select(middle, one, zero)
    eighths = b.select(steep, b.fsub(two, eighths), eighths)
    a = b.select(steep, b.fneg(a), a)
    if left is not None:
        eighths = b.select(left, b.fsub(constant(b, 4.0, t), eighths), eighths)
        a = b.select(left, b.fneg(a), a)
    high, low = by_dtype(t, *_QUARTER_PI)
    return b.fma(eighths, constant(b, high, t), b.fma(eighths, constant(b, low, t), a))


def arcsin(b: Builder, x: Value) -> Value:
    """Arc sine: for |x| > 1/2 it is π/2 − 2 arcsin √((1 − |x|) / 2)."""
    outer, v, tail = _arcsine(b, x)
    high, low = by_dtype(x, *_HALF_PI)
    far, lost = quick_two_sum(b, constant(b, high, x), b.fmul(v, constant(b, -2.0, x)))
    far = b.fadd(far, b.fadd(lost, b.fsub(constant(b, low, x), b.fadd(tail, tail))))
    return b.copysign(b.select(outer, far, b.fadd(v, tail)), x)


def arccos(b: Builder, x: Value) -> Value:
    """Arc cosine: 2 arcsin √((1 − x) / 2) for x > 1/2, π less that for x < −1/2, and π/2 − arcsin x between."""
    outer, v, tail = _arcsine(b, x)
    high, low = by_dtype(x, *_HALF_PI)
    negative = b.fcmp("olt", x, constant(b, 0.0, x))
    right = b.fadd(v, tail)
    left = b.fadd(b.fsub(constant(b, high, x), v), b.fsub(constant(b, low, x), tail))
    far = b.select(negative, left, right)
    v, tail = b.copysign(v, x), b.copysign(tail, x)
    near = b.fadd(b.fsub(constant(b, high, x), v), b.fsub(constant(b, low, x), tail))
    return b.select(outer, b.fadd(far, far), near)


def _arcsine(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """Whether |x| > 1/2, and arcsin v in two parts, v and a tail, with v = |x| or √((1 − |x|) / 2)."""
    half = constant(b, 0.5, x)
    magnitude = b.fabs(x)
    outer = b.fcmp("ogt", magnitude, half)
    square = b.select(outer, b.fma(magnitude, constant(b, -0.5, x), half), b.fmul(magnitude, magnitude))
    v = b.select(outer, b.sqrt(square), magnitude)
    tail = b.fmul(b.fmul(v, square), polynomial(b, square, by_dtype(x, _ASIN32, _ASIN64)))
    return outer, v, tail
