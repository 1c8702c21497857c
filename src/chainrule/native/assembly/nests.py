"""Loop nests: in which order the axes of a stage run, along which of them vectors do, and how memory is walked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.assembly.emitter import memory_scalar, scalar_of
from chainrule.native.planning.buffers import View
from chainrule.native.planning.nodes import ADDITION, GATHER, RECURRENCE, is_immediate, is_reduction
from chainrule.native.planning.stages import LoopStage

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["Access", "Axis", "LoopNest"]

#: Vectors are no longer than this, also for one-byte elements.
_MOST_LANES = 16


@dataclass
class Axis:
    """A loop: its length (a number, or rows times a number), whether it counts rows, and whether it runs in order."""

    length: int
    by_rows: bool = False
    in_order: bool = False


class Access:
    """A load or a store: a node's memory, a stride for each axis of the nest, and one to the first row of a tile."""

    __slots__ = ("memory", "node", "position_strides", "row_stride", "scalar", "strides", "view")

    def __init__(
        self, node: Node, view: View, strides: Sequence[int], row_stride: int, position_strides: Sequence[int] = ()
    ) -> None:
        self.node = node
        self.view = view
        self.position_strides = position_strides  # what computed positions are multiplied by
        self.strides = list(strides)
        self.row_stride = row_stride
        self.scalar, self.memory = scalar_of(node.dtype), memory_scalar(node.dtype)  # in a register, in memory


