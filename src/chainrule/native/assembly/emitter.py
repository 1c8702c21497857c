"""What an operation's record may say to compute one element: typed arithmetic over the LLVM builder.

A record says ``lower=lambda e, x, y: e.add(x, y)``. The values are scalars or vectors of floats, signed integers or
Booleans (i1), already of the dtype in which NumPy's loop would compute. Where a record has no instructions for a dtype,
its function returns `None`, and NumPy computes the operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.values import Type, Value
from chainrule.native.functions import FUNCTIONS

__all__ = ["Emitter", "has_instructions", "is_native", "memory_scalar", "scalar_of"]

_SCALARS = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.bool_): "i1",
    np.dtype(np.int8): "i8",
    np.dtype(np.int16): "i16",
    np.dtype(np.int32): "i32",
    np.dtype(np.int64): "i64",
}


def is_native(dtype: np.dtype[np.generic] | None) -> bool:
    """Whether compiled code handles a dtype: float32, float64, Booleans and signed integers, in native byte order."""
    return dtype in _SCALARS


def scalar_of(dtype: np.dtype[np.generic]) -> str:
    """LLVM's name of a dtype, as it is computed with: a Boolean is one bit."""
    return _SCALARS[dtype]


def memory_scalar(dtype: np.dtype[np.generic]) -> str:
    """The LLVM type of an element in memory: a Boolean is a byte."""
    scalar = scalar_of(dtype)
    return "i8" if scalar == "i1" else scalar


_LANES = dict.fromkeys(_SCALARS.values(), 1)
_known_to_have: dict[tuple[Any, ...], bool] = {}


def has_instructions(
    lower: Callable[..., Value | None], dtypes: Sequence[np.dtype[np.generic]], params: Mapping[str, Any]
) -> bool:
    """Whether a record's ``lower`` has instructions for operands of given dtypes: it is tried out once.

    Parameters
    ----------
    lower : callable
    dtypes : sequence of dtype
        Of the operands.
    params : dict
    """
    key = (lower, *dtypes, *[(name, repr(value)) for name, value in params.items()])
    found = _known_to_have.get(key)
    if found is None:
        operands = [Value(f"%x{i}", Type(scalar_of(dtype))) for i, dtype in enumerate(dtypes)]
        found = lower(Emitter(Builder(_LANES)), *operands, **params) is not None
        _known_to_have[key] = found
    return found


