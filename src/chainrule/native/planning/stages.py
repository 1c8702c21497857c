"""Stages: the loop nests, matrix products and branches or loops that compiled code consists of.

A `LoopStage` is one loop nest that computes elementwise nodes and reductions of one domain; a value that only its own
stage needs stays in a register. A `ProductStage` is a matrix product. A `ControlStage` is a branch or a loop that calls
functions of its own. Stages stand in sections: those that see all of an array at once, and those that run over tiles of
rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.graph.node import Node
from chainrule.native.assembly.control import ControlStage
from chainrule.native.planning.buffers import Buffer
from chainrule.native.planning.memory import Memory
from chainrule.native.planning.nodes import is_reduction
from chainrule.native.planning.rows import RowAnalysis

__all__ = [
    "LoopStage",
    "ProductStage",
    "Section",
    "Stage",
    "nodes_of",
    "section_of",
    "sources_of",
    "written_buffers",
]


@dataclass(eq=False)
class LoopStage:
    """One loop nest over a domain.

    Attributes
    ----------
    domain : tuple of int
    row_axis : int or None
        The axis of the domain that runs over the rows of a tile.
    nodes : list of Node
        Elementwise nodes and reductions, in the order in which they are computed.
    stored : list of Node
        Those whose values are written to memory.
    """

    domain: tuple[int, ...]
    row_axis: int | None = None
    nodes: list[Node] = field(default_factory=list)
    stored: list[Node] = field(default_factory=list)

    @property
    def reductions(self) -> list[Node]:
        return [node for node in self.nodes if is_reduction(node)]

    def reduced_axes(self, node: Node) -> frozenset[int]:
        """The axes of the domain that a reduction runs over, without those of length 1."""
        return frozenset(axis for axis in node.params["axis"] if self.domain[axis] != 1)


@dataclass(eq=False)
class ProductStage:
    """One matrix product."""

    node: Node


Stage = LoopStage | ProductStage | ControlStage


def nodes_of(stage: Stage) -> list[Node]:
    """The nodes that a stage computes."""
    return stage.nodes if isinstance(stage, LoopStage) else [stage.node]


def sources_of(stage: Stage) -> list[Node]:
    """The nodes that a stage reads, its own among them."""
    if isinstance(stage, ControlStage):
        return stage.sources
    return [source for node in nodes_of(stage) for source in node.inputs]


def written_buffers(stage: Stage, memory: Memory) -> list[Buffer]:
    """The memory that a stage writes to."""
    if isinstance(stage, ControlStage):
        return stage.buffers
    written = stage.stored if isinstance(stage, LoopStage) else [stage.node]
    return [memory.view(node).buffer for node in written]


@dataclass(eq=False)
class Section:
    """Stages that run one after the other.

    Attributes
    ----------
    phase : int
    over_rows : bool
        Whether they run for each tile of rows.
    """

    phase: int
    over_rows: bool
    stages: list[Stage] = field(default_factory=list)


def section_of(node: Node, rows: RowAnalysis) -> tuple[int, bool]:
    """The phase in which a node is computed, and whether that is by tiles of rows."""
    phase = rows.phase[node]
    return (phase - 1, True) if node in rows.summed else (phase, node in rows.axis)