class LoopNest:
    """The loops of a stage: axes merged and put in order, one of them cut into vectors.

    Parameters
    ----------
    code : FunctionCode
    stage : LoopStage

    Attributes
    ----------
    axes : list of Axis
        From the outermost loop to the innermost.
    lanes : int
        How many elements a vector has.
    lane_axis : int or None
        The axis along which vectors run.
    loads, stores : dict of Node to Access
        What is read, and what is written.
    picks : dict of Node to Access
        The arrays in which gathers pick.
    reduced : dict of Node to set of int
        The axes over which each reduction runs.
    starts : dict of Node to int
        After how many loops the total of a reduction begins.
    """

    def __init__(self, code: FunctionCode, stage: LoopStage) -> None:
        self.code, self.stage = code, stage
        members = set(stage.nodes)
        self.loads: dict[Node, Access] = {}
        for node in stage.nodes:
            for source in _elementwise_inputs(node):
                if source not in self.loads and not is_immediate(source) and not self._in_register(source, members):
                    self.loads[source] = self._access(source)
        self.picks = {node: self._picked_access(node, node.inputs[0]) for node in stage.nodes if node.op.name == GATHER}
        self.stores = {node: self._store_access(node) for node in stage.stored}
        self.reduced = {node: set(stage.reduced_axes(node)) for node in stage.reductions}
        in_order = {node.params["axis"] for node in stage.nodes if node.op.name == RECURRENCE}
        self.axes = [Axis(n, i == stage.row_axis, i in in_order) for i, n in enumerate(stage.domain)]
        self._drop_unit_axes()
        self._merge_axes()
        self.lanes = self._lane_count()
        self.lane_axis = self._choose_lane_axis()
        self._sort_axes()
        self.starts: dict[Node, int] = {}
        self._depths = {node: _depth(access.strides) for node, access in self.loads.items()}
        self._set_depths()

    # What is read and written ----------------------------------------------------------------------------------------

    def _in_register(self, source: Node, members: set[Node]) -> bool:
        return source in members and not is_reduction(source)

    def _access(self, node: Node) -> Access:
        view = self.code.view(node).broadcast_to(self.stage.domain)
        row_stride = view.strides[self.stage.row_axis] if self.stage.row_axis is not None else 0
        return Access(node, view, view.strides, row_stride)

    def _store_access(self, node: Node) -> Access:
        view = self.code.view(node)
        if node.op.name == ADDITION:
            return self._picked_access(node, node)
        if not is_reduction(node):
            return self._access(node)
        reduced = set(node.params["axis"])
        strides, position = [], 0
        for axis in range(len(self.stage.domain)):
            if axis in reduced:
                strides.append(0)
                position += node.params["keepdims"]
            else:
                strides.append(view.strides[position])
                position += 1
        row_axis = self.stage.row_axis
        row_stride = strides[row_axis] if row_axis is not None else 0
        return Access(node, view, strides, row_stride)

    def _picked_access(self, node: Node, array: Node) -> Access:
        """An array whose leading axes are indexed: it moves with the axes that are not."""
        view = self.code.view(array)
        count = len(node.inputs) - 1
        rest = view.strides[count:]
        strides = [0] * (len(self.stage.domain) - len(rest)) + list(rest)
        return Access(array, view, strides, 0, view.strides[:count])

    def accesses(self) -> list[Access]:
        """All that is read and written, in the order of the operands."""
        return [*self.loads.values(), *self.picks.values(), *self.stores.values()]

    # Axes ------------------------------------------------------------------------------------------------------------

    def _drop_unit_axes(self) -> None:
        kept = [i for i, axis in enumerate(self.axes) if axis.length != 1]
        self._keep(kept)

    def _keep(self, kept: list[int]) -> None:
        """Keep some axes, in the given order."""
        place = {axis: i for i, axis in enumerate(kept)}
        self.axes = [self.axes[i] for i in kept]
        for access in self.accesses():
            access.strides = [access.strides[i] for i in kept]
        for node, axes in self.reduced.items():
            self.reduced[node] = {place[axis] for axis in axes}

    def _merge_axes(self) -> None:
        """Two axes that all accesses walk as if they were one become one."""
        i = 0
        while i + 1 < len(self.axes):
            if self._may_merge(i):
                self._merge(i)
            else:
                i += 1

    def _may_merge(self, i: int) -> bool:
        """Whether an axis and the next one can be one loop."""
        first, second = self.axes[i], self.axes[i + 1]
        if second.by_rows or first.in_order or second.in_order:
            return False
        joint = all(access.strides[i] == access.strides[i + 1] * second.length for access in self.accesses())
        return joint and all((i in axes) == (i + 1 in axes) for axes in self.reduced.values())

    def _merge(self, i: int) -> None:
        first, second = self.axes[i], self.axes[i + 1]
        self.axes[i] = Axis(first.length * second.length, first.by_rows)
        del self.axes[i + 1]
        for access in self.accesses():
            del access.strides[i]
        for node, axes in self.reduced.items():
            self.reduced[node] = {axis - (axis > i) for axis in axes if axis != i + 1}

    def _lane_count(self) -> int:
        widest = max(node.dtype.itemsize for node in [*self.stage.nodes, *self.loads])
        return min(self.code.target.vector_bytes // widest, _MOST_LANES)

    def _length(self, axis: int) -> int:
        """The length of an axis, as it usually is."""
        own = self.axes[axis]
        return own.length if not own.by_rows else own.length // self.code.row_count * self.code.tile_rows

    def _choose_lane_axis(self) -> int | None:
        """The axis that is cut into vectors: where memory is contiguous, and vectors are well filled."""
        best, lowest = None, math.inf
        total = math.prod(self._length(i) for i in range(len(self.axes)))
        added = [access for node, access in self.stores.items() if node.op.name == ADDITION]
        for i in range(len(self.axes)):
            if self.axes[i].in_order or not all(access.strides[i] for access in added):
                continue  # several values may be added to the same element, one after the other
            length = self._length(i)
            rounds = total / length * math.ceil(length / self.lanes)
            scattered = sum(access.strides[i] not in (0, 1) for access in self.loads.values())
            scattered += sum(
                access.strides[i] != 1 and i not in self.reduced.get(access.node, ()) for access in self.stores.values()
            )
            cost = rounds * (1 + len(self.stage.nodes) * 0.5 + scattered * self.lanes)
            if cost <= lowest:
                best, lowest = i, cost
        return best

    def _sort_axes(self) -> None:
        """Outside the axes that no reduction sums over, inside those that most do; the vectors innermost."""
        count = len(self.axes)
        order = sorted(
            range(count), key=lambda i: (sum(i in axes for axes in self.reduced.values()), i == self.lane_axis)
        )
        self._keep(order)
        if self.lane_axis is not None:
            self.lane_axis = order.index(self.lane_axis)

    # Depths: after how many loops a value is known -------------------------------------------------------------------

    def _set_depths(self) -> None:
        for node in self.stage.nodes:
            if is_reduction(node):
                self.starts[node] = min(self.reduced[node], default=len(self.axes))
                continue
            known = [self._depths[source] for source in _elementwise_inputs(node) if not is_immediate(source)]
            if node in self.picks:
                known.append(_depth(self.picks[node].strides))
            self._depths[node] = max(known, default=0)

    def at_depth(self, depth: int) -> list[Node]:
        """The nodes whose values are known inside so many loops, and not earlier."""
        loads = [node for node in self.loads if self._depths[node] == depth]
        return loads + [node for node in self.stage.nodes if not is_reduction(node) and self._depths[node] == depth]

    # What others ask -------------------------------------------------------------------------------------------------

    @property
    def operands(self) -> list[tuple[View, int]]:
        """The memory that is read and written, each with its stride to the first row of a tile."""
        return [(access.view, access.row_stride) for access in self.accesses()]

    @property
    def key(self) -> Hashable:
        """Equal for nests of the same code, which differ in nothing but where their memory is."""
        picked = [access.node for access in self.picks.values()]
        number = {node: i for i, node in enumerate(dict.fromkeys([*self.loads, *picked, *self.stage.nodes]))}

        def operand(source: Node) -> Hashable:
            if source in number:
                return number[source]
            return repr(np.asarray(source._value).item()), source.kind

        nodes = tuple(
            (
                node.op,
                node.dtype,
                tuple(node.params.items()),
                tuple([operand(source) for source in _elementwise_inputs(node)]),
                self.code.accumulates(node),
            )
            for node in self.stage.nodes
        )
        accesses = tuple(
            (access.scalar, tuple(access.strides), tuple(access.position_strides), number[access.node])
            for access in self.accesses()
        )
        axes = tuple((axis.length, axis.by_rows, axis.in_order) for axis in self.axes)
        reduced = tuple((number[node], tuple(sorted(reduced))) for node, reduced in self.reduced.items())
        return nodes, accesses, axes, reduced, self.lane_axis, self.lanes, len(self.loads)

    @property
    def is_flat(self) -> bool:
        """Whether one loop goes through all elements."""
        return len(self.axes) == 1


def _depth(strides: Sequence[int]) -> int:
    """After how many loops an address does not move any more."""
    return max((i + 1 for i, stride in enumerate(strides) if stride), default=0)


def _elementwise_inputs(node: Node) -> tuple[Node, ...]:
    """What is read at the element that is computed: not the array that a gather picks from."""
    return node.inputs[1:] if node.op.name == GATHER else node.inputs
