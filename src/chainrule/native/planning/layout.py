"""The layout of a kernel: its sections, where everything is in memory, and how many threads share the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from chainrule.graph.node import Node
from chainrule.native.assembly.control import ControlStage
from chainrule.native.planning.buffers import Buffer, Home, View, c_strides
from chainrule.native.planning.memory import Memory
from chainrule.native.planning.rows import RowAnalysis
from chainrule.native.planning.stages import Section, sources_of

__all__ = ["SHARED_SIZE", "Layout", "Table", "partial_view"]

#: Arrays of this size are worth a meeting of the threads, after each has computed a part.
SHARED_SIZE = 8192


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


def partial_view(node: Node, number: int) -> View:
    """A buffer for one thread's total."""
    buffer = Buffer(Home.PARTIAL, number, node.dtype, node.size, label=node.name or node.op.name)
    return View(buffer, node.shape, c_strides(node.shape))
