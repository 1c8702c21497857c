"""Sections that run over tiles of rows, and the choice of the rows of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.native.assembly.emitter import memory_scalar
from chainrule.native.assembly.lanes import lane_loop, load_lanes, store_lanes
from chainrule.native.assembly.outlining import emit_stage
from chainrule.native.assembly.threads import add_up, barrier, partial_address
from chainrule.native.assembly.totals import neutral_number
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.buffers import Home
from chainrule.native.planning.stages import Section, Stage, nodes_of

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["emit_row_section", "pick_rows"]

_I64 = Type("i64")


def emit_row_section(code: FunctionCode, section: Section) -> None:
    """Write a section that runs for each tile of rows."""
    layout = code.layout
    picks = not section.phase and layout.picks_by_tiles
    code.in_tiles = True
    if layout.is_split:
        _emit_split_section(code, section, picks)
    else:
        _emit_tile(code, section.stages, picks)
    code.in_tiles = False


def _emit_split_section(code: FunctionCode, section: Section, picks: bool) -> None:
    """Each thread goes through its tiles; then all of them add up the totals."""
    is_shared = code.layout.threads > 1
    summed = [node for stage in section.stages for node in nodes_of(stage) if node in code.layout.rows.summed]
    code.summing = frozenset(summed)
    if is_shared:
        code.pointers[Home.PARTIAL, 0] = partial_address(code, code.thread)
    for node in summed:
        if code.accumulates(node):
            _fill(code, node)
    _emit_tiles(code, section.stages, picks)
    code.summing = frozenset()
    if is_shared:
        barrier(code)
        if summed:
            add_up(code, summed)


def _emit_tiles(code: FunctionCode, stages: Sequence[Stage], picks: bool) -> None:
    """The tiles of this thread."""
    b, layout = code.b, code.layout
    count, threads = layout.tiles, layout.threads
    if threads == 1:
        start, stop = b.i64(0), b.i64(count)
    else:
        start = _first_tile(code, code.thread)
        stop = _first_tile(code, b.iadd(code.thread, b.i64(1)))
    begun = b.begin_if(b.icmp("slt", start, stop)) if threads > 1 else None
    loop = b.begin_loop(start, stop)
    code.row_start = b.imul(loop.index, b.i64(layout.tile_rows))
    if layout.rows.count % layout.tile_rows:
        left = b.isub(b.i64(layout.rows.count), code.row_start)
        code.rows = b.intrinsic("smin", left, b.i64(layout.tile_rows))
    else:
        code.rows = layout.tile_rows
    _emit_tile(code, stages, picks)
    b.end_loop(loop)
    if begun:
        b.end_if(begun)
    code.row_start, code.rows = None, layout.rows.count


def _first_tile(code: FunctionCode, thread: Value) -> Value:
    product = code.b.imul(thread, code.b.i64(code.layout.tiles))
    return code.b.emit(f"udiv i64 {product.text}, {code.layout.threads}", _I64)


def _emit_tile(code: FunctionCode, stages: Sequence[Stage], picks: bool) -> None:
    if picks:
        pick_rows(code)
    for stage in stages:
        emit_stage(code, stage)


def _fill(code: FunctionCode, node: Node) -> None:
    """Totals begin at what changes nothing: 0 for a sum."""
    view, b = code.view(node), code.b
    base, scalar = code.base(view, 0), memory_scalar(view.dtype)
    type = Type(scalar, code.target.lanes_of[scalar])
    value = b.constant(neutral_number(node.op.name, node.dtype), type)

    def body(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        store_lanes(b, value, b.address(base, index, scalar), mask)
        return []

    lane_loop(b, view.buffer.size, type.lanes, [], body)


# Rows of a batch ------------------------------------------------------------------------------------------------------


def pick_rows(code: FunctionCode) -> None:
    """The rows of this step, or of this tile: rows of the whole data, in the order that the caller gives."""
    order = code.table_entry(code.layout.table.order)
    for index, node in code.layout.batch:
        _pick_rows_of(code, index, node, order)


def _pick_rows_of(code: FunctionCode, index: int, node: Node, order: Value) -> None:
    b, layout = code.b, code.layout
    view = layout.memory.view(node)
    scalar, width = memory_scalar(view.dtype), node.size // node.shape[0]
    source, target = code.array(index), code.base(view, width)
    first = b.imul(code.step, b.i64(node.shape[0]))
    if code.row_start is not None:
        first = b.iadd(first, code.row_start)

    def row(number: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        picked = b.load(b.address(order, b.iadd(first, number), "i64"), _I64)
        here = b.address(source, b.imul(picked, b.i64(width)), scalar)
        there = b.address(target, b.imul(number, b.i64(width)), scalar)
        _copy_row(code, here, there, scalar, width)
        return []

    lane_loop(b, code.rows_times(1) if layout.rows.axis else node.shape[0], 0, [], row)


def _copy_row(code: FunctionCode, source: Value, target: Value, scalar: str, width: int) -> None:
    b, type = code.b, Type(scalar, code.target.lanes_of[scalar])

    def part(index: Value, mask: Value | None, carried: list[Value]) -> list[Value]:
        value = load_lanes(b, b.address(source, index, scalar), type, mask)
        store_lanes(b, value, b.address(target, index, scalar), mask)
        return []

    lane_loop(b, width, type.lanes, [], part)
