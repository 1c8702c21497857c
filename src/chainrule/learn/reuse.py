"""Compiled code that is kept for the next run of the same graph: the next fold, the next fit of a search."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from chainrule.graph.node import Node, ancestors
from chainrule.interpret import signature

__all__ = ["Kept", "forget_values", "graph_key", "hashable"]

#: Graphs with larger constants than this are compiled anew: to compare them would take time and memory.
_MOST_CONSTANT_BYTES = 1 << 16

Built = TypeVar("Built")


def graph_key(outputs: Sequence[Node], leaves: Sequence[Node], *settings: Hashable) -> Hashable | None:
    """What makes two graphs with given leaves the same program; None where that is not quickly told.

    Parameters
    ----------
    outputs, leaves : sequence of Node
    *settings : object
        What else the program depends on.
    """
    key, found = signature(ancestors(outputs), outputs)
    places = {node: position for position, node in enumerate(found)}
    given = tuple([(places.get(node, -1), node.shape, node.dtype, node.kind) for node in leaves])
    known = set(leaves)
    constants = [node._value for node in found if node not in known]
    if any(value is None for value in constants) or sum(value.nbytes for value in constants) > _MOST_CONSTANT_BYTES:
        return None
    whole = (key, given, tuple([(value.dtype, value.shape, value.tobytes()) for value in constants]), settings)
    return hashable(whole)


def hashable(key: Any) -> Hashable | None:
    """The key, or None where an operation has a setting that cannot be hashed, such as a list of sizes."""
    try:
        hash(key)
    except TypeError:
        return None
    whole: Hashable = key
    return whole


def forget_values(leaves: Sequence[Node]) -> None:
    """What is kept holds on to its graph, which must not hold on to the data that it was recorded with."""
    for node in leaves:
        node._value = None


class Kept(Generic[Built]):
    """What was built last, by key; when there is too much of it, the oldest goes.

    Parameters
    ----------
    capacity : int
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._built: OrderedDict[Hashable, Built] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable | None, build: Callable[[], Built]) -> Built:
        """What belongs to a key, built where it is not known; a key of None is never known."""
        with self._lock:
            if key is not None and key in self._built:
                self._built.move_to_end(key)
                return self._built[key]
        built = build()
        if key is not None:
            with self._lock:
                self._built[key] = built
                while len(self._built) > self._capacity:
                    self._built.popitem(last=False)
        return built
