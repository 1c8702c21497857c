"""From a graph that compiled code can compute as a whole to the layout of its code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.graph.node import Node, ancestors
from chainrule.native.bodies import Lowered, is_result
from chainrule.native.buffers import Buffer, Home
from chainrule.native.control import plan_control
from chainrule.native.layout import SHARED_SIZE, Layout, Table, partial_view
from chainrule.native.memory import VIEWS, Arena, Memory
from chainrule.native.nodes import ADDITION, is_immediate
from chainrule.native.rows import RowAnalysis, analyse_rows
from chainrule.native.schedule import schedule
from chainrule.native.stages import nodes_of, section_of, sources_of, written_buffers
from chainrule.native.target import Target
from chainrule.ops.shaping import cast

__all__ = ["Request", "make_layout"]

#: Bytes that the values of a tile of rows may take: half of a second-level cache of 1 MiB.
TILE_BYTES = 512 * 1024

#: Operations, roughly, that are worth a thread of their own: in a loop of steps, where threads only have to meet (about
#: five microseconds of work), and in a single call, for which they are woken (about fifty).
STEP_WORK = 150_000
CALL_WORK = 1_500_000

#: Nodes that are written more than once, first as a whole and then in parts.
OVERWRITING = frozenset({"scatter", "index_set", ADDITION})


@dataclass
class Request:
    """What to compile.

    Attributes
    ----------
    outputs : sequence of Node
    leaves : sequence of Node
        Nodes whose values are given at each call.
    constants : sequence of Node
        Arrays that are always the same.
    state : sequence of (int, int), default ()
        In a loop of steps: pairs of a leaf and the output that is its value in the next step.
    history : int, optional
        In a loop of steps: the output that is kept for each step.
    data : sequence of Node, optional
        Leaves whose first axis is the row axis; by default those that share the longest first axis.
    batch : sequence of int, default ()
        In a loop of steps: leaves that are rows of larger arrays, picked anew for each step.
    threads : int, default 1
    guard : int, default 0
        Bytes between buffers.
    """

    outputs: Sequence[Node]
    leaves: Sequence[Node]
    constants: Sequence[Node] = ()
    state: Sequence[tuple[int, int]] = ()
    history: int | None = None
    data: Sequence[Node] | None = None
    batch: Sequence[int] = ()
    threads: int = 1
    guard: int = 0


def make_layout(request: Request, target: Target, bodies: dict[Lowered, Layout] | None = None) -> Layout:
    """Decide on rows, tiles, threads, stages and memory.

    Parameters
    ----------
    request : Request
    target : Target
    bodies : dict, optional
        Layouts of bodies of branches and loops in the same kernel, which share their code.
    """
    bodies = {} if bodies is None else bodies
    leaves = [*request.leaves, *request.constants]
    outputs = _own_outputs(request.outputs, set(leaves))
    given = set(leaves)
    order = ancestors([*outputs, *leaves], skip=lambda node: False)
    order = _without_insides(order, outputs, given)
    rows = _find_rows(order, leaves, request)
    lanes = target.lanes_of["double" if any(node.dtype.itemsize == 8 for node in rows.axis) else "float"]
    threads = _thread_count(order, rows, request.threads, request.history is not None)
    innermost = _rows_innermost(order, rows, lanes)
    tile_rows = _tile_rows(order, rows, threads, lanes)
    memory = Memory(rows, tile_rows, innermost)
    table = Table(len(request.leaves), len(request.constants), 0)
    _place_ends(request, outputs, memory, table)
    memory.whole = _needed_whole(order, outputs, rows)
    sections = schedule(order, outputs, memory, rows)
    layout = Layout(sections, memory, rows, table, threads, tile_rows)
    layout.is_loop = bool(request.state) or request.history is not None
    layout.history = outputs[request.history] if request.history is not None else None
    layout.batch = [(index, request.leaves[index]) for index in request.batch]
    layout.packed = packed_leaves(request, memory)
    layout.constants = list(request.constants)
    for stage in layout.control_stages:
        plan_control(stage, memory, lambda body: _body_layout(body, target, bodies, request.guard), request.guard)
    _plan_arena(layout, request)
    return layout


def _body_layout(body: Lowered, target: Target, bodies: dict[Lowered, Layout], guard: int) -> Layout:
    """The layout of a body, which becomes a function that is called with pointers."""
    if body not in bodies:
        request = Request(body.outputs, body.inputs, body.constants, data=[], guard=guard)
        layout = make_layout(request, target, bodies)
        layout.body_name = f"body{len(bodies)}"
        bodies[body] = layout
    return bodies[body]


def _without_insides(order: Sequence[Node], outputs: Sequence[Node], given: set[Node]) -> list[Node]:
    """The nodes that have to be computed: nothing behind a leaf."""
    needed = set(ancestors(outputs, skip=lambda node: node in given)) | given
    return [node for node in order if node in needed]


def _own_outputs(outputs: Sequence[Node], given: set[Node]) -> list[Node]:
    """Outputs that are computed for themselves: a leaf, a view or a second use of a node is copied.

    So is what several loops write, of which threads that all do the same must not see each other's first ones.
    """
    own: list[Node] = []
    for node in outputs:
        is_own = node.inputs and node not in given and node not in own and not is_immediate(node)
        is_second = any(_same_result(node, other) for other in own)
        if not is_own or is_second or node.op.name in VIEWS or node.op.name in OVERWRITING:
            node = cast(node, dtype=node.dtype)
        own.append(node)
    return own


def _same_result(a: Node, b: Node) -> bool:
    return is_result(a) and is_result(b) and a.inputs == b.inputs and a.params == b.params


# Rows ----------------------------------------------------------------------------------------------------------------


def _find_rows(order: Sequence[Node], leaves: Sequence[Node], request: Request) -> RowAnalysis:
    given = set(leaves)
    data = request.data
    if data is None:
        data = _likely_data(leaves)
    if data and data[0].shape[0] > 1:  # of a single row any axis of length 1 could be the row axis
        count = data[0].shape[0]
        found = analyse_rows(order, [node for node in data if node.shape[0] == count], count, given)
        if found.axis and (found.summed or sum(map(_work, found.axis)) > 2 * CALL_WORK):
            return found
    return RowAnalysis(phase=dict.fromkeys(order, 0))


def _likely_data(leaves: Sequence[Node]) -> list[Node]:
    """The leaves that share the first axis which holds most elements."""
    elements: dict[int, int] = {}
    for node in leaves:
        if node.ndim and node.shape[0] >= 32:
            elements[node.shape[0]] = elements.get(node.shape[0], 0) + node.size
    if not elements:
        return []
    count = max(elements, key=lambda n: elements[n])
    return [node for node in leaves if node.ndim and node.shape[0] == count]


def _row_width(node: Node, rows: RowAnalysis) -> int:
    return node.size // max(rows.count, 1)


def _rows_innermost(order: Sequence[Node], rows: RowAnalysis, lanes: int) -> bool:
    """Vectors run along rows where layers are too narrow to fill them."""
    widest = max((_row_width(node, rows) for node in rows.axis if node.op.name not in VIEWS), default=1)
    if widest == 1:
        widest = max((_row_width(node, rows) for node in rows.given), default=1)
        return widest < 4 * lanes
    return widest < 2 * lanes


def _tile_rows(order: Sequence[Node], rows: RowAnalysis, threads: int, lanes: int) -> int:
    """Rows in a tile: its values stay in the cache, and all threads get as many tiles."""
    if not rows.axis:
        return 0
    live = [node for node in rows.axis if node.op.name not in VIEWS]
    width = sum(_row_width(node, rows) * node.dtype.itemsize for node in live) / 2
    width += sum(_row_width(node, rows) * node.dtype.itemsize for node in rows.given if not node.inputs)
    most = max(int(TILE_BYTES / max(width, 1)), lanes)
    tiles = threads * math.ceil(rows.count / (threads * most))
    size = math.ceil(rows.count / tiles)
    if size > 4 * lanes:
        size = -(-size // lanes) * lanes
    return min(size, rows.count)


def _work(node: Node) -> float:
    """Operations, roughly."""
    if node.op.name == "matmul":
        return 2.0 * node.size * node.inputs[0].shape[-1] / 8
    if not node.inputs or node.op.name in VIEWS:
        return 0.0
    return float(max(node.size, node.inputs[0].size)) * (4 if node.op.lower is not None and node.op.partials else 1)


def _thread_count(order: Sequence[Node], rows: RowAnalysis, most: int, in_loop: bool) -> int:
    """Threads, as far as the rows give each of them enough to do."""
    work = sum(_work(node) for node in order if node in rows.axis or node in rows.summed)
    return max(min(most, int(work / (STEP_WORK if in_loop else CALL_WORK)), rows.count // 16), 1)


def _needed_whole(order: Sequence[Node], outputs: Sequence[Node], rows: RowAnalysis) -> dict[Node, None]:
    """Nodes with a row axis of which all rows must be kept: another section reads them."""
    base: dict[Node, Node] = {}
    whole: dict[Node, None] = {}
    for node in order:
        if node.op.name in VIEWS and node.inputs:
            base[node] = base.get(node.inputs[0], node.inputs[0])
            continue
        for source in node.inputs:
            origin = base.get(source, source)
            if origin in rows.axis and section_of(origin, rows) != section_of(node, rows):
                whole[origin] = None
    return whole


# Memory --------------------------------------------------------------------------------------------------------------


def _place_ends(request: Request, outputs: Sequence[Node], memory: Memory, table: Table) -> None:
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


def _plan_arena(layout: Layout, request: Request) -> None:
    """Offsets of all buffers in the arenas."""
    memory = layout.memory
    state = Arena()
    for pair in request.state:
        before = memory.view(request.leaves[pair[0]]).buffer
        state.take(before)
    for view in list(memory.views()):
        if view.buffer.home is Home.NEXT_STATE:
            before = memory.view(request.leaves[request.state[view.buffer.index][0]]).buffer
            view.buffer.offset = before.offset
    layout.state_bytes = state.size
    layout.shares_state = layout.threads > 1 and layout.is_loop and state.size >= 4 * SHARED_SIZE
    shared, private, partial = Arena(request.guard), Arena(request.guard), Arena(request.guard)
    for node in memory.whole:
        buffer = memory.view(node).buffer
        if buffer.home is Home.ARENA:
            buffer.home = Home.SHARED
            shared.take(buffer)
    if layout.shares_state:
        for node in memory.rows.summed:
            if node in memory and node.size >= SHARED_SIZE and memory.view(node).buffer.home is Home.ARENA:
                memory.view(node).buffer.home = Home.SHARED
                shared.take(memory.view(node).buffer)
    if layout.threads > 1:
        for number, node in enumerate(node for node in memory.rows.summed if _is_computed(node, layout)):
            layout.partials[node] = partial_view(node, number)
            partial.take(layout.partials[node].buffer)
    for _, node in layout.batch:
        private.take(memory.view(node).buffer)
    _plan_temporaries(layout, private)
    layout.shared_bytes, layout.arena_bytes, layout.partial_bytes = shared.size, private.size, partial.size
    memory.is_planned = True


def _is_computed(node: Node, layout: Layout) -> bool:
    return any(node in nodes_of(stage) for section in layout.sections for stage in section.stages)


def _plan_temporaries(layout: Layout, arena: Arena) -> None:
    """Each temporary value has a place from the stage that writes it to the last one that reads it."""
    memory = layout.memory
    last_use: dict[Buffer, int] = {}
    writes: list[list[Buffer]] = []
    number = 0
    for section in layout.sections:
        first = number
        for stage in section.stages:
            writes.append([buffer for buffer in written_buffers(stage, memory) if buffer.home is Home.ARENA])
            for source in sources_of(stage):
                base = memory.base_of(source)
                if base not in memory.given and not is_immediate(base) and base in memory:
                    last_use[memory.view(base).buffer] = number
            for buffer in writes[-1]:
                last_use[buffer] = number
            number += 1
        if section.over_rows and section.stages:  # the next tile needs what came from outside once more
            own = {buffer for buffers in writes[first:] for buffer in buffers}
            last_use |= {buffer: number - 1 for buffer, use in last_use.items() if use >= first and buffer not in own}
    totals = dict.fromkeys(memory.view(node).buffer for node in memory.rows.summed if node in memory)
    for buffer in totals:
        if buffer.home is Home.ARENA:
            arena.take(buffer)
    placed = set(totals)
    dying: dict[int, list[Buffer]] = {}
    for buffer, stage_number in last_use.items():
        dying.setdefault(stage_number, []).append(buffer)
    for stage_number, buffers in enumerate(writes):
        for buffer in buffers:
            if buffer not in placed:  # an array that is joined from parts is written in several stages
                arena.take(buffer)
                placed.add(buffer)
        for buffer in dying.get(stage_number, ()):
            if buffer.home is Home.ARENA and buffer not in totals:
                arena.give_back(buffer)
