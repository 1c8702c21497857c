"""Complex numbers: parts, conjugates, absolute values.

The convention is that of HIPS autograd and JAX: for a real loss L of z = x + iy the gradient is ∂L/∂x − i ∂L/∂y, so
that a holomorphic f has the gradient f′(z), without a conjugate; a step of steepest descent takes its conjugate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise
from chainrule.graph.op import Notation
from chainrule.ops.comparison import equal, sign
from chainrule.ops.record import elementwise_op, example, serve
from chainrule.ops.selection import where


def _complex_examples(s: Any) -> list[Any]:
    return [example(s.normal(2, 3))]


conjugate = elementwise_op(
    "conjugate",
    np.conjugate,
    vjp=(lambda g, out, x: conjugate(g),),
    jvp=lambda tangents, out, x: conjugate(tangents[0]),
    notation=Notation("conj({0})", r"\overline{{{0}}}"),
    holomorphic=True,
)
real = elementwise_op(
    "real",
    np.real,
    vjp=(lambda g, out, x: g,),
    jvp=lambda tangents, out, x: real(tangents[0]),
    serves=(np.real,),
    holomorphic=True,
)
imag = elementwise_op(
    "imag",
    np.imag,
    vjp=(lambda g, out, x: g * -1j if x.dtype.kind == "c" else g * 0,),
    jvp=lambda tangents, out, x: imag(tangents[0]),
    serves=(np.imag,),
    holomorphic=True,
)


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
    notation=Notation("|{0}|", "|{0}|"),
    examples=lambda s: [example(-s.positive(3))],
)
