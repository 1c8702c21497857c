"""``scipy.linalg``: structured systems of equations, and SciPy's own forms of what NumPy has too.

The rules are those of `chainrule.ops.linalg` and `chainrule.ops.decompositions`; for triangular and banded matrices the
gradient has the same structure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.node import Node
from chainrule.graph.op import Op, items
from chainrule.ops import (
    decompositions,
    least_squares,
    linalg,
    matrix_functions,  # noqa: F401  (declares its records)
    norms,
    singular_values,
)
from chainrule.ops.indexing import Index, scatter, take_index
from chainrule.ops.joining import as_array
from chainrule.ops.matrices import (
    adjoint,
    common_floating,
    conjugated,
    floating,
    hermitian_part,
    lower_part,
    matrix_of,
    moduli,
    upper_part,
    well_separated,
    wide_apart,
    without_phase,
)
from chainrule.ops.products import matmul
from chainrule.ops.record import Example, example, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.selection import where
from chainrule.ops.shaping import expand_dims, matrix_transpose, reshape, squeeze

# Triangular systems --------------------------------------------------------------------------------------------


def _right_side_shape(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    a, b = inputs
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"{a.shape[-1]} equations meet a right side of {b.shape[-2]} rows")
    return b.shape, common_floating(inputs)


def _triangular_vjp(
    position: int, g: Any, out: Any, a: Any, b: Any, transposed: bool, lower: bool, unit_diagonal: bool
) -> Any:
    """b̄ = A⁻ᵀ ḡ, and Ā = −b̄ xᵀ within the triangle."""
    settings = {"lower": lower, "unit_diagonal": unit_diagonal}
    g_b = triangular_op(a, g, transposed=not transposed, **settings)
    if position == 1:
        return g_b
    whole = matmul(out, matrix_transpose(g_b)) if transposed else matmul(g_b, matrix_transpose(out))
    return -(lower_part(whole, -int(unit_diagonal)) if lower else upper_part(whole, int(unit_diagonal)))


triangular_op = Op(
    "solve_triangular",
    lambda a, b, transposed, lower, unit_diagonal: scipy.linalg.solve_triangular(
        a, b, trans=int(transposed), lower=lower, unit_diagonal=unit_diagonal
    ),
    _right_side_shape,
    vjp=_triangular_vjp,
)


def _with_columns(solve: Any, b: Any) -> Any:
    """Solve for a right side that may be a vector."""
    b = as_array(b)
    return squeeze(solve(expand_dims(b, 1)), 1) if b.ndim == 1 else solve(b)


@function(
    scipy.linalg.solve_triangular,
    examples=lambda s: [
        example(s.well_conditioned(3, 3), s.normal(3)),
        example(s.well_conditioned(3, 3), s.normal(3, 2), lower=True),
        example(s.well_conditioned(3, 3), s.normal(3), trans=1),
        example(s.well_conditioned(3, 3), s.normal(3, 2), trans="T", lower=True),
        example(s.well_conditioned(3, 3), s.normal(3), trans="C", lower=True),
        example(s.well_conditioned(3, 3), s.normal(3, 1), trans=2),
        example(s.well_conditioned(3, 3), s.normal(3), unit_diagonal=True),
        example(s.well_conditioned(3, 3), s.normal(3), "T", True, True),
    ],
    holomorphic=True,
    name="scipy.linalg.solve_triangular",
)
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve A x = b for a triangular A, of which only that triangle is read."""
    a = matrix_of(a)
    kind = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if kind not in (0, 1, 2):
        raise ValueError(f"trans is 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    if kind == 2:
        a = conjugated(a)
    settings = {"transposed": kind != 0, "lower": bool(lower), "unit_diagonal": bool(unit_diagonal)}
    return _with_columns(lambda right: triangular_op(a, right, **settings), b)


@function(
    scipy.linalg.cho_solve,
    examples=lambda s: [
        Example((np.linalg.cholesky(s.spd(3, 3)), s.normal(3)), prepare=lambda c, b: ((c, True), b)),
        Example((np.linalg.cholesky(s.spd(3, 3)).conj().T, s.normal(3, 2)), prepare=lambda c, b: ((c, False), b)),
    ],
    holomorphic=True,
    name="scipy.linalg.cho_solve",
)
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Solve A x = b, given the Cholesky factor of A and whether it is the lower one."""
    factor, lower = c_and_lower
    first, second = ("N", "C") if lower else ("C", "N")
    return solve_triangular(factor, solve_triangular(factor, b, first, lower), second, lower)


# Banded systems ------------------------------------------------------------------------------------------------


def _band_positions(below: int, above: int, n: int) -> tuple[Any, Any, Any]:
    """Of each element of a banded matrix in diagonal form: its row, its column, and whether it exists."""
    band, column = np.mgrid[: below + above + 1, :n]
    row = column + band - above
    return np.clip(row, 0, n - 1), column, (row >= 0) & (row < n)


def _transposed_bands(ab: Any, below: int, above: int) -> Any:
    """The transposed matrix in diagonal form."""
    row, column, exists = _band_positions(above, below, ab.shape[-1])
    return where(exists, take_index(ab, (above + column - row, row)), 0.0)


def _banded_vjp(position: int, g: Any, out: Any, ab: Any, b: Any, below: int, above: int) -> Any:
    """b̄ = A⁻ᵀ ḡ, and Ā = −b̄ xᵀ within the bands."""
    g_b = banded_op(_transposed_bands(ab, below, above), g, below=above, above=below)
    if position == 1:
        return g_b
    row, column, exists = _band_positions(below, above, ab.shape[-1])
    products = take_index(g_b, row) * take_index(out, column)
    return where(exists, -sum_op(products, axis=(2,), keepdims=False), 0.0)


def _banded_shape(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    ab, b = inputs
    if ab.ndim != 2 or ab.shape[0] != params["below"] + params["above"] + 1 or ab.shape[1] != b.shape[0]:
        raise ValueError(
            f"{params['below']} diagonals below and {params['above']} above need an array of "
            f"shape ({params['below'] + params['above'] + 1}, {b.shape[0]}), it has {ab.shape}"
        )
    return b.shape, common_floating(inputs)


banded_op = Op(
    "solve_banded",
    lambda ab, b, below, above: scipy.linalg.solve_banded((below, above), ab, b),
    _banded_shape,
    vjp=_banded_vjp,
)


def _bands(s: Any, below: int, above: int, n: int) -> Any:
    ab = s.normal(below + above + 1, n)
    ab[above] += 5
    return ab


@function(
    scipy.linalg.solve_banded,
    examples=lambda s: [
        example((1, 1), _bands(s, 1, 1, 4), s.normal(4)),
        example((2, 1), _bands(s, 2, 1, 4), s.normal(4, 2)),
        example((0, 2), _bands(s, 0, 2, 4), s.normal(4, 1)),
        example((1, 0), _bands(s, 1, 0, 3), s.normal(3)),
    ],
    holomorphic=True,
    name="scipy.linalg.solve_banded",
)
def solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve A x = b for a banded A, given by its diagonals."""
    below, above = (int(count) for count in l_and_u)
    ab = as_array(ab)
    return _with_columns(lambda right: banded_op(ab, right, below=below, above=above), b)


# General systems -----------------------------------------------------------------------------------------------

_HERMITIAN = ("her", "hermitian", "pos", "positive definite")
_SYMMETRIC = ("sym", "symmetric")
_GENERAL = (None, "gen", "general")


def _mirrored(a: Any, lower: bool, conjugate: bool) -> Any:
    """The matrix of which only one triangle counts."""
    mirrored = adjoint(a) if conjugate else matrix_transpose(a)
    return lower_part(a) + upper_part(mirrored, 1) if lower else upper_part(a) + lower_part(mirrored, -1)


@function(
    scipy.linalg.solve,
    examples=lambda s: [
        example(s.well_conditioned(3, 3), s.normal(3)),
        example(s.well_conditioned(3, 3), s.normal(3, 2)),
        example(s.well_conditioned(3, 3), s.normal(3), transposed=True),
        Example((s.spd(3, 3), s.normal(3)), {"assume_a": "pos"}, prepare=lambda a, b: (_symmetrised(a), b)),
        example(s.well_conditioned(3, 3), s.normal(3), assume_a="upper triangular"),
    ],
    name="scipy.linalg.solve",
)
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """Solve A x = b. Of a matrix that is assumed to be symmetric or triangular, only one triangle is read."""
    a = matrix_of(a)
    if assume_a in ("lower triangular", "upper triangular"):
        return solve_triangular(a, b, int(transposed), assume_a == "lower triangular")
    if assume_a in _HERMITIAN or assume_a in _SYMMETRIC:
        a = _mirrored(a, bool(lower), assume_a in _HERMITIAN)
    elif assume_a not in _GENERAL:
        raise UnsupportedOperationError(
            f"scipy.linalg.solve with assume_a={assume_a!r} cannot be recorded", fix="leave assume_a out"
        )
    return linalg.solve(matrix_transpose(a) if transposed else a, b)


def _symmetrised(a: Any) -> Any:
    return (a + np.matrix_transpose(a)) / 2


@function(
    scipy.linalg.inv, examples=lambda s: [example(s.well_conditioned(3, 3))], holomorphic=True, name="scipy.linalg.inv"
)
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: str | None = None, lower: bool = False
) -> Any:
    """The inverse of a square matrix."""
    a = matrix_of(a)
    if assume_a in _HERMITIAN or assume_a in _SYMMETRIC:
        a = _mirrored(a, bool(lower), assume_a in _HERMITIAN)
    elif assume_a not in _GENERAL:
        raise UnsupportedOperationError(
            f"scipy.linalg.inv with assume_a={assume_a!r} cannot be recorded", fix="leave assume_a out"
        )
    return linalg.inv(a)


