"""Loop nests: elementwise nodes and reductions of one domain, fused into one pass over memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.buffers import View
from chainrule.native.builder import Type, Value
from chainrule.native.emitter import scalar_of
from chainrule.native.nodes import ADDITION, GATHER, RECURRENCE, is_immediate, is_reduction, loop_dtypes
from chainrule.native.stages import LoopStage

if TYPE_CHECKING:
    from chainrule.native.code import FunctionCode

__all__ = ["COMBINE", "LoopNest", "lane_loop", "neutral_number"]

#: Vectors are no longer than this, also for one-byte elements.
_MOST_LANES = 16


@dataclass
class _Axis:
    """A loop: its length (a number, or rows times a number), whether it counts rows, and whether it runs in order."""

    length: int
    by_rows: bool = False
    in_order: bool = False


class _Access:
    """A load or a store: a node's memory, a stride for each axis of the nest, and one to the first row of a tile."""

    __slots__ = ("node", "position_strides", "row_stride", "scalar", "strides", "view")

    def __init__(
        self, node: Node, view: View, strides: Sequence[int], row_stride: int, position_strides: Sequence[int] = ()
    ) -> None:
        self.node = node
        self.view = view
        self.position_strides = position_strides  # what computed positions are multiplied by
        self.strides = list(strides)
        self.row_stride = row_stride
        self.scalar = scalar_of(node.dtype)


