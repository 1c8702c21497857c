"""Constant folding: what depends on no input is computed once, when the program is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import CONSTANT, INPUT, LITERAL, constant
from chainrule.simplify.rewrite import rebuild

__all__ = ["fold_constants"]

#: Larger results are computed at each run: keeping them would cost more memory than it saves time.
_LARGEST_FOLDED = 4096


def fold_constants(outputs: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
    """Replace operations on constants by their results.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : sequence of Node
        Nodes whose values are given at each run, and which are therefore not constant.

    Returns
    -------
    list of Node
        The outputs in their new form.
    """
    given = set(leaves)
    done: dict[Node, Node] = {}
    fixed: set[Node] = set()
    for node in ancestors(outputs, skip=given.__contains__):
        if not node.inputs:
            done[node] = node
            if node.op in (CONSTANT, LITERAL):
                fixed.add(node)
            continue
        inputs = tuple([done.get(source, source) for source in node.inputs])
        if all(source in fixed for source in inputs) and _is_foldable(node):
            with np.errstate(all="ignore"):
                value = node.op.compute(*[source._value for source in inputs], **node.params)
            done[node] = folded = constant(np.asarray(value))
            fixed.add(folded)
        elif node.op is not INPUT and any(new is not old for new, old in zip(inputs, node.inputs, strict=True)):
            done[node] = rebuild(node, inputs)
        else:
            done[node] = node
    return [done.get(node, node) for node in outputs]


def _is_foldable(node: Node) -> bool:
    return not node.is_tuple and not node.op.is_view and node.size <= _LARGEST_FOLDED
