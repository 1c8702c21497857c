"""What all steps of a lesson have in common: the graph cut into blocks, and how its nodes are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.explain.building.blocks import Block, find_blocks
from chainrule.explain.building.gradient_writing import GradientWriter
from chainrule.explain.building.naming import name_nodes
from chainrule.explain.building.reading import Counts
from chainrule.explain.building.writing import Known, has_row_vectors
from chainrule.explain.model import Level
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.notation.tree import Derivative, Symbol

__all__ = ["Setting", "setting_of"]


@dataclass(frozen=True, eq=False)
class Setting:
    """A graph as the lesson sees it.

    Attributes
    ----------
    graph : Graph
    blocks : tuple of Block
    symbols : mapping of Node to Symbol
        Of leaves and results of blocks, the leaves first.
    ranks : mapping of Node to float
        0 for leaves, then the number of the block: see `chainrule.explain.building.terms.Part`.
    counts : Counts
    row_vectors : bool
        Whether arrays with one axis are written as rows.
    """

    graph: Graph
    blocks: tuple[Block, ...]
    symbols: Mapping[Node, Symbol]
    ranks: Mapping[Node, float]
    counts: Counts
    row_vectors: bool

    @property
    def output(self) -> Node:
        return self.graph.outputs[0]

    def gradient_symbol(self, node: Node) -> Derivative:
        """∂L/∂z of a node z."""
        symbol = self.symbols[node]
        return Derivative(self.symbols[self.output], symbol, is_array=symbol.is_array)

    def known(self, node: Node) -> Known:
        """How a leaf or the result of a block is written."""
        return Known(self.symbols[node], self.ranks[node])

    def gradient_writer(self, named: Mapping[Node, Known], **settings: object) -> GradientWriter:
        """A writer of gradients that knows some nodes, and 1/n, 1/m, ..."""
        counts = {leaf: Known(symbol, 0.0, True) for leaf, symbol in self.counts.reciprocals.items()}
        return GradientWriter(counts | dict(named), self.row_vectors, **settings)  # type: ignore[arg-type]


def setting_of(graph: Graph, level: Level) -> Setting:
    """Cut a graph into blocks and name them."""
    blocks = find_blocks(graph, level)
    symbols = name_nodes(graph, blocks)
    ranks = dict.fromkeys(symbols, 0.0)
    ranks.update({block.node: float(number) for number, block in enumerate(blocks, 1)})
    counts = Counts(symbols.values())
    counts.learn(graph.nodes)
    return Setting(graph, tuple(blocks), symbols, ranks, counts, has_row_vectors(graph.nodes))
