"""Comparisons, logic and rounding: operations whose derivative is zero wherever it exists."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.op import ZERO, Notation, Op
from chainrule.ops.record import elementwise_op, example


def _predicate(name: str, compute: Any, arity: int, symbol: str | None = None, latex: str | None = None) -> Op:
    """An operation with a Boolean result, which carries no gradient."""
    notation = Notation(f"{{0}} {symbol} {{1}}", f"{{0}} {latex or symbol} {{1}}", 5) if symbol else None
    return elementwise_op(name, compute, *(ZERO,) * arity, notation=notation)


equal = _predicate("equal", np.equal, 2, "==", "=")
not_equal = _predicate("not_equal", np.not_equal, 2, "!=", r"\neq")
less = _predicate("less", np.less, 2, "<")
less_equal = _predicate("less_equal", np.less_equal, 2, "<=", r"\leq")
greater = _predicate("greater", np.greater, 2, ">")
greater_equal = _predicate("greater_equal", np.greater_equal, 2, ">=", r"\geq")

logical_and = _predicate("logical_and", np.logical_and, 2, "∧", r"\land")
logical_or = _predicate("logical_or", np.logical_or, 2, "∨", r"\lor")
logical_xor = _predicate("logical_xor", np.logical_xor, 2, "⊕", r"\oplus")
logical_not = _predicate("logical_not", np.logical_not, 1)
isfinite = _predicate("isfinite", np.isfinite, 1)
isinf = _predicate("isinf", np.isinf, 1)
isnan = _predicate("isnan", np.isnan, 1)
signbit = _predicate("signbit", np.signbit, 1)


def _bitwise(name: str, compute: Any, arity: int, symbol: str, latex: str) -> Op:
    """Arithmetic on the bits of integers and Booleans: there is nothing to differentiate."""
    template = ("{0} %s {1}", "{0} %s {1}") if arity == 2 else ("%s{0}", "%s{0}")
    return elementwise_op(
        name,
        compute,
        *(None,) * arity,
        domain=(),
        notation=Notation(template[0] % symbol, template[1] % latex, 5 if arity == 2 else 25),
        examples=lambda s: [example(*[np.array([1, 6, 3]), np.array([2, 5, 3])][:arity])],
    )


bitwise_and = _bitwise("bitwise_and", np.bitwise_and, 2, "&", r"\mathbin{{\&}}")
bitwise_or = _bitwise("bitwise_or", np.bitwise_or, 2, "|", r"\mathbin{{|}}")
bitwise_xor = _bitwise("bitwise_xor", np.bitwise_xor, 2, "^", r"\oplus")
invert = _bitwise("invert", np.invert, 1, "~", r"\lnot ")

#: Piecewise constant, sampled away from the jumps.
_BETWEEN_INTEGERS = (1.1, 1.4)
floor = elementwise_op("floor", np.floor, ZERO, domain=_BETWEEN_INTEGERS)
ceil = elementwise_op("ceil", np.ceil, ZERO, domain=_BETWEEN_INTEGERS)
trunc = elementwise_op("trunc", np.trunc, ZERO, domain=_BETWEEN_INTEGERS)
rint = elementwise_op("rint", np.rint, ZERO, domain=_BETWEEN_INTEGERS)
sign = elementwise_op("sign", np.sign, ZERO, domain=(0.2, 2.0))

#: No useful derivative: asking for one is an error, not a zero.
nextafter = elementwise_op("nextafter", np.nextafter, None, None)
spacing = elementwise_op("spacing", np.spacing, None)
