"""What the functions are made of: polynomials, rounding to integers, exponents and mantissas, exact sums and products.

A binary floating-point number is ±m · 2^k. Its exponent is reached through its bits, or, on AVX-512, through
instructions made for that (``vscalef``, ``vgetexp``, ``vgetmant``), which also know the special values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value

__all__ = [
    "FORMAT",
    "Format",
    "by_dtype",
    "constant",
    "flip_sign",
    "mantissa_and_exponent",
    "maximum",
    "minimum",
    "polynomial",
    "power_of_two",
    "quick_two_sum",
    "residual",
    "round_shifted",
    "scale",
    "scale_down",
    "scale_within_range",
    "two_product",
    "two_sum",
]


_T = TypeVar("_T")


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes
    ----------
    integer : str
        The integer of the same width.
    mantissa_bits : int
        Stored bits of the mantissa.
    bias : int
        What is added to an exponent before it is stored.
    shifter : float
        1.5 · 2^mantissa_bits: a number added to it is rounded to an integer, found in the lowest bits of the sum.
    """

    integer: str
    mantissa_bits: int
    bias: int

    @property
    def shifter(self) -> float:
        return 1.5 * 2.0**self.mantissa_bits

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)


FORMAT = {"float": Format("i32", 23, 127), "double": Format("i64", 52, 1023)}


def by_dtype(x: Value, float32: _T, float64: _T) -> _T:
    """The one of two that belongs to the dtype of a value."""
    return float32 if x.type.scalar == "float" else float64


def constant(b: Builder, number: float, x: Value) -> Value:
    """A number of the type of `x`."""
    return b.constant(number, x.type)


def polynomial(b: Builder, x: Value, coefficients: Sequence[float], square: Value | None = None) -> Value:
    """c₀ + c₁ x + c₂ x² + ...: by Horner's rule, even and odd powers apart where that is quicker."""
    if square is None:
        if len(coefficients) <= 5:
            return _horner(b, x, coefficients)
        square = b.fmul(x, x)
    return b.fma(x, _horner(b, square, coefficients[1::2]), _horner(b, square, coefficients[::2]))


