"""The memory of a kernel: where arguments and results lie, and a place in an arena for everything else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from chainrule.graph.node import Node
from chainrule.native.planning.buffers import Buffer, Home
from chainrule.native.planning.layout import SHARED_SIZE, Layout, Table, partial_view
from chainrule.native.planning.memory import Arena, Memory
from chainrule.native.planning.nodes import is_immediate
from chainrule.native.planning.request import Request
from chainrule.native.planning.stages import nodes_of, sources_of, written_buffers

__all__ = ["packed_leaves", "place_ends", "plan_arenas"]


def place_ends(request: Request, outputs: Sequence[Node], memory: Memory, table: Table) -> None:
    """Leaves, constants and outputs get their memory; parameters and what replaces them lie in the state."""
    packed = packed_leaves(request, memory)
    state = {leaf: (position, output) for position, (leaf, output) in enumerate(request.state)}
    replaced = {output: position for position, (_, output) in state.items()}
    for index, node in enumerate(request.leaves):
        if index in state:
            memory.give(node, Home.STATE, state[index][0])
        elif index in request.batch:
            memory.give(node, Home.ARENA, -1)
        else:
            memory.give(node, Home.LEAF, index, packed=index in packed)
    for index, node in enumerate(request.constants):
        memory.give(node, Home.CONSTANT, index)
    for index, node in enumerate(outputs):
        if index in replaced:
            memory.receive(node, Home.NEXT_STATE, replaced[index])
        elif index == request.history:
            memory.receive(node, Home.HISTORY, 0)
        else:
            memory.receive(node, Home.OUTPUT, table.outputs)
            table.outputs += 1


def packed_leaves(request: Request, memory: Memory) -> tuple[int, ...]:
    """Data that a loop of steps wants with rows innermost, so that vectors along rows read it at once."""
    if not (memory.rows_innermost and request.history is not None):
        return ()
    moving = {leaf for leaf, _ in request.state} | set(request.batch)
    return tuple(
        index
        for index, node in enumerate(request.leaves)
        if index not in moving and memory.rows.given.get(node) == 0 and node.ndim > 1
    )


def plan_arenas(layout: Layout, request: Request) -> None:
    """Offsets of all buffers in the arenas.

    Parameters
    ----------
    layout : Layout
        Takes the sizes of the arenas, and the views of the totals of a thread.
    request : Request
    """
    _plan_state(layout, request)
    shared, private, partial = Arena(request.guard), Arena(request.guard), Arena(request.guard)
    _plan_shared(layout, shared)
    if layout.threads > 1:
        _plan_partials(layout, partial)
    for _, node in layout.batch:
        private.take(layout.memory.view(node).buffer)
    _plan_temporaries(layout, private)
    layout.shared_bytes, layout.arena_bytes, layout.partial_bytes = shared.size, private.size, partial.size
    layout.memory.is_planned = True


def _plan_state(layout: Layout, request: Request) -> None:
    """What replaces a parameter has the same place in the other half of the state."""
    memory, state = layout.memory, Arena()
    before = [memory.view(request.leaves[leaf]).buffer for leaf, _ in request.state]
    for buffer in before:
        state.take(buffer)
    for view in list(memory.views()):
        if view.buffer.home is Home.NEXT_STATE:
            view.buffer.offset = before[view.buffer.index].offset
    layout.state_bytes = state.size
    layout.shares_state = layout.threads > 1 and layout.is_loop and state.size >= 4 * SHARED_SIZE


def _plan_shared(layout: Layout, shared: Arena) -> None:
    """Arrays that one section computes by rows and another reads as a whole; with a common state also large totals."""
    memory = layout.memory
    large = (node for node in memory.rows.summed if node in memory and node.size >= SHARED_SIZE)
    for node in chain(memory.whole, large if layout.shares_state else ()):
        buffer = memory.view(node).buffer
        if buffer.home is Home.ARENA:
            buffer.home = Home.SHARED
            shared.take(buffer)


def _plan_partials(layout: Layout, partial: Arena) -> None:
    """The totals of a thread."""
    computed = {node for section in layout.sections for stage in section.stages for node in nodes_of(stage)}
    for number, node in enumerate(node for node in layout.memory.rows.summed if node in computed):
        layout.partials[node] = partial_view(node, number)
        partial.take(layout.partials[node].buffer)


# Temporary values -----------------------------------------------------------------------------------------------------


def _plan_temporaries(layout: Layout, arena: Arena) -> None:
    """Each temporary value has a place from the stage that writes it to the last one that reads it."""
    memory = layout.memory
    writes = _writes(layout)  # first, as memory knows a node once it was asked where it lies
    totals = dict.fromkeys(memory.view(node).buffer for node in memory.rows.summed if node in memory)
    for buffer in totals:  # over all tiles, so for good
        if buffer.home is Home.ARENA:
            arena.take(buffer)
    dying: dict[int, list[Buffer]] = {}
    for buffer, number in _last_uses(layout, writes).items():
        dying.setdefault(number, []).append(buffer)
    placed = set(totals)
    for number, buffers in enumerate(chain.from_iterable(writes)):
        for buffer in buffers:
            if buffer not in placed:  # an array that is joined from parts is written in several stages
                arena.take(buffer)
                placed.add(buffer)
        for buffer in dying.get(number, ()):
            if buffer.home is Home.ARENA and buffer not in totals:
                arena.give_back(buffer)


def _writes(layout: Layout) -> list[list[list[Buffer]]]:
    """For each stage of each section: the buffers in the arena that it writes to."""
    return [
        [[b for b in written_buffers(stage, layout.memory) if b.home is Home.ARENA] for stage in section.stages]
        for section in layout.sections
    ]


def _last_uses(layout: Layout, writes: list[list[list[Buffer]]]) -> dict[Buffer, int]:
    """The last stage that reads or writes each buffer; stages are numbered through all sections."""
    memory = layout.memory
    last_use: dict[Buffer, int] = {}
    number = 0
    for section, written in zip(layout.sections, writes, strict=True):
        first = number
        for stage, buffers in zip(section.stages, written, strict=True):
            for source in sources_of(stage):
                base = memory.base_of(source)
                if base not in memory.given and not is_immediate(base) and base in memory:
                    last_use[memory.view(base).buffer] = number
            last_use |= dict.fromkeys(buffers, number)
            number += 1
        if section.over_rows and section.stages:  # the next tile needs what came from outside once more
            own = set(chain.from_iterable(written))
            last_use |= {buffer: number - 1 for buffer, use in last_use.items() if use >= first and buffer not in own}
    return last_use
