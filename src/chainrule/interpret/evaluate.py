"""Values of nodes, computed one by one: for what is looked at while tracing, and for graphs that run only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.interpret.program import handed_out
from chainrule.simplify.stabilise import stable
from chainrule.simplify.unused import drop_unused_results
from chainrule.trace.looking import leaked

__all__ = ["compute_once", "evaluate"]


def evaluate(nodes: Sequence[Node]) -> list[Any]:
    """Values of nodes, computed from their stable forms; partial results are kept on the nodes."""
    forms = [stable(node) for node in nodes]
    pending = [node for node in forms if node._value is None]
    if pending:
        with np.errstate(all="ignore"):
            for node in ancestors(pending, skip=lambda node: node._value is not None):
                if not node.inputs:
                    raise leaked(node)  # an input without a number, long after it was traced
                node._value = node.op.compute(*[source._value for source in node.inputs], **node.params)
    for node, form in zip(nodes, forms, strict=True):
        node._value = form._value
    return [form._value for form in forms]


def compute_once(outputs: Sequence[Node]) -> list[Any]:
    """Compute nodes of a graph that is too large to keep as a program; each array is dropped after its last use.

    Returns
    -------
    list of array
        Fresh arrays, as from `Program.run`.
    """
    outputs = drop_unused_results(outputs)
    order = ancestors(outputs)
    uses = dict.fromkeys(order, 0)
    for node in order:
        for source in node.inputs:
            uses[source] += 1
    for node in outputs:
        uses[node] += 1
    values: dict[Node, Any] = {}
    for node in order:
        if node._value is not None:
            values[node] = node._value
            continue
        values[node] = node.op.compute(*[values[source] for source in node.inputs], **node.params)
        for source in node.inputs:
            uses[source] -= 1
            if not uses[source]:
                del values[source]
    return [handed_out(values[node], node.op.is_view or not node.inputs) for node in outputs]


Node.evaluator = staticmethod(lambda node: evaluate([node])[0])
