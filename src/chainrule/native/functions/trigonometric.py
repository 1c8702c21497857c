"""sin, cos and tan.

The nearest multiple of π/2 is taken off in parts (Cody and Waite), which leaves |r| ≤ π/4. That holds up to a limit;
beyond it, a branch that is hardly ever taken asks the C library, whose reduction has as many digits of π as it takes.
"""

from __future__ import annotations

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.functions.primitives import (
    FORMAT,
    by_dtype,
    constant,
    flip_sign,
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
_SHORT_PI_PARTS = (3.1415926534682512, 1.2154201012607932e-10, 4.044532497422333e-21, 1.69568553207378e-31)
#: Up to here the reduction is as precise as it has to be; in float64, n has 20 bits, and n times 33 bits is exact.
_LIMIT = (30000.0, 1.6e6)

# |r| ≤ π/4: sin r = r + r³ p(r²), cos r = 1 + r² p(r²), tan r = r + r³ p(r²)
_SIN32 = (-0.16666655, 0.008332189, -0.00019518285)
_SIN64 = (
    -0.1666666666666663, 0.00833333333332184, -0.00019841269829358547, 2.7557313538527274e-06, -2.5050734392168855e-08,
    1.5895433498078535e-10,
)  # fmt: skip
_COS32 = (-0.5, 0.041666646, -0.001388731, 2.4432327e-05)
_COS64 = (
    -0.5, 0.041666666666666595, -0.0013888888888873338, 2.480158728899755e-05, -2.7557314215342984e-07,
    2.0875705124247258e-09, -1.1358733414452744e-11,
)  # fmt: skip
_TAN64 = (
    0.33333333333332776, 0.13333333333414832, 0.053968253926564805, 0.021869489611536057, 0.008863219127756788,
    0.003592289414814566, 0.0014547558852394777, 0.0005950736658532981, 0.00022235309323854834, 0.00013658122558118292,
    -2.6465366320671627e-05, 8.952566206422252e-05, -4.4916393378706855e-05, 2.087289314767884e-05,
)  # fmt: skip


def sin(b: Builder, x: Value) -> Value:
    """Sine."""
    n, shifted = round_shifted(b, x, 2 / _PI)
    y = _sine_after_turns(b, _remainder(b, x, n), b.bitcast(shifted, FORMAT[x.type.scalar].integer))
    y = b.select(b.fcmp("oeq", x, constant(b, 0.0, x)), x, y)  # −0 stays −0
    return _beyond_limit(b, "sin", x, y)


def cos(b: Builder, x: Value) -> Value:
    """Cosine: the sine a quarter turn on."""
    n, shifted = round_shifted(b, x, 2 / _PI)
    bits = b.bitcast(shifted, FORMAT[x.type.scalar].integer)
    y = _sine_after_turns(b, _remainder(b, x, n), b.iadd(bits, b.constant(1, bits.type)))
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
    r, low = _two_part_remainder(b, x, n)
    square = b.fmul(r, r)
    tail = b.fmul(b.fmul(r, square), polynomial(b, square, _TAN64))
    t = b.fadd(r, b.fadd(tail, b.fma(low, square, low)))
    bits = b.bitcast(shifted, FORMAT[x.type.scalar].integer)
    y = b.select(_is_odd(b, bits), b.fdiv(constant(b, -1.0, x), t), t)
    return b.select(b.fcmp("oeq", x, constant(b, 0.0, x)), x, y)


def _sine_after_turns(b: Builder, r: Value, turns: Value) -> Value:
    """sin(r + turns · π/2) for |r| ≤ π/4: ±sin r or ±cos r, as the two lowest bits of an integer say."""
    square = b.fmul(r, r)
    sine = b.fma(b.fmul(r, square), polynomial(b, square, by_dtype(r, _SIN32, _SIN64)), r)
    cosine = b.fma(square, polynomial(b, square, by_dtype(r, _COS32, _COS64)), constant(b, 1.0, r))
    y = b.select(_is_odd(b, turns), cosine, sine)
    return flip_sign(b, y, b.shl(turns, r.type.bits - 2))


def _is_odd(b: Builder, integer: Value) -> Value:
    return b.icmp("ne", b.and_(integer, b.constant(1, integer.type)), b.constant(0, integer.type))


def _remainder(b: Builder, x: Value, n: Value) -> Value:
    """x − n π/2."""
    if b.has_fma:
        r = x
        for part in by_dtype(x, *_PI_PARTS):
            r = b.fma(n, constant(b, -part / 2, x), r)
        return r
    if x.type.scalar == "float":
        wide, wide_n = b.convert("fpext", x, "double"), b.convert("fpext", n, "double")
        r, _ = _two_part_remainder(b, wide, wide_n)
        return b.convert("fptrunc", r, "float")
    return _two_part_remainder(b, x, n)[0]


def _two_part_remainder(b: Builder, x: Value, n: Value) -> tuple[Value, Value]:
    """x − n π/2 as a sum of two doubles, with or without fused products."""
    first, second, third, fourth = (constant(b, -part / 2, x) for part in _SHORT_PI_PARTS)
    r, lost = two_sum(b, b.fma(n, first, x), b.fmul(n, second))
    r, low = two_sum(b, r, b.fmul(n, third))
    low = b.fma(n, fourth, b.fadd(lost, low))
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
