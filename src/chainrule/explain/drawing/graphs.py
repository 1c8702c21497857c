"""A recorded graph as a diagram: every operation, before any backward pass."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from chainrule.explain.building.blocks import Block, is_inline
from chainrule.explain.building.naming import name_nodes
from chainrule.explain.drawing.diagram import Diagram, Edge, Kind, Vertex
from chainrule.explain.drawing.spelling import short_value
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.text import type_text
from chainrule.graph.written import written
from chainrule.notation.numbers import preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Number, Symbol, Verbatim

__all__ = ["graph_diagram", "graph_svg"]


def graph_svg(graph: Graph) -> str:
    """The picture of a graph that a notebook shows; other cells may show others, so its ids are its own."""
    diagram = graph_diagram(graph)
    digest = hashlib.sha256(repr(diagram).encode()).hexdigest()[:8]
    return diagram_svg(diagram, prefix=f"cr-{digest}-")


def graph_diagram(graph: Graph) -> Diagram:
    """What the picture of a recorded graph shows: a vertex for each operation.

    Values are shown where they are known already; nothing is computed. Gradients are not known before the backward
    pass.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    Diagram

    Examples
    --------
    >>> import chainrule as cr
    >>> diagram = graph_diagram(cr.trace(lambda x: 2 * x + 1, 3.0))
    >>> [(to_text(vertex.formula), vertex.value) for vertex in diagram.vertices if vertex.formula]
    [('2x', None), ('t1 + 1', None)]
    >>> diagram.has_gradients
    False
    """
    seen = _Seen(graph)
    symbols = name_nodes(graph, seen.blocks) if graph.outputs else {}
    numbers = {block.node: number for number, block in enumerate([b for b in seen.blocks if b.sources], 1)}
    vertices, edges = [], []
    for node, symbol in symbols.items():
        formula = seen.formula(node, symbols) if node in numbers and node.inputs else None
        kind: Kind = "leaf" if formula is None else "output" if node in graph.outputs else "inner"
        said = to_text(symbol) if formula is None else f"{to_text(symbol)} = {to_text(formula)}"
        is_known = node._value is not None
        value = f"value {preview(node._value)}" if is_known else "value not computed yet"
        vertices.append(
            Vertex(
                symbol,
                kind,
                formula,
                short_value(node._value) if is_known else None,
                None,
                numbers.get(node),
                tooltip=f"{said}; {type_text(node)}; {value}",
            )
        )
    for block in seen.blocks:
        uses = Counter(seen.sources_of(block.node))
        edges += [Edge(symbols[source], symbols[block.node], count) for source, count in uses.items()]
    output = symbols[graph.outputs[0]] if graph.outputs else Symbol(graph.name)
    description = f"The computational graph of {graph.name}, operation by operation."
    return Diagram(graph.name, description, output, tuple(vertices), tuple(edges), has_gradients=False)


class _Seen:
    """Which nodes are vertices, and how the others are written where they are used.

    Numbers in the code, casts, broadcasts and results that are taken out of an operation with several are part of the
    formula that uses them.
    """

    def __init__(self, graph: Graph) -> None:
        outputs = set(graph.outputs)
        self._hidden = {
            node
            for node in graph.nodes
            if node not in outputs
            and node not in graph.inputs
            and (is_inline(node) or node.is_tuple or _is_plain(node))
        }
        self._sources: dict[Node, list[Node]] = {}
        self.blocks: list[Block] = []
        for node in graph.nodes:
            found: list[Node] = []
            for source in node.inputs:
                found += self._sources[source] if source in self._hidden else [source]
            self._sources[node] = found
            is_given = node in graph.inputs or not (node.inputs or node in outputs)
            if not is_given and node not in self._hidden:
                self.blocks.append(Block(node, (node,), tuple(dict.fromkeys(found))))

    def sources_of(self, node: Node) -> Sequence[Node]:
        """The vertices that a node is computed from, as often as it uses them."""
        return self._sources[node]

    def formula(self, node: Node, symbols: dict[Node, Symbol]) -> Expression:
        """A node in terms of other vertices."""
        return written(node, [self._operand(source, symbols) for source in node.inputs])

    def _operand(self, node: Node, symbols: dict[Node, Symbol]) -> Expression:
        if node not in self._hidden:
            return symbols[node]
        if node.inputs:
            return self.formula(node, symbols)
        return Number(node._value.item() if node.dtype is not None and hasattr(node._value, "item") else node._value)


def _is_plain(node: Node) -> bool:
    """Whether mathematics does not write the operation: it changes shape or dtype only."""
    if not node.inputs or node.name is not None:
        return False
    operands: list[Expression] = [Verbatim(str(number)) for number in range(len(node.inputs))]
    expression = written(node, operands)
    return any(expression is operand for operand in operands)
