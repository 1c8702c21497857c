"""Moving and repeating elements: reshapes, transposes, broadcasts, casts and sums, joined or left out."""

from __future__ import annotations

import math

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.arithmetic import multiply
from chainrule.ops.indexing import getitem
from chainrule.ops.reduction import mean, sum_, sum_op
from chainrule.ops.shaping import broadcast_to, cast, expand_dims, reshape, reshape_op, sum_to, transpose, transpose_op
from chainrule.simplify.identities import keeps
from chainrule.simplify.patterns import is_real
from chainrule.simplify.rewrite import Case, Rule

__all__ = ["MOVES", "only_adds_axes"]


def _same_shape(node: Node) -> Node | None:
    """Reshaping, broadcasting, summing or casting to what is there already changes nothing"""
    return keeps(node, node.inputs[0])


def _double_transpose(node: Node) -> Node | None:
    """(Aᵀ)ᵀ = A, and the transpose of a vector is the vector"""
    inner = node.inputs[0]
    if node.ndim == 1:
        return inner
    if inner.op is not transpose_op:
        return None
    axes = tuple(inner.params["axes"][i] for i in node.params["axes"])
    if axes == tuple(range(len(axes))):
        return inner.inputs[0]
    return transpose_op.apply(inner.inputs, {"axes": axes})


def _transpose_of_column(node: Node) -> Node | None:
    """A transpose that moves only axes of length 1 is a reshape"""
    shape = node.inputs[0].shape
    moved = [i for i in node.params["axes"] if shape[i] != 1]
    return reshape_op.apply(node.inputs, {"shape": node.shape}) if moved == sorted(moved) and node.ndim > 1 else None


def _double_reshape(node: Node) -> Node | None:
    """A reshape of a reshape is one reshape"""
    inner = node.inputs[0]
    return reshape_op.apply(inner.inputs, node.params) if inner.op is reshape_op else None


def only_adds_axes(node: Node) -> bool:
    """Whether a node is ``x[:, None]`` or the like, which keeps all elements in their order."""
    return node.op is getitem and all(
        entry is None or entry is Ellipsis or entry == (None, None, None) for entry in node.params["index"].entries
    )


def _new_axes(node: Node) -> Node | None:
    """x[:, None] is a reshape"""
    return reshape_op.apply(node.inputs, {"shape": node.shape}) if only_adds_axes(node) else None


def _repeated_number(node: Node) -> Node | None:
    """A reshape of one repeated number repeats it to the other shape"""
    inner = node.inputs[0]
    if inner.op.name != "broadcast_to" or inner.inputs[0].size != 1 or not inner.size:
        return None
    number = inner.inputs[0]
    return broadcast_to(reshape(number, ()) if number.shape else number, node.shape)


def _double_broadcast(node: Node) -> Node | None:
    """A broadcast of a broadcast is one broadcast"""
    inner = node.inputs[0]
    return broadcast_to(inner.inputs[0], node.shape) if inner.op.name == "broadcast_to" else None


def _without_broadcast(node: Node, position: int) -> tuple[Node, ...]:
    return (*node.inputs[:position], node.inputs[position].inputs[0], *node.inputs[position + 1 :])


def _broadcast_in_elementwise(node: Node) -> Node | None:
    """An elementwise operation broadcasts by itself, if another operand has the full shape"""
    for position, source in enumerate(node.inputs):
        if source.op.name != "broadcast_to":
            continue
        others = [other for i, other in enumerate(node.inputs) if i != position]
        if any(other.shape == node.shape for other in others):
            return keeps(node, node.op.apply(_without_broadcast(node, position), node.params))
    return None


def _before_broadcast(node: Node) -> Node | None:
    """An elementwise operation on repeated elements is done once, and its result repeated"""
    stretched = [i for i, source in enumerate(node.inputs) if source.op.name == "broadcast_to"]
    if not stretched or any(source.shape == node.shape for i, source in enumerate(node.inputs) if i not in stretched):
        return None
    inputs = tuple([source.inputs[0] if i in stretched else source for i, source in enumerate(node.inputs)])
    small = node.op.apply(inputs, node.params)
    if small.dtype != node.dtype or small.size >= node.size:
        return None
    return broadcast_to(small, node.shape)


