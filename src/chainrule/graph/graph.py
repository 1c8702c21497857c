"""A recorded computation: its inputs, its outputs, and every node between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from chainrule.graph.node import Node, ancestors
from chainrule.graph.text import program_text

__all__ = ["Graph"]


class Graph:
    """A computational graph: nodes are operations, edges lead from their inputs.

    Parameters
    ----------
    inputs : sequence of Node
    outputs : sequence of Node
    name : str, optional
        The function's name.
    gradients : dict of Node to Node, optional
        For a graph of gradients: from nodes of the original graph to their gradients here. One node may be the
        gradient of several: that of ``x + y`` is also that of x and of y.

    Attributes
    ----------
    inputs, outputs : tuple of Node
    nodes : tuple of Node
        All nodes, the inputs first, in topological order.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(x, y, z):
    ...     q = x + y
    ...     return q * z
    >>> print(cr.trace(f, 5.0, -2.0, -4.0))
    f(x: float64, y: float64, z: float64)
      q  = x + y  : float64
      %0 = q * z  : float64
      return %0
    """

    #: Draws a graph as SVG; set by `chainrule.explain.showing`, which stands on a higher floor.
    painter: ClassVar[Callable[[Graph], str]]

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        name: str = "graph",
        gradients: Mapping[Node, Node] | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.name = name
        self._gradients = gradients or {}

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        given = set(self.inputs)
        return self.inputs + tuple(node for node in ancestors(self.outputs) if node not in given)

    def __getitem__(self, name: str) -> Node:
        """The node of a variable of the traced function; the last one where the name was assigned twice."""
        for node in reversed(self.nodes):
            if node.name == name:
                return node
        known = ", ".join(dict.fromkeys(node.name for node in self.nodes if node.name))
        raise KeyError(f"no node is named {name!r}; the names are: {known}")

    def __len__(self) -> int:
        return len(self.nodes)

    def gradient_of(self, node: Node) -> Node | None:
        """In a graph of gradients: the gradient of a node of the original graph, if a path leads there."""
        known = self._gradients.get(node)
        if known is not None:
            return known
        return next((candidate for candidate in self.nodes if candidate.gradient_of is node), None)

    def __str__(self) -> str:
        return program_text(self.name, self.inputs, self.outputs, self.nodes)

    def __repr__(self) -> str:
        return f"<Graph {self.name}: {len(self.inputs)} inputs, {len(self.nodes)} nodes, {len(self.outputs)} outputs>"

    def _repr_svg_(self) -> str:
        """What a notebook shows: the graph as it was recorded, gradients not computed yet. Nothing is computed."""
        return Graph.painter(self)

    def values(self) -> tuple[Any, ...]:
        """The values of the outputs."""
        return tuple(node.value for node in self.outputs)
