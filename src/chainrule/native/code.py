"""The code of one compiled graph: pointers, tiles of rows, threads that meet at a barrier, and the loop over steps.

The function is called with a table of pointers. Each thread runs the same code over its share of the tiles; what sums
over rows goes into totals of the thread's own, which all threads then add up in the same order. So every thread knows
the same sums, and goes on by itself to the next step: one barrier a step is enough, and results do not depend on who
comes first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeGuard

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.arrays import DATA_OFFSET
from chainrule.native.buffers import Buffer, Home, View, c_strides
from chainrule.native.builder import Builder, Type, Value
from chainrule.native.control import ControlStage, emit_control
from chainrule.native.emitter import Emitter, scalar_of
from chainrule.native.lanes import lane_loop, load_lanes, store_lanes
from chainrule.native.loops import emit_nest
from chainrule.native.memory import ALIGNMENT, Memory
from chainrule.native.nests import LoopNest
from chainrule.native.products import MatrixProduct, emit_product
from chainrule.native.rows import RowAnalysis
from chainrule.native.stages import LoopStage, Section, Stage, sources_of
from chainrule.native.target import Target
from chainrule.native.totals import joined, neutral_number

__all__ = ["FunctionCode", "Layout", "Table"]

_I64, _PTR = Type("i64"), Type("ptr")

#: Where, in the block of memory in which threads meet, the number of steps is left.
_STEPS_TAKEN = 1

#: Arrays of this size are worth a meeting of the threads, after each has computed a part.
SHARED_SIZE = 8192

#: More stages than this are compiled as functions, one for all stages of the same kind.
_MOST_INLINE = 40

#: A waiting thread looks this often before it lets others have the processor.
_SPINS = 4000


@dataclass
class Table:
    """Which pointer is where in the table that the function is called with."""

    leaves: int = 0
    constants: int = 0
    outputs: int = 0

    def slot(self, buffer: Buffer) -> int:
        """The slot of an argument, constant or result."""
        starts = {
            Home.LEAF: 0,
            Home.OUTPUT: self.leaves,
            Home.CONSTANT: self.leaves + self.outputs,
        }
        return starts[buffer.home] + buffer.index

    @property
    def arena(self) -> int:
        return self.leaves + self.constants + self.outputs

    @property
    def state(self) -> int:
        return self.arena + 1

    @property
    def history(self) -> int:
        return self.arena + 2

    @property
    def order(self) -> int:
        return self.arena + 3

    @property
    def sync(self) -> int:
        return self.arena + 4

    @property
    def pause(self) -> int:
        return self.arena + 5

    @property
    def size(self) -> int:
        return self.arena + 6


@dataclass
class Layout:
    """All that the code of a graph is made from.

    Attributes
    ----------
    sections : list of Section
    memory : Memory
    rows : RowAnalysis
    table : Table
    threads : int
    tile_rows : int
    arena_bytes, shared_bytes, partial_bytes, state_bytes : int
        Memory of each thread; what threads share; totals of a thread; parameters.
    partials : dict of Node to View
        Totals of a thread, of nodes that sum over rows.
    history : Node or None
        In a loop of steps: the result that is kept for each step; where it is not finite, the loop ends.
    batch : list of (int, Node)
        In a loop of steps: leaves whose rows are picked for each step.
    packed : tuple of int
        Leaves that are given with their rows innermost.
    shares_state : bool
        Whether threads have one state together, of which each updates a part; else each has its own.
    constants : list of Node
    body_name : str
        Of the function, where the graph is the body of a branch or a loop: it is called with pointers to its leaves,
        its outputs, its arena and the place where threads meet. Its constants are a part of the code.
    """

    sections: list[Section]
    memory: Memory
    rows: RowAnalysis
    table: Table
    threads: int = 1
    tile_rows: int = 0
    arena_bytes: int = 0
    shared_bytes: int = 0
    partial_bytes: int = 0
    state_bytes: int = 0
    partials: dict[Node, View] = field(default_factory=dict)
    history: Node | None = None
    batch: list[tuple[int, Node]] = field(default_factory=list)
    packed: tuple[int, ...] = ()
    is_loop: bool = False
    shares_state: bool = False
    constants: list[Node] = field(default_factory=list)
    body_name: str = ""

    @property
    def control_stages(self) -> list[ControlStage]:
        """The branches and loops."""
        stages = chain.from_iterable(section.stages for section in self.sections)
        return [stage for stage in stages if isinstance(stage, ControlStage)]

    @property
    def grows(self) -> bool:
        """Whether code asks for memory while it runs."""
        return any(stage.grows for stage in self.control_stages)

    @property
    def tiles(self) -> int:
        """How many tiles of rows there are."""
        return -(-self.rows.count // self.tile_rows) if self.tile_rows else 0

    @property
    def picks_by_tiles(self) -> bool:
        """Whether each tile of rows picks its part of a batch; else something reads all of the batch at once."""
        whole = [stage for section in self.sections if not section.over_rows for stage in section.stages]
        read = {self.memory.base_of(source) for stage in whole for source in sources_of(stage)}
        return len(whole) < sum(len(s.stages) for s in self.sections) and not any(
            leaf in read for _, leaf in self.batch
        )

    @property
    def is_split(self) -> bool:
        """Whether rows come in more than one piece."""
        return self.tiles > 1 or self.threads > 1


@dataclass
class _Module:
    """The functions of the bodies that a kernel calls, and what all its functions refer to."""

    functions: dict[str, list[str]] = field(default_factory=dict)
    globals: list[str] = field(default_factory=list)
    declarations: set[str] = field(default_factory=set)


class FunctionCode:
    """Writes the function of a compiled graph.

    Parameters
    ----------
    layout : Layout
    target : Target
    name : str
    checks_finite : bool, default False
        Whether a loop ends after a step whose loss is NaN or infinite.
    """

    def __init__(
        self,
        layout: Layout,
        target: Target,
        name: str,
        checks_finite: bool = False,
        module: _Module | None = None,
    ) -> None:
        self.layout, self.target, self.name = layout, target, name
        self._module = module or _Module()
        self.checks_finite = checks_finite
        self.b = Builder(target.lanes_of, target.has_fma, target.has_avx512)
        self.e = Emitter(self.b)
        self.row_count = layout.rows.count
        self.tile_rows = layout.tile_rows
        self._rows: int | Value = layout.rows.count
        self._row_start: Value | None = None
        self._in_tiles = False
        #: Nodes that sum over rows in the section that is being written.
        self._summing: frozenset[Node] = frozenset()
        #: Whether stages are functions of their own. A program of many stages has many of the same kind, such as the
        #: steps of a recurrent network.
        self._outlines = sum(len(section.stages) for section in layout.sections) > _MOST_INLINE
        self._functions: dict[Hashable, tuple[str, str]] = {}
        self._pointers: dict[tuple[Home, int], Value] = {}
        self._thread = Value("%thread", _I64)

    # What stages ask -----------------------------------------------------------------------------------------------

    def view(self, node: Node) -> View:
        """Where a node lies."""
        if node in self._summing and node in self.layout.partials:
            return self.layout.partials[node]
        return self.layout.memory.view(node)

    def rows_times(self, count: int) -> int | Value:
        """The rows of the present tile, times a number."""
        if isinstance(self._rows, int):
            return self._rows * count
        return self._rows if count == 1 else self.b.imul(self._rows, self.b.i64(count))

    def accumulates(self, node: Node) -> bool:
        """Whether a result is added to what is there already."""
        return self._in_tiles and self.layout.tiles > self.layout.threads and node in self.layout.rows.summed

    def row_role(self, node: Node) -> int | None:
        """The axis of a product that runs over rows; -1 where rows are summed over."""
        if not self._in_tiles:
            return None
        return -1 if node in self.layout.rows.summed else self.layout.rows.axis.get(node)

    def base(self, view: View, row_stride: int) -> Value:
        """The address where a view begins, in the present tile."""
        buffer = view.buffer
        scalar = memory_scalar(buffer)
        address = self._buffer_address(buffer)
        if view.offset:
            address = self.b.address(address, self.b.i64(view.offset), scalar)
        if self._row_start is not None and row_stride and not buffer.in_tile:
            skipped = self.b.imul(self._row_start, self.b.i64(row_stride))
            address = self.b.address(address, skipped, scalar)
        return address

    def _buffer_address(self, buffer: Buffer) -> Value:
        home = buffer.home
        if home in (Home.LEAF, Home.CONSTANT, Home.OUTPUT):
            return self._pointers[home, buffer.index]
        if home is Home.HISTORY:
            return self.b.address(self._history, self._step, memory_scalar(buffer))
        return self.b.address(self._pointers[home, 0], self.b.i64(buffer.offset), "i8")

    # The function --------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The function as LLVM assembly, with what it calls."""
        own, module = self._definition(), self._module
        bodies = chain.from_iterable(module.functions.values())
        return "\n".join([*sorted(module.declarations), *module.globals, *bodies, *own])

    def _definition(self) -> list[str]:
        b, layout = self.b, self.layout
        b.label("entry")
        if layout.body_name:
            header = self._take_pointers()
        else:
            header = f"define void @{self.name}(ptr noalias %table, i64 %thread, i64 %steps) {{"
            self._load_pointers()
        if layout.is_loop:
            self._step_loop()
        else:
            self._sections()
        b.lines.append("ret void")
        self._module.declarations |= b.declarations
        stages = [text for _, text in self._functions.values()]
        return [*stages, header, *b.lines, "}"]

    def _take_pointers(self) -> str:
        """The head of a body's function, whose arguments are the pointers themselves."""
        table = self.layout.table
        leaves = [Value(f"%leaf{i}", _PTR) for i in range(table.leaves)]
        results = [Value(f"%result{i}", _PTR) for i in range(table.outputs)]
        arena, self.sync = Value("%arena", _PTR), Value("%sync", _PTR)
        self._pointers |= {(Home.LEAF, i): value for i, value in enumerate(leaves)}
        self._pointers |= {(Home.OUTPUT, i): value for i, value in enumerate(results)}
        self._pointers[Home.ARENA, 0] = arena
        for i, node in enumerate(self.layout.constants):
            name = f"@{self.name}.constant{i}"
            data = "".join(f"\\{byte:02X}" for byte in np.ascontiguousarray(node._value, node.dtype).tobytes())
            self._module.globals.append(
                f'{name} = private constant [{node.size * node.dtype.itemsize} x i8] c"{data}", align {ALIGNMENT}'
            )
            self._pointers[Home.CONSTANT, i] = Value(name, _PTR)
        arguments = ", ".join(map(str, (*leaves, *results, arena, self.sync)))
        return f"define internal void @{self.name}({arguments}) {{"

    def call(self, body: Layout, pointers: Sequence[Value]) -> None:
        """Call the function of a body with its leaves, outputs and arena; it is written when it is first called."""
        name = body.body_name
        if name not in self._module.functions:
            function = FunctionCode(body, self.target, name, module=self._module)
            self._module.functions[name] = function._definition()
        self.b.lines.append(f"call void @{name}({', '.join(map(str, (*pointers, self.sync)))})")

    def _load_pointers(self) -> None:
        b, table, layout = self.b, self.layout.table, self.layout
        used: dict[tuple[Home, int], Buffer] = {}
        for view in layout.memory.views():
            if view.buffer.home in (Home.LEAF, Home.CONSTANT, Home.OUTPUT):
                used.setdefault((view.buffer.home, view.buffer.index), view.buffer)
        for key, buffer in used.items():
            self._pointers[key] = self._array(table.slot(buffer))
        arena = self._table_entry(table.arena)
        self._arena = arena
        own = layout.shared_bytes + 2 * layout.threads * layout.partial_bytes
        mine = b.imul(self._thread, b.i64(layout.arena_bytes + 2 * layout.state_bytes))
        private = b.address(b.address(arena, b.i64(own), "i8"), mine, "i8")
        self._pointers[Home.SHARED, 0] = arena
        self._pointers[Home.ARENA, 0] = b.address(private, b.i64(2 * layout.state_bytes), "i8")
        state = b.address(arena, b.i64(own), "i8") if layout.shares_state else private
        self._pointers[Home.STATE, 0] = state
        self._pointers[Home.NEXT_STATE, 0] = b.address(state, b.i64(layout.state_bytes), "i8")
        self._pointers[Home.PARTIAL, 0] = arena
        self.sync = self._table_entry(table.sync)
        self._epoch = b.emit("alloca i64", _PTR)
        b.store(b.i64(0), self._epoch)

    def _array(self, slot: int) -> Value:
        """The elements of an array that was handed over."""
        reference = self._table_entry(slot)
        if DATA_OFFSET is None:
            return reference
        return self.b.load(self.b.address(reference, self.b.i64(DATA_OFFSET), "i8"), _PTR)

    def _table_entry(self, slot: int) -> Value:
        return self.b.load(self.b.address(Value("%table", _PTR), self.b.i64(slot), "ptr"), _PTR)

    def _step_loop(self) -> None:
        """All steps: parameters are read from one half of the state and written to the other, in turn."""
        b, layout = self.b, self.layout
        first, second = self._pointers[Home.STATE, 0], self._pointers[Home.NEXT_STATE, 0]
        given = self._table_entry(layout.table.state)
        self._history = self._table_entry(layout.table.history)
        self.copy_bytes(given, first, layout.state_bytes)
        loop = b.begin_loop(b.i64(0), Value("%steps", _I64), 1, [first, second])
        self._pointers[Home.STATE, 0], self._pointers[Home.NEXT_STATE, 0] = loop.carried
        self._step = loop.index
        if not layout.picks_by_tiles:
            self._pick_rows()
        self._sections()
        last, _ = b.end_loop(loop, [loop.carried[1], loop.carried[0]], unless=self._is_spoilt())
        begun = b.begin_if(b.icmp("eq", self._thread, b.i64(0)))
        self.copy_bytes(last, given, layout.state_bytes)
        b.store(Value(loop.next_index, _I64), b.address(self.sync, b.i64(_STEPS_TAKEN), "i64"))
        b.end_if(begun)

    def _is_spoilt(self) -> Value | None:
        """Whether the loss of this step is NaN or infinite, in code that checks it."""
        history, b = self.layout.history, self.b
        if history is None or not self.checks_finite:
            return None
        view = self.view(history)
        loss = b.load(self.base(view, 0), Type(memory_scalar(view.buffer)))
        return b.not_(self.e.isfinite(loss))

    def _pick_rows(self) -> None:
        """The rows of this step, or of this tile: rows of the whole data, in the order that the caller gives."""
        b, layout = self.b, self.layout
        order = self._table_entry(layout.table.order)
        for index, node in layout.batch:
            view = layout.memory.view(node)
            scalar, width = memory_scalar(view.buffer), node.size // node.shape[0]
            source = self._array(index)
            target = self.base(view, width)
            lanes = self.target.lanes_of[scalar]
            first = b.imul(self._step, b.i64(node.shape[0]))
            if self._row_start is not None:
                first = b.iadd(first, self._row_start)

            def row(
                number: Value,
                mask: Value | None,
                carried: list[Value],
                source: Value = source,
                target: Value = target,
                first: Value = first,
                scalar: str = scalar,
                width: int = width,
                lanes: int = lanes,
            ) -> list[Value]:
                picked = b.load(b.address(order, b.iadd(first, number), "i64"), _I64)
                here = b.address(source, b.imul(picked, b.i64(width)), scalar)
                there = b.address(target, b.imul(number, b.i64(width)), scalar)

                def part(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
                    type, pointer = Type(scalar, lanes), b.address(here, index, scalar)
                    value = load_lanes(b, pointer, type, mask)
                    store_lanes(b, value, b.address(there, index, scalar), mask)
                    return []

                return lane_loop(b, width, lanes, [], part)

            lane_loop(b, self.rows_times(1) if layout.rows.axis else node.shape[0], 0, [], row)

    def copy_bytes(self, source: Value, target: Value, size: int) -> None:
        """Copy memory as it is."""
        b = self.b
        declaration = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
        b.declarations.add(declaration)
        b.lines.append(f"call void @llvm.memcpy.p0.p0.i64(ptr {target.text}, ptr {source.text}, i64 {size}, i1 false)")

    def _sections(self) -> None:
        sections = self.layout.sections
        last_rows = max((i for i, section in enumerate(sections) if section.over_rows), default=-1)
        for position, section in enumerate(sections):
            if section.over_rows:
                self._row_section(section)
                continue
            alone = self.layout.threads > 1 and not self.layout.is_loop and position > last_rows
            begun = self.b.begin_if(self.b.icmp("eq", self._thread, self.b.i64(0))) if alone else None
            for stage in section.stages:
                if self._is_shared(stage):
                    self._stage(stage, self._part_of(math.prod(stage.domain)))
                    self._barrier()
                else:
                    self._stage(stage)
            if begun:
                self.b.end_if(begun)
        if self.layout.is_loop and self.layout.shared_bytes:
            self._barrier()

    def _is_shared(self, stage: Stage) -> TypeGuard[LoopStage]:
        """Whether each thread does a part of a loop, such as the update of many parameters."""
        layout = self.layout
        if not (layout.shares_state and isinstance(stage, LoopStage)) or self._outlines:
            return False
        homes = {layout.memory.view(node).buffer.home for node in stage.stored}
        return (
            math.prod(stage.domain) >= SHARED_SIZE
            and not stage.reductions
            and homes <= {Home.NEXT_STATE, Home.SHARED}
            and LoopNest(self, stage).is_flat
        )

    def _part_of(self, length: int) -> tuple[Value, Value]:
        """Where the part of this thread begins, and how long it is."""
        b = self.b
        size = -(-length // self.layout.threads)
        size = -(-size // ALIGNMENT) * ALIGNMENT
        start = b.intrinsic("smin", b.imul(self._thread, b.i64(size)), b.i64(length))
        return start, b.intrinsic("smin", b.isub(b.i64(length), start), b.i64(size))

    def _stage(self, stage: Stage, part: tuple[Value, Value] | None = None) -> None:
        if isinstance(stage, LoopStage):
            work: LoopNest | MatrixProduct = LoopNest(self, stage)
        elif isinstance(stage, ControlStage):
            emit_control(self, stage)
            return
        else:
            work = MatrixProduct(self, stage.node)
        pointers = [self.base(view, row_stride) for view, row_stride in work.operands]
        if self._outlines:
            self._call(work, pointers)
        elif isinstance(work, LoopNest):
            emit_nest(self, work, pointers, part)
        else:
            emit_product(self, work, pointers)

    def _call(self, work: LoopNest | MatrixProduct, pointers: Sequence[Value]) -> None:
        """Call the function for a stage; stages that differ only in where their memory is share one."""
        key = (work.key, isinstance(self._rows, int) and self._rows)
        if key not in self._functions:
            self._functions[key] = self._outlined(work, len(pointers))
        name, _ = self._functions[key]
        given = [*map(str, pointers), *([] if isinstance(self._rows, int) else [str(self._rows)])]
        self.b.lines.append(f"call void @{name}({', '.join(given)})")

    def _outlined(self, work: LoopNest | MatrixProduct, count: int) -> tuple[str, str]:
        """Name and text of the function for a stage."""
        outer, rows = (self.b, self.e), self._rows
        self.b = Builder(self.target.lanes_of, self.target.has_fma, self.target.has_avx512)
        self.e = Emitter(self.b)
        name = f"{self.name}.stage{len(self._functions)}"
        parameters = [Value(f"%p{i}", _PTR) for i in range(count)]
        given = [f"ptr {parameter.text}" for parameter in parameters]
        if not isinstance(rows, int):
            self._rows = Value("%rows", _I64)
            given.append("i64 %rows")
        self.b.label("entry")
        if isinstance(work, LoopNest):
            emit_nest(self, work, parameters)
        else:
            emit_product(self, work, parameters)
        body = [f"define internal void @{name}({', '.join(given)}) {{", *self.b.lines, "ret void", "}"]
        outer[0].declarations |= self.b.declarations
        (self.b, self.e), self._rows = outer, rows
        return name, "\n".join(body)

    # Rows ------------------------------------------------------------------------------------------------------------

    def _row_section(self, section: Section) -> None:
        layout = self.layout
        self._in_tiles = True
        summed = _summed(section, layout.rows)
        self._summing = frozenset(summed)
        if not layout.is_split:
            if not section.phase and layout.picks_by_tiles:
                self._pick_rows()
            for stage in section.stages:
                self._stage(stage)
            self._in_tiles = False
            return
        if layout.threads > 1:
            self._pointers[Home.PARTIAL, 0] = self._partial_address(self._thread)
        for node in summed:
            if self.accumulates(node):
                self._fill(node)
        self._tiles(section.stages, picks=not section.phase and layout.picks_by_tiles)
        self._in_tiles = False
        self._summing = frozenset()
        if layout.threads > 1:
            self._barrier()
            if summed:
                self._add_up(summed)
                self._advance_epoch()

    def _tiles(self, stages: Sequence[Stage], picks: bool) -> None:
        """The tiles of this thread."""
        b, layout = self.b, self.layout
        count, threads = layout.tiles, layout.threads
        if threads == 1:
            start, stop = b.i64(0), b.i64(count)
        else:
            start = self._share(self._thread)
            stop = self._share(b.iadd(self._thread, b.i64(1)))
        begun = b.begin_if(b.icmp("slt", start, stop)) if threads > 1 else None
        loop = b.begin_loop(start, stop)
        self._row_start = b.imul(loop.index, b.i64(layout.tile_rows))
        if layout.rows.count % layout.tile_rows:
            left = b.isub(b.i64(layout.rows.count), self._row_start)
            self._rows = b.intrinsic("smin", left, b.i64(layout.tile_rows))
        else:
            self._rows = layout.tile_rows
        if picks:
            self._pick_rows()
        for stage in stages:
            self._stage(stage)
        b.end_loop(loop)
        if begun:
            b.end_if(begun)
        self._row_start, self._rows = None, layout.rows.count

    def _share(self, thread: Value) -> Value:
        product = self.b.imul(thread, self.b.i64(self.layout.tiles))
        return self.b.emit(f"udiv i64 {product.text}, {self.layout.threads}", _I64)

    def _flat(self, node: Node, view: View) -> tuple[Value, str]:
        return self.base(View(view.buffer, (), (), view.offset), 0), memory_scalar(view.buffer)

    def _fill(self, node: Node) -> None:
        """Totals begin at what changes nothing: 0 for a sum."""
        view, b = self.view(node), self.b
        base, scalar = self._flat(node, view)
        lanes = self.target.lanes_of[scalar]

        def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
            value = self.b.constant(neutral_number(node.op.name, node.dtype), Type(scalar, lanes))
            store_lanes(b, value, self.b.address(base, index, scalar), mask)
            return []

        lane_loop(b, view.buffer.size, lanes, [], body)

    # Threads ---------------------------------------------------------------------------------------------------------

    def _partial_address(self, thread: Value | int) -> Value:
        """Where the totals of a thread are; two sets take turns, as one may still be read."""
        b, layout = self.b, self.layout
        number = b.i64(thread) if isinstance(thread, int) else thread
        turn = b.and_(b.load(self._epoch, _I64), b.i64(1))
        place = b.iadd(b.imul(turn, b.i64(layout.threads)), number)
        skipped = b.iadd(b.imul(place, b.i64(layout.partial_bytes)), b.i64(layout.shared_bytes))
        return b.address(self._arena, skipped, "i8")

    def _advance_epoch(self) -> None:
        self.b.store(self.b.iadd(self.b.load(self._epoch, _I64), self.b.i64(1)), self._epoch)

    def _add_up(self, summed: Sequence[Node]) -> None:
        """The totals of all threads, in the order of the threads."""
        b = self.b
        places = [self._partial_address(thread) for thread in range(self.layout.threads)]
        has_parts = False
        for node in summed:
            partial, total = self.layout.partials[node], self.layout.memory.view(node)
            scalar = memory_scalar(partial.buffer)
            lanes = self.target.lanes_of[scalar]
            sources = [b.address(place, b.i64(partial.buffer.offset), "i8") for place in places]
            target, _ = self._flat(node, total)
            name = node.op.name

            def body(
                index: Value,
                mask: Value | None,
                carried: list[Value],
                sources: list[Value] = sources,
                target: Value = target,
                scalar: str = scalar,
                lanes: int = lanes,
                name: str = name,
            ) -> list[Value]:
                type = Type(scalar, lanes)
                parts = []
                for source in sources:
                    pointer = b.address(source, index, scalar)
                    parts.append(load_lanes(b, pointer, type, mask))
                value = parts[0]
                for part in parts[1:]:
                    value = joined(self.e, name, value, part)
                store_lanes(b, value, b.address(target, index, scalar), mask)
                return []

            if total.buffer.home is Home.SHARED:
                start, length = self._part_of(total.buffer.size)
                begins = [b.address(pointer, start, scalar) for pointer in (*sources, target)]
                *sources[:], target = begins
                lane_loop(b, length, lanes, [], functools.partial(body, sources=sources, target=target))
                has_parts = True
            else:
                lane_loop(b, total.buffer.size, lanes, [], body)
        if has_parts:
            self._barrier()

    def _barrier(self) -> None:
        """Wait until all threads are here: a counter goes up by one for each, and is never reset."""
        b = self.b
        b.lines.append("fence seq_cst")
        arrived = b.emit(f"atomicrmw add ptr {self.sync.text}, i64 1 seq_cst", _I64)
        round_ = b.emit(f"udiv i64 {arrived.text}, {self.layout.threads}", _I64)
        wanted = b.imul(b.iadd(round_, b.i64(1)), b.i64(self.layout.threads))
        wait, done, rest = b.fresh("wait"), b.fresh("done"), b.fresh("rest")
        again = b.fresh("again")
        entry = b.block
        b.jump(wait)
        b.label(wait)
        spins, more = b.fresh(), b.fresh()
        b.lines.append(f"{spins} = phi i64 [ 0, %{entry} ], [ {more}, %{again} ]")
        now = b.emit(f"load atomic i64, ptr {self.sync.text} seq_cst, align 8", _I64)
        b.branch(b.icmp("sge", now, wanted), done, rest)
        b.label(rest)
        b.lines.append(f"{more} = add i64 {spins}, 1")
        pause = b.fresh("pause")
        b.branch(b.icmp("sgt", Value(more, _I64), b.i64(_SPINS)), pause, again)
        b.label(pause)
        function = self._table_entry(self.layout.table.pause)
        b.emit(f"call i32 {function.text}()", Type("i32"))
        b.jump(again)
        b.label(again)
        b.jump(wait)
        b.label(done)
        b.lines.append("fence seq_cst")


def _summed(section: Section, rows: RowAnalysis) -> list[Node]:
    """The nodes of a section that sum over rows."""
    nodes: list[Node] = []
    for stage in section.stages:
        members = stage.nodes if isinstance(stage, LoopStage) else [stage.node]
        nodes += [node for node in members if node in rows.summed]
    return nodes


def memory_scalar(buffer: Buffer) -> str:
    """The LLVM type of an element in memory: a Boolean is a byte."""
    scalar = scalar_of(buffer.dtype)
    return "i8" if scalar == "i1" else scalar


def partial_view(node: Node, number: int) -> View:
    """A buffer for one thread's total."""
    buffer = Buffer(Home.PARTIAL, number, node.dtype, node.size, label=node.name or node.op.name)
    return View(buffer, node.shape, c_strides(node.shape))
