"""Threads: where they wait for each other, what each of them does, and how their totals are added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.native.assembly.emitter import memory_scalar
from chainrule.native.assembly.lanes import lane_loop, load_lanes, store_lanes
from chainrule.native.assembly.totals import joined
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.buffers import Home
from chainrule.native.planning.memory import ALIGNMENT

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["add_up", "barrier", "is_first_thread", "part_of", "partial_address"]

_I64 = Type("i64")

#: A waiting thread looks this often before it lets others have the processor.
_SPINS = 200


def is_first_thread(code: FunctionCode) -> Value:
    """Whether this is the thread that does alone what is not shared."""
    return code.b.icmp("eq", code.thread, code.b.i64(0))


def part_of(code: FunctionCode, length: int) -> tuple[Value, Value]:
    """Where this thread's part of an axis begins, and how long it is; parts begin at cache lines."""
    b = code.b
    size = -(-length // code.layout.threads)
    size = -(-size // ALIGNMENT) * ALIGNMENT
    start = b.intrinsic("smin", b.imul(code.thread, b.i64(size)), b.i64(length))
    return start, b.intrinsic("smin", b.isub(b.i64(length), start), b.i64(size))


# Totals ---------------------------------------------------------------------------------------------------------------


def partial_address(code: FunctionCode, thread: Value | int) -> Value:
    """Where the totals of a thread are; two sets take turns, as one may still be read."""
    b, layout = code.b, code.layout
    number = b.i64(thread) if isinstance(thread, int) else thread
    turn = b.and_(b.load(code.epoch, _I64), b.i64(1))
    place = b.iadd(b.imul(turn, b.i64(layout.threads)), number)
    skipped = b.iadd(b.imul(place, b.i64(layout.partial_bytes)), b.i64(layout.shared_bytes))
    return b.address(code.arena, skipped, "i8")


def add_up(code: FunctionCode, summed: Sequence[Node]) -> None:
    """Add up the totals of all threads, in the order of the threads; from here on the other set is used."""
    b = code.b
    places = [partial_address(code, thread) for thread in range(code.layout.threads)]
    for node in summed:
        _add_up_node(code, node, places)
    if any(_is_shared(code, node) for node in summed):
        barrier(code)
    b.store(b.iadd(b.load(code.epoch, _I64), b.i64(1)), code.epoch)


def _is_shared(code: FunctionCode, node: Node) -> bool:
    """Whether there is one total for all threads, of which each adds up a part."""
    return code.layout.memory.view(node).buffer.home is Home.SHARED


def _add_up_node(code: FunctionCode, node: Node, places: Sequence[Value]) -> None:
    b = code.b
    partial, total = code.layout.partials[node], code.layout.memory.view(node)
    scalar = memory_scalar(partial.dtype)
    lanes = code.target.lanes_of[scalar]
    sources = [b.address(place, b.i64(partial.buffer.offset), "i8") for place in places]
    target = code.base(total, 0)
    length: int | Value = total.buffer.size
    if _is_shared(code, node):
        start, length = part_of(code, total.buffer.size)
        *sources, target = [b.address(pointer, start, scalar) for pointer in (*sources, target)]

    def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        type = Type(scalar, lanes)
        first, *others = [load_lanes(b, b.address(source, index, scalar), type, mask) for source in sources]
        for other in others:
            first = joined(code.e, node.op.name, first, other)
        store_lanes(b, first, b.address(target, index, scalar), mask)
        return []

    lane_loop(b, length, lanes, [], body)


# Meeting --------------------------------------------------------------------------------------------------------------


def barrier(code: FunctionCode) -> None:
    """Wait until all threads are here: a counter goes up by one for each, and is never reset."""
    b, threads = code.b, code.layout.threads
    b.lines.append("fence seq_cst")
    arrived = b.emit(f"atomicrmw add ptr {code.sync.text}, i64 1 seq_cst", _I64)
    round_ = b.emit(f"udiv i64 {arrived.text}, {threads}", _I64)
    wanted = b.imul(b.iadd(round_, b.i64(1)), b.i64(threads))
    _wait_for(code, wanted)
    b.lines.append("fence seq_cst")


def _wait_for(code: FunctionCode, wanted: Value) -> None:
    """Look at the counter until it is high enough; after many looks, let others have the processor in between."""
    b = code.b
    wait, done, rest = b.fresh("wait"), b.fresh("done"), b.fresh("rest")
    again = b.fresh("again")
    entry = b.block
    b.jump(wait)
    b.label(wait)
    spins, more = b.fresh(), b.fresh()
    b.lines.append(f"{spins} = phi i64 [ 0, %{entry} ], [ {more}, %{again} ]")
    now = b.emit(f"load atomic i64, ptr {code.sync.text} seq_cst, align 8", _I64)
    b.branch(b.icmp("sge", now, wanted), done, rest)
    b.label(rest)
    b.lines.append(f"{more} = add i64 {spins}, 1")
    pause = b.fresh("pause")
    b.branch(b.icmp("sgt", Value(more, _I64), b.i64(_SPINS)), pause, again)
    b.label(pause)
    function = code.table_entry(code.layout.table.pause)
    b.emit(f"call i32 {function.text}()", Type("i32"))
    b.jump(again)
    b.label(again)
    b.jump(wait)
    b.label(done)