@function(
    scipy.linalg.det, examples=lambda s: [example(s.well_conditioned(3, 3))], holomorphic=True, name="scipy.linalg.det"
)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinant."""
    return linalg.det(a)


@function(
    scipy.linalg.pinv,
    examples=lambda s: [example(s.normal(4, 2)), example(s.normal(2, 3))],
    holomorphic=True,
    name="scipy.linalg.pinv",
)
def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    """The pseudoinverse; its gradient is that for matrices of full rank."""
    if atol is not None or return_rank:
        raise UnsupportedOperationError(
            "scipy.linalg.pinv cannot be recorded with atol or return_rank", fix="use rtol, or numpy.linalg.pinv"
        )
    a = matrix_of(a, square=False)
    if rtol is None:
        rtol = max(a.shape[-2:]) * np.finfo(floating(a.dtype)).eps
    return least_squares.pinv(a, rtol=float(rtol))


@function(
    scipy.linalg.norm,
    examples=lambda s: [example(s.normal(3)), example(s.normal(2, 3), "nuc"), example(s.normal(2, 3), axis=0)],
    holomorphic=True,
    name="scipy.linalg.norm",
)
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """Norm of a vector or matrix."""
    return norms.norm(a, ord, axis, keepdims)


# Factors -------------------------------------------------------------------------------------------------------


@function(
    scipy.linalg.cholesky,
    examples=lambda s: [
        Example((s.spd(3, 3),), {}, prepare=hermitian_part),
        Example((s.spd(3, 3),), {"lower": True}, prepare=hermitian_part),
    ],
    holomorphic=True,
    name="scipy.linalg.cholesky",
)
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The triangular factor of a positive definite matrix: the upper one by default."""
    return decompositions.cholesky(a, upper=not lower)


