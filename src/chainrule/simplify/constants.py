"""Constant folding: what depends on no input is computed once, when the program is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, LITERAL, constant, literal
from chainrule.ops.shaping import broadcast as broadcast_op
from chainrule.ops.shaping import broadcast_to
from chainrule.simplify.rewrite import rebuild

__all__ = ["fold_constants"]

#: Larger results are computed at each run: keeping them would cost more memory than it saves time.
_LARGEST_FOLDED = 4096


def fold_constants(
    outputs: Sequence[Node], leaves: Iterable[Node], *, order: Sequence[Node] | None = None
) -> list[Node]:
    """Replace operations on constants by their results; an array of equal numbers becomes one number, repeated.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : iterable of Node
        Nodes whose values are given at each run, and which are therefore not constant.
    order : sequence of Node, optional
        The nodes between leaves and outputs, in topological order, where they are known already.

    Returns
    -------
    list of Node
        The outputs in their new form.
    """
    given = frozenset(leaves)
    done: dict[Node, Node] = {}  # what is replaced
    values: dict[Node, Any] = {}
    for node in ancestors(outputs, skip=given.__contains__) if order is None else order:
        form = node
        if not node.inputs:
            if node.op is CONSTANT or node.op is LITERAL:
                values[node] = node._value
            if node.op is CONSTANT:
                form = _compact(node)
        elif node.inputs[0] in values and all(source in values for source in node.inputs) and _is_foldable(node):
            with np.errstate(all="ignore"):
                values[node] = node.op.compute(*[values[source] for source in node.inputs], **node.params)
            form = _compact(constant(np.asarray(values[node])))
        else:
            if done:
                inputs = tuple([done.get(source, source) for source in node.inputs])
                form = node if inputs == node.inputs else rebuild(node, inputs)
            if node.op.broadcasts and len(node.inputs) > 1:
                form = _with_literals(form, given)
        if form is not node:
            done[node] = form
    return [done.get(node, node) for node in outputs]


def _is_foldable(node: Node) -> bool:
    return not node.is_tuple and not node.op.is_view and node.size <= _LARGEST_FOLDED


def _with_literals(node: Node, given: frozenset[Node]) -> Node:
    """Fixed arrays of one number as numbers in the code, where shape and dtype of the result do not depend on them."""
    for position, source in enumerate(node.inputs):
        number = source.inputs[0] if source.op is broadcast_op and source not in given else source
        if number.op is CONSTANT and number not in given and not number.shape and number.dtype.kind == "f":
            inputs = (*node.inputs[:position], literal(float(number._value)), *node.inputs[position + 1 :])
            replacement = node.op.apply(inputs, node.params)
            if replacement.shape == node.shape and replacement.dtype == node.dtype:
                replacement.name, replacement.site = node.name, node.site
                replacement.gradient_of = node.gradient_of
                node = replacement
    return node


def _compact(node: Node) -> Node:
    """A constant array of equal real numbers as one number that is repeated."""
    if not node.shape or not 0 < node.size <= _LARGEST_FOLDED or node.dtype.kind != "f":
        return node
    array = np.asarray(node._value)
    first = array.flat[0]
    if not (array == first).all() or (first == 0 and (np.signbit(array) != np.signbit(first)).any()):
        return node
    return broadcast_to(constant(np.asarray(first)), node.shape)
