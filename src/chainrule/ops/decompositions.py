"""Factorisations of matrices, stacked ones too: Cholesky, eigenvalues and eigenvectors, QR.

The rules are for distinct eigenvalues, where the eigenvectors are differentiable. At a repeated one its vectors may
turn freely within their space: that turn is given the derivative 0, so functions of the values, and of the space as a
whole, keep finite gradients, and nothing turns into NaN. ``eigvalsh`` and ``eigvals`` are differentiated without such
terms.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
I. Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527; C. Boeddeker et al., "On the computation
of complex-valued gradients", arXiv:1701.00392; S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra
functions", arXiv:1001.1654. They are restated for our convention of complex gradients (see
`chainrule.ops.complex_numbers`), in which transposes stand where the literature has conjugate transposes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node
from chainrule.graph.op import Op, items
from chainrule.ops.complex_numbers import imag, real
from chainrule.ops.indexing import Index, scatter
from chainrule.ops.linalg import solve_op
from chainrule.ops.matrices import (
    adjoint,
    columns,
    conjugated,
    diagonal_matrix,
    diagonal_of,
    floating,
    hermitian_part,
    inverse_gaps,
    lower_part,
    matrix_of,
    real_part,
    row,
    upper_part,
    well_separated,
    wide_apart,
    without_phase,
)
from chainrule.ops.products import matmul
from chainrule.ops.record import Example, example, function
from chainrule.ops.shaping import matrix_transpose

EigResult = type(np.linalg.eig(np.eye(1)))
EighResult = type(np.linalg.eigh(np.eye(1)))
QRResult = type(np.linalg.qr(np.eye(1)))


# Cholesky ------------------------------------------------------------------------------------------------------


def _cholesky_vjp(g: Any, out: Any, a: Any) -> Any:
    """S = L⁻ᵀ Φ(Lᵀ L̄) L̄⁻¹ (conjugated L), made symmetric; Φ takes the lower triangle with half the diagonal."""
    projected = matmul(matrix_transpose(out), g)
    projected = lower_part(projected, -1) + diagonal_matrix(diagonal_of(projected)) * 0.5
    left = solve_op(matrix_transpose(out), projected)
    whole = matrix_transpose(solve_op(adjoint(out), matrix_transpose(left)))
    return (whole + adjoint(whole)) * 0.5


cholesky_op = Op(
    "cholesky",
    np.linalg.cholesky,
    lambda op, inputs, params: (inputs[0].shape, floating(inputs[0].dtype)),
    vjp=(_cholesky_vjp,),
)


def _symmetric_examples(s: Any, **kwargs: Any) -> list[Example]:
    return [
        Example((s.spd(3, 3),), kwargs, prepare=hermitian_part),
        Example((s.spd(2, 3, 3),), kwargs, prepare=hermitian_part),
        Example((s.spd(1, 1),), kwargs, prepare=hermitian_part),
    ]


@function(
    np.linalg.cholesky,
    examples=lambda s: _symmetric_examples(s) + _symmetric_examples(s, upper=True),
    holomorphic=True,
    name="linalg.cholesky",
)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The triangular factor of a positive definite matrix. Its gradient is symmetric, as the matrix is."""
    a = matrix_of(a)
    return adjoint(cholesky_op(adjoint(a))) if upper else cholesky_op(a)


# Eigenvalues of symmetric and Hermitian matrices ---------------------------------------------------------------


def _onto_triangle(s: Any, uplo: str) -> Any:
    """Only one triangle of the matrix is read: its elements stand for their mirror images too."""
    both = s + adjoint(s)
    triangle = lower_part(both, -1) if uplo == "L" else upper_part(both, 1)
    return triangle + diagonal_matrix(real(diagonal_of(s)) if s.dtype.kind == "c" else diagonal_of(s))


def _eigh_vjp(position: int, g: Any, out: Any, a: Any, uplo: str) -> Any:
    """Ā = conj(V) (diag(w̄) + F ∘ (Vᵀ V̄)) Vᵀ."""
    w, v = items(out)
    core = diagonal_matrix(g[0]) + inverse_gaps(w) * matmul(matrix_transpose(v), g[1])
    return _onto_triangle(matmul(matmul(conjugated(v), core), matrix_transpose(v)), uplo)


