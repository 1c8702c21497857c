"""SciPy's special functions: error functions, logistic functions, entropies, and with them the families that have
files of their own, gamma and Bessel functions.

Formulas: NIST Digital Library of Mathematical Functions, chapters 6 and 7.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special as sp

from chainrule.graph.infer import normalize_axes
from chainrule.notation.tree import call
from chainrule.ops import bessel  # noqa: F401  (declares its records)
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import cbrt, sqrt
from chainrule.ops.comparison import equal, less, less_equal, sign
from chainrule.ops.complex_numbers import absolute, fabs, real
from chainrule.ops.exponential import exp, exp2, expm1, log, log1p, quotient, sigmoid, xlog1py, xlogy
from chainrule.ops.gamma_functions import betaln
from chainrule.ops.record import Example, Sampler, elementwise_op, example, function, serve
from chainrule.ops.reduction import sum_op
from chainrule.ops.selection import where
from chainrule.ops.softmaxes import floating, largest_exponent, log_softmax, logsumexp, softmax

_POSITIVE = (0.4, 3.0)
_ROOT_PI = math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)


# NumPy's functions under SciPy's names --------------------------------------------------------------------------
serve(expm1, sp.expm1)
serve(log1p, sp.log1p)
serve(exp2, sp.exp2)
serve(cbrt, sp.cbrt)
serve(xlogy, sp.xlogy)
serve(xlog1py, sp.xlog1py)
if hasattr(sp, "softplus"):  # SciPy 1.17
    serve(softplus, sp.softplus)
exp10 = elementwise_op(
    "exp10",
    sp.exp10,
    lambda out, x: out * math.log(10.0),
    notation=lambda x: 10**x,
    lower=lambda e, x: e.call("power", e.number(10, x), x),
)

# Error functions and the normal distribution ----------------------------------------------------------------------
erf = elementwise_op(
    "erf",
    sp.erf,
    lambda out, x: 2 / _ROOT_PI * exp(-x * x),
    notation=lambda x: call("erf", x),
    lower=lambda e, x: e.call("erf", x),
)
erfc = elementwise_op(
    "erfc",
    sp.erfc,
    lambda out, x: -2 / _ROOT_PI * exp(-x * x),
    notation=lambda x: call("erfc", x),
    lower=lambda e, x: e.call("erfc", x),
)
erfi = elementwise_op(
    "erfi",
    sp.erfi,
    lambda out, x: 2 / _ROOT_PI * exp(x * x),
    domain=(-1.0, 1.0),
    notation=lambda x: call("erfi", x),
)
erfcx = elementwise_op(
    "erfcx",
    sp.erfcx,
    lambda out, x: 2 * x * out - 2 / _ROOT_PI,
    domain=(-1.0, 2.0),
    notation=lambda x: call("erfcx", x),
)
dawsn = elementwise_op("dawsn", sp.dawsn, lambda out, x: 1 - 2 * x * out, notation=lambda x: call("dawsn", x))
erfinv = elementwise_op(
    "erfinv",
    sp.erfinv,
    lambda out, y: _ROOT_PI / 2 * exp(out * out),
    domain=(-0.7, 0.7),
    notation=lambda y: call("erfinv", y),
)
erfcinv = elementwise_op(
    "erfcinv",
    sp.erfcinv,
    lambda out, y: -_ROOT_PI / 2 * exp(out * out),
    domain=(0.3, 1.7),
    notation=lambda y: call("erfcinv", y),
)
ndtr = elementwise_op(
    "ndtr",
    sp.ndtr,
    lambda out, x: exp(-0.5 * x * x) * (1 / _ROOT_TWO_PI),
    notation=lambda x: call("Φ", x),
    lower=lambda e, x: e.call("ndtr", x),
)
#: φ(x) / Φ(x), as the exponential of a difference of logarithms: both vanish for very negative x.
log_ndtr = elementwise_op(
    "log_ndtr",
    sp.log_ndtr,
    lambda out, x: exp(-0.5 * x * x - math.log(_ROOT_TWO_PI) - out),
    notation=lambda x: call("log", call("Φ", x)),
    examples=lambda s: [example(s.uniform(-30.0, -20.0, 3))],
)
ndtri = elementwise_op(
    "ndtri",
    sp.ndtri,
    lambda out, y: _ROOT_TWO_PI * exp(0.5 * out * out),
    domain=(0.2, 0.8),
    notation=lambda y: call("Φ⁻¹", y),
)
#: Student's distribution function: differentiated by t, and not by the degrees of freedom.
stdtr = elementwise_op(
    "stdtr",
    sp.stdtr,
    None,
    lambda out, df, t: exp(-0.5 * (df + 1) * log1p(t * t / df) - betaln(0.5 * df, 0.5)) / sqrt(df),
    domain=(),
    examples=lambda s: [Example((s.positive(3), s.normal(2, 3)), argnums=(1,))],
)


# Logistic functions -----------------------------------------------------------------------------------------------
def _log_odds(e: Any, p: Any) -> Any:
    """log(p / (1 − p)); near 1/2, where the quotient is close to 1, log1p(s) − log1p(−s) with s = 2p − 1."""
    half, one = e.number(0.5, p), e.number(1, p)
    s = e.multiply(e.subtract(p, half), e.number(2, p))
    near = e.subtract(e.call("log1p", s), e.call("log1p", e.negative(s)))
    far = e.call("log", e.divide(p, e.subtract(one, p)))
    return e.where(e.less(e.absolute(e.subtract(p, half)), e.number(0.2, p)), near, far)


logit = elementwise_op(
    "logit",
    sp.logit,
    lambda out, p: 1 / (p * (1 - p)),
    domain=(0.2, 0.8),
    notation=lambda p: call("logit", p),
    lower=_log_odds,
)


@function(sp.expit, examples=lambda s: [example(s.normal(2, 3)), example(s.normal(3) * 10)])
def expit(x: Any) -> Any:
    """Logistic function σ(x)."""
    return sigmoid(x)


@function(sp.log_expit, examples=lambda s: [example(s.normal(2, 3)), example(s.normal(3) * 30)])
def log_expit(x: Any) -> Any:
    """Logarithm of the logistic function, log σ(x)."""
    return -softplus(-x)


def _summed(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3, 2), axis=(0, -1)),
        example(s.normal(0, 3), axis=1),
    ]


@function(sp.softmax, name="special.softmax", examples=_summed)
def special_softmax(x: Any, axis: Any = None) -> Any:
    """Exponentials divided by their sum along axes, by default all."""
    x = floating(x)
    return softmax(x, axis=normalize_axes(axis, x.ndim))


@function(sp.log_softmax, name="special.log_softmax", examples=_summed)
def special_log_softmax(x: Any, axis: Any = None) -> Any:
    """Logarithm of `softmax`."""
    x = floating(x)
    return log_softmax(x, axis=normalize_axes(axis, x.ndim))


@function(
    sp.logsumexp,
    name="special.logsumexp",
    examples=lambda s: [
        *_summed(s)[:3],
        example(s.normal(2, 3), axis=1, keepdims=True),
        example(s.normal(2, 3), axis=1, b=s.positive(2, 3)),
        example(s.normal(2, 3), b=np.array([1.0, 2.0, 0.0]), keepdims=True),
        example(s.normal(2, 3), axis=0, b=np.array([[1.0], [-3.0]]), return_sign=True),
        example(s.normal(2, 3), axis=0, return_sign=True),
    ],
)
def special_logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Logarithm of a sum of exponentials, which may have factors b; without overflow."""
    a = floating(a)
    if b is None and not return_sign:
        return logsumexp(a, axis=normalize_axes(axis, a.ndim), keepdims=bool(keepdims))
    weights = floating(1.0 if b is None else b)
    a = where(equal(weights, 0), -np.inf, a)  # a term with factor 0 is none, also where e^a overflows
    axes = normalize_axes(axis, a.ndim)
    top = largest_exponent(a, axis=axes, keepdims=True)
    total = sum_op(weights * exp(a - top), axis=axes, keepdims=bool(keepdims))
    level = top if keepdims else largest_exponent(a, axis=axes, keepdims=False)
    is_complex = total.dtype.kind == "c"
    if return_sign:
        size = absolute(total)
        return log(size) + real(level), total / size if is_complex else sign(total)
    return log(total if is_complex else where(less(total, 0), np.nan, total)) + level


