"""Control flow within a kernel: branches and loops that call their bodies, which are functions of their own.

A body takes pointers to its inputs, to where its results go, and to its working memory. The carry of a loop lies in a
block; two blocks take turns, as a step may read a carry after it has written the next one. So a step costs a call and
the change of two pointers, and a loop of a thousand steps is as much code as one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.node import Node
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.bodies import Lowered, bodies_of, lowered
from chainrule.native.planning.buffers import Buffer, Home, View, c_strides
from chainrule.native.planning.memory import ALIGNMENT, Arena, Memory

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode
    from chainrule.native.planning.layout import Layout

__all__ = ["OUT_OF_MEMORY", "Block", "ControlStage", "emit_control", "plan_control", "reads_in_order"]

_I8, _I64, _PTR = Type("i8"), Type("i64"), Type("ptr")

#: Where, in the block of memory in which threads meet, it is noted that memory for the carries of a loop ran out.
OUT_OF_MEMORY = 2

#: Carries for which there is room at first when a while loop writes them down.
_FIRST_ROOM = 16


@dataclass(frozen=True)
class Block:
    """Several arrays as one piece of memory, such as the carry of a loop.

    Attributes
    ----------
    parts : list of Buffer
        Their offsets count from the beginning of the block.
    nbytes : int
    """

    parts: list[Buffer]
    nbytes: int

    @classmethod
    def of(cls, arrays: Iterable[Node], guard: int) -> Block:
        """A block with room for the values of some nodes."""
        arena = Arena(guard)
        parts = [Buffer(Home.ARENA, i, node.dtype, node.size) for i, node in enumerate(arrays)]
        for part in parts:
            arena.take(part)
        return cls(parts, max(arena.size, ALIGNMENT))


@dataclass(eq=False)
class ControlStage:
    """One branch or loop.

    Attributes
    ----------
    node : Node
    sources : list of Node
        What it reads: its inputs, or copies of them in the order in which bodies read their memory.
    results : list of View
        Where its results go.
    bodies : list of Layout
    state : Block
        The carry of a loop.
    gradients : Block
        What the loop that walks back through a while loop carries.
    blocks : list of Buffer
        The two blocks that take turns.
    flag, arena : Buffer
        The truth value that a condition gives; the working memory of the bodies.
    """

    node: Node
    sources: list[Node]
    results: list[View]
    bodies: list[Layout] = field(default_factory=list)
    state: Block = field(default_factory=lambda: Block([], 0))
    gradients: Block = field(default_factory=lambda: Block([], 0))
    blocks: list[Buffer] = field(default_factory=list)
    flag: Buffer | None = None
    arena: Buffer | None = None

    @property
    def buffers(self) -> list[Buffer]:
        """All memory that the stage writes to, in the arena or not."""
        scratch = [buffer for buffer in (self.flag, self.arena) if buffer is not None]
        return [*[view.buffer for view in self.results], *self.blocks, *scratch]

    @property
    def grows(self) -> bool:
        """Whether it asks for memory while it runs, because it does not know how many steps there are."""
        return self.node.op.name == "while_loop_back" or any(body.grows for body in self.bodies)


def reads_in_order(node: Node, position: int, view: View) -> bool:
    """Whether an input lies in memory as bodies read it: in C order, or where it is read by rows each row of it."""
    skipped = 0
    if node.op.name == "scan":
        skipped = int(0 <= position - node.params["carries"] < node.params["columns"])
    shape, strides = view.shape[skipped:], view.strides[skipped:]
    return all(n == 1 or have == want for n, have, want in zip(shape, strides, c_strides(shape), strict=True))


# Memory ---------------------------------------------------------------------------------------------------------------


def plan_control(stage: ControlStage, memory: Memory, lay_out: Callable[[Lowered], Layout], guard: int) -> None:
    """Lay out the bodies of a stage, and make the buffers that it needs while it runs."""
    node = stage.node
    codes = [code for body in bodies_of(node) if (code := lowered(body)) is not None]
    stage.bodies = [lay_out(code) for code in codes]
    stage.arena = memory.scratch(max([ALIGNMENT, *[body.arena_bytes for body in stage.bodies]]), "bodies")
    if node.op.name == "cond":
        return
    carries = node.params["carries"]
    stage.state = turns = Block.of(codes[-1].inputs[:carries], guard)
    if node.op.name == "while_loop_back":
        stage.state = Block.of(codes[1].inputs[:carries], guard)
        stage.gradients = turns = Block.of(codes[2].outputs, guard)
    stage.blocks = [memory.scratch(turns.nbytes, label) for label in ("carry", "next carry")]
    if node.op.name != "scan":
        stage.flag = memory.scratch(1, "condition")


# Code -----------------------------------------------------------------------------------------------------------------


def emit_control(code: FunctionCode, stage: ControlStage) -> None:
    """Write the code of a branch or a loop."""
    _EMITTERS[stage.node.op.name](_Emission(code, stage))


class _Emission:
    """A stage under construction: addresses of what it reads and writes."""

    def __init__(self, code: FunctionCode, stage: ControlStage) -> None:
        self.code, self.b, self.stage, self.params = code, code.b, stage, stage.node.params
        self.views = [code.view(source) for source in stage.sources]
        self.inputs = [code.base(view, 0) for view in self.views]
        self.results = [code.base(view, 0) for view in stage.results]
        self.blocks = [self.address_of(buffer) for buffer in stage.blocks]

    def address_of(self, buffer: Buffer) -> Value:
        return self.code.base(View(buffer, (), ()), 0)

    def parts(self, block: Block, start: Value) -> list[Value]:
        """Addresses of the arrays in a block."""
        return [self.b.address(start, self.b.i64(part.offset), "i8") for part in block.parts]

    def row(self, start: Value, number: Value, nbytes: int) -> Value:
        """The address of a row."""
        return self.b.address(start, self.b.imul(number, self.b.i64(nbytes)), "i8")

    def copy(self, block: Block, sources: Sequence[Value], targets: Sequence[Value]) -> None:
        """Copy arrays of the sizes of a block's parts."""
        for part, source, target in zip(block.parts, sources, targets, strict=True):
            self.b.copy_bytes(source, target, part.nbytes)

    def fill_zeros(self, parts: Sequence[Buffer], targets: Sequence[Value]) -> None:
        for part, target in zip(parts, targets, strict=True):
            self.b.zero_bytes(target, part.nbytes)

    def call(self, position: int, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        """Run a body."""
        assert self.stage.arena is not None
        self.code.call(self.stage.bodies[position], [*inputs, *outputs, self.address_of(self.stage.arena)])

    def holds(self, state: Sequence[Value], fixed: Sequence[Value]) -> Value:
        """Whether the condition of a while loop holds for a carry."""
        assert self.stage.flag is not None
        flag = self.address_of(self.stage.flag)
        self.call(0, [*state, *fixed], [flag])
        return self.truth(flag)

    def truth(self, pointer: Value) -> Value:
        """A Boolean in memory."""
        return self.b.icmp("ne", self.b.load(pointer, _I8), self.b.constant(0, _I8))


def _emit_cond(e: _Emission) -> None:
    taken = e.truth(e.inputs[0])
    for position, runs in enumerate((taken, e.b.not_(taken))):
        begun = e.b.begin_if(runs)
        e.call(position, e.inputs[1:], e.results)
        e.b.end_if(begun)


def _emit_scan(e: _Emission) -> None:
    b, block = e.b, e.stage.state
    carries, length = e.params["carries"], e.params["length"]
    after = carries + e.params["columns"]
    e.copy(block, e.inputs[:carries], e.parts(block, e.blocks[0]))
    loop = b.begin_loop(b.i64(0), b.i64(length), 1, e.blocks)
    now, following = loop.carried
    t = b.isub(b.i64(length - 1), loop.index) if e.params["reverse"] else loop.index
    columns = [
        e.row(start, t, view.strides[0] * view.dtype.itemsize)
        for start, view in zip(e.inputs[carries:after], e.views[carries:after], strict=True)
    ]
    stacked = [
        e.row(start, t, view.strides[0] * view.dtype.itemsize)
        for start, view in zip(e.results[carries:], e.stage.results[carries:], strict=True)
    ]
    e.call(0, [*e.parts(block, now), *columns, *e.inputs[after:]], [*e.parts(block, following), *stacked])
    last, _ = b.end_loop(loop, [following, now])
    e.copy(block, e.parts(block, last), e.results[:carries])


def _emit_while(e: _Emission) -> None:
    b, block = e.b, e.stage.state
    carries = e.params["carries"]
    fixed = e.inputs[carries:]
    first = e.parts(block, e.blocks[0])
    e.copy(block, e.inputs[:carries], first)
    begun = b.begin_if(e.holds(first, fixed))
    loop = b.begin_loop(b.i64(0), _endless(e), 1, e.blocks)
    now, following = loop.carried
    state = e.parts(block, following)
    e.call(1, [*e.parts(block, now), *fixed], state)
    last, _ = b.end_loop(loop, [following, now], unless=b.not_(e.holds(state, fixed)))
    (last,) = b.end_if(begun, [e.blocks[0]], [last])
    e.copy(block, e.parts(block, last), e.results)


def _endless(e: _Emission) -> Value:
    return e.b.i64(int(np.iinfo(np.int64).max))


# Walking back through a while loop ------------------------------------------------------------------------------------


def _emit_while_back(e: _Emission) -> None:
    """Run the loop, with its carries one after the other in memory that grows; then walk back through them."""
    b, carries = e.b, e.params["carries"]
    count = len(e.inputs) - sum(position < carries for position in e.params["moving"])
    fixed, seeds = e.inputs[carries:count], e.inputs[count:]
    states, room = _run_and_keep(e, e.inputs[:carries], fixed)
    _walk_back(e, states, room, fixed, seeds)
    b.declarations.add("declare void @free(ptr)")
    b.lines.append(f"call void @free(ptr {states.text})")


def _run_and_keep(e: _Emission, start: Sequence[Value], fixed: Sequence[Value]) -> tuple[Value, Value]:
    """The carries before all steps, and how many steps there are."""
    b, block = e.b, e.stage.state
    none = b.i64(0)
    states, is_there = _grown(e, Value("null", _PTR), b.i64(_FIRST_ROOM))
    begun_there = b.begin_if(is_there)
    first = e.parts(block, states)
    e.copy(block, start, first)
    begun = b.begin_if(e.holds(first, fixed))
    loop = b.begin_loop(none, _endless(e), 1, [states, b.i64(_FIRST_ROOM)])
    kept, room = loop.carried
    following = b.iadd(loop.index, b.i64(1))

    full = b.begin_if(b.icmp("eq", following, room))
    more = b.iadd(room, room)
    moved, has_grown = _grown(e, kept, more)
    kept, room, fits = b.end_if(full, [kept, room, b.constant(1, Type("i1"))], [moved, more, has_grown])

    goes_on = b.constant(0, Type("i1"))
    fitting = b.begin_if(fits)
    state = e.parts(block, e.row(kept, following, block.nbytes))
    e.call(1, [*e.parts(block, e.row(kept, loop.index, block.nbytes)), *fixed], state)
    (goes_on,) = b.end_if(fitting, [goes_on], [e.holds(state, fixed)])
    kept, _ = b.end_loop(loop, [kept, room], unless=b.not_(goes_on))

    kept, steps = b.end_if(begun, [states, none], [kept, Value(loop.next_index, _I64)])
    kept, steps = b.end_if(begun_there, [states, none], [kept, steps])
    return kept, steps


def _grown(e: _Emission, states: Value, room: Value) -> tuple[Value, Value]:
    """Memory with room for more carries, and whether there was so much; else it is noted, and the old memory stays."""
    b = e.b
    b.declarations.add("declare ptr @realloc(ptr, i64)")
    nbytes = b.imul(room, b.i64(e.stage.state.nbytes))
    moved = b.emit(f"call ptr @realloc(ptr {states.text}, i64 {nbytes.text})", _PTR)
    is_there = b.icmp("ne", moved, Value("null", _PTR))
    begun = b.begin_if(b.not_(is_there))
    b.store(b.i64(1), b.address(e.code.sync, b.i64(OUT_OF_MEMORY), "i64"))
    b.end_if(begun)
    return b.select(is_there, moved, states), is_there


def _walk_back(e: _Emission, states: Value, steps: Value, fixed: Sequence[Value], seeds: Sequence[Value]) -> None:
    """From the upstream gradients of the last carry to those of the first."""
    b, block = e.b, e.stage.gradients
    live = len(seeds)
    first = e.parts(block, e.blocks[0])
    e.copy(Block(block.parts[:live], 0), seeds, first[:live])
    e.fill_zeros(block.parts[live:], first[live:])
    begun = b.begin_if(b.icmp("sgt", steps, b.i64(0)))
    loop = b.begin_loop(b.i64(0), steps, 1, e.blocks)
    now, following = loop.carried
    number = b.isub(b.isub(steps, b.i64(1)), loop.index)
    state = e.parts(e.stage.state, e.row(states, number, e.stage.state.nbytes))
    e.call(2, [*e.parts(block, now), *state, *fixed], e.parts(block, following))
    last, _ = b.end_loop(loop, [following, now])
    (last,) = b.end_if(begun, [e.blocks[0]], [last])
    e.copy(block, e.parts(block, last), e.results)


_EMITTERS: dict[str, Callable[[_Emission], None]] = {
    "scan": _emit_scan,
    "cond": _emit_cond,
    "while_loop": _emit_while,
    "while_loop_back": _emit_while_back,
}
