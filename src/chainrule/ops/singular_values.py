"""Singular values and vectors, of stacked matrices too.

The rules are for distinct singular values, where the vectors are differentiable. At a repeated one its vectors may turn
freely within their space: that turn is given the derivative 0, and nothing turns into NaN. ``svdvals`` and
``svd(compute_uv=False)`` are differentiated without such terms.

Source: Z.-Q. Wan and S.-X. Zhang, "Automatic differentiation for complex valued SVD", arXiv:1909.02659, restated for
our convention of complex gradients (see `chainrule.ops.complex_numbers`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import Op, items
from chainrule.ops.complex_numbers import imag
from chainrule.ops.matrices import (
    adjoint,
    columns,
    conjugated,
    diagonal_matrix,
    diagonal_of,
    floating,
    hermitian_part,
    inverse_gaps,
    matrix_of,
    moduli,
    real_part,
    reciprocal_or_zero,
    row,
    wide_apart,
)
from chainrule.ops.products import matmul
from chainrule.ops.record import Example, example, function
from chainrule.ops.shaping import expand_dims, matrix_transpose

SVDResult = type(np.linalg.svd(np.eye(1)))


def _svd_shapes(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    (*stack, m, n), dtype = inputs[0].shape, floating(inputs[0].dtype)
    k = min(m, n)
    columns, rows = (m, n) if params["full_matrices"] else (k, k)
    left, right = (*stack, m, columns), (*stack, rows, n)
    return ((left, dtype), ((*stack, k), real_part(dtype)), (right, dtype)), None


def _svd_vjp(position: int, g: Any, out: Any, a: Any, full_matrices: bool, hermitian: bool) -> Any:
    """Ā = conj(U) C Vᵀ with C = (F ∘ (K − Kᴴ)) S + diag(s̄) + S (F ∘ (M − Mᴴ)) + i Im diag(K) S⁻¹.

    Here K = Uᵀ Ū, M = Vᵀ V̄ and F[i, j] = 1 / (s_j² − s_i²).
    What moves out of the spaces spanned by U and by V is added. With full matrices, the vectors that complete a
    basis follow the others: right for all functions that see of them no more than the space they span.
    """
    u, s, vh = items(out)
    k = s.shape[-1]
    v, gu, gv = adjoint(vh), g[0], adjoint(g[2])
    u1, v1, gu1, gv1 = (columns(x, 0, k) for x in (u, v, gu, gv))
    gaps = inverse_gaps(s) * reciprocal_or_zero(row(s) + expand_dims(s, -1))
    inverse = reciprocal_or_zero(s)
    turn_u, turn_v = matmul(matrix_transpose(u1), gu1), matmul(matrix_transpose(v1), gv1)
    core = gaps * (turn_u - adjoint(turn_u)) * row(s) + diagonal_matrix(g[1])
    core = core + expand_dims(s, -1) * (gaps * (turn_v - adjoint(turn_v)))
    if core.dtype.kind == "c":
        core = core + diagonal_matrix(imag(diagonal_of(turn_u)) * inverse) * 1j
    total = matmul(matmul(conjugated(u1), core), matrix_transpose(v1))
    if u.shape[-2] > k:
        outside = gu1 - matmul(conjugated(u1), turn_u)
        if full_matrices:
            rest, g_rest = columns(u, k, u.shape[-1]), columns(gu, k, u.shape[-1])
            outside = outside - matmul(conjugated(rest), matmul(adjoint(g_rest), conjugated(u1)))
        total = total + matmul(outside * row(inverse), matrix_transpose(v1))
    if v.shape[-2] > k:
        outside = gv1 - matmul(conjugated(v1), turn_v)
        if full_matrices:
            rest, g_rest = columns(v, k, v.shape[-1]), columns(gv, k, v.shape[-1])
            outside = outside - matmul(conjugated(rest), matmul(adjoint(g_rest), conjugated(v1)))
        total = total + matmul(conjugated(u1) * row(inverse), adjoint(outside))
    return total


def _svdvals_vjp(g: Any, out: Any, a: Any) -> Any:
    """Ā = conj(U) diag(s̄) Vᵀ: no differences of singular values, so repeated ones do no harm."""
    u, _, vh = items(svd_op(a, full_matrices=False, hermitian=False))
    return matmul(conjugated(u) * row(g), conjugated(vh))


svd_op = Op(
    "svd",
    lambda a, full_matrices, hermitian: tuple(np.linalg.svd(a, full_matrices, hermitian=hermitian)),
    _svd_shapes,
    vjp=_svd_vjp,
)
svdvals_op = Op(
    "svdvals",
    lambda a: np.linalg.svd(a, compute_uv=False),
    lambda op, inputs, params: (
        (*inputs[0].shape[:-2], min(inputs[0].shape[-2:])),
        real_part(inputs[0].dtype),
    ),
    vjp=(_svdvals_vjp,),
)


def _recombined(result: Any) -> Any:
    """For examples: two products in which the phases of the vectors cancel."""
    k = result.S.shape[-1]
    u, vh = result.U[..., :k], result.Vh[..., :k, :]
    return (u * result.S[..., None, :] ** 2) @ vh, u @ vh


def _projectors(result: Any) -> Any:
    """For examples: the spaces that U and V leave over."""
    k = result.S.shape[-1]
    u, vh = result.U[..., k:], result.Vh[..., k:, :]
    return u @ np.conjugate(np.matrix_transpose(u)), np.conjugate(np.matrix_transpose(vh)) @ vh


def _svd_examples(s: Any) -> list[Example]:
    reduced = {"full_matrices": False}
    return [
        Example((wide_apart(s, 3, 3),), reduced, select=moduli),
        Example((wide_apart(s, 4, 2),), reduced, select=moduli),
        Example((wide_apart(s, 2, 4),), reduced, select=moduli),
        Example((wide_apart(s, 2, 3, 2),), reduced, select=_recombined),
        Example((wide_apart(s, 2, 3),), reduced, select=_recombined),
        Example((wide_apart(s, 3, 3),), {}, select=moduli),
        Example((wide_apart(s, 4, 2),), {}, select=_recombined),
        Example((wide_apart(s, 4, 2),), {}, select=_projectors),
        Example((wide_apart(s, 2, 4),), {}, select=_projectors),
        example(wide_apart(s, 4, 2), compute_uv=False),
        example(wide_apart(s, 2, 2, 3), compute_uv=False),
        Example((s.spd(3, 3),), {"hermitian": True}, prepare=hermitian_part, select=moduli),
    ]


@function(np.linalg.svd, examples=_svd_examples, holomorphic=True, name="linalg.svd")
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular values and vectors."""
    a = matrix_of(a, square=hermitian)
    if not compute_uv:
        return svdvals_op(a)
    return SVDResult(*items(svd_op(a, full_matrices=bool(full_matrices), hermitian=bool(hermitian))))


@function(
    np.linalg.svdvals,
    examples=lambda s: [example(wide_apart(s, 3, 2)), example(wide_apart(s, 2, 2, 3))],
    holomorphic=True,
    name="linalg.svdvals",
)
def svdvals(x: Any, /) -> Any:
    """Singular values, largest first."""
    return svdvals_op(matrix_of(x, square=False))