# Entropies and robust losses --------------------------------------------------------------------------------------
def _entropy(e: Any, x: Any) -> Any:
    zero = e.number(0, x)
    is_positive = e.greater(x, zero)
    term = e.negative(e.multiply(x, e.call("log", e.where(is_positive, x, e.number(1, x)))))
    value = e.where(is_positive, term, e.where(e.equal(x, zero), zero, e.number(-math.inf, x)))
    return e.where(e.isnan(x), x, value)


def _for_positive_pairs(e: Any, x: Any, y: Any, at_zero: Any, formula: Any) -> Any:
    """A formula where x, y > 0, another value where x = 0 ≤ y, and infinity elsewhere."""
    zero, one = e.number(0, x), e.number(1, x)
    regular = e.and_(e.greater(x, zero), e.greater(y, zero))
    term = formula(e.where(regular, x, one), e.where(regular, y, one))
    nothing = e.and_(e.equal(x, zero), e.greater_equal(y, zero))
    value = e.where(regular, term, e.where(nothing, at_zero, e.number(math.inf, x)))
    return e.where(e.or_(e.isnan(x), e.isnan(y)), e.number(math.nan, x), value)


def _relative_entropy(e: Any, x: Any, y: Any) -> Any:
    """x log(x / y), without the cancellation in log for x ≈ y, and where the quotient is no normal number."""

    def formula(x: Any, y: Any) -> Any:
        ratio, one = e.divide(x, y), e.number(1, x)
        close = e.and_(e.less(e.number(0.5, x), ratio), e.less(ratio, e.number(2, x)))
        extreme = e.or_(e.equal(ratio, e.number(0, x)), e.isinf(ratio))
        log = e.call("log", e.where(extreme, one, ratio))
        log = e.where(extreme, e.subtract(e.call("log", x), e.call("log", y)), log)
        return e.multiply(x, e.where(close, e.call("log1p", e.divide(e.subtract(x, y), y)), log))

    return _for_positive_pairs(e, x, y, e.number(0, x), formula)