def _horner(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    total = constant(b, coefficients[-1], x)
    for coefficient in coefficients[-2::-1]:
        total = b.fma(total, x, constant(b, coefficient, x))
    return total


# Comparing ------------------------------------------------------------------------------------------------------


def minimum(b: Builder, bound: Value, x: Value) -> Value:
    """The smaller of the two; NaN where x is NaN (one instruction on x86)."""
    return b.select(b.fcmp("olt", bound, x), bound, x)


def maximum(b: Builder, bound: Value, x: Value) -> Value:
    """The larger of the two; NaN where x is NaN (one instruction on x86)."""
    return b.select(b.fcmp("ogt", bound, x), bound, x)


def flip_sign(b: Builder, x: Value, bits: Value) -> Value:
    """x, negated where the highest of the bits of an integer is set."""
    format = FORMAT[x.type.scalar]
    sign = b.and_(bits, b.constant(-(1 << (x.type.bits - 1)), bits.type))
    return b.bitcast(b.xor(b.bitcast(x, format.integer), sign), x.type.scalar)


# Exact sums and products ----------------------------------------------------------------------------------------


def quick_two_sum(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """x + y as the rounded sum and what it lost, for |x| ≥ |y| (Dekker)."""
    total = b.fadd(x, y)
    return total, b.fsub(y, b.fsub(total, x))


def two_sum(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """x + y as the rounded sum and what it lost (Knuth)."""
    total = b.fadd(x, y)
    part = b.fsub(total, x)
    return total, b.fadd(b.fsub(x, b.fsub(total, part)), b.fsub(y, part))


def two_product(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
    """x · y as the rounded product and what it lost: by fma, or by Dekker's and Veltkamp's splitting."""
    product = b.fmul(x, y)
    if b.has_fma:
        return product, b.fma(x, y, b.fneg(product))
    x_high, x_low = _split(b, x)
    y_high, y_low = _split(b, y)
    rest = b.fsub(b.fmul(x_high, y_high), product)
    rest = b.fadd(b.fadd(rest, b.fmul(x_high, y_low)), b.fmul(x_low, y_high))
    return product, b.fadd(rest, b.fmul(x_low, y_low))


def _split(b: Builder, x: Value) -> tuple[Value, Value]:
    """Two halves of the mantissa (Veltkamp)."""
    big = b.fmul(x, constant(b, by_dtype(x, 2.0**12 + 1, 2.0**27 + 1), x))
    high = b.fsub(big, b.fsub(big, x))
    return high, b.fsub(x, high)


def residual(b: Builder, x: Value, y: Value, z: Value) -> Value:
    """x − y · z, where the product all but cancels x."""
    if b.has_fma:
        return b.fma(b.fneg(y), z, x)
    product, lost = two_product(b, y, z)
    return b.fsub(b.fsub(x, product), lost)


# Integers and powers of two -------------------------------------------------------------------------------------


def round_shifted(b: Builder, x: Value, factor: float) -> tuple[Value, Value]:
    """x · factor rounded to an integer n, for |n| below 2^21.

    Returns
    -------
    n : Value
        The integer, as a floating-point number.
    shifted : Value
        n + shifter, whose lowest bits are n. It is free, and what `power_of_two` and tests of parity need.
    """
    shifter = constant(b, FORMAT[x.type.scalar].shifter, x)
    shifted = b.fma(x, constant(b, factor, x), shifter)
    return b.fsub(shifted, shifter), shifted


def power_of_two(b: Builder, shifted: Value, offset: int = 0) -> Value:
    """2^(n + offset) for the `shifted` of `round_shifted`, for exponents of normal numbers."""
    format = FORMAT[shifted.type.scalar]
    bits = b.shl(b.bitcast(shifted, format.integer), format.mantissa_bits)
    one = b.constant((format.bias + offset) << format.mantissa_bits, bits.type)
    return b.bitcast(b.iadd(bits, one), shifted.type.scalar)


def scale(b: Builder, x: Value, n: Value) -> Value:
    """x · 2^n, rounded once, for integers n (as floating-point numbers) up to twice the exponents of normal numbers."""
    if b.has_avx512:
        return _avx512(b, "scalef", x, n)
    shifter = constant(b, FORMAT[x.type.scalar].shifter, x)
    half = b.fma(n, constant(b, 0.5, x), shifter)
    other = b.fadd(b.fsub(n, b.fsub(half, shifter)), shifter)
    return b.fmul(b.fmul(x, power_of_two(b, half)), power_of_two(b, other))


def scale_down(b: Builder, x: Value, n: Value, shifted: Value) -> Value:
    """x · 2^n for n ≤ 0 down to the subnormal numbers, rounded once; `shifted` as of `round_shifted`."""
    if b.has_avx512:
        return _avx512(b, "scalef", x, n)
    lift = FORMAT[x.type.scalar].mantissa_bits + 2
    return b.fmul(b.fmul(x, power_of_two(b, shifted, lift)), constant(b, 2.0**-lift, x))


def scale_within_range(b: Builder, x: Value, n: Value) -> Value:
    """x · 2^n for integers n so small that 2^n is a normal number."""
    if b.has_avx512:
        return _avx512(b, "scalef", x, n)
    return b.fmul(x, power_of_two(b, b.fadd(n, constant(b, FORMAT[x.type.scalar].shifter, x))))


def _binary_exponent(b: Builder, x: Value) -> Value:
    """⌊log₂ |x|⌋ as a floating-point number; AVX-512 only."""
    return _avx512(b, "getexp", x)


def mantissa_and_exponent(b: Builder, x: Value, normal: bool = False) -> tuple[Value, Value]:
    """m in [0.75, 1.5) and k with x = m · 2^k, for x > 0; x is known not to be a subnormal number if `normal`.

    On AVX-512 negative numbers have m = NaN, infinity m = 1 and k = ∞, zero m = 1 and k = −∞, and NaN itself. Elsewhere
    none of these may be relied on.
    """
    if b.has_avx512:
        mantissa = _avx512(b, "getmant", x, control=0b1011)  # [0.75, 1.5), NaN for negative numbers
        return mantissa, b.fsub(_binary_exponent(b, x), _binary_exponent(b, mantissa))
    format = FORMAT[x.type.scalar]
    shift = format.mantissa_bits
    zero_point = constant(b, 2.0**shift + format.bias, x)
    if not normal:
        lift = shift + 1
        tiny = b.fcmp("olt", x, constant(b, format.smallest_normal, x))
        x = b.select(tiny, b.fmul(x, constant(b, 2.0**lift, x)), x)
        zero_point = b.select(tiny, constant(b, 2.0**shift + format.bias + lift, x), zero_point)
    # The exponent goes up at 1.5, as the bits of 0.75 were counted as those of 1.
    quarter = 1 << (shift - 1)
    bits = b.iadd(b.bitcast(x, format.integer), b.constant(quarter, Type(format.integer, x.type.lanes)))
    low = b.and_(bits, b.constant((1 << shift) - 1, bits.type))
    mantissa = b.bitcast(b.iadd(low, b.constant(((format.bias - 1) << shift) + quarter, bits.type)), x.type.scalar)
    biased = b.or_(b.lshr(bits, shift), b.constant((format.bias + shift) << shift, bits.type))
    return mantissa, b.fsub(b.bitcast(biased, x.type.scalar), zero_point)


_AVX512_BYTES = (64, 32, 16)


def _avx512(b: Builder, name: str, *args: Value, control: int | None = None) -> Value:
    """``vscalef``, ``vgetexp`` or ``vgetmant`` on vectors of any number of lanes, and scalars."""
    type = args[0].type
    if not type.lanes:
        lanes = 128 // type.bits
        wide = [_resized(b, _as_vector(b, arg), lanes) for arg in args]
        return b.lane(_avx512(b, name, *wide, control=control), 0)
    lane_bytes = type.bits // 8
    size = next((size for size in reversed(_AVX512_BYTES) if type.lanes * lane_bytes <= size), _AVX512_BYTES[0])
    lanes = size // lane_bytes
    if type.lanes == lanes:
        return _avx512_register(b, name, args, control)
    if type.lanes < lanes:
        wide = [_resized(b, arg, lanes) for arg in args]
        return _resized(b, _avx512_register(b, name, wide, control), type.lanes)
    parts = []
    for first in range(0, type.lanes, lanes):
        positions = range(first, min(first + lanes, type.lanes))
        parts.append(_avx512(b, name, *(b.shuffle(arg, arg, positions) for arg in args), control=control))
    whole = parts[0]
    for part in parts[1:]:
        both = whole.type.lanes + part.type.lanes
        longest = max(whole.type.lanes, part.type.lanes)
        second = _resized(b, part, longest) if part.type.lanes < longest else part
        whole = b.shuffle(whole, second, [*range(whole.type.lanes), *range(whole.type.lanes, both)])
    return whole


def _as_vector(b: Builder, x: Value) -> Value:
    return b.splat(x, 1)


def _resized(b: Builder, x: Value, lanes: int) -> Value:
    """The first lanes of a vector; more than it has are filled with copies of the last."""
    return b.shuffle(x, x, [min(i, x.type.lanes - 1) for i in range(lanes)])


def _avx512_register(b: Builder, name: str, args: Sequence[Value], control: int | None) -> Value:
    type = args[0].type
    bits = type.lanes * type.bits
    kind = "ps" if type.scalar == "float" else "pd"
    mask = Type(f"i{max(type.lanes, 8)}")
    operands = [*args]
    if control is not None:
        operands.append(Value(str(control), Type("i32")))
    operands += [Value("zeroinitializer", type), Value("-1", mask)]
    if bits == 512:
        operands.append(Value("4", Type("i32")))  # the current rounding
    full = f"@llvm.x86.avx512.mask.{name}.{kind}.{bits}"
    b.declarations.add(f"declare {type} {full}({', '.join(str(operand.type) for operand in operands)})")
    return b.emit(f"call {type} {full}({', '.join(map(str, operands))})", type)
