"""The schedule: which nodes share a loop, in which order loops run, and which values get memory."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.node import Node
from chainrule.graph.op import literal
from chainrule.native.assembly.control import ControlStage, reads_in_order
from chainrule.native.planning.bodies import CONTROL, is_result
from chainrule.native.planning.joins import JOINS, pieces
from chainrule.native.planning.memory import VIEWS, Memory
from chainrule.native.planning.nodes import ADDITION, GATHER, RECURRENCE, is_immediate, is_loop_node, is_reduction
from chainrule.native.planning.rows import RowAnalysis
from chainrule.native.planning.stages import LoopStage, ProductStage, Section, Stage, section_of
from chainrule.ops.indexing import Index, getitem
from chainrule.ops.shaping import cast

__all__ = ["schedule"]


def schedule(order: Sequence[Node], outputs: Sequence[Node], memory: Memory, rows: RowAnalysis) -> list[Section]:
    """Put the nodes of a graph into stages.

    Parameters
    ----------
    order : sequence of Node
        All nodes, in topological order; each passes `is_compiled`.
    outputs : sequence of Node
        Their buffers are allotted already.
    memory : Memory
        Takes views and buffers.
    rows : RowAnalysis

    Returns
    -------
    list of Section
    """
    planner = _Planner(memory, rows, outputs)
    for node in order:
        planner.place(node)
    planner.store(order, outputs)
    return [section for section in planner.sections.values() if section.stages]


#: Nodes of one loop: longer ones take the compiler more than in proportion, and registers run out.
_MOST_NODES = 64

#: Light nodes in a row that wait for their user.
_LONGEST_WAIT = 8


class _Planner:
    """Puts node after node into the earliest stage that fits; light ones where they are first needed."""

    def __init__(self, memory: Memory, rows: RowAnalysis, outputs: Sequence[Node]) -> None:
        self.memory = memory
        self.rows = rows
        self._outputs = set(outputs)
        #: Light nodes that wait for their first user: computed there, they need no memory.
        self._waiting: dict[Node, int] = {}
        self.sections: dict[tuple[int, bool], Section] = {}
        for phase in range(max(rows.phase.values(), default=0) + 1):
            for over_rows in (False, True):
                self.sections[phase, over_rows] = Section(phase, over_rows)
        #: Section and stage of each node that is computed.
        self.home: dict[Node, tuple[tuple[int, bool], int]] = {}
        self.copies: list[Node] = []
        #: Nodes that are put together from parts, and the parts, which are copies too.
        self.joined: set[Node] = set()
        self.parts: list[Node] = []

    def place(self, node: Node) -> None:
        """Find a stage for a node, or make it a view."""
        if node in self.memory.given or is_immediate(node):
            return
        if _is_light(node) and node not in self._outputs:
            waits = 1 + max((self._waiting.get(source, 0) for source in node.inputs), default=0)
            if waits <= _LONGEST_WAIT:
                self._waiting[node] = waits
                return
        if node.op.name in VIEWS:
            self._place_view(node)
            return
        if node.op.name in JOINS:
            self._place_join(node)
            return
        if node.op.name in CONTROL:
            self._place_control(node)
            return
        if is_result(node):
            self._place_result(node)
            return
        if node.op.name == ADDITION:
            self._place_addition(node)
            return
        if node.op.name == RECURRENCE:
            self._place_recurrence(node)
            return
        if node.op.name == GATHER:
            self._settle(node.inputs[0])  # all of it is there before the loop begins
        self._place_in_stage(node)

    def _place_in_stage(self, node: Node, first: int = 0) -> None:
        """Find a stage, no earlier than the first one allowed."""
        key = section_of(node, self.rows)
        stages = self.sections[key].stages
        brought = self._bring(node, key)
        earliest = max(
            [first, *[self._after(source, user, key) for user in (*brought, node) for source in user.inputs]]
        )
        if not is_loop_node(node):
            self._new_stage(key, ProductStage(node), node)
            return
        domain, row_axis = self._domain(node)
        for position in range(earliest, len(stages)):
            stage = stages[position]
            if (
                isinstance(stage, LoopStage)
                and (stage.domain, stage.row_axis) == (domain, row_axis)
                and len(stage.nodes) + len(brought) < _MOST_NODES
                and _fits(stage, node)
            ):
                stage.nodes += [*brought, node]
                self.home.update(dict.fromkeys((*brought, node), (key, position)))
                return
        self._new_stage(key, LoopStage(domain, row_axis, [*brought, node]), *brought, node)

    def _new_stage(self, key: tuple[int, bool], stage: Stage, *nodes: Node) -> None:
        """A stage of its own at the end of a section, in which some nodes are computed."""
        stages = self.sections[key].stages
        stages.append(stage)
        self.home.update(dict.fromkeys(nodes, (key, len(stages) - 1)))

    def _bring(self, user: Node, key: tuple[int, bool]) -> list[Node]:
        """The waiting nodes that go into the stage of a user, in order; others that it reads get their own."""
        brought: list[Node] = []
        pending = list(user.inputs)
        while pending:
            source = pending.pop()
            if source not in self._waiting:
                continue
            del self._waiting[source]
            same_loop = is_loop_node(user) and self._domain(source) == self._domain(user)
            if same_loop and section_of(source, self.rows) == key:
                brought.append(source)
                pending += source.inputs
            else:
                self._place_in_stage(source)
        return sorted(brought, key=lambda node: node.index)

    def _domain(self, node: Node) -> tuple[tuple[int, ...], int | None]:
        if not is_reduction(node):
            return node.shape, self.rows.axis.get(node)
        source = node.inputs[0]
        row_axis = self.rows.axis.get(source)
        if row_axis is None and (node in self.rows.summed or node in self.rows.axis):
            row_axis = self.rows.given[source]
        return source.shape, row_axis

    def _settle(self, node: Node) -> None:
        """Place a node that waits, as a view or a join of it is needed."""
        if node in self._waiting:
            del self._waiting[node]
            self._place_in_stage(node)

    def _place_view(self, node: Node) -> None:
        source = node.inputs[0]
        self._settle(source)
        if not is_immediate(source) and self.memory.make_view(node):
            return
        # The same elements in an order that the view can use; a number gets memory that the view can repeat.
        self.memory.make_view(node, self._copy(source, node))

    def _copy(self, source: Node, user: Node) -> Node:
        """A copy of a node in the order of its elements, for a user that cannot read it as it lies in memory."""
        copy = Node(cast, (source,), {"dtype": source.dtype}, source.shape, source.dtype)
        if user in self.rows.axis or user in self.rows.given:
            self.rows.follow(copy, source)
        else:  # the user needs all rows at once, and so does the copy
            self.rows.phase[copy] = self.rows.phase[user]
        self.copies.append(copy)
        self._place_in_stage(copy)
        return copy

    def _place_control(self, node: Node) -> None:
        """A branch or a loop; a result that is an output of the kernel goes where the caller wants it."""
        sources = []
        for position, source in enumerate(node.inputs):
            self._settle(source)
            lies_well = not is_immediate(source) and reads_in_order(node, position, self.memory.view(source))
            sources.append(source if lies_well else self._copy(source, node))
        wanted = {item.params["position"]: item for item in self._outputs if is_result(item) and item.inputs[0] is node}
        results = [
            self.memory.view(wanted[i]) if i in wanted else self.memory.result(node, i) for i in range(len(node.shape))
        ]
        self._new_stage(section_of(node, self.rows), ControlStage(node, sources, results), node)

    def _place_result(self, node: Node) -> None:
        """One of the results of a branch or a loop, which is there when that has run."""
        key, position = self.home[node] = self.home[node.inputs[0]]
        stage = self.sections[key].stages[position]
        assert isinstance(stage, ControlStage)
        if node not in self.memory:
            self.memory.place(node, stage.results[node.params["position"]])

    def _place_join(self, node: Node) -> None:
        """Place the parts; the node itself is there when the last of them is."""
        key = section_of(node, self.rows)
        for source in node.inputs:
            self._settle(source)
        last = -1
        for part, view, over in pieces(node, self.memory.view(node)):
            self.rows.follow(part, node)
            self.memory.place(part, view)
            self.parts.append(part)
            self._place_in_stage(part, last + 1 if over else 0)
            last = max(last, self.home[part][1])
        self.joined.add(node)
        self.home[node] = (key, last)

    def _place_addition(self, node: Node) -> None:
        """Zeros, and then a loop of its own that adds values one after the other."""
        key = section_of(node, self.rows)
        for source in node.inputs:
            self._settle(source)
        zeros = Node(cast, (literal(0),), {"dtype": node.dtype}, node.shape, node.dtype)
        added = Node(node.op, node.inputs, node.params, node.inputs[0].shape, node.dtype)
        for part in (zeros, added):
            self.rows.follow(part, node)
            self.memory.place(part, self.memory.view(node))
            self.parts.append(part)
        self._place_in_stage(zeros)
        self._new_stage(key, LoopStage(added.shape, None, [added]), added, node)
        self.joined.add(node)

    def _place_recurrence(self, node: Node) -> None:
        """The first elements along the axis, and then a loop of its own over the others, in order."""
        key = section_of(node, self.rows)
        for source in node.inputs:
            self._settle(source)
        axis, step = node.params["axis"], -1 if node.params["backwards"] else 1
        first, rest, before = (
            Index(((None, None, None),) * axis + (part,))
            for part in ((-1, None, None) if step < 0 else (0, 1, None), _rest(step), _before(step))
        )
        start = self._view(node.inputs[1], first)
        begin = Node(cast, (start,), {"dtype": node.dtype}, start.shape, node.dtype)
        self._place_part(begin, node, first)
        self._place_in_stage(begin)
        self.home[node] = self.home[begin]
        self.joined.add(node)
        if node.shape[axis] == 1:
            return
        inputs = (*[self._view(source, rest) for source in node.inputs], self._view(node, before))
        others = Node(node.op, inputs, node.params, inputs[0].shape, node.dtype)
        self._place_part(others, node, rest)
        self._new_stage(key, LoopStage(others.shape, None, [others]), others, node)

    def _view(self, source: Node, index: Index) -> Node:
        """A part of an array, which takes no time."""
        shape = self.memory.view(source).index(index.entries).shape
        part = Node(getitem, (source,), {"index": index}, shape, source.dtype)
        self.memory.make_view(part)
        return part

    def _place_part(self, part: Node, whole: Node, index: Index) -> None:
        """A node that computes a part of another one."""
        self.rows.follow(part, whole)
        self.memory.place(part, self.memory.view(whole).index(index.entries))
        self.parts.append(part)

    def _after(self, source: Node, user: Node, key: tuple[int, bool]) -> int:
        """The first stage of the user's section in which a source is there."""
        base = self.memory.base_of(source)
        where = self.home.get(base)
        if where is None or where[0] != key:
            return 0
        position = where[1]
        stage = self.sections[key].stages[position]
        in_register = (
            base is source
            and source not in self.joined
            and not (user.op.name == GATHER and source is user.inputs[0])
            and isinstance(stage, LoopStage)
            and not is_reduction(source)
            and is_loop_node(user)
            and (stage.domain, stage.row_axis) == self._domain(user)
            and source.shape == stage.domain
        )
        return position if in_register else position + 1

    def store(self, order: Sequence[Node], outputs: Sequence[Node]) -> None:
        """Mark the nodes that other stages, or the caller, read."""
        needed = {node for node in outputs if node in self.home} | set(self.parts)
        for node in [*order, *self.copies, *self.parts]:
            if node in self.home and node not in self.joined:
                for source in self._sources(node):
                    base = self.memory.base_of(source)
                    if base in self.home and (base is not source or self.home[base] != self.home[node]):
                        needed.add(base)
        for node, (key, position) in self.home.items():
            if (node in needed and node not in self.joined) or is_reduction(node):
                stage = self.sections[key].stages[position]
                if isinstance(stage, LoopStage):
                    stage.stored.append(node)

    def _sources(self, node: Node) -> Sequence[Node]:
        """What is read from memory or registers for a node."""
        key, position = self.home[node]
        stage = self.sections[key].stages[position]
        return stage.sources if isinstance(stage, ControlStage) else node.inputs


#: Elementwise operations that cost no more than to read their result from memory.
_LIGHT = frozenset({"add", "subtract", "multiply", "negative", "positive", "square", "cast", "absolute"})


def _is_light(node: Node) -> bool:
    """Whether a node costs next to nothing, and reads one array at most: it may as well be computed later."""
    return node.op.name in _LIGHT and len({source for source in node.inputs if not is_immediate(source)}) == 1


def _fits(stage: LoopStage, node: Node) -> bool:
    """Whether the axes of all reductions of a stage can be nested in one another; loops with an order stay alone."""
    if stage.nodes[0].op.name in (ADDITION, RECURRENCE):
        return False
    if not is_reduction(node):
        return True
    own = stage.reduced_axes(node)
    return all(own <= other or other <= own for other in map(stage.reduced_axes, stage.reductions))


def _rest(step: int) -> tuple[int | None, ...]:
    """All elements of an axis but the first that is computed, in the order in which they are computed."""
    return (1, None, 1) if step > 0 else (-2, None, -1)


def _before(step: int) -> tuple[int | None, ...]:
    """The elements before those."""
    return (None, -1, 1) if step > 0 else (None, 0, -1)