def _in_double(lower: Any) -> Any:
    """The instructions in float64, as SciPy computes these also for float32; the result is converted back."""
    return lambda e, *operands: lower(e, *[e.cast(operand, "double") for operand in operands])


@_in_double
def _divergence(e: Any, x: Any, y: Any) -> Any:
    """x log(x / y) − x + y"""
    return _for_positive_pairs(
        e, x, y, y, lambda x, y: e.add(e.subtract(e.multiply(x, e.call("log", e.divide(x, y))), x), y)
    )


#: −x log x, its value at 0 being 0.
entr = elementwise_op(
    "entr",
    sp.entr,
    lambda out, x: -log(x) - 1,
    domain=_POSITIVE,
    notation=lambda x: -x * call("log", x),
    lower=_entropy,
)
rel_entr = elementwise_op(
    "rel_entr",
    sp.rel_entr,
    lambda out, x, y: log(x / y) + 1,
    lambda out, x, y: -quotient(x, y),
    domain=(_POSITIVE, _POSITIVE),
    notation=lambda x, y: x * call("log", x / y),
    lower=_relative_entropy,
)
kl_div = elementwise_op(
    "kl_div",
    sp.kl_div,
    lambda out, x, y: log(x / y),
    lambda out, x, y: 1 - quotient(x, y),
    domain=(_POSITIVE, _POSITIVE),
    notation=lambda x, y: x * call("log", x / y) - x + y,
    lower=_divergence,
)


def _is_small(delta: Any, r: Any) -> Any:
    return less_equal(fabs(r), delta)


def _huber_loss(e: Any, delta: Any, r: Any) -> Any:
    half, size = e.number(0.5, r), e.absolute(r)
    square = e.multiply(e.multiply(half, r), r)
    line = e.multiply(delta, e.subtract(size, e.multiply(half, delta)))
    value = e.where(e.less_equal(size, delta), square, line)
    return e.where(e.less(delta, e.number(0, r)), e.number(math.inf, r), value)


huber = elementwise_op(
    "huber",
    sp.huber,
    lambda out, delta, r: where(_is_small(delta, r), 0.0, fabs(r) - delta),
    lambda out, delta, r: where(_is_small(delta, r), r, delta * sign(r)),
    domain=((0.9, 1.1), (-0.8, 0.8)),
    notation=lambda delta, r: call("huber", delta, r),
    lower=_huber_loss,
    examples=lambda s: [example(s.uniform(0.9, 1.1, 3), s.uniform(1.2, 2.0, 2, 3))],
)


@_in_double
def _smooth_huber_loss(e: Any, delta: Any, r: Any) -> Any:
    """δ² (√(1 + (r/δ)²) − 1), where the difference is expm1(log1p((r/δ)²) / 2)"""
    zero = e.number(0, r)
    nothing = e.or_(e.equal(delta, zero), e.equal(r, zero))
    ratio = e.divide(r, e.where(nothing, e.number(1, r), delta))
    rise = e.call("expm1", e.multiply(e.number(0.5, r), e.call("log1p", e.multiply(ratio, ratio))))
    value = e.where(nothing, zero, e.multiply(e.multiply(delta, delta), rise))
    return e.where(e.less(delta, zero), e.number(math.inf, r), value)


pseudo_huber = elementwise_op(
    "pseudo_huber",
    sp.pseudo_huber,
    lambda out, delta, r: 2 * out / delta - r * r / (delta * sqrt(1 + r * r / (delta * delta))),
    lambda out, delta, r: r / sqrt(1 + r * r / (delta * delta)),
    domain=((0.5, 2.0), (-2.0, 2.0)),
    notation=lambda delta, r: call("pseudo_huber", delta, r),
    lower=_smooth_huber_loss,
)

# Integrals of exponentials ----------------------------------------------------------------------------------------
expi = elementwise_op("expi", sp.expi, lambda out, x: exp(x) / x, domain=_POSITIVE, notation=lambda x: call("Ei", x))
exp1 = elementwise_op("exp1", sp.exp1, lambda out, x: -exp(-x) / x, domain=_POSITIVE, notation=lambda x: call("E₁", x))
