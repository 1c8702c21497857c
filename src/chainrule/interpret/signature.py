"""Signatures: what makes two recorded graphs the same program, and the programs kept under them."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.interpret.program import Program

__all__ = ["ProgramCache", "signature"]


def signature(order: Sequence[Node], outputs: Sequence[Node], given: Iterable[Node] = ()) -> tuple[Any, list[Node]]:
    """What makes two recorded graphs the same program, and the leaves whose values it takes.

    Parameters
    ----------
    order : sequence of Node
        All nodes, in topological order.
    outputs : sequence of Node
    given : iterable of Node
        Nodes that count as leaves although they have inputs.

    Returns
    -------
    key : tuple
        Equal for graphs that differ in nothing but the values of their leaves.
    leaves : list of Node
    """
    positions: dict[int, int] = {}
    parts: list[Any] = []
    leaves: list[Node] = []
    boundary = {node.index for node in given}
    for node in order:
        inputs = node.inputs
        if inputs and node.index not in boundary:
            parts.append(node.op)
            if len(inputs) == 1:
                parts.append(positions[inputs[0].index])
            elif len(inputs) == 2:
                parts.append((positions[inputs[0].index], positions[inputs[1].index]))
            else:
                parts.append(tuple([positions[source.index] for source in inputs]))
            if node.params:
                parts.append(tuple(node.params.items()))
            if not node.op.broadcasts:
                parts.append(node.shape)  # it may depend on values, as that of x[mask] does
                if node.op.infer is by_evaluation:
                    parts.append(node.dtype)  # eigenvalues of a real matrix are real or complex
        elif node.op is LITERAL:
            value = node._value
            parts.append(node.kind)
            parts.append(value if node.kind is not complex else repr(value))  # 0j == -0j
            if value == 0 and node.kind is float:
                parts.append(math.copysign(1.0, value))
        else:
            parts.append(node.dtype)
            parts.append(node.shape)
            leaves.append(node)
        positions[node.index] = len(positions)
    parts.append(tuple([positions[node.index] for node in outputs]))
    return tuple(parts), leaves


class ProgramCache:
    """Programs by signature; when there are too many, the oldest goes.

    Parameters
    ----------
    capacity : int, default 512
        How many programs are kept.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._capacity = capacity

    def get(self, key: Any, build: Callable[[], Program]) -> Program:
        """The program for a key, built where it is not known yet."""
        try:
            program = self._programs.get(key)
        except TypeError:  # an operation with a setting that cannot be hashed, such as a list of sizes
            return build()
        if program is None:
            program = self._programs[key] = build()
            while len(self._programs) > self._capacity:
                try:
                    self._programs.popitem(last=False)
                except KeyError:  # another thread was quicker
                    break
        return program

    def __len__(self) -> int:
        return len(self._programs)
