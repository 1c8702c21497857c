"""The code of one compiled graph: pointers, tiles of rows, threads that meet at a barrier, and the loop over steps.

The function is called with a table of pointers. Each thread runs the same code over its share of the tiles; what sums
over rows goes into totals of the thread's own, which all threads then add up in the same order. So every thread knows
the same sums, and goes on by itself to the next step: one barrier a step is enough, and results do not depend on who
comes first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.arrays import DATA_OFFSET
from chainrule.native.assembly.builder import Builder
from chainrule.native.assembly.emitter import Emitter, memory_scalar
from chainrule.native.assembly.sections import emit_sections, emit_steps
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.buffers import Buffer, Home, View
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.memory import ALIGNMENT
from chainrule.native.target import Target

__all__ = ["FunctionCode"]

_I64, _PTR = Type("i64"), Type("ptr")

#: More stages than this are compiled as functions, one for all stages of the same kind.
_MOST_INLINE = 40


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
    module : _Module, optional
        Where the function is the body of a branch or a loop: the module of the kernel.

    Attributes
    ----------
    b : Builder
        Of the function that is being written, and `e`, its `Emitter`.
    outlines : bool
        Whether stages are functions of their own. A program of many stages has many of the same kind, such as the
        steps of a recurrent network.
    functions : dict
        Name and text of those functions, by the kind of stage.
    row_count, tile_rows : int
        All rows, and those of a tile.
    rows : int or Value
        The rows of the present tile; all, outside of tiles.
    row_start : Value or None
        The first row of the present tile.
    in_tiles : bool
        Whether a section over rows is being written.
    summing : frozenset of Node
        Nodes that sum over rows in the section that is being written.
    pointers : dict
        Where the memory of each home begins; by their number for arguments, constants and results.
    thread, sync, arena, epoch : Value
        The number of the thread; where threads meet; the memory of all threads; how often they
        have added up their totals.
    step, history : Value
        In a loop of steps: the number of the step, and where the results that are kept go.
    """

    sync: Value
    arena: Value
    epoch: Value
    step: Value
    history: Value

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
        self.outlines = sum(len(section.stages) for section in layout.sections) > _MOST_INLINE
        self.functions: dict[Hashable, tuple[str, str]] = {}
        self.row_count, self.tile_rows = layout.rows.count, layout.tile_rows
        self.rows: int | Value = layout.rows.count
        self.row_start: Value | None = None
        self.in_tiles = False
        self.summing: frozenset[Node] = frozenset()
        self.pointers: dict[tuple[Home, int], Value] = {}
        self.thread = Value("%thread", _I64)

    # What stages ask -----------------------------------------------------------------------------------------------

    def view(self, node: Node) -> View:
        """Where a node lies."""
        if node in self.summing and node in self.layout.partials:
            return self.layout.partials[node]
        return self.layout.memory.view(node)

    def rows_times(self, count: int) -> int | Value:
        """The rows of the present tile, times a number."""
        if isinstance(self.rows, int):
            return self.rows * count
        return self.rows if count == 1 else self.b.imul(self.rows, self.b.i64(count))

    def accumulates(self, node: Node) -> bool:
        """Whether a result is added to what is there already."""
        return self.in_tiles and self.layout.tiles > self.layout.threads and node in self.layout.rows.summed

    def row_role(self, node: Node) -> int | None:
        """The axis of a product that runs over rows; -1 where rows are summed over."""
        if not self.in_tiles:
            return None
        return -1 if node in self.layout.rows.summed else self.layout.rows.axis.get(node)

    def base(self, view: View, row_stride: int) -> Value:
        """The address where a view begins, in the present tile."""
        buffer = view.buffer
        scalar = memory_scalar(buffer.dtype)
        address = self._buffer_address(buffer)
        if view.offset:
            address = self.b.address(address, self.b.i64(view.offset), scalar)
        if self.row_start is not None and row_stride and not buffer.in_tile:
            skipped = self.b.imul(self.row_start, self.b.i64(row_stride))
            address = self.b.address(address, skipped, scalar)
        return address

    def _buffer_address(self, buffer: Buffer) -> Value:
        home = buffer.home
        if home in (Home.LEAF, Home.CONSTANT, Home.OUTPUT):
            return self.pointers[home, buffer.index]
        if home is Home.HISTORY:
            return self.b.address(self.history, self.step, memory_scalar(buffer.dtype))
        return self.b.address(self.pointers[home, 0], self.b.i64(buffer.offset), "i8")

    def array(self, slot: int) -> Value:
        """The elements of an array that was handed over."""
        reference = self.table_entry(slot)
        if DATA_OFFSET is None:
            return reference
        return self.b.load(self.b.address(reference, self.b.i64(DATA_OFFSET), "i8"), _PTR)

    def table_entry(self, slot: int) -> Value:
        """A pointer that the caller gives."""
        return self.b.load(self.b.address(Value("%table", _PTR), self.b.i64(slot), "ptr"), _PTR)

    @contextmanager
    def apart(self, rows: int | Value, *, keeps_names: bool = False) -> Iterator[Builder]:
        """Write the body of another function, with its own name for the number of rows.

        With `keeps_names` its arguments have the names that their values have outside, and new names are others.
        """
        outside = self.b, self.e, self.rows
        self.b = Builder(self.target.lanes_of, self.target.has_fma, self.target.has_avx512)
        if keeps_names:
            self.b.number_from(outside[0])
        self.e, self.rows = Emitter(self.b), rows
        yield self.b
        outside[0].declarations |= self.b.declarations
        self.b, self.e, self.rows = outside

    def visible_values(self) -> list[Value]:
        """What the code of a stage may refer to besides its own values: addresses, and the number of the step."""
        values = [*self.pointers.values(), *([self.history, self.step] if self.layout.is_loop else [])]
        return list({value.text: value for value in values if value.text.startswith("%")}.values())

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
            emit_steps(self)
        else:
            emit_sections(self)
        b.lines.append("ret void")
        self._module.declarations |= b.declarations
        stages = [text for _, text in self.functions.values()]
        return [*stages, header, *b.lines, "}"]

    def _take_pointers(self) -> str:
        """The head of a body's function, whose arguments are the pointers themselves."""
        table = self.layout.table
        leaves = [Value(f"%leaf{i}", _PTR) for i in range(table.leaves)]
        results = [Value(f"%result{i}", _PTR) for i in range(table.outputs)]
        arena, self.sync = Value("%arena", _PTR), Value("%sync", _PTR)
        self.pointers |= {(Home.LEAF, i): value for i, value in enumerate(leaves)}
        self.pointers |= {(Home.OUTPUT, i): value for i, value in enumerate(results)}
        self.pointers[Home.ARENA, 0] = arena
        self._write_constants()
        arguments = ", ".join(map(str, (*leaves, *results, arena, self.sync)))
        return f"define internal void @{self.name}({arguments}) {{"

    def _write_constants(self) -> None:
        """The constants of a body, as a part of the code."""
        for i, node in enumerate(self.layout.constants):
            name = f"@{self.name}.constant{i}"
            data = "".join(f"\\{byte:02X}" for byte in np.ascontiguousarray(node._value, node.dtype).tobytes())
            self._module.globals.append(
                f'{name} = private constant [{node.size * node.dtype.itemsize} x i8] c"{data}", align {ALIGNMENT}'
            )
            self.pointers[Home.CONSTANT, i] = Value(name, _PTR)

    def call(self, body: Layout, pointers: Sequence[Value]) -> None:
        """Call the function of a body with its leaves, outputs and arena; it is written when it is first called."""
        name = body.body_name
        if name not in self._module.functions:
            function = FunctionCode(body, self.target, name, module=self._module)
            self._module.functions[name] = function._definition()
        self.b.lines.append(f"call void @{name}({', '.join(map(str, (*pointers, self.sync)))})")

    def _load_pointers(self) -> None:
        """The pointers that the caller gives in the table, as far as they are used."""
        b, table, layout = self.b, self.layout.table, self.layout
        used: dict[tuple[Home, int], Buffer] = {}
        for view in layout.memory.views():
            if view.buffer.home in (Home.LEAF, Home.CONSTANT, Home.OUTPUT):
                used.setdefault((view.buffer.home, view.buffer.index), view.buffer)
        for key, buffer in used.items():
            self.pointers[key] = self.array(table.slot(buffer))
        self.arena = self.table_entry(table.arena)
        self._divide_arena()
        self.sync = self.table_entry(table.sync)
        self.epoch = b.emit("alloca i64", _PTR)
        b.store(b.i64(0), self.epoch)

    def _divide_arena(self) -> None:
        """What threads share comes first, then two sets of totals, then for each thread its state and its arena."""
        b, layout, arena = self.b, self.layout, self.arena
        shared = layout.shared_bytes + 2 * layout.threads * layout.partial_bytes
        mine = b.imul(self.thread, b.i64(layout.arena_bytes + 2 * layout.state_bytes))
        private = b.address(b.address(arena, b.i64(shared), "i8"), mine, "i8")
        self.pointers[Home.SHARED, 0] = arena
        self.pointers[Home.ARENA, 0] = b.address(private, b.i64(2 * layout.state_bytes), "i8")
        state = b.address(arena, b.i64(shared), "i8") if layout.shares_state else private
        self.pointers[Home.STATE, 0] = state
        self.pointers[Home.NEXT_STATE, 0] = b.address(state, b.i64(layout.state_bytes), "i8")
        self.pointers[Home.PARTIAL, 0] = arena
