"""Memory of a compiled graph: a view for each value, and one arena in which all temporary values have their place."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from chainrule.errors import GraphError
from chainrule.graph.node import Node
from chainrule.native.planning.buffers import Buffer, Home, View, c_strides
from chainrule.native.planning.rows import RowAnalysis

__all__ = ["ALIGNMENT", "VIEWS", "Arena", "Memory", "padded"]

#: Nodes that are another look at the memory of their first input.
VIEWS = frozenset({"transpose", "broadcast_to", "reshape", "getitem", "stop_gradient"})

#: Buffers begin at cache lines.
ALIGNMENT = 64


class Memory:
    """Views of the nodes of a graph.

    Parameters
    ----------
    rows : RowAnalysis
    tile_rows : int
        How many rows a tile has.
    rows_innermost : bool
        Whether the rows of a tile lie next to each other in memory, so that vectors run along them; right for narrow
        layers. Otherwise the elements of a row do.

    Attributes
    ----------
    given : set of Node
        Nodes whose memory someone else provides.
    """

    def __init__(self, rows: RowAnalysis, tile_rows: int, rows_innermost: bool) -> None:
        self.rows = rows
        self.tile_rows = tile_rows
        self.rows_innermost = rows_innermost
        self.given: set[Node] = set()
        #: Whether all buffers have their place: who asks for another one would read what is not there.
        self.is_planned = False
        self.whole: dict[Node, None] = {}  # nodes with a row axis that are needed for all rows at once
        self.buffers: list[Buffer] = []
        self._views: dict[Node, View] = {}
        self._base: dict[Node, Node] = {}

    def give(self, node: Node, home: Home, index: int, *, packed: bool = False) -> View:
        """A node that lies in memory before the code runs: in C order, or packed with its rows innermost."""
        self.given.add(node)
        if packed:
            others = c_strides(node.shape[1:])
            length = padded(node.shape[0])
            strides = (1, *[stride * length for stride in others])
            size = math.prod(node.shape[1:]) * length
        else:
            strides, size = c_strides(node.shape), node.size
        buffer = Buffer(home, index, node.dtype, size, label=node.name or "")
        return self._keep(node, View(buffer, node.shape, strides, 0, self.rows.given.get(node)))

    def receive(self, node: Node, home: Home, index: int) -> View:
        """A node that is computed into memory in C order."""
        buffer = Buffer(home, index, node.dtype, node.size, label=node.name or "")
        return self._keep(node, View(buffer, node.shape, c_strides(node.shape), 0, self.rows.axis.get(node)))

    def place(self, node: Node, view: View) -> None:
        """A node that is computed into a part of the memory of another one."""
        self._keep(node, view)

    def _keep(self, node: Node, view: View) -> View:
        self._views[node] = view
        return view

    def view(self, node: Node) -> View:
        """Where a node lies; a temporary value gets its buffer when it is first asked for."""
        known = self._views.get(node)
        if known is None and self.is_planned:
            raise GraphError(f"{node.op.name} is read from memory that nothing was written to")
        return known if known is not None else self._keep(node, self._allot(node))

    def _allot(self, node: Node) -> View:
        row_axis = self.rows.axis.get(node)
        if row_axis is None:
            buffer = self._buffer(node, node.size, False)
            return View(buffer, node.shape, c_strides(node.shape))
        in_tile = node not in self.whole
        others = [n for i, n in enumerate(node.shape) if i != row_axis]
        row_length = self.tile_rows if in_tile else node.shape[row_axis]
        if self.rows_innermost:
            length = padded(row_length)
            strides = [s * length for s in c_strides(tuple(others))]
            strides.insert(row_axis, 1)
            size = math.prod(others) * length
        else:
            strides = list(c_strides(tuple(others)))
            strides.insert(row_axis, math.prod(others))
            size = math.prod(others) * row_length
        return View(self._buffer(node, size, in_tile), node.shape, tuple(strides), 0, row_axis)

    def result(self, node: Node, position: int) -> View:
        """Memory for one result of a node that has several."""
        shape, dtype = node.shape[position]
        buffer = Buffer(Home.ARENA, len(self.buffers), dtype, math.prod(shape), label=node.op.name)
        self.buffers.append(buffer)
        return View(buffer, shape, c_strides(shape))

    def scratch(self, nbytes: int, label: str) -> Buffer:
        """Bytes that a stage needs while it runs."""
        buffer = Buffer(Home.ARENA, len(self.buffers), np.dtype(np.int8), nbytes, label=label)
        self.buffers.append(buffer)
        return buffer

    def _buffer(self, node: Node, size: int, in_tile: bool) -> Buffer:
        buffer = Buffer(Home.ARENA, len(self.buffers), node.dtype, size, in_tile, label=node.name or node.op.name)
        self.buffers.append(buffer)
        return buffer

    def __contains__(self, node: Node) -> bool:
        return node in self._views

    def views(self) -> Iterable[View]:
        """All views."""
        return self._views.values()

    def places(self) -> Iterable[tuple[Node, View]]:
        """All nodes that lie in memory, with their views."""
        return self._views.items()

    def make_view(self, node: Node, copy: Node | None = None) -> bool:
        """Make a node a view of its source (or of a copy of it); false where strides cannot express it."""
        source = copy or node.inputs[0]
        view = self.view(source)
        name = node.op.name
        if name == "transpose":
            made: View | None = view.transpose(node.params["axes"])
        elif name == "broadcast_to":
            made = view.broadcast_to(node.shape)
        elif name == "getitem":
            made = view.index(node.params["index"].entries)
        elif name == "reshape":
            made = view.reshape(node.shape)
        else:
            made = view
        if made is None:
            return False
        self._keep(node, made)
        self._base[node] = self.base_of(source)
        return True

    def base_of(self, node: Node) -> Node:
        """The node whose memory a node is a view of; itself, if it is none."""
        return self._base.get(node, node)


def padded(rows: int) -> int:
    """Rows with room for whole vectors: a column of 16 elements begins where a vector register can read it at once."""
    return -(-rows // 16) * 16


class Arena:
    """Places in one block of memory, given to buffers in turn and taken back when a value is no longer needed.

    Parameters
    ----------
    guard : int
        Bytes that stay free between buffers, which tests fill and look at.
    """

    def __init__(self, guard: int = 0) -> None:
        self.size = 0
        self.guard = guard
        self._free: dict[int, list[int]] = {}

    def take(self, buffer: Buffer) -> None:
        """Give a buffer its place."""
        size = self._rounded(buffer)
        free = self._free.get(size)
        if free:
            buffer.offset = free.pop()
            return
        buffer.offset = self.size
        self.size += size + self.guard

    def give_back(self, buffer: Buffer) -> None:
        """The place may be used again."""
        self._free.setdefault(self._rounded(buffer), []).append(buffer.offset)

    @staticmethod
    def _rounded(buffer: Buffer) -> int:
        return max(-(-buffer.nbytes // ALIGNMENT) * ALIGNMENT, ALIGNMENT)
