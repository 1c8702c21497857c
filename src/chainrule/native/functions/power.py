"""Powers, cube root and hypotenuse."""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Value
from chainrule.native.functions.exponential import exp_of_sum, reduce_by_ln2
from chainrule.native.functions.logarithm import with_special_logarithms
from chainrule.native.functions.primitives import (
    FORMAT,
    by_dtype,
    constant,
    mantissa_and_exponent,
    maximum,
    minimum,
    polynomial,
    power_of_two,
    quick_two_sum,
    residual,
    round_shifted,
    scale,
    two_product,
    two_sum,
)

__all__ = ["cbrt", "hypot", "power"]

_INF = float("inf")
_NAN = float("nan")
#: ln 2 in two parts, the first of 41 bits.
_LN2 = (0.6931471805601177, -1.7239444525610826e-13)
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
# log((1 + s) / (1 − s)) = 2 s + 2/3 s³ + s⁵ p(s²), |s| ≤ 1/5
_LOG64 = (
    0.3999999999999972, 0.2857142857157998, 0.2222222219076544, 0.18181821569993295, 0.15384404426135498,
    0.13341207822200574, 0.11591407329379232, 0.12577284891479695,
)  # fmt: skip
# For float32: log((1 + s) / (1 − s)) = 2 s + s³ p(s²) and e^r − 1 = r + r² p(r).
_LOG40 = (0.6666666671065867, 0.39999984524838267, 0.28573192723253943, 0.2213482913616065, 0.20125845826135985)
_EXPM1_30 = (
    0.5000000044155638,
    0.1666666639314787,
    0.04166636116191919,
    0.008333385593776256,
    0.0013940604609807186,
    0.0001984733689496865,
)
# m^(−1/3) for m in [0.75, 1.5), to 14 bits
_INVERSE_CBRT = (1.8380792, -1.7212254, 1.3608449, -0.5771918, 0.09945556)
_CBRT_2 = 1.2599210498948732


def hypot(b: Builder, x: Value, y: Value) -> Value:
    """√(x² + y²), scaled so that the squares neither overflow nor vanish."""
    x, y = b.fabs(x), b.fabs(y)
    larger = b.select(b.fcmp("ogt", x, y), x, y)
    limit, up = by_dtype(x, (2.0**50, 2.0**80), (2.0**500, 2.0**600))
    one = constant(b, 1.0, x)
    big = b.fcmp("ogt", larger, constant(b, limit, x))
    small = b.fcmp("olt", larger, constant(b, 1 / limit, x))
    factor = b.select(big, constant(b, 1 / up, x), b.select(small, constant(b, up, x), one))
    back = b.select(big, constant(b, up, x), b.select(small, constant(b, 1 / up, x), one))
    x, y = b.fmul(x, factor), b.fmul(y, factor)
    length = b.fmul(b.sqrt(b.fma(x, x, b.fmul(y, y))), back)
    infinity = constant(b, _INF, x)
    infinite = b.or_(b.fcmp("oeq", x, infinity), b.fcmp("oeq", y, infinity))
    return b.select(infinite, infinity, length)


def cbrt(b: Builder, x: Value) -> Value:
    """Cube root: x = 2^(3 j) m 2^i, i in {−1, 0, 1}; Newton's steps on (m 2^i)^(−1/3), and one on the root itself."""
    one = constant(b, 1.0, x)
    magnitude = b.fabs(x)
    m, k = mantissa_and_exponent(b, magnitude)
    j, shifted = round_shifted(b, k, 1 / 3)
    i = b.fma(j, constant(b, -3.0, x), k)
    zero = constant(b, 0.0, x)
    up, down = b.fcmp("ogt", i, zero), b.fcmp("olt", i, zero)

    def by_i(minus: float, plus: float) -> Value:
        return b.select(up, constant(b, plus, x), b.select(down, constant(b, minus, x), one))

    a = b.fmul(m, by_i(0.5, 2.0))
    z = b.fmul(polynomial(b, m, _INVERSE_CBRT), by_i(_CBRT_2, 1 / _CBRT_2))
    third = constant(b, 1 / 3, x)
    for _ in range(by_dtype(x, 1, 2)):
        error = b.fma(b.fneg(b.fmul(a, z)), b.fmul(z, z), one)
        z = b.fma(b.fmul(z, third), error, z)
    square = b.fmul(z, z)
    y = b.fmul(a, square)
    rest = b.fma(b.fneg(b.fmul(y, y)), y, a)
    y = b.fma(b.fmul(rest, third), square, y)
    y = b.copysign(b.fmul(y, power_of_two(b, shifted)), x)
    ordinary = b.and_(b.fcmp("ogt", magnitude, zero), b.fcmp("olt", magnitude, constant(b, _INF, x)))
    return b.select(ordinary, y, x)


def power(b: Builder, x: Value, y: Value) -> Value:
    """x^y as C's ``pow`` and NumPy define it: e^(y log |x|), and a sign."""
    zero, one, infinity = (constant(b, number, x) for number in (0.0, 1.0, _INF))
    base, exponent = b.fabs(x), b.fabs(y)
    if x.type.scalar == "float":
        wide = _power_of_positive32(b, b.convert("fpext", base, "double"), b.convert("fpext", y, "double"))
        magnitude = b.convert("fptrunc", wide, "float")
    else:
        magnitude = _power_of_positive64(b, base, y)
    # A negative base has a power if the exponent is an integer, and a sign if that is odd.
    integer, odd = _parity(b, exponent)
    signed = b.select(odd, b.copysign(magnitude, x), magnitude)
    negative = b.and_(b.fcmp("olt", x, zero), b.fcmp("olt", base, infinity))
    result = b.select(b.and_(negative, b.not_(integer)), constant(b, _NAN, x), signed)
    return b.select(b.or_(b.fcmp("oeq", x, one), b.fcmp("oeq", y, zero)), one, result)


