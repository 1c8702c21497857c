"""What an operation's record may say to compute one element: typed arithmetic over the LLVM builder.

A record says ``lower=lambda e, x, y: e.add(x, y)``. The values are scalars or vectors of floats, signed integers or
Booleans (i1), already of the dtype in which NumPy's loop would compute.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.native.builder import Builder, Type, Value
from chainrule.native.functions import FUNCTIONS

__all__ = ["Emitter", "is_native", "scalar_of"]

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
        return self.b.fcmp("uno", x, x) if x.type.is_float else self._all(False, x)

    def isfinite(self, x: Value) -> Value:
        if not x.type.is_float:
            return self._all(True, x)
        return self.b.fcmp("olt", self.absolute(x), self.number(math.inf, x))

    def isinf(self, x: Value) -> Value:
        if not x.type.is_float:
            return self._all(False, x)
        return self.b.fcmp("oeq", self.absolute(x), self.number(math.inf, x))

    def _all(self, truth: bool, like: Value) -> Value:
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
