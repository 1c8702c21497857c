"""Sums of products as matrix products, matrix products of a column and a row as plain products, transposes inside.

None of these changes more than the order in which the same products are added.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import CONSTANT, lift
from chainrule.ops.arithmetic import multiply
from chainrule.ops.indexing import Index, getitem, scatter, take_index
from chainrule.ops.products import matmul
from chainrule.ops.reduction import sum_, sum_op
from chainrule.ops.shaping import expand_dims, reshape, transpose, transpose_op
from chainrule.simplify.patterns import is_real
from chainrule.simplify.rewrite import Case, Facts, Rule

__all__ = ["CONTRACTIONS"]


def _outer_product(node: Node) -> Node | None:
    """The matrix product of a column and a row is their plain product: (n,1) @ (1,m) = (n,1) · (1,m)"""
    a, b = node.inputs
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != 1 or not is_real(node):
        return None
    return multiply(a, b)


def _sum_of_product(node: Node, facts: Facts) -> Node | None:
    """Σᵢ aᵢ Bᵢⱼ = a @ B, Σⱼ Aᵢⱼ bⱼ = A @ b"""
    product = node.inputs[0]
    if product.op is not multiply or product.ndim != 2 or not is_real(node) or node.params["keepdims"]:
        return None
    if facts.uses.get(product, 1) > 1:
        return None
    (n, m), axis = product.shape, node.params["axis"]
    for x, y in (product.inputs, product.inputs[::-1]):
        if x.dtype != node.dtype or y.dtype != node.dtype:
            return None
        if axis == (0,) and x.shape == (n, 1) and y.shape == (n, m) and m > 1:
            return matmul(reshape(x, (n,)), y)
        if axis == (1,) and x.shape == (n, m) and y.shape in ((m,), (1, m)) and n > 1:
            return matmul(x, reshape(y, (m,)))
    return None


def _contracted_outer_product(node: Node) -> Node | None:
    """(g bᵀ) A = g (bᵀA) and A (g bᵀ) = (A g) bᵀ, which over- and underflow at other numbers"""
    a, b = node.inputs
    if a.ndim != 2 or b.ndim != 2 or not is_real(node):
        return None
    left, right = _outer_factors(a), _outer_factors(b)
    if left is not None:
        return multiply(left[0], matmul(left[1], b))
    return None if right is None else multiply(matmul(a, right[0]), right[1])


def _outer_factors(node: Node) -> tuple[Node, Node] | None:
    """Column and row, if the node is a matrix that is their product; the row may be a vector."""
    if node.op is multiply:
        n, m = node.shape
        for column, row in (node.inputs, node.inputs[::-1]):
            same_dtype = column.dtype == row.dtype == node.dtype
            if same_dtype and column.shape == (n, 1) and row.shape in ((m,), (1, m)) and min(n, m) > 1:
                return column, row
    return None


def _transpose_of_product(node: Node, facts: Facts) -> Node | None:
    """(AᵀB)ᵀ = BᵀA and (ABᵀ)ᵀ = BAᵀ, where the product is used nowhere else"""
    product = node.inputs[0]
    if product.op is not matmul or node.params["axes"] != (1, 0) or facts.uses.get(product, 1) > 1:
        return None
    a, b = product.inputs
    if a.ndim != 2 or b.ndim != 2 or not (_is_transposed(a) or _is_transposed(b)):
        return None
    return matmul(_transposed(b), _transposed(a))


def _is_transposed(node: Node) -> bool:
    return node.op is transpose_op and node.params["axes"] == (1, 0)


def _transposed(node: Node) -> Node:
    return node.inputs[0] if _is_transposed(node) else transpose(node)


def _sum_of_rows(node: Node, facts: Facts) -> Node | None:
    """The row sums of picked rows are the picked row sums: Σⱼ A[i]ⱼ = (Σⱼ Aⱼ)[i], for an array A that is fixed"""
    picked = node.inputs[0]
    if picked.op is not getitem or len(picked.inputs) != 2 or len(picked.params["index"].entries) != 1:
        return None
    rows, index = picked.inputs
    if rows in facts.given or rows.inputs or index.dtype.kind not in "iu" or rows.ndim != 2 or not is_real(node):
        return None
    if node.params["axis"] != (picked.ndim - 1,):
        return None
    sums = take_index(sum_op.apply((rows,), {"axis": (1,), "keepdims": False}), index)
    return expand_dims(sums, -1) if node.params["keepdims"] else sums


def _scattered(x: Any, columns: list[int]) -> Any:
    """Zeros of shape (n, n) with one number in each row."""
    index, places = Index.parse((np.arange(len(columns)), np.array(columns)))
    return scatter(x, *places, index=index, shape=(len(columns), len(columns)))


def _sum_of_scattered(node: Node, facts: Facts) -> Node | None:
    """The row sums of an array with one number in each row are these numbers"""
    scattered = node.inputs[0]
    if scattered.op is not scatter or scattered.ndim != 2 or node.params["axis"] != (1,) or not is_real(node):
        return None
    x, *places = scattered.inputs
    if len(places) != 2 or len(scattered.params["index"].entries) != 2:
        return None
    rows, columns = places
    if rows in facts.given or rows.op is not CONSTANT or columns.dtype.kind not in "iu" or x.shape != rows.shape:
        return None
    if columns.shape != x.shape or not np.array_equal(rows._value, np.arange(scattered.shape[0])):
        return None
    return expand_dims(x, -1) if node.params["keepdims"] else x


CONTRACTIONS = [
    Rule(
        "outer product",
        ("matmul",),
        _outer_product,
        (Case(matmul, ((4, 1), (1, 3))), Case(matmul, ((2, 4, 1), (1, 3)))),
    ),
    Rule(
        "sum of a product",
        ("sum",),
        _sum_of_product,
        (
            Case(lambda a, b: sum_(expand_dims(a, 1) * b, 0), ((4,), (4, 3))),
            Case(lambda a, b: sum_(a * b, 1), ((4, 3), (3,))),
            Case(lambda a, b: sum_(a * b, 1), ((1, 3), (4, 3))),
        ),
        wants_facts=True,
    ),
    Rule(
        "contraction of an outer product",
        ("matmul",),
        _contracted_outer_product,
        (
            Case(lambda g, b, a: matmul(expand_dims(g, 1) * b, a), ((4,), (3,), (3, 2))),
            Case(lambda g, b, a: matmul(a, expand_dims(g, 1) * b), ((4,), (3,), (2, 4))),
        ),
        opt_in=True,
    ),
    Rule(
        "transpose of a product",
        ("transpose",),
        _transpose_of_product,
        (
            Case(lambda a, b: transpose(matmul(transpose(a), b)), ((4, 3), (4, 2))),
            Case(lambda a, b: transpose(matmul(a, transpose(b))), ((4, 3), (2, 3))),
        ),
        wants_facts=True,
    ),
    Rule(
        "sum of picked rows",
        ("sum",),
        _sum_of_rows,
        (Case(lambda x: x * sum_(take_index(lift(np.eye(3, dtype=x.dtype)), np.array([2, 0, 1, 1])), 1), ((4,),)),),
        wants_facts=True,
    ),
    Rule(
        "sum of scattered numbers",
        ("sum",),
        _sum_of_scattered,
        (Case(lambda x: sum_(_scattered(x, [2, 0, 1, 1]), 1), ((4,),)),),
        wants_facts=True,
    ),
]
