"""A function's graph, recorded once and kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, constant, literal
from chainrule.interpret import Program
from chainrule.simplify.rewrite import rebuild
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import Structure, flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import active_sessions
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, TracedCall
from chainrule.transforms.graphs import trace

__all__ = ["const_graph", "full_graph"]


class _Kept:
    """The graph of one call."""

    def __init__(self, inputs: list[Node], outputs: list[Node], structure: Structure) -> None:
        self.inputs, self.outputs, self.structure = inputs, outputs, structure
        self.order = ancestors([*inputs, *outputs])
        stabilise(self.order)
        self.program = Program([node.stable or node for node in outputs], inputs)

    def replay(self, leaves: list[Any]) -> Any:
        if not any(type(leaf) is Tracer for leaf in leaves):
            return self.structure.unflatten(self.program.run(leaves))
        copies = {node: to_node(leaf) for node, leaf in zip(self.inputs, leaves, strict=True)}
        for node in self.order:
            if node not in copies:
                copies[node] = _again(node, tuple([copies[source] for source in node.inputs]))
        return self.structure.unflatten([Tracer(copies[node]) for node in self.outputs])


def _again(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The same node as part of the present trace."""
    if node.inputs:
        return rebuild(node, inputs)
    return literal(node._value) if node.op is LITERAL else constant(node.value)


def const_graph(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """Record a function at its first call and replay the record at every later one.

    Parameters
    ----------
    fun : callable
        Must do the same operations, on the same shapes, at every call.
    *args, **kwargs : object
        First arguments, fixed.

    Returns
    -------
    callable
        Of the remaining positional arguments.

    Examples
    --------
    >>> calls = []
    >>> def square(x):
    ...     calls.append("called")
    ...     return x * x
    >>> kept = const_graph(square)
    >>> float(kept(2.0)), float(kept(3.0)), len(calls)
    (4.0, 9.0, 1)
    """
    partial = functools.partial(fun, *args, **kwargs)
    kept: list[_Kept] = []

    def replayed(*values: Any) -> Any:
        if kept:
            return kept[0].replay(flatten(values)[0])
        arguments = Arguments(fun, values, tuple(range(len(values))))
        call = TracedCall(partial, arguments, {})
        leaves, structure = flatten(call.result)
        if active_sessions():  # the record must not hang on the trace around it
            return structure.unflatten(leaves)
        kept.append(_Kept(call.inputs, call.nodes_of(leaves), structure))
        return kept[0].replay(flatten(values)[0])

    replayed.__name__ = getattr(fun, "__name__", "[unknown name]")
    return replayed


def full_graph(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The graph of a call, with all partial results.

    >>> print(full_graph(lambda x: 2 * x, 1.0))
    <lambda>(x: float64)
      %0 = 2 * x  : float64
      return %0
    """
    return trace(fun, *args, **kwargs)
