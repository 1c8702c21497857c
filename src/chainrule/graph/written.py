"""How a node is written: the notation of its operation's record, applied to the expressions of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule.graph.node import Node
from chainrule.notation.tree import INDEX_LETTERS, Call, Expression, Reduction

__all__ = ["generic", "written"]


def written(node: Node, operands: Sequence[Expression]) -> Expression:
    """The operation of a node, applied to operands.

    Parameters
    ----------
    node : Node
        Not a leaf.
    operands : sequence of Expression
        One for each input of the node.

    Returns
    -------
    Expression
        An operand itself, where mathematics does not write the operation: casts and broadcasts. Without a notation,
        `generic`.

    Examples
    --------
    >>> from chainrule.graph.op import input_node
    >>> from chainrule.notation.program import to_program
    >>> from chainrule.notation.tree import Symbol
    >>> from chainrule.ops.exponential import log1p
    >>> to_program(written(log1p(input_node(1.0)), [-Symbol("p")]))
    'log(1 - p)'
    """
    if node.op.notation is None:
        return generic(node, operands)
    expression = node.op.notation(*operands, **_params(node))
    if any(expression is operand for operand in operands):
        return expression
    is_array = node.ndim > 0
    if isinstance(expression, Reduction):
        axes = _summed_axes(node)
        if axes is None:
            return generic(node, operands)
        index = "".join([INDEX_LETTERS[axis] for axis in axes])
        keepdims = ("keepdims=True",) if is_array and node.ndim == node.inputs[0].ndim else ()
        return replace(expression, index=index, settings=keepdims, is_array=is_array)
    if isinstance(expression, Call) and not expression.settings:
        expression = replace(expression, settings=_settings(node))
    return replace(expression, is_array=is_array)


def generic(node: Node, operands: Sequence[Expression]) -> Call:
    """The operation as a call, by its name, with its settings: ``pad(x, widths=((1, 1),))``."""
    return Call(node.op.name, tuple(operands), _settings(node), is_array=node.ndim > 0)


def _params(node: Node) -> dict[str, Any]:
    """The settings, as a person would give them: an axis is a number, several are a tuple, all are None."""
    axis = node.params.get("axis")
    if not isinstance(axis, tuple) or not node.inputs:
        return node.params
    if len(axis) == node.inputs[0].ndim:
        return node.params | {"axis": None}
    return node.params | {"axis": axis[0] if len(axis) == 1 else axis}


def _settings(node: Node) -> tuple[str, ...]:
    shown = [f"{key}={value}" for key, value in _params(node).items() if value is not False and value is not None]
    return tuple(shown)


def _summed_axes(node: Node) -> list[int] | None:
    """The axes that a reduction takes away, in order; none where it takes all of them. `None`: no index says them.

    They are its setting ``axis``; without one, those by which the operand's shape is larger.
    """
    operand = node.inputs[0]
    axis = node.params.get("axis")
    if axis is None:
        extra = operand.ndim - node.ndim
        stretched = [i + extra for i, n in enumerate(node.shape) if n == 1 != operand.shape[i + extra]]
        axis = (*range(extra), *stretched)
    if len(axis) == operand.ndim:
        return []
    return sorted(axis) if axis and max(axis) < len(INDEX_LETTERS) else None
