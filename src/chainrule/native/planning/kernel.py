"""From a graph that compiled code can compute as a whole to the layout of its code."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.graph.node import Node, ancestors
from chainrule.native.assembly.control import plan_control
from chainrule.native.planning.arenas import packed_leaves, place_ends, plan_arenas
from chainrule.native.planning.bodies import Lowered, is_result
from chainrule.native.planning.layout import Layout, Table
from chainrule.native.planning.memory import VIEWS, Memory
from chainrule.native.planning.nodes import ADDITION, is_immediate
from chainrule.native.planning.request import Request
from chainrule.native.planning.rows import RowAnalysis, analyse_rows
from chainrule.native.planning.schedule import schedule
from chainrule.native.planning.stages import section_of
from chainrule.native.target import Target
from chainrule.ops.shaping import cast

__all__ = ["make_layout"]

#: Bytes that the values of a tile of rows may take: less than half of a second-level cache of 1 MiB.
TILE_BYTES = 384 * 1024

#: Operations, roughly, that are worth a thread of their own: in a loop of steps, where threads only have to meet (about
#: five microseconds of work), and in a single call, for which they are woken (about fifty).
STEP_WORK = 150_000
CALL_WORK = 1_500_000

#: Nodes that are written more than once, first as a whole and then in parts.
OVERWRITING = frozenset({"scatter", "index_set", ADDITION})


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
    place_ends(request, outputs, memory, table)
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
    plan_arenas(layout, request)
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
    """Vectors run along rows where layers are too narrow to fill them.

    A layer that fills one vector, but not two, fills it well enough if the data are wide: then the products take most
    of the time, and they need no packed data.
    """
    widest = max((_row_width(node, rows) for node in rows.axis if node.op.name not in VIEWS), default=1)
    data = max((_row_width(node, rows) for node in rows.given), default=1)
    if widest == 1:
        return data < 4 * lanes
    return widest < lanes or (widest < 2 * lanes and data < lanes)


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
