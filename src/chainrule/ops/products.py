"""Products of arrays: matrix products and their relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, with_shape
from chainrule.graph.op import Notation, Op
from chainrule.ops.record import example, serve
from chainrule.ops.shaping import expand_dims, squeeze, sum_to, swapaxes

Shape = tuple[int, ...]


def _matmul_shape(a: Any, b: Any) -> Shape:
    if not a.ndim or not b.ndim:
        raise ValueError("a matrix product needs arrays of at least one dimension; use * for scalars")
    rows = b.shape[0] if b.ndim == 1 else b.shape[-2]
    if a.shape[-1] != rows:
        left = "elements" if a.ndim == 1 else "columns"
        right = "elements" if b.ndim == 1 else "rows"
        raise ValueError(f"{a.shape[-1]} {left} meet {rows} {right}")
    if a.ndim <= 2 and b.ndim <= 2:
        return a.shape[:-1] + b.shape[1:]
    stack = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return stack + (a.shape[-2:-1] if a.ndim > 1 else ()) + (b.shape[-1:] if b.ndim > 1 else ())


def _matmul_vjp_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    """∂L/∂A = G Bᵀ; vectors are treated as a row on the left, a column on the right."""
    if a.ndim == 1 and b.ndim == 1:
        return g * b
    if b.ndim == 1:
        return sum_to(expand_dims(g, -1) * b, shape=a.shape) if a.ndim > 2 else expand_dims(g, -1) * b
    if a.ndim == 1:
        product = matmul(b, expand_dims(g, -1))
        return sum_to(squeeze(product, -1), shape=a.shape) if b.ndim > 2 else matmul(b, g)
    product = matmul(g, swapaxes(b, -1, -2))
    return product if product.shape == a.shape else sum_to(product, shape=a.shape)


def _matmul_vjp_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    """∂L/∂B = Aᵀ G."""
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return sum_to(expand_dims(a, -1) * expand_dims(g, -2), shape=b.shape) if b.ndim > 2 else expand_dims(a, -1) * g
    if b.ndim == 1:
        if a.ndim == 2:
            return matmul(swapaxes(a, -1, -2), g)
        return sum_to(a * expand_dims(g, -1), shape=b.shape)
    product = matmul(swapaxes(a, -1, -2), g)
    return product if product.shape == b.shape else sum_to(product, shape=b.shape)


matmul = Op(
    "matmul",
    np.matmul,
    with_shape(_matmul_shape),
    vjp=(_matmul_vjp_a, _matmul_vjp_b),
    jvp="multilinear",
    serves=(np.matmul,),
    notation=Notation("{0} @ {1}", "{0} {1}", 20),
    holomorphic=True,
    examples=lambda s: [
        example(s.normal(2, 3), s.normal(3, 4)),
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(3)),
        example(s.normal(3), s.normal(3, 2)),
        example(s.normal(5, 2, 3), s.normal(3)),
        example(s.normal(3), s.normal(5, 3, 2)),
        example(s.normal(5, 2, 3), s.normal(1, 3, 2)),
        example(s.normal(4, 1, 2, 3), s.normal(5, 3, 2)),
        example(s.normal(0, 3), s.normal(3, 2)),
    ],
)
serve(matmul, *matmul.serves)
