"""Arithmetic: sums, products, quotients, powers and roots, and Python's operators on nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL, ZERO
from chainrule.notation.tree import Fence, Root, call
from chainrule.ops.comparison import equal, frexp_exponent, isinf, rint, trunc
from chainrule.ops.exponential import log
from chainrule.ops.hazards import POWER, PRODUCT, QUOTIENT, RECIPROCAL, SQUARE, SQUARE_ROOT, SUM
from chainrule.ops.record import elementwise_op, example, function
from chainrule.ops.selection import where

add = elementwise_op(
    "add",
    np.add,
    1,
    1,
    holomorphic=True,
    notation=lambda x, y: x + y,
    jvp="linear",
    lower=lambda e, x, y: e.add(x, y),
    hazards=SUM,
)
subtract = elementwise_op(
    "subtract",
    np.subtract,
    1,
    -1,
    holomorphic=True,
    notation=lambda x, y: x - y,
    jvp="linear",
    lower=lambda e, x, y: e.subtract(x, y),
    hazards=SUM,
)
multiply = elementwise_op(
    "multiply",
    np.multiply,
    lambda out, x, y: y,
    lambda out, x, y: x,
    holomorphic=True,
    notation=lambda x, y: x * y,
    lower=lambda e, x, y: e.multiply(x, y),
    hazards=PRODUCT,
)
divide = elementwise_op(
    "divide",
    np.divide,
    lambda out, x, y: 1 / y,
    lambda out, x, y: -out / y,
    domain=((-2.0, 2.0), (0.5, 2.0)),
    holomorphic=True,
    notation=lambda x, y: x / y,
    lower=lambda e, x, y: e.divide(x, y),
    hazards=QUOTIENT,
)
negative = elementwise_op(
    "negative",
    np.negative,
    -1,
    holomorphic=True,
    notation=lambda x: -x,
    jvp="linear",
    lower=lambda e, x: e.negative(x),
)
positive = elementwise_op(
    "positive",
    np.positive,
    1,
    holomorphic=True,
    notation=lambda x: x,
    jvp="linear",
    lower=lambda e, x: x,
)


def _power_by_base(out: Any, x: Any, y: Any) -> Any:
    """y x^(y-1), written so that a constant exponent of 0 or 2 gives no 0/0 and no needless power."""
    if isinstance(y, Node) and y.op is LITERAL:
        exponent = y._value
        if exponent == 0:
            return x * 0
        if exponent == 1:
            return 1
        if exponent == 2:
            return 2 * x
        return exponent * x ** (exponent - 1)
    # x ** 0 is constant, also at x = 0, where y * x ** (y - 1) would be 0 * inf.
    return where(equal(y, 0), 0.0, y * x ** where(equal(y, 0), 1.0, y - 1))


def _power_by_exponent(out: Any, x: Any, y: Any) -> Any:
    """x^y log x; at x = 0 it is 0 for the exponents where x^y is continuous."""
    return out * log(where(equal(x, 0), 1.0, x))


def _power(e: Any, x: Any, y: Any) -> Any:
    """Powers of integers stay with NumPy, which refuses negative exponents."""
    return e.call("power", x, y) if x.type.is_float else None


power = elementwise_op(
    "power",
    np.power,
    _power_by_base,
    _power_by_exponent,
    domain=((0.4, 2.0), (-2.0, 2.0)),
    holomorphic=True,
    notation=lambda x, y: x**y,
    examples=lambda s: [
        example(s.normal(3), 2),
        example(s.normal(3), 3.0),
        example(s.normal(3), 0),
        example(s.positive(2, 3), -1),
        example(2.0, s.normal(3)),
    ],
    lower=_power,
    hazards=POWER,
)
float_power = elementwise_op(
    "float_power",
    np.float_power,
    _power_by_base,
    _power_by_exponent,
    domain=((0.4, 2.0), (-2.0, 2.0)),
    holomorphic=True,
    notation=lambda x, y: x**y,
    lower=_power,
    hazards=POWER,
)
square = elementwise_op(
    "square",
    np.square,
    lambda out, x: 2 * x,
    holomorphic=True,
    notation=lambda x: x**2,
    lower=lambda e, x: e.multiply(x, x),
    hazards=SQUARE,
)
sqrt = elementwise_op(
    "sqrt",
    np.sqrt,
    lambda out, x: 0.5 / out,
    domain=(0.3, 2.0),
    holomorphic=True,
    notation=Root,
    lower=lambda e, x: e.sqrt(x),
    hazards=SQUARE_ROOT,
)
cbrt = elementwise_op(
    "cbrt",
    np.cbrt,
    lambda out, x: 1 / (3 * out * out),
    domain=(0.3, 2.0),
    notation=lambda x: Root(x, 3),
    lower=lambda e, x: e.call("cbrt", x),
    examples=lambda s: [example(-s.positive(3))],
)
reciprocal = elementwise_op(
    "reciprocal",
    np.reciprocal,
    lambda out, x: -out * out,
    domain=(0.4, 2.0),
    holomorphic=True,
    notation=lambda x: 1 / x,
    lower=lambda e, x: e.divide(e.number(1, x), x) if x.type.is_float else None,
    hazards=RECIPROCAL,
)
#: The derivative by the divisor is −⌊x / y⌋, which `floor_divide` rounds as `remainder` does.
remainder = elementwise_op(
    "remainder",
    np.remainder,
    1,
    lambda out, x, y: -floor_divide(x, y),
    domain=((2.1, 2.9), (1.1, 1.4)),
    notation=lambda x, y: call("mod", x, y),
    lower=lambda e, x, y: e.remainder(x, y),
    examples=lambda s: [example(-s.uniform(2.1, 2.9, 3), s.uniform(1.1, 1.4, 3))],
    hazards=QUOTIENT,
)
fmod = elementwise_op(
    "fmod",
    np.fmod,
    1,
    lambda out, x, y: rint((out - x) / y),
    domain=((2.1, 2.9), (1.1, 1.4)),
    notation=lambda x, y: call("fmod", x, y),
    lower=lambda e, x, y: e.fmod(x, y),
    examples=lambda s: [example(-s.uniform(2.1, 2.9, 3), s.uniform(1.1, 1.4, 3))],
    hazards=QUOTIENT,
)
floor_divide = elementwise_op(
    "floor_divide",
    np.floor_divide,
    ZERO,
    ZERO,
    domain=((2.1, 2.2), (1.5, 1.6)),
    notation=lambda x, y: Fence("⌊", x / y, "⌋"),
    lower=lambda e, x, y: e.floor_divide(x, y),
    hazards=QUOTIENT,
)
ldexp = elementwise_op(
    "ldexp",
    np.ldexp,
    lambda out, x, y: 2.0**y,
    None,
    domain=((-2.0, 2.0), (0.0, 0.0)),
    notation=lambda x, y: x * 2**y,
    examples=lambda s: [example(s.normal(3), np.array([-3, 0, 2]))],
)


@function(np.divmod, examples=lambda s: [example(s.uniform(2.1, 2.9, 2, 3), s.uniform(1.1, 1.4, 3))])
def divmod_(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Quotient rounded down, and remainder."""
    return floor_divide(x1, x2), remainder(x1, x2)


