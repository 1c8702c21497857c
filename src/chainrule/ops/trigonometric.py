"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import numpy as np

from chainrule.graph.op import Notation
from chainrule.ops.record import elementwise_op

tanh = elementwise_op(
    "tanh",
    np.tanh,
    lambda out, x: 1 - out * out,
    holomorphic=True,
    notation=Notation("tanh({0})", r"\tanh({0})"),
)
sin = elementwise_op(
    "sin", np.sin, lambda out, x: cos(x), holomorphic=True, notation=Notation("sin({0})", r"\sin({0})")
)
cos = elementwise_op(
    "cos", np.cos, lambda out, x: -sin(x), holomorphic=True, notation=Notation("cos({0})", r"\cos({0})")
)
