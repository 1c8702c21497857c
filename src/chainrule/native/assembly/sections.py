"""The sections of a kernel, one after the other, and the loop over steps around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule.native.assembly.control import ControlStage
from chainrule.native.assembly.emitter import memory_scalar
from chainrule.native.assembly.nests import LoopNest
from chainrule.native.assembly.outlining import emit_run, emit_stage
from chainrule.native.assembly.threads import barrier, is_first_thread, part_of
from chainrule.native.assembly.tiles import emit_row_section, pick_rows
from chainrule.native.assembly.values import Type, Value
from chainrule.native.planning.buffers import Home
from chainrule.native.planning.layout import SHARED_SIZE
from chainrule.native.planning.stages import LoopStage, Section

if TYPE_CHECKING:
    from chainrule.native.assembly.code import FunctionCode

__all__ = ["STEPS_TAKEN", "emit_sections", "emit_steps"]

#: Where, in the block of memory in which threads meet, the number of steps is left.
STEPS_TAKEN = 1


def emit_steps(code: FunctionCode) -> None:
    """Write all steps: parameters are read from one half of the state and written to the other, in turn."""
    b, layout = code.b, code.layout
    first, second = code.pointers[Home.STATE, 0], code.pointers[Home.NEXT_STATE, 0]
    given = code.table_entry(layout.table.state)
    code.history = code.table_entry(layout.table.history)
    b.copy_bytes(given, first, layout.state_bytes)
    loop = b.begin_loop(b.i64(0), Value("%steps", Type("i64")), 1, [first, second])
    code.pointers[Home.STATE, 0], code.pointers[Home.NEXT_STATE, 0] = loop.carried
    code.step = loop.index
    if not layout.picks_by_tiles:
        pick_rows(code)
    emit_sections(code)
    last, _ = b.end_loop(loop, [loop.carried[1], loop.carried[0]], unless=_is_spoilt(code))
    begun = b.begin_if(is_first_thread(code))
    b.copy_bytes(last, given, layout.state_bytes)
    b.store(Value(loop.next_index, Type("i64")), b.address(code.sync, b.i64(STEPS_TAKEN), "i64"))
    b.end_if(begun)


def _is_spoilt(code: FunctionCode) -> Value | None:
    """Whether the loss of this step is NaN or infinite, in code that checks it."""
    history, b = code.layout.history, code.b
    if history is None or not code.checks_finite:
        return None
    view = code.view(history)
    loss = b.load(code.base(view, 0), Type(memory_scalar(view.dtype)))
    return b.not_(code.e.isfinite(loss))


#: Stages that one function calls: over thousands of calls in one function LLVM takes longer than in proportion.
_MOST_CALLS = 64


def emit_sections(code: FunctionCode) -> None:
    """Write the sections, once."""
    layout = code.layout
    last_rows = max((i for i, section in enumerate(layout.sections) if section.over_rows), default=-1)
    for position, section in enumerate(layout.sections):
        if section.over_rows:
            emit_row_section(code, section)
        elif layout.threads > 1 and not layout.is_loop and position > last_rows:
            # no thread needs what comes now, so one computes it
            begun = code.b.begin_if(is_first_thread(code))
            _emit_whole_section(code, section)
            code.b.end_if(begun)
        else:
            _emit_whole_section(code, section)
    if layout.is_loop and layout.shared_bytes:
        barrier(code)


def _emit_whole_section(code: FunctionCode, section: Section) -> None:
    """A section that sees all of an array at once: every thread computes it for itself, or a part of what is large."""
    if code.outlines and not any(isinstance(stage, ControlStage) for stage in section.stages):
        for start in range(0, len(section.stages), _MOST_CALLS):
            emit_run(code, section.stages[start : start + _MOST_CALLS])
        return
    for stage in section.stages:
        if isinstance(stage, LoopStage) and _is_shared(code, stage):
            emit_stage(code, stage, part_of(code, math.prod(stage.domain)))
            barrier(code)
        else:
            emit_stage(code, stage)


def _is_shared(code: FunctionCode, stage: LoopStage) -> bool:
    """Whether each thread does a part of a loop, such as the update of many parameters."""
    layout = code.layout
    if not layout.shares_state or code.outlines:
        return False
    homes = {layout.memory.view(node).buffer.home for node in stage.stored}
    return (
        math.prod(stage.domain) >= SHARED_SIZE
        and not stage.reductions
        and homes <= {Home.NEXT_STATE, Home.SHARED}
        and LoopNest(code, stage).is_flat
    )
