"""Arrays that are put together from parts: each part is written by a loop of its own into a view of one buffer.

Concatenation and stacking write all of an array; an assignment to a slice first copies the array, and the gradient of
a slice first fills it with zeros. Parts that come after others may overwrite what those wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chainrule.graph.node import Node
from chainrule.graph.op import literal
from chainrule.native.planning.buffers import View
from chainrule.ops.shaping import cast

__all__ = ["JOINS", "joins_natively", "pieces"]


def pieces(node: Node, view: View) -> Iterator[tuple[Node, View, bool]]:
    """The parts of a node that is joined.

    Parameters
    ----------
    node : Node
    view : View
        Where the whole array lies.

    Yields
    ------
    part : Node
        Computes the part from an input of the node, element by element.
    place : View
        Where it is written.
    over : bool
        Whether it overwrites what was written before, so that its loop comes later.
    """
    for source, entries, over in JOINS[node.op.name](node):
        place = view.index(entries)
        part = Node(cast, (source,), {"dtype": node.dtype}, place.shape, node.dtype)
        part.name = node.name
        yield part, place, over


#: Sources of a node, the index under which each of them is written, and whether others have to be written before.
_Parts = Iterator[tuple[Node, tuple[Any, ...], bool]]


def _concatenated(node: Node) -> _Parts:
    axis, start = node.params["axis"], 0
    for source in node.inputs:
        stop = start + source.shape[axis]
        if stop > start:
            yield source, (*[(None, None, None)] * axis, (start, stop, None)), False
        start = stop


def _stacked(node: Node) -> _Parts:
    for position, source in enumerate(node.inputs):
        yield source, (*[(None, None, None)] * node.params["axis"], position), False


def _scattered(node: Node) -> _Parts:
    yield literal(0), (), False
    yield node.inputs[0], node.params["index"].entries, True


def _replaced(node: Node) -> _Parts:
    yield node.inputs[0], (), False
    yield node.inputs[1], node.params["index"].entries, True


#: By the name of the operation.
JOINS: dict[str, Callable[[Node], _Parts]] = {
    "concatenate": _concatenated,
    "stack": _stacked,
    "scatter": _scattered,
    "index_set": _replaced,
}


def joins_natively(node: Node) -> bool:
    """Whether a node of an operation in `JOINS` has this form: its index, if it has one, names a part of the array."""
    index = node.params.get("index")
    if index is None:
        return True
    if not index.is_basic:
        return False
    part = View(None, node.shape, (0,) * node.ndim).index(index.entries)  # type: ignore[arg-type]
    written = node.inputs[-1].shape
    return len(written) <= len(part.shape) and 0 not in part.shape
