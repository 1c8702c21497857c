"""Nodes that compiled code can compute: what kinds there are, and the dtypes of their loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.native.assembly.emitter import has_instructions, is_native
from chainrule.native.planning.bodies import CONTROL, compiles, is_result
from chainrule.native.planning.joins import JOINS, joins_natively
from chainrule.native.planning.memory import VIEWS

__all__ = [
    "ADDITION",
    "GATHER",
    "RECURRENCE",
    "is_compiled",
    "is_immediate",
    "is_loop_node",
    "is_reduction",
    "loop_dtypes",
]

#: Elements at computed positions, and values added there: see `chainrule.ops.positions`.
GATHER, ADDITION = "gather", "add_at"
#: Each element from the one before it: see `chainrule.ops.cumulative`.
RECURRENCE = "recurrence"
#: Nodes that reduce over axes within a loop nest.
REDUCTIONS = frozenset({"sum", "max", "min", "prod", "all", "any"})


def is_reduction(node: Node) -> bool:
    """Whether a node reduces over axes within a loop nest."""
    return node.op.name in REDUCTIONS


def is_loop_node(node: Node) -> bool:
    """Whether a node is computed element by element in a loop nest."""
    return node.op.name in ("cast", GATHER, ADDITION) or node.op.broadcasts or is_reduction(node)


def is_immediate(node: Node) -> bool:
    """Whether a node is a number known when the code is made."""
    if node.op is LITERAL:
        return True
    return node.op.name == "constant" and node.size == 1 and not node.ndim


def is_compiled(node: Node) -> bool:
    """Whether compiled code can compute a node; else NumPy does."""
    if node.op.name in CONTROL:
        return compiles(node)
    if is_result(node):
        return is_compiled(node.inputs[0])
    if node.is_tuple or not is_native(node.dtype) or not node.size:
        return False
    op = node.op
    may_be_empty = op.name == "concatenate"
    if any(source.is_tuple or not is_native(source.dtype) for source in node.inputs):
        return False
    if not may_be_empty and not all(source.size for source in node.inputs):
        return False
    if op.name in JOINS:
        return joins_natively(node)
    if op.name == "getitem":
        return node.params["index"].is_basic
    if op.name in VIEWS or op.name in ("cast", GATHER, ADDITION):
        return True
    if op.name == RECURRENCE:
        return node.dtype.kind == "f" and all(source.shape == node.shape for source in node.inputs)
    if op.name in REDUCTIONS:
        return _reduces_natively(node)
    if op.name == "matmul":
        return node.dtype.kind == "f" and all(source.dtype == node.dtype for source in node.inputs)
    if not op.broadcasts or op.lower is None:
        return False
    dtypes = loop_dtypes(node)
    return dtypes is not None and has_instructions(op.lower, dtypes[:-1], node.params)


def _reduces_natively(node: Node) -> bool:
    (source,) = node.inputs
    if node.op.name in ("all", "any"):
        return True
    return node.dtype.kind in "fi" and source.dtype.kind in "fib"


def loop_dtypes(node: Node) -> tuple[np.dtype[np.generic], ...] | None:
    """The dtypes to which NumPy's loop converts the operands, and that of the result; None where it has no such loop.

    For an operation that is no ufunc these are the dtype of the result if that is a float, else that of the operands
    together.
    """
    compute = node.op.compute
    if node.op.name == "where":
        dtypes: tuple[np.dtype[np.generic], ...] = (np.dtype(bool), node.dtype, node.dtype, node.dtype)
    elif isinstance(compute, np.ufunc) and compute.nout == 1:
        kinds = [kind if kind in (int, float, bool) else source.dtype for source, kind in _kinds(node)]
        kinds = [np.dtype(bool) if kind is bool else kind for kind in kinds]
        try:
            dtypes = compute.resolve_dtypes((*kinds, None))
        except TypeError:
            return None
        if np.dtype(object) in dtypes:
            dtypes = _with_python_integers(node)
    else:
        common = node.dtype
        if common.kind != "f":
            common = np.result_type(*[kind(0) if isinstance(kind, type) else kind for _, kind in _kinds(node)])
        dtypes = (*[common] * len(node.inputs), node.dtype)
    return dtypes if all(map(is_native, dtypes)) else None


def _with_python_integers(node: Node) -> tuple[np.dtype[np.generic], ...]:
    """The dtypes for a comparison with a Python integer; objects where it is too large for the other operand's."""
    common = np.result_type(*[source.dtype for source in node.inputs if source.op is not LITERAL] or [np.int64])
    limits: Any = np.iinfo(common) if common.kind in "iu" else None
    numbers = [source._value for source in node.inputs if source.op is LITERAL]
    if limits is None or not all(limits.min <= number <= limits.max for number in numbers):
        common = np.dtype(object)
    return (*[common] * len(node.inputs), node.dtype)


def _kinds(node: Node) -> list[tuple[Node, Any]]:
    return [(source, source.kind) for source in node.inputs]
