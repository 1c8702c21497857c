"""Trigonometric and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise, same_as_first
from chainrule.graph.op import Op
from chainrule.notation.tree import Root, call
from chainrule.ops.arithmetic import sqrt
from chainrule.ops.comparison import equal
from chainrule.ops.hazards import ARCCOSH, ARCSINE, ARCTANH, HYPERBOLIC
from chainrule.ops.record import elementwise_op, example, function
from chainrule.ops.selection import where

sin = elementwise_op(
    "sin",
    np.sin,
    lambda out, x: cos(x),
    holomorphic=True,
    notation=lambda x: call("sin", x),
    lower=lambda e, x: e.call("sin", x),
)
cos = elementwise_op(
    "cos",
    np.cos,
    lambda out, x: -sin(x),
    holomorphic=True,
    notation=lambda x: call("cos", x),
    lower=lambda e, x: e.call("cos", x),
)
tan = elementwise_op(
    "tan",
    np.tan,
    lambda out, x: 1 + out * out,
    domain=(-1.2, 1.2),
    holomorphic=True,
    notation=lambda x: call("tan", x),
    lower=lambda e, x: e.call("tan", x),
)
sinh = elementwise_op(
    "sinh",
    np.sinh,
    lambda out, x: cosh(x),
    holomorphic=True,
    notation=lambda x: call("sinh", x),
    lower=lambda e, x: e.call("sinh", x),
    hazards=HYPERBOLIC,
)
cosh = elementwise_op(
    "cosh",
    np.cosh,
    lambda out, x: sinh(x),
    holomorphic=True,
    notation=lambda x: call("cosh", x),
    lower=lambda e, x: e.call("cosh", x),
    hazards=HYPERBOLIC,
)
tanh = elementwise_op(
    "tanh",
    np.tanh,
    lambda out, x: 1 - out * out,
    holomorphic=True,
    notation=lambda x: call("tanh", x),
    lower=lambda e, x: e.call("tanh", x),
)

# Products such as (1 − x)(1 + x) keep their accuracy near ±1, where 1 − x² loses it; and two square roots in place
# of one lie on the right branch for complex numbers.
arcsin = elementwise_op(
    "arcsin",
    np.arcsin,
    lambda out, x: 1 / (sqrt(1 - x) * sqrt(1 + x)),
    domain=(-0.8, 0.8),
    holomorphic=True,
    notation=lambda x: call("arcsin", x),
    lower=lambda e, x: e.call("arcsin", x),
    hazards=ARCSINE,
)
arccos = elementwise_op(
    "arccos",
    np.arccos,
    lambda out, x: -1 / (sqrt(1 - x) * sqrt(1 + x)),
    domain=(-0.8, 0.8),
    holomorphic=True,
    notation=lambda x: call("arccos", x),
    lower=lambda e, x: e.call("arccos", x),
    hazards=ARCSINE,
)
arctan = elementwise_op(
    "arctan",
    np.arctan,
    lambda out, x: 1 / (1 + x * x),
    holomorphic=True,
    notation=lambda x: call("arctan", x),
    domain=(-0.8, 2.0),
    lower=lambda e, x: e.call("arctan", x),
)
arcsinh = elementwise_op(
    "arcsinh",
    np.arcsinh,
    lambda out, x: 1 / sqrt(1 + x * x),
    holomorphic=True,
    domain=(-0.8, 2.0),
    notation=lambda x: call("arcsinh", x),
    lower=lambda e, x: e.call("arcsinh", x),
)
arccosh = elementwise_op(
    "arccosh",
    np.arccosh,
    lambda out, x: 1 / (sqrt(x - 1) * sqrt(x + 1)),
    domain=(1.3, 3.0),
    holomorphic=True,
    notation=lambda x: call("arccosh", x),
    lower=lambda e, x: e.call("arccosh", x),
    hazards=ARCCOSH,
)
arctanh = elementwise_op(
    "arctanh",
    np.arctanh,
    lambda out, x: 1 / ((1 - x) * (1 + x)),
    domain=(-0.8, 0.8),
    holomorphic=True,
    notation=lambda x: call("arctanh", x),
    lower=lambda e, x: e.call("arctanh", x),
    hazards=ARCTANH,
)

hypot = elementwise_op(
    "hypot",
    np.hypot,
    lambda out, x, y: _cosine(x, out),
    lambda out, x, y: _cosine(y, out),
    domain=((0.3, 2.0), (-2.0, -0.3)),
    notation=lambda x, y: Root(x**2 + y**2),
    lower=lambda e, x, y: e.call("hypot", x, y),
)
arctan2 = elementwise_op(
    "arctan2",
    np.arctan2,
    lambda out, y, x: x / (x * x + y * y),
    lambda out, y, x: -y / (x * x + y * y),
    domain=((0.3, 2.0), (-2.0, -0.3)),
    notation=lambda y, x: call("arctan2", y, x),
    lower=lambda e, y, x: e.call("arctan2", y, x),
)


def _cosine(side: Any, length: Any) -> Any:
    """side / length, and 0 for the triangle that is a point: the gradient of a norm at 0 is 0."""
    return side / where(equal(length, 0), 1.0, length)


rad2deg = elementwise_op(
    "rad2deg",
    np.rad2deg,
    180 / math.pi,
    jvp="linear",
    serves=(np.rad2deg, np.degrees),
    lower=lambda e, x: e.multiply(x, e.number(180 / math.pi, x)),
)
deg2rad = elementwise_op(
    "deg2rad",
    np.deg2rad,
    math.pi / 180,
    jvp="linear",
    serves=(np.deg2rad, np.radians),
    lower=lambda e, x: e.multiply(x, e.number(math.pi / 180, x)),
)


#: Points and weights for integrals over [0, 1], exact for polynomials of degree 63.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_POINTS, _WEIGHTS = (_POINTS + 1) / 2, _WEIGHTS / 2


def _derivative_of_cos(t: Any, order: int) -> Any:
    """cos(t + nπ/2), with zeros that are exact."""
    value = np.sin(t) if order % 2 else np.cos(t)
    return -value if order % 4 in (1, 2) else value


def _sinc_derivative(x: Any, order: int) -> Any:
    """A derivative of sin(πx) / (πx), of any order, without the cancellation that quotients suffer near 0.

    With t = πx and s(t) = sin(t) / t = ∫₀¹ cos(tu) du, the n-th derivative of s is ∫₀¹ uⁿ cos(tu + nπ/2) du; away
    from 0 it follows from t s⁽ⁿ⁾ = sin(t + nπ/2) − n s⁽ⁿ⁻¹⁾.
    """
    t = np.pi * np.asarray(x)
    near = np.abs(t) < order + 4
    small = np.where(near, t, 0.0)[..., None]
    integral = (_WEIGHTS * _POINTS**order * _derivative_of_cos(small * _POINTS, order)).sum(-1)
    large = np.where(near, order + 4.0, t)
    quotient = np.sin(large) / large
    for n in range(1, order + 1):
        quotient = (_derivative_of_cos(large, n - 1) - n * quotient) / large
    return (np.pi**order * np.where(near, integral, quotient)).astype(np.sinc(x).dtype)


def _sinc_steps(x: Any) -> Any:
    """sin(t) / t with t = πx, where 0 is moved by a step that does not change the quotient."""
    if x.dtype.kind != "f":
        return None
    t = math.pi * x
    t = where(equal(t, 0.0), float(np.finfo(t.dtype).eps), t)
    return sin(t) / t


sinc = elementwise_op(
    "sinc",
    np.sinc,
    lambda out, x: sinc_derivative(x, order=1),
    serves=(np.sinc,),
    holomorphic=True,
    notation=lambda x: call("sinc", x),
    decompose=_sinc_steps,
    examples=lambda s: [example(s.normal(3) * 1e-3), example(np.zeros(2, s.dtype)), example(s.normal(3) * 4)],
)
sinc_derivative = Op(
    "sinc_derivative",
    _sinc_derivative,
    elementwise,
    partials=(lambda out, x, order: sinc_derivative(x, order=order + 1),),
    broadcasts=True,
)

#: Adds whole periods, which no small change of the argument alters.
unwrap_op = Op(
    "unwrap",
    np.unwrap,
    same_as_first,
    vjp=(lambda g, out, p, **params: g,),
    jvp=lambda tangents, out, p, **params: tangents[0],
)


@function(
    np.unwrap,
    examples=lambda s: [
        example(np.cumsum(s.uniform(1.5, 2.5, 6)) % 5.0),
        example(s.normal(2, 3) * 4, axis=0, period=3.3),
    ],
)
def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Any:
    """Remove jumps of whole periods from a sequence of angles."""
    return unwrap_op(p, discont=discont, axis=axis, period=period)
