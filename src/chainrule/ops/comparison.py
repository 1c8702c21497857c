"""Comparisons, logic and rounding: operations whose derivative is zero wherever it exists."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise
from chainrule.graph.op import ZERO, Op
from chainrule.notation.tree import Fence, Relation, call
from chainrule.ops.record import elementwise_op, example, function


def _predicate(name: str, compute: Any, arity: int, sign: str | None = None, lower: Any = None) -> Op:
    """An operation with a Boolean result, which carries no gradient."""
    notation = None if sign is None else lambda x, y: Relation(sign, (x, y))
    return elementwise_op(name, compute, *(ZERO,) * arity, notation=notation, lower=lower)


equal = _predicate("equal", np.equal, 2, "=", lower=lambda e, x, y: e.equal(x, y))
not_equal = _predicate("not_equal", np.not_equal, 2, "≠", lower=lambda e, x, y: e.not_equal(x, y))
less = _predicate("less", np.less, 2, "<", lower=lambda e, x, y: e.less(x, y))
less_equal = _predicate("less_equal", np.less_equal, 2, "≤", lower=lambda e, x, y: e.less_equal(x, y))
greater = _predicate("greater", np.greater, 2, ">", lower=lambda e, x, y: e.greater(x, y))
greater_equal = _predicate("greater_equal", np.greater_equal, 2, "≥", lower=lambda e, x, y: e.greater_equal(x, y))

logical_and = _predicate("logical_and", np.logical_and, 2, "∧", lower=lambda e, x, y: e.and_(e.truth(x), e.truth(y)))
logical_or = _predicate("logical_or", np.logical_or, 2, "∨", lower=lambda e, x, y: e.or_(e.truth(x), e.truth(y)))
logical_xor = _predicate("logical_xor", np.logical_xor, 2, "⊕", lower=lambda e, x, y: e.xor(e.truth(x), e.truth(y)))
logical_not = _predicate("logical_not", np.logical_not, 1, lower=lambda e, x: e.not_(e.truth(x)))
isfinite = _predicate("isfinite", np.isfinite, 1, lower=lambda e, x: e.isfinite(x))
isinf = _predicate("isinf", np.isinf, 1, lower=lambda e, x: e.isinf(x))
isnan = _predicate("isnan", np.isnan, 1, lower=lambda e, x: e.isnan(x))
signbit = _predicate("signbit", np.signbit, 1, lower=lambda e, x: e.signbit(x))
#: NumPy has these as plain functions, not as ufuncs.
isneginf = elementwise_op(
    "isneginf", np.isneginf, ZERO, serves=(np.isneginf,), decompose=lambda x: logical_and(isinf(x), signbit(x))
)
isposinf = elementwise_op(
    "isposinf",
    np.isposinf,
    ZERO,
    serves=(np.isposinf,),
    decompose=lambda x: logical_and(isinf(x), logical_not(signbit(x))),
)
#: Compiled code knows real numbers only.
isreal = elementwise_op("isreal", np.isreal, ZERO, serves=(np.isreal,), lower=lambda e, x: e.truths(True, x))
iscomplex = elementwise_op(
    "iscomplex", np.iscomplex, ZERO, serves=(np.iscomplex,), lower=lambda e, x: e.truths(False, x)
)


def _close(e: Any, a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    """|a − b| ≤ atol + rtol |b| for finite b, or a = b"""
    if not b.type.is_float:
        a, b = e.cast(a, "double"), e.cast(b, "double")
    tolerance = e.add(e.number(atol, b), e.multiply(e.number(rtol, b), e.absolute(b)))
    near = e.and_(e.less_equal(e.absolute(e.subtract(a, b)), tolerance), e.isfinite(b))
    result = e.or_(near, e.equal(a, b))
    return e.or_(result, e.and_(e.isnan(a), e.isnan(b))) if equal_nan else result


isclose_op = Op(
    "isclose",
    np.isclose,
    elementwise,
    partials=(ZERO, ZERO),
    broadcasts=True,
    notation=lambda x, y, **_: Relation("≈", (x, y)),
    lower=_close,
)


def _verdict(name: str, compute: Any) -> Op:
    """A question about whole arrays with one Boolean answer; as a node, so that ``if`` on it is noticed."""
    return Op(
        name,
        lambda *values, **params: np.bool_(compute(*values, **params)),
        lambda op, inputs, params: ((), np.dtype(bool)),
        vjp=(ZERO, ZERO),
    )


allclose_op = _verdict("allclose", np.allclose)
array_equal_op = _verdict("array_equal", np.array_equal)
array_equiv_op = _verdict("array_equiv", np.array_equiv)


def _compared(s: Any) -> list[Any]:
    x = s.normal(3)
    return [example(x, x + 1e-9), example(x, np.ones((2, 3), x.dtype))]


@function(
    np.isclose,
    examples=lambda s: [*_compared(s), example(s.normal(2), 1.0, 0.5, 0.5, equal_nan=True)],
    differentiable=False,
)
def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Where two arrays agree up to a tolerance."""
    return isclose_op(a, b, rtol=float(rtol), atol=float(atol), equal_nan=bool(equal_nan))


