"""Exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from chainrule.graph.op import Notation
from chainrule.ops.record import elementwise_op

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)

exp = elementwise_op("exp", np.exp, lambda out, x: out, holomorphic=True, notation=Notation("exp({0})", "e^{{{0}}}"))
exp2 = elementwise_op(
    "exp2", np.exp2, lambda out, x: out * _LN2, holomorphic=True, notation=Notation("2^{0}", "2^{{{0}}}", 30)
)
expm1 = elementwise_op("expm1", np.expm1, lambda out, x: out + 1, holomorphic=True)
log = elementwise_op(
    "log",
    np.log,
    lambda out, x: 1 / x,
    domain=(0.3, 3.0),
    holomorphic=True,
    notation=Notation("log({0})", r"\log({0})"),
)
log2 = elementwise_op("log2", np.log2, lambda out, x: 1 / (x * _LN2), domain=(0.3, 3.0), holomorphic=True)
log10 = elementwise_op("log10", np.log10, lambda out, x: 1 / (x * _LN10), domain=(0.3, 3.0), holomorphic=True)
log1p = elementwise_op("log1p", np.log1p, lambda out, x: 1 / (1 + x), domain=(-0.5, 2.0), holomorphic=True)
logaddexp = elementwise_op(
    "logaddexp",
    np.logaddexp,
    lambda out, x, y: exp(x - out),
    lambda out, x, y: exp(y - out),
)
logaddexp2 = elementwise_op(
    "logaddexp2",
    np.logaddexp2,
    lambda out, x, y: exp2(x - out),
    lambda out, x, y: exp2(y - out),
)