class Emitter:
    """Instructions on elements. Methods pick the instruction that fits the type of their operands.

    Parameters
    ----------
    builder : Builder
    """

    def __init__(self, builder: Builder) -> None:
        self.b = builder

    # Numbers ---------------------------------------------------------------------------------------------------

    def number(self, value: float | int, like: Value) -> Value:
        """A constant of the type of another value."""
        return self.b.constant(value, like.type)

    def cast(self, x: Value, scalar: str) -> Value:
        """Convert as NumPy's ``astype`` does."""
        source = x.type.scalar
        if source == scalar:
            return x
        b = self.b
        if scalar == "i1":
            return (
                b.fcmp("une", x, b.constant(0, x.type)) if x.type.is_float else b.icmp("ne", x, b.constant(0, x.type))
            )
        to_float = scalar in ("float", "double")
        if x.type.is_float:
            if not to_float:
                return b.convert("fptosi", x, scalar)
            return b.convert("fpext" if scalar == "double" else "fptrunc", x, scalar)
        if to_float:
            return b.convert("uitofp" if source == "i1" else "sitofp", x, scalar)
        if source == "i1":
            return b.convert("zext", x, scalar)
        wider = Type(scalar).bits > x.type.bits
        return b.convert("sext" if wider else "trunc", x, scalar)

    # Arithmetic ------------------------------------------------------------------------------------------------

    def add(self, x: Value, y: Value) -> Value:
        return self.b.fadd(x, y) if x.type.is_float else self.or_(x, y) if _is_bool(x) else self.b.iadd(x, y)

    def subtract(self, x: Value, y: Value) -> Value:
        return self.b.fsub(x, y) if x.type.is_float else self.b.isub(x, y)

    def multiply(self, x: Value, y: Value) -> Value:
        return self.b.fmul(x, y) if x.type.is_float else self.and_(x, y) if _is_bool(x) else self.b.imul(x, y)

    def divide(self, x: Value, y: Value) -> Value:
        return self.b.fdiv(x, y)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x · y + z"""
        return self.b.fma(x, y, z)

    def negative(self, x: Value) -> Value:
        return self.b.fneg(x) if x.type.is_float else self.b.isub(self.number(0, x), x)

    def absolute(self, x: Value) -> Value:
        if x.type.is_float:
            return self.b.fabs(x)
        return x if _is_bool(x) else self.where(self.less(x, self.number(0, x)), self.negative(x), x)

    def sqrt(self, x: Value) -> Value:
        return self.b.sqrt(x)

    def floor(self, x: Value) -> Value:
        return self.b.floor(x) if x.type.is_float else x

    def ceil(self, x: Value) -> Value:
        return self.b.intrinsic("ceil", x) if x.type.is_float else x

    def trunc(self, x: Value) -> Value:
        return self.b.intrinsic("trunc", x) if x.type.is_float else x

    def rint(self, x: Value) -> Value:
        return self.b.rint(x) if x.type.is_float else x

    def copysign(self, x: Value, y: Value) -> Value:
        return self.b.copysign(x, y)

    def sign(self, x: Value) -> Value:
        """-1, 0 or 1; NaN stays NaN."""
        zero, one = self.number(0, x), self.number(1, x)
        below = self.where(self.less(x, zero), self.number(-1, x), zero)
        signed = self.where(self.greater(x, zero), one, below)
        return self.where(self.isnan(x), x, signed) if x.type.is_float else signed

    # Quotients that are rounded, and what is left over ---------------------------------------------------------------

    def fmod(self, x: Value, y: Value) -> Value:
        """What is left of x after whole multiples of y, with the sign of x; 0 for integers and y = 0."""
        return self.b.frem(x, y) if x.type.is_float else self._integer_division(x, y)[1]

    def remainder(self, x: Value, y: Value) -> Value:
        """What is left of x after whole multiples of y, with the sign of y."""
        left = self.fmod(x, y)
        zero = self.number(0, x)
        wrong = self.and_(self.not_equal(left, zero), self.xor(self.less(left, zero), self.less(y, zero)))
        moved = self.where(wrong, self.add(left, y), left)
        if not x.type.is_float:
            return moved
        signed = self.where(self.equal(left, zero), self.copysign(zero, y), moved)
        return self.where(self.equal(y, zero), left, signed)

    def floor_divide(self, x: Value, y: Value) -> Value:
        """⌊x / y⌋, such that ⌊x / y⌋ y + remainder is x; 0 for integers and y = 0."""
        zero = self.number(0, x)
        if not x.type.is_float:
            quotient, left = self._integer_division(x, y)
            wrong = self.and_(self.not_equal(left, zero), self.xor(self.less(x, zero), self.less(y, zero)))
            return self.where(wrong, self.subtract(quotient, self.number(1, x)), quotient)
        left, exact = self.fmod(x, y), self.divide(x, y)
        quotient = self.divide(self.subtract(x, left), y)
        wrong = self.and_(self.not_equal(left, zero), self.xor(self.less(left, zero), self.less(y, zero)))
        quotient = self.where(wrong, self.subtract(quotient, self.number(1, x)), quotient)
        floor = self.floor(quotient)
        far = self.greater(self.subtract(quotient, floor), self.number(0.5, x))
        floor = self.where(far, self.add(floor, self.number(1, x)), floor)
        floor = self.where(self.equal(quotient, zero), self.copysign(zero, exact), floor)
        return self.where(self.equal(y, zero), exact, floor)

    def _integer_division(self, x: Value, y: Value) -> tuple[Value, Value]:
        """Quotient rounded towards 0, and what is left; where the machine would trap (y = 0, or y = −1 and the quotient
        of the smallest integer overflows) it divides by 1.
        """
        zero, one = self.number(0, x), self.number(1, x)
        is_zero, is_minus = self.equal(y, zero), self.equal(y, self.number(-1, x))
        safe = self.where(self.or_(is_zero, is_minus), one, y)
        quotient, left = self.b.sdiv(x, safe), self.b.srem(x, safe)
        quotient = self.where(is_minus, self.negative(x), self.where(is_zero, zero, quotient))
        return quotient, left

    # Comparison and choice -------------------------------------------------------------------------------------

    def _compare(self, x: Value, y: Value, floating: str, signed: str, boolean: str) -> Value:
        if x.type.is_float:
            return self.b.fcmp(floating, x, y)
        return self.b.icmp(boolean if _is_bool(x) else signed, x, y)

    def equal(self, x: Value, y: Value) -> Value:
        return self._compare(x, y, "oeq", "eq", "eq")

    def not_equal(self, x: Value, y: Value) -> Value:
        return self._compare(x, y, "une", "ne", "ne")

    def less(self, x: Value, y: Value) -> Value:
        return self._compare(x, y, "olt", "slt", "ult")

    def less_equal(self, x: Value, y: Value) -> Value:
        return self._compare(x, y, "ole", "sle", "ule")

    def greater(self, x: Value, y: Value) -> Value:
        return self.less(y, x)

    def greater_equal(self, x: Value, y: Value) -> Value:
        return self.less_equal(y, x)

    def isnan(self, x: Value) -> Value:
        return self.b.fcmp("uno", x, x) if x.type.is_float else self.truths(False, x)

    def isfinite(self, x: Value) -> Value:
        if not x.type.is_float:
            return self.truths(True, x)
        return self.b.fcmp("olt", self.absolute(x), self.number(math.inf, x))

    def isinf(self, x: Value) -> Value:
        if not x.type.is_float:
            return self.truths(False, x)
        return self.b.fcmp("oeq", self.absolute(x), self.number(math.inf, x))

    def signbit(self, x: Value) -> Value:
        """Whether a float has its sign set, as −0 has."""
        bits = self.b.bitcast(x, f"i{x.type.bits}")
        return self.less(bits, self.number(0, bits))

    def truths(self, truth: bool, like: Value) -> Value:
        """The same truth value for each element."""
        return self.b.constant(int(truth), like.type.of("i1"))

    def where(self, condition: Value, x: Value, y: Value) -> Value:
        return self.b.select(condition, x, y)

    def maximum(self, x: Value, y: Value) -> Value:
        """The larger one; NaN if either is NaN."""
        if not x.type.is_float:
            return self.where(self.greater(x, y), x, y)
        larger = self.b.select(self.b.fcmp("ugt", x, y), x, y)
        return self.b.select(self.isnan(y), y, larger)

    def minimum(self, x: Value, y: Value) -> Value:
        """The smaller one; NaN if either is NaN."""
        if not x.type.is_float:
            return self.where(self.less(x, y), x, y)
        smaller = self.b.select(self.b.fcmp("ult", x, y), x, y)
        return self.b.select(self.isnan(y), y, smaller)

    def fmax(self, x: Value, y: Value) -> Value:
        """The larger one; NaN only if both are NaN."""
        return self.where(self.or_(self.greater_equal(x, y), self.isnan(y)), x, y)

    def fmin(self, x: Value, y: Value) -> Value:
        """The smaller one; NaN only if both are NaN."""
        return self.where(self.or_(self.less_equal(x, y), self.isnan(y)), x, y)

    def relu(self, x: Value) -> Value:
        """max(x, 0), where NaN stays NaN."""
        zero = self.number(0, x)
        return self.b.select(self.b.fcmp("ugt", x, zero), x, zero) if x.type.is_float else self.maximum(x, zero)

    # Truth values ----------------------------------------------------------------------------------------------

    def truth(self, x: Value) -> Value:
        """Whether a number is not zero."""
        return self.cast(x, "i1")

    def and_(self, x: Value, y: Value) -> Value:
        return self.b.and_(x, y)

    def or_(self, x: Value, y: Value) -> Value:
        return self.b.or_(x, y)

    def xor(self, x: Value, y: Value) -> Value:
        return self.b.xor(x, y)

    def not_(self, x: Value) -> Value:
        return self.b.not_(x)

    # Functions -------------------------------------------------------------------------------------------------

    def call(self, name: str, *args: Value) -> Value:
        """One of our own functions, such as ``exp`` or ``tanh``."""
        return FUNCTIONS[name](self.b, *args)


def _is_bool(x: Value) -> bool:
    return x.type.scalar == "i1"
