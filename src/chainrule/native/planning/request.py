"""What to compile: a graph, what is given at each call, and what a loop of steps keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.graph.node import Node

__all__ = ["Request"]


@dataclass
class Request:
    """What to compile.

    Attributes
    ----------
    outputs : sequence of Node
    leaves : sequence of Node
        Nodes whose values are given at each call.
    constants : sequence of Node
        Arrays that are always the same.
    state : sequence of (int, int), default ()
        In a loop of steps: pairs of a leaf and the output that is its value in the next step.
    history : int, optional
        In a loop of steps: the output that is kept for each step.
    data : sequence of Node, optional
        Leaves whose first axis is the row axis; by default those that share the longest first axis.
    batch : sequence of int, default ()
        In a loop of steps: leaves that are rows of larger arrays, picked anew for each step.
    threads : int, default 1
    guard : int, default 0
        Bytes between buffers.
    """

    outputs: Sequence[Node]
    leaves: Sequence[Node]
    constants: Sequence[Node] = ()
    state: Sequence[tuple[int, int]] = ()
    history: int | None = None
    data: Sequence[Node] | None = None
    batch: Sequence[int] = ()
    threads: int = 1
    guard: int = 0