scipy_eigh_op = Op(
    "scipy.eigh",
    lambda a, uplo: scipy.linalg.eigh(a, lower=uplo == "L"),
    decompositions.eigh_op.infer,
    vjp=decompositions.eigh_op.vjp,
)
scipy_svd_op = Op(
    "scipy.svd",
    lambda a, full_matrices, hermitian: scipy.linalg.svd(a, full_matrices),
    singular_values.svd_op.infer,
    vjp=singular_values.svd_op.vjp,
)


def _refuse(name: str, given: dict[str, Any]) -> None:
    """Settings that change the problem are errors, never silently ignored."""
    for setting, value in given.items():
        if value is not None:
            raise UnsupportedOperationError(
                f"scipy.linalg.{name} cannot be recorded with {setting}=", fix=f"leave {setting} out"
            )


@function(
    scipy.linalg.eigh,
    examples=lambda s: [
        Example((well_separated(s, 3, 3),), {}, select=without_phase),
        Example((well_separated(s, 3, 3),), {"lower": False}, select=without_phase),
        example(well_separated(s, 3, 3), eigvals_only=True),
    ],
    holomorphic=True,
    name="scipy.linalg.eigh",
)
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """Eigenvalues and eigenvectors of a symmetric or Hermitian matrix, of which one triangle is read."""
    _refuse("eigh", {"b": b, "subset_by_index": subset_by_index, "subset_by_value": subset_by_value})
    uplo = "L" if lower else "U"
    if eigvals_only:
        return decompositions.eigvalsh(a, uplo)
    return items(scipy_eigh_op(matrix_of(a), uplo=uplo))


