"""Bessel functions. Formulas: NIST Digital Library of Mathematical Functions, sections 10.6 and 10.29.

Derivatives by the order have no closed form: asking for one is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from chainrule.graph.op import Op
from chainrule.notation.tree import call
from chainrule.ops.comparison import sign
from chainrule.ops.record import Example, Sampler, elementwise_op, example, serve

__all__: list[str] = []


def _fixed_order(name: str, compute: Any, derivative: Any, symbol: str, *, positive: bool = False) -> Op:
    """A Bessel function of one argument, such as J₀."""
    return elementwise_op(
        name,
        compute,
        derivative,
        domain=(0.4, 3.0) if positive else (-2.0, 2.0),
        notation=lambda x: call(symbol, x),
        examples=None if positive else lambda s: [example(np.zeros(2, s.dtype))],
    )


def _any_order(name: str, compute: Any, derivative: Any, *, whole: bool = False) -> Op:
    """A Bessel function of order and argument; only the argument is differentiated."""

    def examples(s: Sampler) -> list[Example]:
        orders: list[Any] = [2, np.array([1, 3])] if whole else [2, 0.5, np.array([1.0, -2.5])]
        return [Example((order, s.uniform(0.4, 3.0, 3, 2)), argnums=(1,)) for order in orders]

    return elementwise_op(
        name,
        compute,
        None,
        derivative,
        domain=((0.0, 0.0), (0.4, 3.0)),
        notation=lambda v, x: call(name, v, x),
        examples=examples,
    )


jv = _any_order("jv", sp.jv, lambda out, v, z: (jv(v - 1, z) - jv(v + 1, z)) / 2)
yv = _any_order("yv", sp.yv, lambda out, v, z: (yv(v - 1, z) - yv(v + 1, z)) / 2)
yn = _any_order("yn", sp.yn, lambda out, n, x: (yn(n - 1, x) - yn(n + 1, x)) / 2, whole=True)
j0 = _fixed_order("j0", sp.j0, lambda out, x: -j1(x), "J₀")
j1 = _fixed_order("j1", sp.j1, lambda out, x: (j0(x) - jv(2, x)) / 2, "J₁")
y0 = _fixed_order("y0", sp.y0, lambda out, x: -y1(x), "Y₀", positive=True)
y1 = _fixed_order("y1", sp.y1, lambda out, x: (y0(x) - yn(2, x)) / 2, "Y₁", positive=True)

iv = _any_order("iv", sp.iv, lambda out, v, z: (iv(v - 1, z) + iv(v + 1, z)) / 2)
kv = _any_order("kv", sp.kv, lambda out, v, z: (kv(v - 1, z) + kv(v + 1, z)) / -2)
i0 = _fixed_order("i0", sp.i0, lambda out, x: i1(x), "I₀")
i1 = _fixed_order("i1", sp.i1, lambda out, x: (i0(x) + iv(2, x)) / 2, "I₁")
k0 = _fixed_order("k0", sp.k0, lambda out, x: -k1(x), "K₀", positive=True)
k1 = _fixed_order("k1", sp.k1, lambda out, x: (k0(x) + kv(2, x)) / -2, "K₁", positive=True)

# The same, times e^−|x| (I) or e^x (K), so that large arguments neither overflow nor vanish.
ive = _any_order("ive", sp.ive, lambda out, v, z: (ive(v - 1, z) + ive(v + 1, z)) / 2 - sign(z) * out)
kve = _any_order("kve", sp.kve, lambda out, v, z: out - (kve(v - 1, z) + kve(v + 1, z)) / 2)
i0e = _fixed_order("i0e", sp.i0e, lambda out, x: i1e(x) - sign(x) * out, "i0e", positive=True)
i1e = _fixed_order("i1e", sp.i1e, lambda out, x: (i0e(x) + ive(2, x)) / 2 - sign(x) * out, "i1e", positive=True)
k0e = _fixed_order("k0e", sp.k0e, lambda out, x: out - k1e(x), "k0e", positive=True)
k1e = _fixed_order("k1e", sp.k1e, lambda out, x: out - (k0e(x) + kve(2, x)) / 2, "k1e", positive=True)

serve(jv, sp.jn)
