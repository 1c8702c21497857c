"""Programs: a graph turned once into a flat list of NumPy calls on numbered slots."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.simplify.pipeline import shorten, simplify

__all__ = ["Program", "handed_out"]

#: Number of arguments, call, first and second argument's slots (or a list of slots), slot of the result.
Step = tuple[int, Callable[..., Any], Any, int, int]


class Program:
    """A graph as a flat list of calls.

    Parameters
    ----------
    outputs : sequence of Node
        Nodes whose values are wanted.
    leaves : sequence of Node
        Nodes whose values are given at each run, in this order; they need not all matter.
    is_short : bool, default False
        Whether the outputs are simplified already, with these leaves.

    Notes
    -----
    Equal subexpressions are computed once, and a slot is reused as soon as nobody reads it any more, so that a
    run holds no more arrays than it needs.
    """

    def __init__(self, outputs: Sequence[Node], leaves: Sequence[Node], *, is_short: bool = False) -> None:
        outputs = list(outputs) if is_short else _simplified(outputs, leaves)
        self._leaf_count = len(leaves)
        self._template: list[Any] = [None] * len(leaves)
        self._steps: list[Step] = []
        self._slots = {leaf: slot for slot, leaf in enumerate(leaves)}
        given = set(leaves)
        self._allocate(ancestors(outputs, skip=given.__contains__), outputs)
        self._outputs = [self._slots[node] for node in outputs]
        self._copied = [_may_share_memory(node, given) for node in outputs]
        self._repeated = len(set(self._outputs)) < len(self._outputs)
        del self._slots  # the nodes hold the arrays of the call that the program was made from

    def _allocate(self, order: list[Node], outputs: list[Node]) -> None:
        """Give each value a slot, free again after its last use."""
        last_use = {source: node for node in order for source in node.inputs}
        kept = set(outputs)
        free: list[int] = []
        for node in order:
            if not node.inputs:
                self._slots[node] = len(self._template)
                self._template.append(node._value)
                kept.add(node)
                continue
            arguments = [self._slots[source] for source in node.inputs]
            dying = [s for s in dict.fromkeys(node.inputs) if last_use[s] is node and s not in kept]
            free.extend(self._slots[s] for s in dying if self._slots[s] >= self._leaf_count)
            if free:
                slot = free.pop()
            else:
                slot = len(self._template)
                self._template.append(None)
            self._slots[node] = slot
            self._steps.append(_step(node, arguments, slot))

    def run(self, values: Iterable[Any]) -> list[Any]:
        """Compute the outputs for given values of the leaves.

        Returns
        -------
        list of array
            Fresh arrays that share no memory with the leaves or with each other.
        """
        slots = self._template[:]
        slots[: self._leaf_count] = values
        for arity, call, first, second, target in self._steps:
            if arity == 2:
                slots[target] = call(slots[first], slots[second])
            elif arity == 1:
                slots[target] = call(slots[first])
            else:
                slots[target] = call(*[slots[i] for i in first])
        results = [handed_out(slots[i], copied) for i, copied in zip(self._outputs, self._copied, strict=True)]
        if self._repeated:
            seen: set[int] = set()
            for position, slot in enumerate(self._outputs):
                if slot in seen:
                    results[position] = handed_out(results[position], True)
                seen.add(slot)
        return results

    def __len__(self) -> int:
        return len(self._steps)


#: In larger graphs, unrolled loops for the most part, closed forms would take longer to find than they save.
_LARGEST_CLOSED = 2_000


def _simplified(outputs: Sequence[Node], leaves: Sequence[Node]) -> list[Node]:
    is_large = len(ancestors(outputs, skip=frozenset(leaves).__contains__)) > _LARGEST_CLOSED
    return shorten(outputs, leaves) if is_large else simplify(outputs, leaves)


def _step(node: Node, arguments: list[int], target: int) -> Step:
    call = functools.partial(node.op.compute, **node.params) if node.params else node.op.compute
    if len(arguments) == 1:
        return 1, call, arguments[0], 0, target
    if len(arguments) == 2:
        return 2, call, arguments[0], arguments[1], target
    return 3, call, arguments, 0, target


def handed_out(value: Any, shared: bool) -> Any:
    """A result for the caller: NumPy's scalar for a number, and an array that nobody else holds."""
    if isinstance(value, np.ndarray):
        if not value.ndim:
            return value[()]
        return np.array(value) if shared else value
    return value if isinstance(value, np.generic) else np.asarray(value)[()]


def _may_share_memory(node: Node, leaves: set[Node]) -> bool:
    """Whether the value is an argument or a view of one, which a caller must not be handed."""
    while node.op.is_view and node.inputs:
        node = node.inputs[0]
        if node in leaves or not node.inputs:
            return True
        if not node.op.is_view:
            return True  # a view keeps its base alive and may be read-only
    return node in leaves or not node.inputs