@function(np.allclose, examples=_compared, differentiable=False)
def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether two arrays agree everywhere up to a tolerance."""
    return allclose_op(a, b, rtol=float(rtol), atol=float(atol), equal_nan=bool(equal_nan))


@function(np.array_equal, examples=_compared, differentiable=False)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have the same shape and elements."""
    return array_equal_op(a1, a2, equal_nan=bool(equal_nan))


@function(np.array_equiv, examples=_compared, differentiable=False)
def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays are equal once they are broadcast."""
    return array_equiv_op(a1, a2)


def _bitwise(name: str, compute: Any, notation: Any, arity: int, lower: Any) -> Op:
    """Arithmetic on the bits of integers and Booleans: there is nothing to differentiate."""
    return elementwise_op(
        name,
        compute,
        *(None,) * arity,
        domain=(),
        notation=notation,
        examples=lambda s: [example(*[np.array([1, 6, 3]), np.array([2, 5, 3])][:arity])],
        lower=lower,
    )


bitwise_and = _bitwise(
    "bitwise_and", np.bitwise_and, lambda x, y: Relation("&", (x, y)), 2, lambda e, x, y: e.and_(x, y)
)
bitwise_or = _bitwise("bitwise_or", np.bitwise_or, lambda x, y: Relation("|", (x, y)), 2, lambda e, x, y: e.or_(x, y))
bitwise_xor = _bitwise(
    "bitwise_xor", np.bitwise_xor, lambda x, y: Relation("⊕", (x, y)), 2, lambda e, x, y: e.xor(x, y)
)
invert = _bitwise("invert", np.invert, lambda x: call("¬", x), 1, lambda e, x: e.not_(x))

#: Piecewise constant, sampled away from the jumps.
_BETWEEN_INTEGERS = (1.1, 1.4)


def _step(name: str, compute: Any, notation: Any, lower: Any) -> Op:
    return elementwise_op(name, compute, ZERO, domain=_BETWEEN_INTEGERS, notation=notation, lower=lower)


floor = _step("floor", np.floor, lambda x: Fence("⌊", x, "⌋"), lambda e, x: e.floor(x))
ceil = _step("ceil", np.ceil, lambda x: Fence("⌈", x, "⌉"), lambda e, x: e.ceil(x))
trunc = _step("trunc", np.trunc, lambda x: call("trunc", x), lambda e, x: e.trunc(x))
rint = _step("rint", np.rint, lambda x: call("rint", x), lambda e, x: e.rint(x))
fix = elementwise_op("fix", np.fix, ZERO, domain=_BETWEEN_INTEGERS, serves=(np.fix,), lower=lambda e, x: e.trunc(x))
sign = elementwise_op(
    "sign",
    np.sign,
    ZERO,
    domain=(0.2, 2.0),
    notation=lambda x: call("sign", x),
    lower=lambda e, x: e.sign(x),
)

#: Powers of ten up to here are exact in float64.
_MOST_DECIMALS = 22


def _rounded(e: Any, x: Any, decimals: int) -> Any:
    """x times a power of ten, rounded, and divided by it; as NumPy does, overflow included."""
    if not x.type.is_float:
        return x if decimals >= 0 and x.type.scalar != "i1" else None
    if abs(decimals) > _MOST_DECIMALS:
        return None
    power = e.number(10.0 ** abs(decimals), x)
    before, after = (e.multiply, e.divide) if decimals > 0 else (e.divide, e.multiply)
    return e.rint(x) if decimals == 0 else after(e.rint(before(x, power)), power)


round_op = Op("round", np.round, elementwise, partials=(ZERO,), broadcasts=True, lower=_rounded)
#: The exponent that `numpy.frexp` finds.
frexp_exponent = elementwise_op("frexp_exponent", lambda x: np.frexp(x)[1], ZERO, domain=_BETWEEN_INTEGERS, serves=())


@function(
    np.round,
    np.around,
    examples=lambda s: [example(s.uniform(1.1, 1.4, 3)), example(s.uniform(11.1, 11.4, 2, 3), decimals=-1)],
)
def round_(a: Any, decimals: int = 0, out: None = None) -> Any:
    """Round to a number of decimals."""
    return round_op(a, decimals=int(decimals))


#: No useful derivative: asking for one is an error, not a zero.
nextafter = elementwise_op("nextafter", np.nextafter, None, None)
spacing = elementwise_op("spacing", np.spacing, None)
