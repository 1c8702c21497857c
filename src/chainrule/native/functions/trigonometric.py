"""sin, cos and tan.

The nearest multiple of π (of π/2 for tan) is taken off in parts (Cody and Waite), which leaves |r| ≤ π/2. That holds up to a
limit; beyond it, a branch that is hardly ever taken asks the C library, whose reduction has as many digits of π as it takes.
"""

from __future__ import annotations

from chainrule.native.builder import Builder, Type, Value
from chainrule.native.functions.primitives import (
    FORMAT,
    by_dtype,
    constant,
    flip_sign,
    maximum,
    minimum,
    polynomial,
    round_shifted,
    two_sum,
)

__all__ = ["cos", "sin", "tan"]

_PI = 3.141592653589793
#: π in parts: of 24 and 53 bits where products are fused, and of 33 bits, so that small multiples are exact.
_PI_PARTS = (
    (3.1415927410125732, -8.742277657347586e-08, -3.4302490200117637e-15),
    (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33),
)
_SHORT_PI_PARTS = (3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21)
#: Up to here the reduction is as precise as it has to be.
_LIMIT = (30000.0, 2.0e6)

# sin r = r + r³ p(r²)
_SIN32 = (-0.16666667, 0.0083333505, -0.00019843093, 2.7627063e-06, -2.550344e-08)
_SIN64 = (
    -0.16666666666666666, 0.008333333333333217, -0.00019841269841219496, 2.7557319213378296e-06, -2.505210714262849e-08,
    1.60589586359528e-10, -7.643762318541473e-13, 2.738062558717707e-15, -1.53940667611587e-18,
)  # fmt: skip
# tan r = r + r³ p(r²), |r| ≤ π/4
_TAN64 = (
    0.33333333333332776, 0.13333333333414832, 0.053968253926564805, 0.021869489611536057, 0.008863219127756788,
    0.003592289414814566, 0.0014547558852394777, 0.0005950736658532981, 0.00022235309323854834, 0.00013658122558118292,
    -2.6465366320671627e-05, 8.952566206422252e-05, -4.4916393378706855e-05, 2.087289314767884e-05,
)  # fmt: skip


def sin(b: Builder, x: Value) -> Value:
    """Sine."""
    n, shifted = round_shifted(b, x, 1 / _PI)
    y = _signed_sine(b, _less_multiple_of_pi(b, x, n), shifted)
    y = b.select(b.fcmp("oeq", x, constant(b, 0.0, x)), x, y)  # −0 stays −0
    return _beyond_limit(b, "sin", x, y)


def cos(b: Builder, x: Value) -> Value:
    """Cosine: the sine of (n + 1/2) π − x."""
    half = constant(b, 0.5, x)
    n, shifted = round_shifted(b, b.fma(x, constant(b, 1 / _PI, x), b.fneg(half)), 1.0)
    y = _signed_sine(b, b.fneg(_less_multiple_of_pi(b, x, b.fadd(n, half))), shifted)
    if not b.has_fma:  # where π/2 is rounded more often on its way into the polynomial
        y = b.select(b.fcmp("oeq", x, constant(b, 0.0, x)), constant(b, 1.0, x), y)
    return _beyond_limit(b, "cos", x, y)


def tan(b: Builder, x: Value) -> Value:
    """Tangent: that of r, or −1 / tan r after an odd number of quarter turns."""
    if x.type.scalar == "float":
        y = b.convert("fptrunc", _tan64(b, b.convert("fpext", x, "double")), "float")
    else:
        y = _tan64(b, x)
    return _beyond_limit(b, "tan", x, y)