def _parity(b: Builder, y: Value) -> tuple[Value, Value]:
    """Whether y ≥ 0 is an integer, and whether it is an odd one; large numbers are even."""
    whole = constant(b, 2.0 ** FORMAT[y.type.scalar].mantissa_bits, y)  # from here on, all numbers are integers

    def is_integer(number: Value) -> Value:
        rounded = b.fsub(b.fadd(number, whole), whole)
        return b.or_(b.fcmp("oeq", rounded, number), b.fcmp("oge", number, whole))

    integer = is_integer(y)
    return integer, b.and_(integer, b.not_(is_integer(b.fmul(y, constant(b, 0.5, y)))))


def _power_of_positive32(b: Builder, x: Value, y: Value) -> Value:
    """e^(y log x) for x ≥ 0, in float64 to the precision of float32."""
    m, k = mantissa_and_exponent(b, x, normal=True)
    one = constant(b, 1.0, x)
    f = b.fsub(m, one)
    s = b.fdiv(f, b.fadd(f, constant(b, 2.0, x)))
    square = b.fmul(s, s)
    tail = b.fma(square, polynomial(b, square, _LOG40), constant(b, 2.0, x))
    logarithm = with_special_logarithms(b, b.fma(k, constant(b, _LN2[0], x), b.fmul(s, tail)), x)
    exponent = b.fmul(_bounded(b, y), logarithm)
    exponent = minimum(b, constant(b, 89.0, x), maximum(b, constant(b, -104.0, x), exponent))
    _, shifted, r = reduce_by_ln2(b, exponent)
    square = b.fmul(r, r)
    fraction = b.fadd(b.fma(square, polynomial(b, r, _EXPM1_30, square), r), one)
    return b.fmul(fraction, power_of_two(b, shifted))


def _power_of_positive64(b: Builder, x: Value, y: Value) -> Value:
    """e^(y log x) for x ≥ 0, with the logarithm and the product in two parts each."""
    high, low = _log_in_two_parts(b, x)
    y = _bounded(b, y)
    product, lost = two_product(b, y, high)
    small = b.fcmp("olt", b.fabs(product), constant(b, 1000.0, x))
    n, q = exp_of_sum(b, product, b.select(small, b.fma(y, low, lost), constant(b, 0.0, x)))
    return scale(b, b.fadd(q, constant(b, 1.0, x)), n)


def _bounded(b: Builder, y: Value) -> Value:
    """An exponent whose powers, of any float64 but 1, are 0 or ∞ where those of y are; ∞ times log 1 would be NaN."""
    return b.copysign(minimum(b, constant(b, 2.0**65, y), b.fabs(y)), y)


def _log_in_two_parts(b: Builder, x: Value) -> tuple[Value, Value]:
    """log x to about 68 bits."""
    one, two = constant(b, 1.0, x), constant(b, 2.0, x)
    m, k = mantissa_and_exponent(b, x)
    f = b.fsub(m, one)
    denominator = b.fadd(f, two)
    denominator_low = b.fsub(f, b.fsub(denominator, two))
    inverse = b.fdiv(one, denominator)
    s = b.fmul(f, inverse)
    s_low = b.fmul(b.fma(b.fneg(s), denominator_low, residual(b, f, s, denominator)), inverse)
    # log(1 + f) = 2 s + s (2/3 s² + s⁴ p(s²)).
    square, square_low = two_product(b, s, s)
    square_low = b.fma(b.fmul(two, s), s_low, square_low)
    tail = b.fmul(b.fmul(square, square), polynomial(b, square, _LOG64))
    third, third_low = two_product(b, square, constant(b, _TWO_THIRDS[0], x))
    third_low = b.fma(square_low, constant(b, _TWO_THIRDS[0], x), third_low)
    third_low = b.fma(square, constant(b, _TWO_THIRDS[1], x), third_low)
    inner, inner_low = quick_two_sum(b, third, tail)
    inner_low = b.fadd(inner_low, third_low)
    cubic, cubic_low = two_product(b, s, inner)
    cubic_low = b.fadd(b.fma(s, inner_low, cubic_low), b.fmul(s_low, inner))
    total, rest = quick_two_sum(b, b.fmul(two, s), cubic)
    rest = b.fadd(rest, b.fma(two, s_low, cubic_low))
    # The exponent's part last: it is the largest, or 0.
    high, lost = two_sum(b, b.fmul(k, constant(b, _LN2[0], x)), total)
    low = b.fadd(lost, b.fma(k, constant(b, _LN2[1], x), rest))
    high, low = quick_two_sum(b, high, low)
    # The logarithms of 0 and ∞ have one part.
    zero, infinity = constant(b, 0.0, x), constant(b, _INF, x)
    ordinary = b.and_(b.fcmp("ogt", x, zero), b.fcmp("olt", x, infinity))
    extreme = b.select(b.fcmp("oeq", x, zero), constant(b, -_INF, x), x)
    return b.select(ordinary, high, extreme), b.select(ordinary, low, zero)