def _eigvalsh_vjp(g: Any, out: Any, a: Any, uplo: str) -> Any:
    """Ā = conj(V) diag(w̄) Vᵀ: no differences of eigenvalues, so repeated ones do no harm."""
    _, v = items(eigh_op(a, uplo=uplo))
    return _onto_triangle(matmul(conjugated(v) * row(g), matrix_transpose(v)), uplo)


eigh_op = Op(
    "eigh",
    lambda a, uplo: tuple(np.linalg.eigh(a, uplo)),
    lambda op, inputs, params: (
        ((inputs[0].shape[:-1], real_part(inputs[0].dtype)), (inputs[0].shape, floating(inputs[0].dtype))),
        None,
    ),
    vjp=_eigh_vjp,
)
eigvalsh_op = Op(
    "eigvalsh",
    lambda a, uplo: np.linalg.eigvalsh(a, uplo),
    lambda op, inputs, params: (inputs[0].shape[:-1], real_part(inputs[0].dtype)),
    vjp=(_eigvalsh_vjp,),
)


def _uplo(given: str) -> str:
    if given.upper() not in ("L", "U"):
        raise ValueError(f"UPLO is 'L' or 'U', not {given!r}")
    return given.upper()


@function(
    np.linalg.eigh,
    examples=lambda s: [
        Example((well_separated(s, 3, 3),), {}, select=without_phase),
        Example((well_separated(s, 2, 3, 3),), {"UPLO": "U"}, select=without_phase),
        Example((s.spd(3, 3),), {}, prepare=hermitian_part, select=lambda result: result[0]),
        Example((np.eye(3, dtype=s.dtype) * 2,), {}, select=lambda result: np.sum(result.eigenvalues)),
    ],
    holomorphic=True,
    name="linalg.eigh",
)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric or Hermitian matrix, of which one triangle is read."""
    return EighResult(*items(eigh_op(matrix_of(a), uplo=_uplo(UPLO))))


@function(
    np.linalg.eigvalsh,
    examples=lambda s: [
        example(well_separated(s, 3, 3)),
        example(well_separated(s, 2, 3, 3), UPLO="U"),
        example(s.normal(0, 2, 2)),
    ],
    holomorphic=True,
    name="linalg.eigvalsh",
)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a symmetric or Hermitian matrix, of which one triangle is read."""
    return eigvalsh_op(matrix_of(a), uplo=_uplo(UPLO))


# Eigenvalues of general matrices -------------------------------------------------------------------------------


def _similar(v: Any, core: Any) -> Any:
    """V⁻ᵀ C Vᵀ: the gradient of the matrix from that of V⁻¹ dA V."""
    return matmul(solve_op(matrix_transpose(v), core), matrix_transpose(v))


def _eig_vjp(position: int, g: Any, out: Any, a: Any) -> Any:
    """Ā = V⁻ᵀ (diag(w̄) + F ∘ (Vᵀ V̄ − Vᵀ conj(V) diag(Re diag(Vᵀ V̄)))) Vᵀ, for eigenvectors of length one."""
    w, v = items(out)
    transposed = matrix_transpose(v)
    along = matmul(transposed, g[1])
    stretch = diagonal_of(along)
    stretch = real(stretch) if stretch.dtype.kind == "c" else stretch
    turned = along - matmul(transposed, conjugated(v)) * row(stretch)
    return _similar(v, diagonal_matrix(g[0]) + inverse_gaps(w) * turned)


def _eigvals_vjp(g: Any, out: Any, a: Any) -> Any:
    """Ā = V⁻ᵀ diag(w̄) Vᵀ"""
    _, v = items(eig_op(a))
    return _similar(v, diagonal_matrix(g))


#: Whether the results are complex depends on the numbers.
eig_op = Op("eig", lambda a: tuple(np.linalg.eig(a)), by_evaluation, vjp=_eig_vjp)
eigvals_op = Op("eigvals", np.linalg.eigvals, by_evaluation, vjp=(_eigvals_vjp,))


def _spread_out(s: Any, *shape: int) -> Any:
    """General matrices with real eigenvalues well apart."""
    return (s.normal(*shape) * 0.2 + np.diag(np.arange(shape[-1]) * 2.0)).astype(s.dtype)