def _tan64(b: Builder, x: Value) -> Value:
    n, shifted = round_shifted(b, x, 2 / _PI)
    r, low = _two_part_remainder(b, x, n, 0.5)
    square = b.fmul(r, r)
    tail = b.fmul(b.fmul(r, square), polynomial(b, square, _TAN64))
    t = b.fadd(r, b.fadd(tail, b.fma(low, square, low)))
    bits = b.bitcast(shifted, FORMAT[x.type.scalar].integer)
    odd = b.icmp("ne", b.and_(bits, b.constant(1, bits.type)), b.constant(0, bits.type))
    y = b.select(odd, b.fdiv(constant(b, -1.0, x), t), t)
    return b.select(b.fcmp("oeq", x, constant(b, 0.0, x)), x, y)


def _signed_sine(b: Builder, r: Value, shifted: Value) -> Value:
    """sin r, with the sign turned around for odd n."""
    square = b.fmul(r, r)
    y = b.fma(b.fmul(r, square), polynomial(b, square, by_dtype(r, _SIN32, _SIN64)), r)
    y = maximum(b, constant(b, -1.0, r), minimum(b, constant(b, 1.0, r), y))  # not 1 + 2^−23
    bits = b.bitcast(shifted, FORMAT[r.type.scalar].integer)
    return flip_sign(b, y, b.shl(bits, r.type.bits - 1))


def _less_multiple_of_pi(b: Builder, x: Value, n: Value) -> Value:
    """x − n π."""
    if b.has_fma:
        r = x
        for part in by_dtype(x, *_PI_PARTS):
            r = b.fma(n, constant(b, -part, x), r)
        return r
    if x.type.scalar == "float":
        wide, wide_n = b.convert("fpext", x, "double"), b.convert("fpext", n, "double")
        r = b.fma(wide_n, constant(b, -_SHORT_PI_PARTS[0], wide), wide)
        return b.convert("fptrunc", b.fma(wide_n, constant(b, -_SHORT_PI_PARTS[1], wide), r), "float")
    r, low = _two_part_remainder(b, x, n, 1.0)
    return b.fadd(r, low)


def _two_part_remainder(b: Builder, x: Value, n: Value, factor: float) -> tuple[Value, Value]:
    """x − n π · factor as a sum of two doubles, with or without fused products."""
    first, second, third = (constant(b, -part * factor, x) for part in _SHORT_PI_PARTS)
    r, low = two_sum(b, b.fma(n, first, x), b.fmul(n, second))
    low = b.fma(n, third, low)
    total = b.fadd(r, low)
    return total, b.fadd(b.fsub(r, total), low)


def _beyond_limit(b: Builder, name: str, x: Value, y: Value) -> Value:
    """y where |x| is within the limit, and what the C library says elsewhere."""
    beyond = b.fcmp("ogt", b.fabs(x), constant(b, by_dtype(x, *_LIMIT), x))
    any_beyond = b.intrinsic("vector.reduce.or", beyond, result=Type("i1")) if x.type.lanes else beyond
    before, slow, done = b.block, b.fresh("slow"), b.fresh("within")
    b.branch(any_beyond, slow, done)
    b.label(slow)
    mixed = b.select(beyond, _library_call(b, name, x), y)
    b.jump(done)
    b.label(done)
    return b.emit(f"phi {y.type} [ {y.text}, %{before} ], [ {mixed.text}, %{slow} ]", y.type)


def _library_call(b: Builder, name: str, x: Value) -> Value:
    """A call of a function that is kept out of line and calls the C library for each lane."""
    suffix = str(x.type).strip("<>").replace(" ", "")
    outer = f"@chainrule_{name}_{suffix}"
    inner = f"@llvm.{name}.{f'v{x.type.lanes}' if x.type.lanes else ''}{by_dtype(x, 'f32', 'f64')}"
    b.declarations.add(f"declare {x.type} {inner}({x.type})")
    b.declarations.add(
        f"define internal {x.type} {outer}({x.type} %x) noinline cold {{\n"
        f"  %y = call {x.type} {inner}({x.type} %x)\n  ret {x.type} %y\n}}"
    )
    return b.emit(f"call {x.type} {outer}({x})", x.type)