@function(
    scipy.linalg.eigvalsh,
    examples=lambda s: [example(well_separated(s, 3, 3))],
    holomorphic=True,
    name="scipy.linalg.eigvalsh",
)
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **settings: Any) -> Any:
    """Eigenvalues of a symmetric or Hermitian matrix, of which one triangle is read."""
    return eigh(a, b, lower=lower, eigvals_only=True, **settings)


@function(
    scipy.linalg.svd,
    examples=lambda s: [
        Example((wide_apart(s, 3, 2),), {"full_matrices": False}, select=moduli),
        example(wide_apart(s, 2, 3), compute_uv=False),
    ],
    holomorphic=True,
    name="scipy.linalg.svd",
)
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular values and vectors."""
    a = matrix_of(a, square=False)
    if not compute_uv:
        return singular_values.svdvals_op(a)
    return items(scipy_svd_op(a, full_matrices=bool(full_matrices), hermitian=False))


@function(
    scipy.linalg.svdvals,
    examples=lambda s: [example(wide_apart(s, 2, 3))],
    holomorphic=True,
    name="scipy.linalg.svdvals",
)
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Singular values, largest first."""
    return singular_values.svdvals(a)


# Blocks --------------------------------------------------------------------------------------------------------


@function(
    scipy.linalg.block_diag,
    examples=lambda s: [
        example(s.normal(2, 2), s.normal(1, 3)),
        example(s.normal(2), s.normal(), s.normal(2, 1)),
        example(s.normal(0, 2), s.normal(2, 2)),
    ],
    holomorphic=True,
    name="scipy.linalg.block_diag",
)
def block_diag(*arrs: Any) -> Any:
    """Matrices along the diagonal, zeros elsewhere; vectors count as rows."""
    blocks = [as_array(block) for block in arrs]
    if any(block.ndim > 2 for block in blocks):
        raise ValueError("block_diag takes matrices, vectors and numbers")
    blocks = [block if block.ndim == 2 else reshape(block, (1, block.size)) for block in blocks]
    shape = (sum(block.shape[0] for block in blocks), sum(block.shape[1] for block in blocks))
    total, down, right = None, 0, 0
    for block in blocks:
        rows, columns = slice(down, down + block.shape[0]), slice(right, right + block.shape[1])
        part = scatter(block, index=Index.parse((rows, columns))[0], shape=shape)
        total = part if total is None else total + part
        down, right = rows.stop, columns.stop
    return total
