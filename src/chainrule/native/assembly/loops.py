"""The code of a loop nest: one pass over memory for all nodes of a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.assembly.emitter import scalar_of
from chainrule.native.assembly.lanes import lane_loop, lane_offsets, load_lanes, store_lanes, strided_address
from chainrule.native.assembly.nests import Access, LoopNest
from chainrule.native.assembly.totals import joined, neutral_number
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.nodes import ADDITION, RECURRENCE, is_immediate, is_reduction, loop_dtypes

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["emit_nest"]


#: Where each array of a nest is at present.
_Places = dict[Access, Value]


def emit_nest(
    code: FunctionCode, nest: LoopNest, pointers: Sequence[Value], part: tuple[Value, Value] | None = None
) -> None:
    """Write the loops of a nest.

    Parameters
    ----------
    code : FunctionCode
    nest : LoopNest
    pointers : sequence of Value
        The addresses of its operands.
    part : (Value, Value), optional
        For a flat nest: where to begin, and how many elements to compute; by default all.
    """
    places = dict(zip(nest.accesses(), pointers, strict=True))
    if part is None:
        _NestCode(code, nest).level(0, {}, places, None, {})
        return
    start, length = part
    writer = _NestCode(code, nest, length)
    writer.level(0, {}, writer.moved(places, start, 0), None, {})


class _NestCode:
    """A loop nest whose code is being written; `length` is that of the only loop, where a part of it is computed."""

    def __init__(self, code: FunctionCode, nest: LoopNest, length: Value | None = None) -> None:
        self.code, self.nest, self.b, self.e = code, nest, code.b, code.e
        self.length = length

    # Loops -----------------------------------------------------------------------------------------------------------

    def level(
        self,
        depth: int,
        env: dict[Node, Value],
        pointers: _Places,
        mask: Value | None,
        totals: dict[Node, Value],
    ) -> dict[Node, Value]:
        """The code inside the first `depth` loops; returns the totals of the reductions that run there."""
        env = dict(env)
        for node in self.nest.at_depth(depth):
            env[node] = self._value(node, env, pointers, mask)
        if depth == len(self.nest.axes):
            self._write(env, pointers, mask)
            for node in self.nest.stage.reductions:
                if self.nest.starts[node] == depth:  # over axes of length 1 alone
                    self._finish(node, self._input_of(node, env), pointers, mask)
            return {node: self._accumulate(node, total, env, mask) for node, total in totals.items()}
        begun = [node for node in self.nest.stage.reductions if self.nest.starts[node] == depth]
        active = totals | {node: self._neutral(node) for node in begun}
        finished = self._loop(depth, env, pointers, mask, active)
        for node in begun:
            self._finish(node, finished.pop(node), pointers, mask)
        return finished

    def _loop(
        self,
        depth: int,
        env: dict[Node, Value],
        pointers: _Places,
        mask: Value | None,
        totals: dict[Node, Value],
    ) -> dict[Node, Value]:
        nodes = list(totals)

        def body(index: Value, mask_here: Value | None, carried: list[Value]) -> list[Value]:
            moved = self.moved(pointers, index, depth)
            inner = self.level(depth + 1, env, moved, mask_here or mask, dict(zip(nodes, carried, strict=True)))
            return [inner[node] for node in nodes]

        lanes = self.nest.lanes if depth == self.nest.lane_axis else 0
        return dict(zip(nodes, lane_loop(self.b, self._length(depth), lanes, list(totals.values()), body), strict=True))

    def _length(self, depth: int) -> int | Value:
        axis = self.nest.axes[depth]
        length = self.code.rows_times(axis.length // self.code.row_count) if axis.by_rows else axis.length
        return length if self.length is None else self.length

    def moved(self, pointers: _Places, index: Value, axis: int) -> _Places:
        """The places so many elements further along an axis."""
        return {
            access: strided_address(self.b, pointer, index, access.strides[axis], access.memory)
            for access, pointer in pointers.items()
        }

    # Values ----------------------------------------------------------------------------------------------------------

    def _value(self, node: Node, env: dict[Node, Value], pointers: _Places, mask: Value | None) -> Value:
        """A node's value: loaded, or computed from those that are known."""
        access = self.nest.loads.get(node)
        if access is not None:
            return self._load(access, pointers[access], mask)
        if node in self.nest.picks:
            access = self.nest.picks[node]
            return self._load(access, pointers[access], mask, self._offset(node, access, env))
        return self._compute(node, env)

    def _compute(self, node: Node, env: dict[Node, Value]) -> Value:
        if node.op.name == ADDITION:
            return self._operand(node.inputs[0], node.dtype, env)
        dtypes = (node.inputs[0].dtype, node.dtype) if node.op.name == "cast" else loop_dtypes(node)
        assert dtypes is not None
        operands = [self._operand(source, dtype, env) for source, dtype in zip(node.inputs, dtypes[:-1], strict=True)]
        lanes = max(operand.type.lanes for operand in operands)
        operands = [self._splat(operand, lanes) for operand in operands]
        if node.op.name == "cast":
            result = operands[0]
        elif node.op.name == RECURRENCE:
            factor, term, before = operands
            result = self.e.add(term, self.e.multiply(factor, before))
        else:
            assert node.op.lower is not None
            result = node.op.lower(self.e, *operands, **node.params)
        return self.e.cast(result, scalar_of(node.dtype))

    def _operand(self, source: Node, dtype: np.dtype[np.generic], env: dict[Node, Value]) -> Value:
        if is_immediate(source):
            number = np.asarray(source._value).astype(dtype).item()
            return self.b.constant(number, Type(scalar_of(dtype)))
        return self.e.cast(env[source], scalar_of(dtype))

    def _offset(self, node: Node, access: Access, env: dict[Node, Value]) -> Value:
        """How far computed positions are from the first element."""
        total = self.b.i64(0)
        for source, stride in zip(node.inputs[1:], access.position_strides, strict=True):
            position = self._operand(source, np.dtype(np.int64), env)
            lanes = max(position.type.lanes, total.type.lanes)
            step = self.b.imul(position, self.b.constant(stride, position.type))
            total = self.b.iadd(self._splat(total, lanes), self._splat(step, lanes))
        return total

    def _splat(self, value: Value, lanes: int) -> Value:
        return value if value.type.lanes == lanes else self.b.splat(value, lanes)

    # Memory ----------------------------------------------------------------------------------------------------------

    def _lane_stride(self, access: Access) -> int:
        """How far apart the lanes of a vector are in memory; 0 where all are the same element."""
        return access.strides[self.nest.lane_axis] if self.nest.lane_axis is not None else 0

    def _load(self, access: Access, pointer: Value, mask: Value | None, offset: Value | None = None) -> Value:
        """The element at a place, or a vector of them; a vector of offsets gathers from anywhere."""
        b, lanes, stride = self.b, self.nest.lanes, self._lane_stride(access)
        if offset is not None and offset.type.lanes:
            if stride:
                offset = b.iadd(offset, lane_offsets(b, lanes, stride))
            loaded = b.gather(pointer, offset, access.memory, mask or b.constant(1, Type("i1", lanes)))
        else:
            if offset is not None:
                pointer = b.address(pointer, offset, access.memory)
            if stride:
                loaded = load_lanes(b, pointer, Type(access.memory, lanes), mask, stride)
            else:
                loaded = b.load(pointer, Type(access.memory))
        return self.e.cast(loaded, "i1") if access.scalar == "i1" else loaded

    def _store(self, access: Access, value: Value, pointer: Value, mask: Value | None) -> None:
        if access.scalar == "i1":
            value = self.b.convert("zext", value, "i8")
        stride = self._lane_stride(access)
        if stride:
            store_lanes(self.b, self._splat(value, self.nest.lanes), pointer, mask, stride)
        else:
            self.b.store(value, pointer)

    def _write(self, env: dict[Node, Value], pointers: _Places, mask: Value | None) -> None:
        for node, access in self.nest.stores.items():
            if node.op.name == ADDITION:
                self._add(node, access, env, pointers[access], mask)
            elif not is_reduction(node):
                self._store(access, env[node], pointers[access], mask)

    def _add(self, node: Node, access: Access, env: dict[Node, Value], pointer: Value, mask: Value | None) -> None:
        """Add a value to what is at its position; vectors run along axes that are not indexed."""
        place = self.b.address(pointer, self._offset(node, access, env), access.memory)
        before = self._load(access, place, mask)
        total = self.e.add(before, self._splat(env[node], before.type.lanes))
        self._store(access, total, place, mask)

    # Reductions ------------------------------------------------------------------------------------------------------

    def _input_of(self, node: Node, env: dict[Node, Value]) -> Value:
        source = node.inputs[0]
        value = self._operand(source, source.dtype, env)
        if node.op.name in ("all", "any"):
            return self.e.truth(value)
        return self.e.cast(value, scalar_of(node.dtype))

    def _neutral(self, node: Node) -> Value:
        """Where a total begins: a vector, whose lanes are summed at the end or kept apart."""
        lanes = self.nest.lanes if self.nest.lane_axis is not None else 0
        return self.b.constant(neutral_number(node.op.name, node.dtype), Type(scalar_of(node.dtype), lanes))

    def _accumulate(self, node: Node, total: Value, env: dict[Node, Value], mask: Value | None) -> Value:
        value = self._input_of(node, env)
        if total.type.lanes and not value.type.lanes:
            value = self.b.splat(value, total.type.lanes)
        if mask is not None and self.nest.lane_axis in self.nest.reduced[node]:
            value = self.b.select(mask, value, self.b.constant(neutral_number(node.op.name, node.dtype), value.type))
        return joined(self.e, node.op.name, total, value)

    def _finish(self, node: Node, total: Value, pointers: _Places, mask: Value | None) -> None:
        """Store a total, after the lanes are summed where the vectors ran along a summed axis."""
        access = self.nest.stores[node]
        if total.type.lanes and not self._lane_stride(access):
            if self.nest.lane_axis in self.nest.reduced[node]:
                total = self._across_lanes(node, total)
            else:
                total = self.b.lane(total, 0)
        pointer = pointers[access]
        if self.code.accumulates(node):
            before = self._load(access, pointer, mask)
            total = joined(self.e, node.op.name, before, total)
        self._store(access, total, pointer, mask)

    def _across_lanes(self, node: Node, total: Value) -> Value:
        """The total of the lanes of a vector."""
        while total.type.lanes > 1:
            half = total.type.lanes // 2
            low = self.b.shuffle(total, total, range(half))
            high = self.b.shuffle(total, total, range(half, 2 * half))
            total = joined(self.e, node.op.name, low, high)
        return self.b.lane(total, 0)
