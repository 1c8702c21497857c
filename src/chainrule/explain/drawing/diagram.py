"""What a picture of a graph shows, before anything has a place: nodes, edges, values, gradients, step numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chainrule.notation.tree import Expression, Symbol

__all__ = ["Diagram", "Edge", "Kind", "Vertex"]

Kind = Literal["leaf", "inner", "output", "folded"]


@dataclass(frozen=True)
class Vertex:
    """A node of the picture.

    Attributes
    ----------
    symbol : Symbol
        Its name; unique in the picture.
    kind : {"leaf", "inner", "output", "folded"}
        A folded vertex stands for several that are not shown one by one.
    formula : Expression or None
        What it computes; None for leaves.
    value : str or None
        Its value in a few characters; None where it is not computed.
    gradient : str or None
        Its gradient in a few characters; None where there is none to show, because it is not asked for.
    forward_number, backward_number : int or None
        Its step in each pass.
    is_bad : bool
        Whether its value or gradient is the first that is not finite.
    tooltip : str
        All that is known of it, for a screen reader and for a pointer that rests on it.
    members : tuple of Vertex
        What a folded vertex stands for.
    """

    symbol: Symbol
    kind: Kind
    formula: Expression | None
    value: str | None
    gradient: str | None
    forward_number: int | None = None
    backward_number: int | None = None
    is_bad: bool = False
    tooltip: str = ""
    members: tuple[Vertex, ...] = ()


@dataclass(frozen=True)
class Edge:
    """From a node to one that uses it; `uses` counts how often it does."""

    source: Symbol
    target: Symbol
    uses: int = 1


@dataclass(frozen=True)
class Diagram:
    """A graph to be drawn, in topological order.

    Attributes
    ----------
    title, description : str
    output : Symbol
        Whose gradients are shown: the L of ∂L/∂z.
    vertices : tuple of Vertex
    edges : tuple of Edge
    has_gradients : bool
        False before the backward pass: then gradients are shown as "not computed yet", never as 0.
    """

    title: str
    description: str
    output: Symbol
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    has_gradients: bool
