"""What the rules of linear algebra have in common: parts of matrices, and matrices for their examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.comparison import equal
from chainrule.ops.complex_numbers import conjugate
from chainrule.ops.indexing import take_index
from chainrule.ops.joining import as_array
from chainrule.ops.record import Sampler
from chainrule.ops.reduction import sum_op
from chainrule.ops.selection import where
from chainrule.ops.shaping import expand_dims, matrix_transpose


def floating(dtype: Any) -> Any:
    """The dtype that NumPy's linear algebra computes in."""
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


def common_floating(inputs: tuple[Node, ...]) -> Any:
    """The dtype that an operation on several matrices computes in."""
    return floating(np.result_type(*[node.dtype for node in inputs]))


def real_part(dtype: Any) -> Any:
    """The dtype of the absolute values of such numbers."""
    return np.zeros(0, floating(dtype)).real.dtype


def matrix_of(a: Any, *, square: bool = True) -> Any:
    """The argument as a node or array, if it is a matrix or a stack of matrices."""
    a = as_array(a)
    if a.ndim < 2:
        raise ValueError(f"an array of shape {a.shape} is no matrix: it needs at least two dimensions")
    if square and a.shape[-1] != a.shape[-2]:
        raise ValueError(f"the matrix must be square, its last two lengths are {a.shape[-2]} and {a.shape[-1]}")
    return a


def conjugated(x: Any) -> Any:
    """The complex conjugate; real numbers stay as they are."""
    return conjugate(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return conjugated(matrix_transpose(x))


def row(v: Any) -> Any:
    """A vector that scales the columns of a matrix."""
    return expand_dims(v, -2)


def diagonal_of(x: Any) -> Any:
    """The diagonal of square matrices, as vectors."""
    n = x.shape[-1]
    return sum_op(where(np.eye(n, dtype=bool), x, 0.0), axis=(x.ndim - 1,), keepdims=False)


def diagonal_matrix(v: Any) -> Any:
    """Square matrices with a vector on the diagonal."""
    return where(np.eye(v.shape[-1], dtype=bool), row(v), 0.0)


def lower_part(x: Any, k: int = 0) -> Any:
    """Everything above the k-th diagonal set to zero."""
    return where(np.tri(x.shape[-2], x.shape[-1], k, dtype=bool), x, 0.0)


def upper_part(x: Any, k: int = 0) -> Any:
    """Everything below the k-th diagonal set to zero."""
    return where(np.tri(x.shape[-2], x.shape[-1], k - 1, dtype=bool), 0.0, x)


def reciprocal_or_zero(x: Any) -> Any:
    """1 / x, and 0 where x is 0."""
    zero = equal(x, 0)
    return where(zero, 0.0, 1 / where(zero, 1.0, x))


def inverse_gaps(values: Any) -> Any:
    """F[i, j] = 1 / (values[j] − values[i]); 0 on the diagonal and between equal values."""
    return reciprocal_or_zero(row(values) - expand_dims(values, -1))


def columns(x: Any, start: int, stop: int) -> Any:
    """Some columns of a matrix."""
    return x if (start, stop) == (0, x.shape[-1]) else take_index(x, (Ellipsis, slice(start, stop)))


# For examples --------------------------------------------------------------------------------------------------


def hermitian_part(x: Any) -> tuple[Any]:
    """For examples: a perturbed matrix made Hermitian again."""
    return ((x + np.conjugate(np.matrix_transpose(x))) / 2,)


def well_separated(s: Sampler, *shape: int) -> Any:
    """Hermitian matrices with eigenvalues well apart."""
    x = s.normal(*shape)
    return ((x + np.conj(np.swapaxes(x, -1, -2))) * 0.2 + np.diag(np.arange(shape[-1]) * 2.0)).astype(s.dtype)


def wide_apart(s: Sampler, *shape: int) -> Any:
    """Matrices with singular values well apart."""
    return (s.normal(*shape) * 0.2 + np.eye(shape[-2], shape[-1]) * (1.0 + 2 * np.arange(shape[-1]))).astype(s.dtype)


def without_phase(result: Any) -> Any:
    """For examples: values, and moduli of vectors, which do not depend on the phase LAPACK chose."""
    return (result[0], abs(result[1]))


def moduli(result: Any) -> Any:
    """For examples: singular values, and moduli of the vectors on both sides."""
    return (abs(result[0]), result[1], abs(result[2]))
