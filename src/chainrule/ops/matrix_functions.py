"""Matrix equations and functions of matrices: Sylvester, square root, exponential, logarithm.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
for functions of matrices, N. Higham, "Functions of Matrices", 2008, theorem 3.6: the upper right block of
f([[A, E], [0, A]]) is the derivative of f at A in the direction E.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.errors import UnsupportedOperationError
from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.indexing import Index, scatter, take_index
from chainrule.ops.matrices import common_floating, floating, matrix_of
from chainrule.ops.products import matmul
from chainrule.ops.record import example, function
from chainrule.ops.shaping import matrix_transpose


def _sylvester_vjp(position: int, g: Any, out: Any, a: Any, b: Any, q: Any) -> Any:
    """Q̄ solves Aᵀ Q̄ + Q̄ Bᵀ = ḡ; Ā = −Q̄ Xᵀ, B̄ = −Xᵀ Q̄."""
    g_q = sylvester_op(matrix_transpose(a), matrix_transpose(b), g)
    if position == 2:
        return g_q
    return -matmul(g_q, matrix_transpose(out)) if position == 0 else -matmul(matrix_transpose(out), g_q)


def _sylvester_shape(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    a, b, q = inputs
    if q.shape != (a.shape[0], b.shape[0]):
        raise ValueError(f"A of shape {a.shape} and B of shape {b.shape} do not fit Q of shape {q.shape}")
    return q.shape, common_floating(inputs)


sylvester_op = Op("solve_sylvester", scipy.linalg.solve_sylvester, _sylvester_shape, vjp=_sylvester_vjp)


@function(
    scipy.linalg.solve_sylvester,
    examples=lambda s: [
        example(s.well_conditioned(3, 3), s.well_conditioned(3, 3), s.normal(3, 3)),
        example(s.well_conditioned(2, 2), s.well_conditioned(3, 3), s.normal(2, 3)),
    ],
    holomorphic=True,
    name="scipy.linalg.solve_sylvester",
)
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Solve A X + X B = Q."""
    return sylvester_op(matrix_of(a), matrix_of(b), matrix_of(q, square=False))


#: X X = A, so X dX + dX X = dA: a Sylvester equation. Whether the result is complex depends on the numbers.
sqrtm_op = Op(
    "sqrtm",
    lambda a: scipy.linalg.sqrtm(a),
    by_evaluation,
    vjp=(lambda g, out, a: sylvester_op(matrix_transpose(out), matrix_transpose(out), g),),
)


@function(
    scipy.linalg.sqrtm,
    examples=lambda s: [
        example(s.spd(3, 3)),
        example(s.well_conditioned(3, 3)),
        example((s.well_conditioned(2, 2) * -1).astype(s.dtype)),
    ],
    holomorphic=True,
    name="scipy.linalg.sqrtm",
)
def sqrtm(A: Any, disp: bool = True, blocksize: int = 64) -> Any:
    """The principal square root of a matrix."""
    if not disp:
        raise UnsupportedOperationError("scipy.linalg.sqrtm cannot be recorded with disp=False", fix="leave disp out")
    return sqrtm_op(matrix_of(A))


def _directional(op: Op, a: Any, direction: Any) -> Any:
    """The derivative of a function of matrices, in one direction: a block of the function of a larger matrix."""
    n = a.shape[-1]
    shape = (*a.shape[:-2], 2 * n, 2 * n)

    def placed(x: Any, down: int, right: int) -> Any:
        rows, columns = slice(down * n, (down + 1) * n), slice(right * n, (right + 1) * n)
        return scatter(x, index=Index.parse((Ellipsis, rows, columns))[0], shape=shape)

    whole = op(placed(a, 0, 0) + placed(a, 1, 1) + placed(direction, 0, 1))
    return take_index(whole, (Ellipsis, slice(0, n), slice(n, 2 * n)))


def _logm(a: Any) -> Any:
    """In double precision throughout: SciPy judges single precision by the standards of double, and warns."""
    if a.dtype not in (np.float32, np.complex64):
        return scipy.linalg.logm(a)
    result = scipy.linalg.logm(a.astype(np.result_type(a, np.float64)))
    return result.astype(np.complex64 if result.dtype.kind == "c" else np.float32)


expm_op = Op(
    "expm",
    lambda a: scipy.linalg.expm(a),
    lambda op, inputs, params: (inputs[0].shape, floating(inputs[0].dtype)),
    vjp=(lambda g, out, a: _directional(expm_op, matrix_transpose(a), g),),
    jvp=lambda tangents, out, a: _directional(expm_op, a, tangents[0]),
)
logm_op = Op(
    "logm",
    _logm,
    by_evaluation,
    vjp=(lambda g, out, a: _directional(logm_op, matrix_transpose(a), g),),
    jvp=lambda tangents, out, a: _directional(logm_op, a, tangents[0]),
)


@function(
    scipy.linalg.expm,
    examples=lambda s: [example(s.normal(3, 3)), example(s.normal(2, 2, 2))],
    holomorphic=True,
    name="scipy.linalg.expm",
)
def expm(A: Any) -> Any:
    """The matrix exponential."""
    return expm_op(matrix_of(A))


@function(
    scipy.linalg.logm,
    examples=lambda s: [example(s.spd(2, 2)), example(s.well_conditioned(3, 3))],
    holomorphic=True,
    name="scipy.linalg.logm",
)
def logm(A: Any, disp: bool = True) -> Any:
    """The principal logarithm of a matrix."""
    if not disp:
        raise UnsupportedOperationError("scipy.linalg.logm cannot be recorded with disp=False", fix="leave disp out")
    return logm_op(matrix_of(A))
