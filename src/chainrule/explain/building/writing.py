"""Values written as the code computes them, in the notation of matrix calculus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from chainrule.explain.building.blocks import operands
from chainrule.explain.building.forms import operation_form
from chainrule.graph.node import Node
from chainrule.notation.numbers import preview
from chainrule.notation.tree import Expression, Number, Transpose, Verbatim, matrix_product

__all__ = ["Known", "bottom_up", "has_row_vectors", "in_order", "is_array", "keeps_lengths", "transposed", "written"]

Factor = TypeVar("Factor")


@dataclass(frozen=True)
class Known:
    """How a node is written that has a name.

    Attributes
    ----------
    expression : Expression
    rank : float
        See `chainrule.explain.building.terms.Part`.
    is_divisor : bool
        Whether the node is one over the expression.
    """

    expression: Expression
    rank: float
    is_divisor: bool = False


def is_array(node: Node) -> bool:
    """Whether a node is written as an array: one number in brackets is not."""
    return node.is_tuple or node.size > 1


def has_row_vectors(nodes: Iterable[Node]) -> bool:
    """Whether the code multiplies vectors with matrices from the left, ``x @ W``, and never ``W @ x``."""
    sides = {
        (node.inputs[0].ndim, node.inputs[1].ndim)
        for node in nodes
        if node.op.name == "matmul" and 1 in (node.inputs[0].ndim, node.inputs[1].ndim)
    }
    return (1, 2) in sides and (2, 1) not in sides


def written(node: Node, known: Mapping[Node, Known], *, row_vectors: bool) -> Expression:
    """A node as the code computes it from nodes that have a name; a name of its own is not used.

    Parameters
    ----------
    node : Node
    known : mapping of Node to Known
    row_vectors : bool
        Whether arrays with one axis are rows, and not columns.
    """

    def named(source: Node) -> Expression | None:
        return None if source is node else _leaf(source, known)

    def combined(whole: Node, parts: list[Expression]) -> Expression:
        if whole.op.name == "matmul":
            left, right = in_order(whole, parts[0], parts[1], transposed, row_vectors=row_vectors)
            return replace(matrix_product(left, right), is_array=whole.size > 1)
        if whole.op.name == "reshape" and keeps_lengths(whole):
            return parts[0]
        return replace(operation_form(whole, parts), is_array=is_array(whole))

    result: Expression = bottom_up(node, named, combined)
    return result


def _leaf(node: Node, known: Mapping[Node, Known]) -> Expression | None:
    if node in known:
        return known[node].expression
    if not node.inputs:
        value = np.asarray(node._value)
        return Number(value.item()) if value.size == 1 else Verbatim(preview(value), is_array=True)
    return None


def in_order(
    node: Node, left: Factor, right: Factor, transpose: Callable[[Factor], Factor], *, row_vectors: bool
) -> tuple[Factor, Factor]:
    """The factors of a product in the order, and transposed as, matrix calculus wants them for columns, or for rows."""
    first, second = node.inputs[0].ndim, node.inputs[1].ndim
    if row_vectors:
        if second == 1 and first == 2:
            return right, transpose(left)
        return left, transpose(right) if second == 1 else right
    if first == 1 and second == 2:
        return transpose(right), left
    return transpose(left) if first == 1 else left, right


def transposed(expression: Expression) -> Expression:
    """Xᵀ, and X for Xᵀ."""
    if isinstance(expression, Transpose):
        return expression.operand
    return Transpose(expression, is_array=expression.is_array)


def keeps_lengths(node: Node) -> bool:
    """Whether a reshape adds or drops axes of length 1 and does nothing else."""
    before, after = [[length for length in shape if length != 1] for shape in (node.inputs[0].shape, node.shape)]
    return before == after


def bottom_up(root: Node, named: Callable[[Node], Any], combined: Callable[[Node, list[Any]], Any]) -> Any:
    """Combine results from named nodes up to a root, without recursion.

    Parameters
    ----------
    root : Node
    named : callable
        The result of a node that has a name; None for others.
    combined : callable
        ``combined(node, results)`` with those of its operands.
    """
    results: dict[Node, Any] = {}
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, is_ready = stack.pop()
        if node in results:
            continue
        if is_ready:
            results[node] = combined(node, [results[source] for source in operands(node)])
            continue
        found = named(node)
        if found is not None:
            results[node] = found
            continue
        stack.append((node, True))
        stack += [(source, False) for source in operands(node)]
    return results[root]
