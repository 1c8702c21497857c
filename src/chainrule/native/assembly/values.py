"""Types and operands of LLVM assembly, as text."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

__all__ = ["Type", "Value", "mangled", "number_text"]

_BITS = {"float": 32, "double": 64, "i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "ptr": 64}


@dataclass(frozen=True, slots=True)
class Type:
    """An LLVM type: a scalar (``lanes`` = 0), or a vector of them.

    Examples
    --------
    >>> str(Type("float", 16)), str(Type("i64"))
    ('<16 x float>', 'i64')
    """

    scalar: str
    lanes: int = 0

    def __str__(self) -> str:
        return _type_text(self.scalar, self.lanes)

    @property
    def bits(self) -> int:
        """Bits of one lane."""
        return _BITS[self.scalar]

    @property
    def is_float(self) -> bool:
        return self.scalar in ("float", "double")

    def of(self, scalar: str) -> Type:
        """The same number of lanes of another scalar."""
        return Type(scalar, self.lanes)


@cache
def _type_text(scalar: str, lanes: int) -> str:
    return f"<{lanes} x {scalar}>" if lanes else scalar


def number_text(value: float | int, scalar: str) -> str:
    """A constant; floating-point numbers are given by their bits as a double."""
    if scalar in ("float", "double"):
        if scalar == "float":
            value = struct.unpack("f", struct.pack("f", value))[0]
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    if scalar == "i1":
        return "true" if value else "false"
    return str(int(value))


@dataclass(frozen=True, slots=True)
class Value:
    """An operand: a register (``%7``) or a constant, with its type."""

    text: str
    type: Type

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


@cache
def mangled(type: Type) -> str:
    """A type as it stands in the name of an overloaded intrinsic: ``v4f64``."""
    scalar = {"float": "f32", "double": "f64", "ptr": "p0"}.get(type.scalar, type.scalar)
    return f"v{type.lanes}{scalar}" if type.lanes else scalar
