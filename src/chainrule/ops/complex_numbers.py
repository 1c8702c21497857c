"""Complex numbers: parts, conjugates, absolute values.

The convention is that of HIPS autograd and JAX: for a real loss L of z = x + iy the gradient is ∂L/∂x − i ∂L/∂y, so
that a holomorphic f has the gradient f′(z), without a conjugate; a step of steepest descent takes its conjugate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.notation.tree import Fence, call
from chainrule.ops.comparison import equal, sign
from chainrule.ops.record import elementwise_op, example, function
from chainrule.ops.selection import where
from chainrule.ops.trigonometric import arctan2

conjugate = elementwise_op(
    "conjugate",
    np.conjugate,
    vjp=(lambda g, out, x: conjugate(g),),
    jvp=lambda tangents, out, x: conjugate(tangents[0]),
    notation=lambda x: call("conj", x),
    lower=lambda e, x: x,  # compiled code knows real numbers only
    holomorphic=True,
)
real = elementwise_op(
    "real",
    np.real,
    vjp=(lambda g, out, x: g,),
    jvp=lambda tangents, out, x: real(tangents[0]),
    serves=(np.real,),
    holomorphic=True,
    notation=lambda x: call("Re", x),
    lower=lambda e, x: x,
)
imag = elementwise_op(
    "imag",
    np.imag,
    vjp=(lambda g, out, x: g * -1j if x.dtype.kind == "c" else g * 0,),
    jvp=lambda tangents, out, x: imag(tangents[0]),
    serves=(np.imag,),
    holomorphic=True,
    notation=lambda x: call("Im", x),
    lower=lambda e, x: e.number(0, x),
)
real.is_view = imag.is_view = True  # NumPy shows a part of the same memory


def _direction(out: Any, x: Any) -> Any:
    """conj(x) / |x|, and 0 at 0: the gradient of the modulus."""
    return conjugate(x) / where(equal(out, 0), 1.0, out)


absolute = elementwise_op(
    "absolute",
    np.absolute,
    vjp=(lambda g, out, x: g * sign(x) if x.dtype.kind == "f" else g * _direction(out, x),),
    jvp=lambda tangents, out, x: (
        tangents[0] * sign(x) if x.dtype.kind == "f" else real(tangents[0] * _direction(out, x))
    ),
    domain=(0.2, 2.0),
    holomorphic=True,
    notation=lambda x: Fence("|", x, "|"),
    examples=lambda s: [example(-s.positive(3))],
    lower=lambda e, x: e.absolute(x),
)
fabs = elementwise_op(
    "fabs",
    np.fabs,
    lambda out, x: sign(x),
    domain=(0.2, 2.0),
    notation=lambda x: Fence("|", x, "|"),
    examples=lambda s: [example(-s.positive(3))],
    lower=lambda e, x: e.absolute(x),
)


@function(
    np.angle,
    examples=lambda s: [example(s.positive(2, 3)), example(-s.positive(3), deg=True)],
    holomorphic=True,
)
def angle(z: Any, deg: bool = False) -> Any:
    """The angle of a complex number with the positive real axis."""
    result = arctan2(imag(z), real(z))
    return result * (180 / math.pi) if deg else result


@function(np.real_if_close, examples=lambda s: [example(s.normal(3))], holomorphic=True)
def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part, if the imaginary part is no more than rounding errors."""
    if not isinstance(a, Node):
        return np.real_if_close(a, tol)
    return a if a.dtype.kind != "c" or np.iscomplexobj(np.real_if_close(a.value, tol)) else real(a)
