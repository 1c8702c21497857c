"""The pseudoinverse and least squares.

Source: G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
variables separate", SIAM J. Numer. Anal. 10, 1973; restated for our convention of complex gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.complex_numbers import absolute
from chainrule.ops.joining import as_array
from chainrule.ops.matrices import adjoint, conjugated, floating, matrix_of, real_part
from chainrule.ops.products import matmul
from chainrule.ops.record import example, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import expand_dims, matrix_transpose, squeeze
from chainrule.ops.singular_values import svdvals_op


def pseudoinverse_gradient(g: Any, p: Any, a: Any) -> Any:
    """The gradient of A from that of P = A⁺, as long as the rank of A does not change.

    −Pᵀ ḡ Pᵀ + conj((1 − A P) ḡᵀ P Pᴴ) + conj(Pᴴ P ḡᵀ (1 − P A))
    """
    flipped = matrix_transpose(g)
    total = -matmul(matmul(matrix_transpose(p), g), matrix_transpose(p))
    m, n = a.shape[-2:]
    if m > n:
        outside = flipped - matmul(a, matmul(p, flipped))
        total = total + conjugated(matmul(matmul(outside, p), adjoint(p)))
    if n > m:
        outside = flipped - matmul(matmul(flipped, p), a)
        total = total + conjugated(matmul(adjoint(p), matmul(p, outside)))
    return total


pinv_op = Op(
    "pinv",
    lambda a, **settings: np.linalg.pinv(a, **settings),
    lambda op, inputs, params: (
        (*inputs[0].shape[:-2], inputs[0].shape[-1], inputs[0].shape[-2]),
        floating(inputs[0].dtype),
    ),
    vjp=(lambda g, out, a, **settings: pseudoinverse_gradient(g, out, a),),
)


@function(
    np.linalg.pinv,
    examples=lambda s: [
        example(s.well_conditioned(3, 3)),
        example(s.normal(4, 2)),
        example(s.normal(2, 4)),
        example(s.normal(2, 3, 2)),
    ],
    holomorphic=True,
    name="linalg.pinv",
)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The pseudoinverse; its gradient is that for matrices of full rank."""
    settings: dict[str, Any] = (
        {} if rcond is None and rtol is None else {"rcond": float(rtol if rcond is None else rcond)}
    )
    return pinv_op(matrix_of(a, square=hermitian), hermitian=bool(hermitian), **settings)


def _lstsq_vjp(position: int, g: Any, out: Any, a: Any, b: Any, rcond: Any) -> Any:
    """x = A⁺ b"""
    p = pinv_op(a, hermitian=False)
    if position == 1:
        return matmul(matrix_transpose(p), g)
    return pseudoinverse_gradient(matmul(g, matrix_transpose(b)), p, a)


lstsq_op = Op(
    "lstsq",
    lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
    lambda op, inputs, params: (
        (inputs[0].shape[1], inputs[1].shape[1]),
        floating(np.result_type(inputs[0].dtype, inputs[1].dtype)),
    ),
    vjp=_lstsq_vjp,
)


@function(
    np.linalg.lstsq,
    examples=lambda s: [
        example(s.normal(5, 2), s.normal(5)),
        example(s.normal(5, 2), s.normal(5, 3)),
        example(s.well_conditioned(3, 3), s.normal(3)),
        example(s.normal(2, 4), s.normal(2, 2)),
    ],
    holomorphic=True,
    name="linalg.lstsq",
)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Least squares: solution, squared residuals, rank, singular values; differentiable for full rank."""
    a, b = matrix_of(a, square=False), as_array(b)
    if a.ndim > 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(f"a matrix of shape {a.shape} does not fit a right side of shape {b.shape}")
    right = expand_dims(b, 1) if b.ndim == 1 else b
    rcond = None if rcond is None else float(rcond)
    x = lstsq_op(a, right, rcond=rcond)
    m, n = a.shape
    value = a.value if isinstance(a, Node) else a
    rank = np.linalg.lstsq(value, np.zeros((m, 1), value.dtype), rcond)[2]
    if m > n and rank == n:
        deviation = absolute(right - matmul(a, x))
        residuals = sum_op(deviation * deviation, axis=(0,), keepdims=False)
    else:
        residuals = np.zeros(0, real_part(x.dtype))
    return (squeeze(x, 1) if b.ndim == 1 else x), residuals, rank, svdvals_op(a)