def _sum_over_stretched_axes(node: Node) -> Node | None:
    """Undoing a broadcast is a plain sum over the axes that were stretched"""
    x, shape = node.inputs[0], node.params["shape"]
    extra = x.ndim - len(shape)
    stretched = [i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1]
    total = sum_op.apply((x,), {"axis": (*range(extra), *stretched), "keepdims": False})
    return total if total.shape == shape else reshape_op.apply((total,), {"shape": shape})


def _reduction_of_broadcast(node: Node) -> Node | None:
    """The sum of n equal numbers is n times the number, and their mean is the number"""
    repeated = node.inputs[0]
    if repeated.op.name != "broadcast_to" or not is_real(node) or repeated.dtype.itemsize < 4 or not repeated.size:
        return None
    x, axes = repeated.inputs[0], node.params["axis"]
    extra = repeated.ndim - x.ndim
    is_stretched = [i < extra or x.shape[i - extra] != n for i, n in enumerate(repeated.shape)]
    count = math.prod([repeated.shape[i] for i in axes if is_stretched[i]])
    if count == 1:
        return None
    kept = tuple([i - extra for i in axes if not is_stretched[i]])
    reduced = node.op.apply((x,), {"axis": kept, "keepdims": True}) if kept else x
    if node.op is sum_op:
        reduced = multiply(reduced, count)
    reduced = broadcast_to(reduced, tuple([1 if i in axes else n for i, n in enumerate(repeated.shape)]))
    return reduced if node.params["keepdims"] else reshape(reduced, node.shape)


def _sum_over_single_elements(node: Node) -> Node | None:
    """A sum over axes of length 1 only drops the axes"""
    x = node.inputs[0]
    if x.dtype != node.dtype or any(x.shape[i] != 1 for i in node.params["axis"]):
        return None
    return reshape_op.apply((x,), {"shape": node.shape}) if node.shape != x.shape else x


def _sum_of_sums(node: Node) -> Node | None:
    """A sum over one axis, then over another, is one sum over both"""
    inner = node.inputs[0]
    if inner.op is not sum_op or inner.params["keepdims"] or node.params["keepdims"] or not is_real(inner):
        return None
    x, first = inner.inputs[0], inner.params["axis"]
    left = [i for i in range(x.ndim) if i not in first]
    axes = tuple(sorted((*first, *[left[i] for i in node.params["axis"]])))
    return sum_op.apply((x,), {"axis": axes, "keepdims": False})


def _sum_of_moved(node: Node) -> Node | None:
    """The sum of all elements does not depend on how they are arranged"""
    moved = node.inputs[0]
    if moved.op not in (reshape_op, transpose_op) or len(node.params["axis"]) < moved.ndim or not is_real(node):
        return None
    x = moved.inputs[0]
    total = sum_op.apply((x,), {"axis": tuple(range(x.ndim)), "keepdims": False})
    return reshape(total, node.shape) if node.shape else total


def _double_cast(node: Node) -> Node | None:
    """A cast by way of a wider dtype is one cast"""
    inner = node.inputs[0]
    if inner.op is not cast or not np.can_cast(inner.inputs[0].dtype, inner.dtype, "safe"):
        return None
    source = inner.inputs[0]
    return source if source.dtype == node.dtype else cast.apply((source,), node.params)


