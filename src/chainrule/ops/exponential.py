"""Exponentials, logarithms, the logistic function, and products with logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.notation.tree import call
from chainrule.ops.comparison import equal, isinf, logical_and
from chainrule.ops.hazards import EXPONENTIAL, LOG, LOG1P, TIMES_LOG, TIMES_LOG1P
from chainrule.ops.record import Example, Sampler, elementwise_op, example, function
from chainrule.ops.selection import where

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)

exp = elementwise_op(
    "exp",
    np.exp,
    lambda out, x: out,
    holomorphic=True,
    notation=lambda x: call("exp", x),
    lower=lambda e, x: e.call("exp", x),
    hazards=EXPONENTIAL,
)
exp2 = elementwise_op(
    "exp2",
    np.exp2,
    lambda out, x: out * _LN2,
    holomorphic=True,
    notation=lambda x: 2**x,
    lower=lambda e, x: e.call("exp2", x),
    hazards=EXPONENTIAL,
)
expm1 = elementwise_op(
    "expm1",
    np.expm1,
    lambda out, x: out + 1,
    holomorphic=True,
    notation=lambda x: call("exp", x) - 1,
    lower=lambda e, x: e.call("expm1", x),
    hazards=EXPONENTIAL,
)
log = elementwise_op(
    "log",
    np.log,
    lambda out, x: 1 / x,
    domain=(0.3, 3.0),
    holomorphic=True,
    notation=lambda x: call("log", x),
    lower=lambda e, x: e.call("log", x),
    hazards=LOG,
)
log2 = elementwise_op(
    "log2",
    np.log2,
    lambda out, x: 1 / (x * _LN2),
    domain=(0.3, 3.0),
    holomorphic=True,
    notation=lambda x: call("log₂", x),
    lower=lambda e, x: e.call("log2", x),
    hazards=LOG,
)
log10 = elementwise_op(
    "log10",
    np.log10,
    lambda out, x: 1 / (x * _LN10),
    domain=(0.3, 3.0),
    holomorphic=True,
    notation=lambda x: call("log₁₀", x),
    lower=lambda e, x: e.call("log10", x),
    hazards=LOG,
)
log1p = elementwise_op(
    "log1p",
    np.log1p,
    lambda out, x: 1 / (1 + x),
    domain=(-0.5, 2.0),
    holomorphic=True,
    notation=lambda x: call("log", 1 + x),
    lower=lambda e, x: e.call("log1p", x),
    hazards=LOG1P,
)


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x). For very negative x the exponential overflows to inf and the quotient is 0, as it should."""
    return 1 / (1 + np.exp(0.0 - x))  # -x does not exist for Booleans


sigmoid = elementwise_op(
    "sigmoid",
    _sigmoid,
    lambda out, x: out * (1 - out),
    domain=(-3.0, 3.0),
    holomorphic=True,
    notation=lambda x: call("σ", x),
    lower=lambda e, x: e.call("sigmoid", x),
)


def _lead(x: Any, y: Any) -> Any:
    """x − y, and 0 where both are the same infinity: neither is ahead of the other."""
    return where(logical_and(equal(x, y), isinf(x)), 0.0, x - y)


def _infinite_terms(s: Sampler) -> list[Example]:
    return [example(s.normal(3), -np.inf), example(-np.inf, s.normal(2))]


def _log2_of_sum(e: Any, x: Any, y: Any) -> Any:
    """max(x, y) + log₂(1 + 2^−|x − y|), and x + 1 where both are equal, as ∞ − ∞ is not 0."""
    share = e.call("exp2", e.negative(e.absolute(e.subtract(x, y))))
    rest = e.multiply(e.call("log1p", share), e.number(1 / _LN2, x))
    larger = e.where(e.greater(x, y), x, y)
    return e.where(e.equal(x, y), e.add(x, e.number(1, x)), e.add(larger, rest))


#: e^x / (e^x + e^y) = σ(x − y): the share of each term.
logaddexp = elementwise_op(
    "logaddexp",
    np.logaddexp,
    lambda out, x, y: sigmoid(_lead(x, y)),
    lambda out, x, y: sigmoid(_lead(y, x)),
    notation=lambda x, y: call("log", call("exp", x) + call("exp", y)),
    examples=_infinite_terms,
    lower=lambda e, x, y: e.call("logaddexp", x, y),
)
logaddexp2 = elementwise_op(
    "logaddexp2",
    np.logaddexp2,
    lambda out, x, y: sigmoid(_lead(x, y) * _LN2),
    lambda out, x, y: sigmoid(_lead(y, x) * _LN2),
    notation=lambda x, y: call("log₂", 2**x + 2**y),
    examples=_infinite_terms,
    lower=_log2_of_sum,
)


def _times_log(logarithm: Any, neutral: float) -> Any:
    """Makes ``x * logarithm(y)``, where the product is 0 for x = 0, also if the logarithm is infinite."""

    def compute(x: Any, y: Any) -> Any:
        nothing = np.equal(x, 0) & ~np.isnan(y)
        dtype = np.result_type(x, y)  # asked of the arguments themselves: a Python number adapts to the other one
        product = x * logarithm(np.where(nothing, neutral, y))
        return np.asarray(product, dtype if dtype.kind in "fc" else np.float64)

    return compute


def _times_log_of_element(logarithm: str, neutral: float) -> Any:
    """The instructions of `_times_log`."""

    def lower(e: Any, x: Any, y: Any) -> Any:
        nothing = e.and_(e.equal(x, e.number(0, x)), e.not_(e.isnan(y)))
        return e.multiply(x, e.call(logarithm, e.where(nothing, e.number(neutral, y), y)))

    return lower


def quotient(x: Any, y: Any) -> Any:
    """x / y, where 0 / 0 = 0: the derivative of x log y by y."""
    return x / where(logical_and(equal(x, 0), equal(y, 0)), 1.0, y)


#: Products that stay 0 where their first factor is 0, as the terms of an entropy do.
xlogy = elementwise_op(
    "xlogy",
    _times_log(np.log, 1),
    lambda out, x, y: log(y),
    lambda out, x, y: quotient(x, y),
    domain=((0.3, 2.0), (0.3, 2.0)),
    notation=lambda x, y: x * call("log", y),
    lower=_times_log_of_element("log", 1.0),
    examples=lambda s: [example(0.0, s.positive(3)), example(np.array([0.0, 1.0]), s.positive(2))],
    hazards=TIMES_LOG,
)
xlog1py = elementwise_op(
    "xlog1py",
    _times_log(np.log1p, 0),
    lambda out, x, y: log1p(y),
    lambda out, x, y: quotient(x, 1 + y),
    domain=((0.3, 2.0), (-0.5, 2.0)),
    notation=lambda x, y: x * call("log", 1 + y),
    lower=_times_log_of_element("log1p", 0.0),
    examples=lambda s: [example(0.0, s.positive(3)), example(np.array([0.0, 1.0]), s.positive(2))],
    hazards=TIMES_LOG1P,
)


@function(np.i0, examples=lambda s: [example(s.normal(3)), example(s.uniform(6.0, 9.0, 2, 3))])
def i0(x: Any) -> Any:
    """Modified Bessel function of order 0."""
    from chainrule.ops.bessel import i0

    return i0(x)
