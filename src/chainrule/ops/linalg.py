"""Inverses, linear equations, determinants, powers and diagonals of matrices.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
K. Petersen and M. Pedersen, "The Matrix Cookbook", 2012. Transposes stay transposes for complex numbers (see
`chainrule.ops.complex_numbers`).
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, normalize_axes
from chainrule.graph.node import Node
from chainrule.graph.op import Op, items
from chainrule.ops.complex_numbers import imag
from chainrule.ops.indexing import take_index
from chainrule.ops.joining import as_array
from chainrule.ops.matrices import diagonal_of, floating, matrix_of, real_part
from chainrule.ops.products import matmul
from chainrule.ops.record import example, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import astype, expand_dims, matrix_transpose, reshape, squeeze, transpose

SlogdetResult = type(np.linalg.slogdet(np.eye(1)))


def _same_floating(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    return inputs[0].shape, floating(inputs[0].dtype)


# Inverses and linear equations ---------------------------------------------------------------------------------

inv_op = Op(
    "inv",
    np.linalg.inv,
    _same_floating,
    vjp=(lambda g, out, a: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out)),),
    jvp=lambda tangents, out, a: -matmul(matmul(out, tangents[0]), out),
)


@function(
    np.linalg.inv,
    examples=lambda s: [
        example(s.well_conditioned(3, 3)),
        example(s.well_conditioned(2, 2, 2)),
        example(s.normal(0, 2, 2)),
    ],
    holomorphic=True,
    name="linalg.inv",
)
def inv(a: Any) -> Any:
    """The inverse of square matrices."""
    return inv_op(matrix_of(a))


def _solve_shape(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    a, b = inputs
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"{a.shape[-1]} equations meet a right side of {b.shape[-2]} rows")
    stack = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (*stack, *b.shape[-2:]), floating(np.result_type(a.dtype, b.dtype))


def _solve_vjp_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    """Ā = −A⁻ᵀ ḡ xᵀ"""
    return -matmul(solve_op(matrix_transpose(a), g), matrix_transpose(out))


def _solve_jvp(tangents: Any, out: Any, a: Any, b: Any) -> Any:
    """dx = A⁻¹ (db − dA x)"""
    moved_a, moved_b = tangents
    if moved_a is None:
        return solve_op(a, moved_b)
    moved = matmul(moved_a, out)
    return solve_op(a, -moved if moved_b is None else moved_b - moved)


#: Right sides are matrices, stacks broadcast.
solve_op = Op(
    "solve",
    np.linalg.solve,
    _solve_shape,
    vjp=(_solve_vjp_a, lambda g, out, a, b: solve_op(matrix_transpose(a), g)),
    jvp=_solve_jvp,
)


@function(
    np.linalg.solve,
    examples=lambda s: [
        example(s.well_conditioned(3, 3), s.normal(3)),
        example(s.well_conditioned(3, 3), s.normal(3, 2)),
        example(s.well_conditioned(2, 3, 3), s.normal(3)),
        example(s.well_conditioned(2, 3, 3), s.normal(3, 1)),
        example(s.well_conditioned(3, 3), s.normal(2, 3, 2)),
        example(s.well_conditioned(2, 1, 2, 2), s.normal(3, 2, 2)),
        example(s.well_conditioned(2, 2), s.normal(2, 0)),
    ],
    holomorphic=True,
    name="linalg.solve",
)
def solve(a: Any, b: Any) -> Any:
    """Solve A x = b. A `b` of one dimension is a vector, anything else a matrix or a stack of matrices."""
    a, b = matrix_of(a), as_array(b)
    if b.ndim == 1:
        return squeeze(solve_op(a, expand_dims(b, 1)), -1)
    return solve_op(a, matrix_of(b, square=False))


# Determinants --------------------------------------------------------------------------------------------------


def _cofactors(a: Any) -> Any:
    """det(A) A⁻ᵀ from the singular values, each left out in turn: no division, so singular matrices are fine."""
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * np.matmul(np.conj(u) * others[..., None, :], np.conj(vh))


def _cofactor_vjp(g: Any, out: Any, a: Any) -> Any:
    """Of det(A) A⁻ᵀ: C tr(A⁻¹ ḡ) − A⁻ᵀ ḡᵀ C, for an A that can be inverted."""
    inverse = matrix_transpose(inv_op(a))
    trace = sum_op(inverse * g, axis=(a.ndim - 2, a.ndim - 1), keepdims=True)
    return out * trace - matmul(matmul(inverse, matrix_transpose(g)), out)


cofactor_op = Op("cofactor", _cofactors, _same_floating, vjp=(_cofactor_vjp,))
det_op = Op(
    "det",
    np.linalg.det,
    lambda op, inputs, params: (inputs[0].shape[:-2], floating(inputs[0].dtype)),
    vjp=(lambda g, out, a: reshape(g, (*g.shape, 1, 1)) * cofactor_op(a),),
)


@function(
    np.linalg.det,
    examples=lambda s: [
        example(s.well_conditioned(3, 3)),
        example(s.normal(2, 2, 2)),
        example(s.normal(1, 1)),
    ],
    holomorphic=True,
    name="linalg.det",
)
def det(a: Any) -> Any:
    """Determinants; the gradient, the matrix of cofactors, exists for singular matrices too."""
    return det_op(matrix_of(a))


def _slogdet_vjp(position: int, g: Any, out: Any, a: Any) -> Any:
    """d log|det A| = Re tr(A⁻¹ dA); a complex sign turns by the imaginary part."""
    sign, _ = items(out)
    factor = g[1]
    if sign.dtype.kind == "c":
        factor = factor + imag(g[0] * sign) * 1j
    return reshape(factor, (*factor.shape, 1, 1)) * matrix_transpose(inv_op(a))


slogdet_op = Op(
    "slogdet",
    lambda a: tuple(np.linalg.slogdet(a)),
    lambda op, inputs, params: (
        (
            (inputs[0].shape[:-2], floating(inputs[0].dtype)),
            (inputs[0].shape[:-2], real_part(inputs[0].dtype)),
        ),
        None,
    ),
    vjp=_slogdet_vjp,
)


@function(
    np.linalg.slogdet,
    examples=lambda s: [example(s.well_conditioned(3, 3)), example(s.well_conditioned(2, 2, 2))],
    holomorphic=True,
    name="linalg.slogdet",
)
def slogdet(a: Any) -> Any:
    """Sign and logarithm of the modulus of determinants."""
    return SlogdetResult(*items(slogdet_op(matrix_of(a))))


# Powers, diagonals, tensors ------------------------------------------------------------------------------------


@function(
    np.linalg.matrix_power,
    examples=lambda s: [
        example(s.well_conditioned(2, 2), 3),
        example(s.well_conditioned(2, 2, 2), 2),
        example(s.well_conditioned(2, 2), 1),
        example(s.well_conditioned(2, 2), -2),
        example(s.well_conditioned(2, 2), 6),
    ],
    holomorphic=True,
    name="linalg.matrix_power",
)
def matrix_power(a: Any, n: int) -> Any:
    """A matrix multiplied by itself, or its inverse for a negative exponent, by repeated squaring."""
    a, n = matrix_of(a), operator.index(n)
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
    square = a if n > 0 else inv_op(a)
    result = None
    for bit in reversed(bin(abs(n))[2:]):
        if bit == "1":
            result = square if result is None else matmul(result, square)
        square = matmul(square, square)
    return result


def _diagonal(x: Any, offset: int) -> Any:
    rows = np.arange(max(0, -offset), max(0, min(x.shape[-2], x.shape[-1] - offset)))
    return take_index(x, (Ellipsis, rows, rows + offset))


@function(
    np.linalg.diagonal,
    examples=lambda s: [
        example(s.normal(2, 3)),
        example(s.normal(2, 3, 3), offset=1),
        example(s.normal(3, 2), offset=-1),
    ],
    holomorphic=True,
    name="linalg.diagonal",
)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of the last two axes."""
    return _diagonal(matrix_of(x, square=False), operator.index(offset))