_UNARY = ("negative", "exp", "log", "square", "sqrt", "absolute", "sigmoid", "tanh", "softplus", "reciprocal")
_BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "logaddexp")
_SELECTIONS = ("where", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_GRID, _ROW = (3, 4), (4,)

MOVES = [
    Rule(
        "same shape",
        ("reshape", "broadcast_to", "sum_to", "cast", "positive"),
        _same_shape,
        (Case(lambda x: reshape_op(x, shape=_GRID), (_GRID,)), Case(lambda x: sum_to(x, shape=_GRID), (_GRID,))),
    ),
    Rule(
        "double transpose",
        ("transpose",),
        _double_transpose,
        (
            Case(lambda x: transpose(transpose(x)), (_GRID,)),
            Case(lambda x: transpose(transpose(x, (1, 0, 2)), (0, 2, 1)), ((2, 3, 4),)),
            Case(lambda x: transpose_op(x, axes=(0,)), (_ROW,)),
        ),
    ),
    Rule(
        "transpose of a column",
        ("transpose",),
        _transpose_of_column,
        (Case(lambda x: transpose(x), ((4, 1),)), Case(lambda x: transpose(x, (1, 0, 2)), ((1, 3, 4),))),
    ),
    Rule(
        "double reshape", ("reshape",), _double_reshape, (Case(lambda x: reshape(reshape(x, (12,)), (4, 3)), (_GRID,)),)
    ),
    Rule(
        "new axes",
        ("getitem",),
        _new_axes,
        (Case(lambda x: x[:, None], (_ROW,)), Case(lambda x: x[..., None], (_GRID,))),
    ),
    Rule(
        "repeated number",
        ("reshape",),
        _repeated_number,
        (
            Case(lambda x: reshape(broadcast_to(x, (4,)), (4, 1)), ((),)),
            Case(lambda x: reshape(broadcast_to(x, (4,)), (2, 2)), ((1,),)),
        ),
    ),
    Rule(
        "double broadcast",
        ("broadcast_to",),
        _double_broadcast,
        (Case(lambda x: broadcast_to(broadcast_to(x, _GRID), (2, *_GRID)), (_ROW,)),),
    ),
    Rule(
        "broadcast in an elementwise operation",
        (*_BINARY, *_SELECTIONS),
        _broadcast_in_elementwise,
        (
            Case(lambda x, y: x * broadcast_to(y, _GRID), (_GRID, _ROW)),
            Case(lambda x, y: broadcast_to(y, _GRID) - x, (_GRID, ())),
        ),
    ),
    Rule(
        "operation before a broadcast",
        (*_UNARY, *_BINARY),
        _before_broadcast,
        (
            Case(lambda x: -broadcast_to(x, _GRID), (_ROW,)),
            Case(lambda x, y: broadcast_to(x, _GRID) * broadcast_to(y, _GRID), (_ROW, ())),
        ),
    ),
    Rule(
        "sum over stretched axes",
        ("sum_to",),
        _sum_over_stretched_axes,
        (Case(lambda x: sum_to(x, shape=_ROW), (_GRID,)), Case(lambda x: sum_to(x, shape=(3, 1)), ((2, *_GRID),))),
    ),
    Rule(
        "sum or mean of repeated numbers",
        ("sum", "mean"),
        _reduction_of_broadcast,
        (
            Case(lambda x: sum_(broadcast_to(x, _GRID), 0), (_ROW,)),
            Case(lambda x: sum_(broadcast_to(x, _GRID)), (_ROW,)),
            Case(lambda x: mean(broadcast_to(x, _GRID), keepdims=True), ((3, 1),)),
            Case(lambda x: mean(broadcast_to(x, _GRID), 0), (_ROW,)),
        ),
    ),
    Rule(
        "sum over axes of length 1",
        ("sum",),
        _sum_over_single_elements,
        (Case(lambda x: sum_(x, 1), ((4, 1),)), Case(lambda x: sum_(expand_dims(x, 0), 0, keepdims=True), (_ROW,))),
    ),
    Rule("sum of sums", ("sum",), _sum_of_sums, (Case(lambda x: sum_(sum_(x, 1), 0), ((2, 3, 4),)),)),
    Rule("sum of moved elements", ("sum",), _sum_of_moved, (Case(lambda x: sum_(reshape(x, (-1,))), (_GRID,)),)),
    Rule(
        "double cast",
        ("cast",),
        _double_cast,
        (Case(lambda x: cast(cast(x, dtype=np.dtype(np.longdouble)), dtype=x.dtype)),),
    ),
]
