"""Graphs traced once for all numbers, made plain: no aliases, and no inputs that adapt to what they meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import INPUT, LITERAL
from chainrule.ops.shaping import cast
from chainrule.simplify.rewrite import rebuild

__all__ = ["without_aliases"]


def without_aliases(outputs: Sequence[Node]) -> list[Node]:
    """The same graph without the aliases that derivatives inside the function made of their arguments.

    Inputs that were Python's numbers become ordinary ones: where they met an array, the cast to the dtype that NumPy
    chose is written down, so that nobody after this has to know of them.
    """
    order = ancestors(outputs)
    kinds = {node: node.kind for node in order}
    weak = {node for node in order if type(node.kind) is type and node.op is not LITERAL}
    for node in weak:
        node.kind = node.dtype
    done: dict[Node, Node] = {}
    for node in order:
        sources = tuple([done[source] for source in node.inputs])
        if node.op is INPUT and sources:
            done[node] = sources[0]
        elif not weak.isdisjoint(node.inputs):
            done[node] = _with_casts(node, sources, kinds, weak)
        elif sources == node.inputs:
            done[node] = node
        else:
            done[node] = rebuild(node, sources)
    return [done[node] for node in outputs]


def _with_casts(node: Node, sources: tuple[Node, ...], kinds: dict[Node, Any], weak: set[Node]) -> Node:
    """A node on other inputs; those that were Python's numbers are cast to the dtype that the arrays ask for."""
    dtypes = [kinds[source] for source in node.inputs]
    if not all(type(kind) is type for kind in dtypes) and None not in dtypes:
        wanted = np.result_type(*[kind(0) if type(kind) is type else kind for kind in dtypes])
        casts = [
            cast(new, dtype=wanted) if old in weak and new.dtype != wanted else new
            for old, new in zip(node.inputs, sources, strict=True)
        ]
        rebuilt = rebuild(node, tuple(casts))
        if (rebuilt.shape, rebuilt.dtype) == (node.shape, node.dtype):
            return rebuilt
    return node if sources == node.inputs else rebuild(node, sources)
