"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL
from chainrule.simplify.rewrite import rebuild

__all__ = ["Merger", "expression_key", "merge_equal"]

#: Operations whose arguments may trade places without changing the result.
_COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "equal", "not_equal", "logaddexp"})
#: Fixed arrays of up to this many bytes are compared by value.
_LARGEST_COMPARED = 512


def merge_equal(
    outputs: Sequence[Node], leaves: Iterable[Node] = (), *, order: Sequence[Node] | None = None
) -> list[Node]:
    """Let one node stand for all that are the same operation on the same inputs.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : iterable of Node
        Nodes whose values are given at each run: they are never merged.
    order : sequence of Node, optional
        The nodes between leaves and outputs, in topological order, where they are known already.

    Returns
    -------
    list of Node
        The outputs in their new form; nodes that nothing depends on any more are gone.
    """
    return Merger(leaves).merged(outputs, order=order)


class Merger:
    """Merges one graph after the other with all that came before.

    Parameters
    ----------
    leaves : iterable of Node
        Nodes that are never merged.
    """

    def __init__(self, leaves: Iterable[Node] = ()) -> None:
        self._given = set(leaves)
        self._done: dict[Node, Node] = {}
        self._first: dict[Any, Node] = {}

    def merged(
        self, outputs: Sequence[Node], leaves: Iterable[Node] = (), *, order: Sequence[Node] | None = None
    ) -> list[Node]:
        """The outputs in their new form; from now on, `leaves` are leaves, too. `order` is that of what is new."""
        self._given.update(leaves)
        given, done, first = self._given, self._done, self._first
        if order is None:
            order = ancestors(outputs, skip=lambda node: node in given or node in done)
        for node in order:
            inputs = tuple([done.get(source, source) for source in node.inputs])
            known = first.setdefault(expression_key(node, inputs), node)
            if known is not node:
                done[node] = done[known]
            elif inputs == node.inputs:
                done[node] = node
            else:
                done[node] = rebuild(node, inputs)
        return [done.get(node, node) for node in outputs]


def expression_key(node: Node, inputs: tuple[Node, ...]) -> Any:
    """Equal for nodes that compute the same, given what stands for their inputs."""
    if inputs:
        places: Any = tuple([_place(source) if source.op is LITERAL else source.index for source in inputs])
        if node.op.name in _COMMUTATIVE:
            places = frozenset(places)
        return node.op, places, _parameter_key(node.params)
    value = node._value
    if node.op is LITERAL:
        return _place(node)
    if getattr(value, "nbytes", _LARGEST_COMPARED + 1) <= _LARGEST_COMPARED and value.dtype.kind in "fiub":
        return node.op, node.dtype, node.shape, value.tobytes()
    return id(value)


def _place(number: Node) -> Any:
    """What tells a number in the code apart; other nodes have their place in the graph."""
    return number.kind, repr(number._value)


def _parameter_key(params: dict[str, Any]) -> Any:
    """Settings as a key; settings that cannot be hashed match nothing but themselves."""
    if not params:
        return ()
    key = tuple(params.items())
    try:
        hash(key)
    except TypeError:
        return id(params)
    return key