@function(np.modf, examples=lambda s: [example(s.uniform(1.1, 1.9, 3)), example(s.uniform(-1.9, -1.1, 2, 3))])
def modf(x: Any) -> tuple[Any, Any]:
    """Fractional part and whole part, both with the sign of the number."""
    whole = trunc(x)
    return where(isinf(x), 0.0, x - whole), whole


@function(np.frexp, examples=lambda s: [example(s.uniform(1.1, 1.9, 3)), example(s.uniform(-3.9, -2.1, 2, 3))])
def frexp(x: Any) -> tuple[Any, Any]:
    """Mantissa m from [0.5, 1) and exponent e, so that x = m · 2^e."""
    exponent = frexp_exponent(x)
    return ldexp(x, negative(exponent)), exponent


#: Python's binary operators; the reflected forms (``2 - x``) are derived from them.
BINARY_OPERATORS = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": divide,
    "pow": power,
    "mod": remainder,
    "floordiv": floor_divide,
}


def _install_operators() -> None:
    """Give nodes Python's operators, so that rules read like formulas."""

    def binary(op: Any) -> tuple[Any, Any]:
        return lambda self, other: op(self, other), lambda self, other: op(other, self)

    for name, op in BINARY_OPERATORS.items():
        forward, reflected = binary(op)
        setattr(Node, f"__{name}__", forward)
        setattr(Node, f"__r{name}__", reflected)
    setattr(Node, "__neg__", lambda self: negative(self))  # noqa: B010


_install_operators()