@function(
    np.linalg.eig,
    examples=lambda s: [
        Example((_spread_out(s, 3, 3),), {}, select=without_phase),
        Example((_spread_out(s, 2, 2, 2),), {}, select=without_phase),
        Example((s.normal(2, 2) * 0.1 + np.array([[1, 2], [-2, 1]], s.dtype),), {}, select=without_phase),
    ],
    holomorphic=True,
    name="linalg.eig",
)
def eig(a: Any) -> Any:
    """Eigenvalues and eigenvectors of a general matrix that can be diagonalised."""
    return EigResult(*items(eig_op(matrix_of(a))))


@function(
    np.linalg.eigvals,
    examples=lambda s: [
        example(_spread_out(s, 3, 3)),
        example(_spread_out(s, 2, 2, 2)),
        example(s.normal(2, 2) * 0.1 + np.array([[1, 2], [-2, 1]], s.dtype)),
    ],
    holomorphic=True,
    name="linalg.eigvals",
)
def eigvals(a: Any) -> Any:
    """Eigenvalues of a general matrix."""
    return eigvals_op(matrix_of(a))


# QR ------------------------------------------------------------------------------------------------------------


def _qr_shapes(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    (*stack, m, n), dtype = inputs[0].shape, floating(inputs[0].dtype)
    k = min(m, n)
    return (((*stack, m, k), dtype), ((*stack, k, n), dtype)), None


def _qr_vjp(position: int, g: Any, out: Any, a: Any) -> Any:
    """Tall or square: Ā = (Q̄ + conj(Q) (C − Qᵀ Q̄)) R⁻ᵀ, C = R̄ Rᵀ + tril(K − Kᴴ, −1) + i Im diag(K), K = Qᵀ Q̄ − R̄ Rᵀ.

    Wide matrices split into a square part, which has the same Q, and the rest, R₂ = Qᴴ A₂.
    """
    q, r = items(out)
    m, n = a.shape[-2:]
    if m >= n:
        return _square_qr_vjp(g[0], g[1], q, r)
    rest, g_rest = columns(a, m, n), columns(g[1], m, n)
    g_q = g[0] + matmul(conjugated(rest), adjoint(g_rest))
    first = _square_qr_vjp(g_q, columns(g[1], 0, m), q, columns(r, 0, m))
    second = matmul(conjugated(q), g_rest)
    left, _ = Index.parse((Ellipsis, slice(0, m)))
    right, _ = Index.parse((Ellipsis, slice(m, n)))
    return scatter(first, index=left, shape=a.shape) + scatter(second, index=right, shape=a.shape)


def _square_qr_vjp(g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    turn = matmul(matrix_transpose(q), g_q)
    stretch = matmul(g_r, matrix_transpose(r))
    difference = turn - stretch
    core = stretch + lower_part(difference - adjoint(difference), -1)
    if core.dtype.kind == "c":
        core = core + diagonal_matrix(imag(diagonal_of(difference))) * 1j
    total = g_q + matmul(conjugated(q), core - turn)
    return matrix_transpose(solve_op(r, matrix_transpose(total)))


qr_op = Op("qr", lambda a: tuple(np.linalg.qr(a)), _qr_shapes, vjp=_qr_vjp)


@function(
    np.linalg.qr,
    examples=lambda s: [
        example(s.well_conditioned(3, 3)),
        example(s.well_conditioned(2, 2, 2)),
        example(wide_apart(s, 4, 2)),
        example(wide_apart(s, 2, 4)),
        example(wide_apart(s, 2, 3, 2)),
        example(wide_apart(s, 3, 3), "complete"),
        example(wide_apart(s, 3, 2), mode="r"),
    ],
    holomorphic=True,
    name="linalg.qr",
)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Orthogonal times upper triangular; the first columns, as many as the matrix has rows, must be independent."""
    a = matrix_of(a, square=False)
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedOperationError(
            f"the mode {mode!r} of linalg.qr has no derivative", fix="use mode='reduced' or mode='r'"
        )
    if mode == "complete" and a.shape[-2] > a.shape[-1]:
        raise UnsupportedOperationError(
            f"mode='complete' completes Q by columns that are not determined by the matrix, of shape {a.shape}",
            fix="use mode='reduced'",
        )
    q, r = items(qr_op(a))
    return r if mode == "r" else QRResult(q, r)