@function(
    np.linalg.trace,
    examples=lambda s: [example(s.normal(2, 3)), example(s.normal(2, 3, 3), offset=1)],
    holomorphic=True,
    name="linalg.trace",
)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of the diagonal of the last two axes."""
    x = matrix_of(x, square=False)
    if offset == 0 and x.shape[-1] == x.shape[-2]:
        values = diagonal_of(x)
        return astype(values, dtype) if dtype is not None else values
    values = _diagonal(x, operator.index(offset))
    values = astype(values, dtype) if dtype is not None else values
    return sum_op(values, axis=(values.ndim - 1,), keepdims=False)


@function(
    np.linalg.tensorinv,
    examples=lambda s: [example(s.well_conditioned(4, 4).reshape(4, 2, 2), ind=1)],
    holomorphic=True,
    name="linalg.tensorinv",
)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of a tensor, taken as a matrix from its last axes to its first `ind`."""
    a = as_array(a)
    if ind <= 0:
        raise ValueError(f"ind is positive, not {ind}")
    rows = math.prod(a.shape[:ind])
    return reshape(inv_op(matrix_of(reshape(a, (rows, -1)))), a.shape[ind:] + a.shape[:ind])


@function(
    np.linalg.tensorsolve,
    examples=lambda s: [
        example(s.well_conditioned(4, 4).reshape(2, 2, 4), s.normal(2, 2)),
        example(s.well_conditioned(4, 4).reshape(2, 2, 4).transpose(2, 0, 1), s.normal(2, 2), axes=(0,)),
    ],
    holomorphic=True,
    name="linalg.tensorsolve",
)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """Solve ``tensordot(a, x, x.ndim) == b``."""
    a, b = as_array(a), as_array(b)
    if axes is not None:
        moved = tuple([normalize_axes(int(axis), a.ndim)[0] for axis in axes])
        a = transpose(a, tuple([i for i in range(a.ndim) if i not in moved]) + moved)
    shape = a.shape[b.ndim :]
    matrix = matrix_of(reshape(a, (b.size, -1)))
    return reshape(solve_op(matrix, reshape(b, (-1, 1))), shape)


matrix_rank_op = Op(
    "matrix_rank",
    lambda a, **settings: np.asarray(np.linalg.matrix_rank(a, **settings)),
    lambda op, inputs, params: (inputs[0].shape[:-2], np.dtype(np.intp)),
)


@function(
    np.linalg.matrix_rank,
    examples=lambda s: [example(s.normal(3, 2)), example(s.normal(2, 3, 3))],
    differentiable=False,
    name="linalg.matrix_rank",
)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The rank: an integer, without a gradient."""
    settings = {name: float(value) for name, value in (("tol", tol), ("rtol", rtol)) if value is not None}
    return matrix_rank_op(matrix_of(A, square=False), hermitian=bool(hermitian), **settings)
