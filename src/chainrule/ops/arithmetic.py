"""Arithmetic: sums, products, quotients, powers and roots, and Python's operators on nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL, ZERO, Notation
from chainrule.ops.comparison import equal, floor, trunc
from chainrule.ops.exponential import log
from chainrule.ops.record import elementwise_op, example
from chainrule.ops.selection import where

add = elementwise_op(
    "add", np.add, 1, 1, holomorphic=True, notation=Notation("{0} + {1}", "{0} + {1}", 10), jvp="linear"
)
subtract = elementwise_op(
    "subtract", np.subtract, 1, -1, holomorphic=True, notation=Notation("{0} - {1}", "{0} - {1}", 10), jvp="linear"
)
multiply = elementwise_op(
    "multiply",
    np.multiply,
    lambda out, x, y: y,
    lambda out, x, y: x,
    holomorphic=True,
    notation=Notation("{0} * {1}", r"{0} \cdot {1}", 20),
)
divide = elementwise_op(
    "divide",
    np.divide,
    lambda out, x, y: 1 / y,
    lambda out, x, y: -out / y,
    domain=((-2.0, 2.0), (0.5, 2.0)),
    holomorphic=True,
    notation=Notation("{0} / {1}", r"\frac{{{0}}}{{{1}}}", 20),
)
negative = elementwise_op(
    "negative", np.negative, -1, holomorphic=True, notation=Notation("-{0}", "-{0}", 25), jvp="linear"
)
positive = elementwise_op(
    "positive", np.positive, 1, holomorphic=True, notation=Notation("+{0}", "+{0}", 25), jvp="linear"
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


power = elementwise_op(
    "power",
    np.power,
    _power_by_base,
    _power_by_exponent,
    domain=((0.4, 2.0), (-2.0, 2.0)),
    holomorphic=True,
    notation=Notation("{0} ** {1}", "{0}^{{{1}}}", 30),
    examples=lambda s: [
        example(s.normal(3), 2),
        example(s.normal(3), 3.0),
        example(s.normal(3), 0),
        example(s.positive(2, 3), -1),
        example(2.0, s.normal(3)),
    ],
)
float_power = elementwise_op(
    "float_power",
    np.float_power,
    _power_by_base,
    _power_by_exponent,
    domain=((0.4, 2.0), (-2.0, 2.0)),
    holomorphic=True,
    notation=Notation("{0} ** {1}", "{0}^{{{1}}}", 30),
)
square = elementwise_op(
    "square", np.square, lambda out, x: 2 * x, holomorphic=True, notation=Notation("{0}²", "{0}^2", 30)
)
sqrt = elementwise_op(
    "sqrt",
    np.sqrt,
    lambda out, x: 0.5 / out,
    domain=(0.3, 2.0),
    holomorphic=True,
    notation=Notation("√{0}", r"\sqrt{{{0}}}", 35),
)
cbrt = elementwise_op("cbrt", np.cbrt, lambda out, x: 1 / (3 * out * out), domain=(0.3, 2.0))
reciprocal = elementwise_op(
    "reciprocal",
    np.reciprocal,
    lambda out, x: -out * out,
    domain=(0.4, 2.0),
    holomorphic=True,
    notation=Notation("1 / {0}", r"\frac{{1}}{{{0}}}", 20),
)
remainder = elementwise_op(
    "remainder",
    np.remainder,
    1,
    lambda out, x, y: -floor(x / y),
    domain=((2.1, 2.9), (1.1, 1.4)),
    notation=Notation("{0} % {1}", r"{0} \bmod {1}", 20),
)
fmod = elementwise_op("fmod", np.fmod, 1, lambda out, x, y: -trunc(x / y), domain=((2.1, 2.9), (1.1, 1.4)))
floor_divide = elementwise_op(
    "floor_divide",
    np.floor_divide,
    ZERO,
    ZERO,
    domain=((2.1, 2.2), (1.5, 1.6)),
    notation=Notation("{0} // {1}", r"\lfloor {0} / {1} \rfloor", 20),
)
ldexp = elementwise_op("ldexp", np.ldexp, lambda out, x, y: 2.0**y, None, domain=((-2.0, 2.0), (0.0, 0.0)))

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