class LoopNest:
    """A loop nest under construction: axes merged and put in order, one of them cut into vectors.

    Parameters
    ----------
    code : FunctionCode
    stage : LoopStage
    """

    def __init__(self, code: FunctionCode, stage: LoopStage) -> None:
        self.code, self.stage = code, stage
        self._length_of_part: Value | None = None
        members = set(stage.nodes)
        self.loads: dict[Node, _Access] = {}
        for node in stage.nodes:
            for source in _elementwise_inputs(node):
                if source not in self.loads and not is_immediate(source) and not self._in_register(source, members):
                    self.loads[source] = self._access(source, source.ndim, stage.domain)
        self.picks = {node: self._picked_access(node, node.inputs[0]) for node in stage.nodes if node.op.name == GATHER}
        self.stores = {node: self._store_access(node) for node in stage.stored}
        self.reduced = {node: self._reduced_axes(node) for node in stage.reductions}
        in_order = {node.params["axis"] for node in stage.nodes if node.op.name == RECURRENCE}
        self.axes = [_Axis(n, i == stage.row_axis, i in in_order) for i, n in enumerate(stage.domain)]
        self.order = list(range(len(self.axes)))
        self._drop_unit_axes()
        self._merge_axes()
        self.lanes = self._lane_count()
        self.lane_axis = self._choose_lane_axis()
        self._sort_axes()
        self.depth = {node: self._depth(access.strides) for node, access in self.loads.items()}
        self._set_depths()

    # What is read and written ------------------------------------------------------------------------------------

    def _in_register(self, source: Node, members: set[Node]) -> bool:
        return source in members and not is_reduction(source)

    def _access(self, node: Node, ndim: int, domain: tuple[int, ...]) -> _Access:
        view = self.code.view(node).broadcast_to(domain)
        row_stride = view.strides[self.stage.row_axis] if self.stage.row_axis is not None else 0
        return _Access(node, view, view.strides, row_stride)

    def _store_access(self, node: Node) -> _Access:
        view = self.code.view(node)
        if node.op.name == ADDITION:
            return self._picked_access(node, node)
        if not is_reduction(node):
            return self._access(node, node.ndim, self.stage.domain)
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
        return _Access(node, view, strides, row_stride)

    def _picked_access(self, node: Node, array: Node) -> _Access:
        """An array whose leading axes are indexed: it moves with the axes that are not."""
        view = self.code.view(array)
        count = len(node.inputs) - 1
        rest = view.strides[count:]
        strides = [0] * (len(self.stage.domain) - len(rest)) + list(rest)
        return _Access(array, view, strides, 0, view.strides[:count])

    def _reduced_axes(self, node: Node) -> set[int]:
        return {axis for axis in node.params["axis"] if self.stage.domain[axis] != 1}

    def _accesses(self) -> list[_Access]:
        return [*self.loads.values(), *self.picks.values(), *self.stores.values()]

    # Axes --------------------------------------------------------------------------------------------------------

    def _drop_unit_axes(self) -> None:
        kept = [i for i, axis in enumerate(self.axes) if axis.length != 1]
        self._keep(kept)

    def _keep(self, kept: list[int]) -> None:
        """Keep some axes, in the given order."""
        place = {axis: i for i, axis in enumerate(kept)}
        self.axes = [self.axes[i] for i in kept]
        for access in self._accesses():
            access.strides = [access.strides[i] for i in kept]
        for node, axes in self.reduced.items():
            self.reduced[node] = {place[axis] for axis in axes}

    def _merge_axes(self) -> None:
        """Two axes that all accesses walk as if they were one become one."""
        i = 0
        while i + 1 < len(self.axes):
            first, second = self.axes[i], self.axes[i + 1]
            may_join = not (second.by_rows or first.in_order or second.in_order)
            joint = may_join and all(
                access.strides[i] == access.strides[i + 1] * second.length for access in self._accesses()
            )
            if joint and all((i in axes) == (i + 1 in axes) for axes in self.reduced.values()):
                self.axes[i] = _Axis(first.length * second.length, first.by_rows)
                del self.axes[i + 1]
                for access in self._accesses():
                    del access.strides[i]
                for node, axes in self.reduced.items():
                    self.reduced[node] = {axis - (axis > i) for axis in axes if axis != i + 1}
            else:
                i += 1

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

    # Depths: after how many loops a value is known -----------------------------------------------------------------

    def _depth(self, strides: Sequence[int]) -> int:
        return max((i + 1 for i, stride in enumerate(strides) if stride), default=0)

    def _set_depths(self) -> None:
        self.starts: dict[Node, int] = {}
        for node in self.stage.nodes:
            if is_reduction(node):
                self.starts[node] = min(self.reduced[node], default=len(self.axes))
                continue
            known = [self.depth[source] for source in _elementwise_inputs(node) if not is_immediate(source)]
            if node in self.picks:
                known.append(self._depth(self.picks[node].strides))
            self.depth[node] = max(known, default=0)

    def _at_depth(self, depth: int) -> list[Node]:
        loads = [node for node in self.loads if self.depth[node] == depth]
        return loads + [node for node in self.stage.nodes if not is_reduction(node) and self.depth[node] == depth]

    # Code ----------------------------------------------------------------------------------------------------------

    @property
    def operands(self) -> list[tuple[View, int]]:
        """The memory that is read and written, each with its stride to the first row of a tile."""
        return [(access.view, access.row_stride) for access in self._accesses()]

    @property
    def key(self) -> Hashable:
        """Equal for nests of the same code, which differ in nothing but where their memory is."""
        picked = [access.node for access in self.picks.values()]
        number = {node: i for i, node in enumerate(dict.fromkeys([*self.loads, *picked, *self.stage.nodes]))}

        def operand(source: Node, user: Node) -> Hashable:
            if source in number:
                return number[source]
            return repr(np.asarray(source._value).item()), source.kind

        nodes = tuple(
            (
                node.op,
                node.dtype,
                tuple(node.params.items()),
                tuple([operand(source, node) for source in _elementwise_inputs(node)]),
                self.code.accumulates(node),
            )
            for node in self.stage.nodes
        )
        accesses = tuple(
            (access.scalar, tuple(access.strides), tuple(access.position_strides), number[access.node])
            for access in self._accesses()
        )
        axes = tuple((axis.length, axis.by_rows, axis.in_order) for axis in self.axes)
        reduced = tuple((number[node], tuple(sorted(reduced))) for node, reduced in self.reduced.items())
        return nodes, accesses, axes, reduced, self.lane_axis, self.lanes, len(self.loads)

    @property
    def is_flat(self) -> bool:
        """Whether one loop goes through all elements."""
        return len(self.axes) == 1

    def emit(self, pointers: Sequence[Value], part: tuple[Value, Value] | None = None) -> None:
        """Write the loops.

        Parameters
        ----------
        pointers : sequence of Value
            The addresses of the operands.
        part : (Value, Value), optional
            For a flat nest: where to begin, and how many elements to compute; by default all.
        """
        self.b, self.e = self.code.b, self.code.e
        places = dict(zip(self._accesses(), pointers, strict=True))
        if part is not None:
            start, self._length_of_part = part
            places = {
                access: self._advance(pointer, start, access.strides[0], access.scalar)
                for access, pointer in places.items()
            }
        self._level(0, {}, places, None, {})

    def _level(
        self,
        depth: int,
        env: dict[Node, Value],
        pointers: dict[_Access, Value],
        mask: Value | None,
        totals: dict[Node, Value],
    ) -> dict[Node, Value]:
        """The code inside the first `depth` loops; returns the totals of the reductions that run there."""
        env = dict(env)
        for node in self._at_depth(depth):
            env[node] = self._compute(node, env, pointers, mask)
        if depth == len(self.axes):
            self._write(env, pointers, mask)
            for node in self.stage.reductions:
                if self.starts[node] == depth:  # over axes of length 1 alone
                    self._finish(node, self._input_of(node, env), pointers, mask)
            return {node: self._accumulate(node, total, env, mask) for node, total in totals.items()}
        begun = [node for node in self.stage.reductions if self.starts[node] == depth]
        active = totals | {node: self._neutral(node) for node in begun}
        finished = self._loop(depth, env, pointers, mask, active)
        for node in begun:
            self._finish(node, finished.pop(node), pointers, mask)
        return finished

    def _loop(
        self,
        depth: int,
        env: dict[Node, Value],
        pointers: dict[_Access, Value],
        mask: Value | None,
        totals: dict[Node, Value],
    ) -> dict[Node, Value]:
        nodes = list(totals)

        def body(index: Value, mask_here: Value | None, carried: list[Value]) -> list[Value]:
            moved = {
                access: self._advance(pointer, index, access.strides[depth], access.scalar)
                for access, pointer in pointers.items()
            }
            inner = self._level(depth + 1, env, moved, mask_here or mask, dict(zip(nodes, carried, strict=True)))
            return [inner[node] for node in nodes]

        axis = self.axes[depth]
        length = self.code.rows_times(axis.length // self.code.row_count) if axis.by_rows else axis.length
        if self._length_of_part is not None:
            length = self._length_of_part
        lanes = self.lanes if depth == self.lane_axis else 0
        return dict(zip(nodes, lane_loop(self.code, length, lanes, list(totals.values()), body), strict=True))

    def _advance(self, pointer: Value, index: Value, stride: int, scalar: str) -> Value:
        if not stride:
            return pointer
        step = index if stride == 1 else self.b.imul(index, self.b.i64(stride))
        return self.b.address(pointer, step, _memory_scalar(scalar))

    def _is_vector(self, strides: Sequence[int]) -> bool:
        return self.lane_axis is not None and bool(strides[self.lane_axis])

    def _compute(self, node: Node, env: dict[Node, Value], pointers: dict[_Access, Value], mask: Value | None) -> Value:
        access = self.loads.get(node)
        if access is not None:
            return self._load(access, pointers[access], mask)
        if node in self.picks:
            access = self.picks[node]
            return self._load(access, pointers[access], mask, self._offset(node, access, env))
        if node.op.name == ADDITION:
            return self._operand(node.inputs[0], node.dtype, env)
        dtypes = (node.inputs[0].dtype, node.dtype) if node.op.name == "cast" else loop_dtypes(node)
        assert dtypes is not None
        operands = [self._operand(source, dtype, env) for source, dtype in zip(node.inputs, dtypes[:-1], strict=True)]
        lanes = max(operand.type.lanes for operand in operands)
        operands = [operand if operand.type.lanes == lanes else self.b.splat(operand, lanes) for operand in operands]
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

    def _offset(self, node: Node, access: _Access, env: dict[Node, Value]) -> Value:
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

    def _load(self, access: _Access, pointer: Value, mask: Value | None, offset: Value | None = None) -> Value:
        memory = _memory_scalar(access.scalar)
        if offset is not None and not offset.type.lanes:
            pointer = self.b.address(pointer, offset, memory)
        if offset is not None and offset.type.lanes:
            if self._is_vector(access.strides):
                offset = self.b.iadd(offset, self._lane_offsets(access.strides[self.lane_axis]))  # type: ignore[index]
            every = mask or self.b.constant(1, Type("i1", self.lanes))
            loaded = self.b.gather(pointer, offset, memory, every)
        elif not self._is_vector(access.strides):
            loaded = self.b.load(pointer, Type(memory))
        else:
            type = Type(memory, self.lanes)
            stride = access.strides[self.lane_axis]  # type: ignore[index]
            if stride != 1:
                every = mask or self.b.constant(1, Type("i1", self.lanes))
                loaded = self.b.gather(pointer, self._lane_offsets(stride), memory, every)
            elif mask is None:
                loaded = self.b.load(pointer, type)
            else:
                loaded = self.b.masked_load(pointer, mask, type)
        return self.e.cast(loaded, "i1") if access.scalar == "i1" else loaded

    def _lane_offsets(self, stride: int) -> Value:
        return self.b.vector_of([i * stride for i in range(self.lanes)], "i64")

    def _write(self, env: dict[Node, Value], pointers: dict[_Access, Value], mask: Value | None) -> None:
        for node, access in self.stores.items():
            if node.op.name == ADDITION:
                self._add(node, access, env, pointers[access], mask)
            elif not is_reduction(node):
                self._store(access, env[node], pointers[access], mask)

    def _add(self, node: Node, access: _Access, env: dict[Node, Value], pointer: Value, mask: Value | None) -> None:
        """Add a value to what is at its position; vectors run along axes that are not indexed."""
        place = self.b.address(pointer, self._offset(node, access, env), _memory_scalar(access.scalar))
        before = self._load(access, place, mask)
        total = self.e.add(before, self._splat(env[node], before.type.lanes))
        self._store(access, total, place, mask)

    def _store(self, access: _Access, value: Value, pointer: Value, mask: Value | None) -> None:
        if access.scalar == "i1":
            value = self.b.convert("zext", value, "i8")
        if not self._is_vector(access.strides):
            self.b.store(value, pointer)
            return
        if not value.type.lanes:
            value = self.b.splat(value, self.lanes)
        stride = access.strides[self.lane_axis]  # type: ignore[index]
        if stride != 1:
            every = mask or self.b.constant(1, Type("i1", self.lanes))
            self.b.scatter(value, pointer, self._lane_offsets(stride), every)
        elif mask is None:
            self.b.store(value, pointer)
        else:
            self.b.masked_store(value, pointer, mask)

    # Reductions ------------------------------------------------------------------------------------------------------

    def _input_of(self, node: Node, env: dict[Node, Value]) -> Value:
        source = node.inputs[0]
        value = self._operand(source, source.dtype, env)
        if node.op.name in ("all", "any"):
            return self.e.truth(value)
        return self.e.cast(value, scalar_of(node.dtype))

    def _neutral(self, node: Node) -> Value:
        """Where a total begins: a vector, whose lanes are summed at the end or kept apart."""
        lanes = self.lanes if self.lane_axis is not None else 0
        return self.b.constant(neutral_number(node.op.name, node.dtype), Type(scalar_of(node.dtype), lanes))

    def _accumulate(self, node: Node, total: Value, env: dict[Node, Value], mask: Value | None) -> Value:
        value = self._input_of(node, env)
        if total.type.lanes and not value.type.lanes:
            value = self.b.splat(value, total.type.lanes)
        if mask is not None and self.lane_axis in self.reduced[node]:
            value = self.b.select(mask, value, self.b.constant(neutral_number(node.op.name, node.dtype), value.type))
        return self._combine(node, total, value)

    def _combine(self, node: Node, x: Value, y: Value) -> Value:
        return getattr(self.e, COMBINE[node.op.name])(x, y)

    def _finish(self, node: Node, total: Value, pointers: dict[_Access, Value], mask: Value | None) -> None:
        """Store a total, after the lanes are summed where the vectors ran along a summed axis."""
        access = self.stores[node]
        if total.type.lanes and not self._is_vector(access.strides):
            if self.lane_axis in self.reduced[node]:
                total = self._across_lanes(node, total)
            else:
                total = self.b.lane(total, 0)
        pointer = pointers[access]
        if self.code.accumulates(node):
            before = self._load(access, pointer, mask)
            total = self._combine(node, before, total)
        self._store(access, total, pointer, mask)

    def _across_lanes(self, node: Node, total: Value) -> Value:
        while total.type.lanes > 1:
            half = total.type.lanes // 2
            low = self.b.shuffle(total, total, range(half))
            high = self.b.shuffle(total, total, range(half, 2 * half))
            total = self._combine(node, low, high)
        return self.b.lane(total, 0)


def _memory_scalar(scalar: str) -> str:
    """The type of an element in memory: a Boolean is a byte."""
    return "i8" if scalar == "i1" else scalar


def _elementwise_inputs(node: Node) -> tuple[Node, ...]:
    """What is read at the element that is computed: not the array that a gather picks from."""
    return node.inputs[1:] if node.op.name == GATHER else node.inputs


#: Which instruction joins two partial results of a reduction.
COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum", "all": "and_", "any": "or_"}


def neutral_number(name: str, dtype: np.dtype[np.generic]) -> float | int:
    """What a reduction begins with: it changes nothing."""
    if name in ("sum", "any"):
        return 0
    if name in ("prod", "all"):
        return 1
    if dtype.kind == "f":
        return -math.inf if name == "max" else math.inf
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    return int(limits.min if name == "max" else limits.max)


def lane_loop(
    code: FunctionCode,
    length: int | Value,
    lanes: int,
    carry: Sequence[Value],
    body: Callable[[Value, Value | None, list[Value]], list[Value]],
) -> list[Value]:
    """Loop over an axis, by vectors with a masked rest, or (``lanes`` = 0) by single elements.

    Parameters
    ----------
    code : FunctionCode
    length : int or Value
    lanes : int
    carry : sequence of Value
        Values that are handed from round to round.
    body : callable
        ``body(index, mask, carried)`` writes a round and returns what it hands on; the mask of a full vector is `None`.
    """
    b = code.b
    step = lanes or 1
    carried = list(carry)
    if isinstance(length, int):
        full = length // step * step
        if full == step:
            carried = body(b.i64(0), None, carried)
        elif full:
            loop = b.begin_loop(b.i64(0), b.i64(full), step, carried)
            carried = b.end_loop(loop, body(loop.index, None, list(loop.carried)))
        if length > full:
            mask = b.vector_of([1] * (length - full) + [0] * (lanes - length + full), "i1")
            carried = body(b.i64(full), mask, carried)
        return carried
    full_value = b.and_(length, b.i64(-step)) if lanes else length
    begun = b.begin_if(b.icmp("sgt", full_value, b.i64(0)))
    loop = b.begin_loop(b.i64(0), full_value, step, carried)
    inside = b.end_loop(loop, body(loop.index, None, list(loop.carried)))
    carried = b.end_if(begun, carried, inside)
    if lanes:
        rest = b.isub(length, full_value)
        begun = b.begin_if(b.icmp("sgt", rest, b.i64(0)))
        numbers = b.lane_numbers(lanes)
        mask = b.icmp("slt", numbers, b.splat(rest, lanes))
        carried = b.end_if(begun, carried, body(full_value, mask, carried))
    return carried
