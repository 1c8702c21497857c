"""What the picture of a lesson shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chainrule.explain.building.blocks import Block
from chainrule.explain.building.setting import Setting
from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.spelling import short_value
from chainrule.explain.model import BackwardStep, Fault, ForwardStep
from chainrule.graph.node import Node
from chainrule.notation.numbers import preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Derivative, Symbol

__all__ = ["lesson_diagram"]


def lesson_diagram(
    setting: Setting, forward: Sequence[ForwardStep], backward: Sequence[BackwardStep], fault: Fault | None
) -> Diagram:
    """The diagram: a vertex for each leaf and each block, with what is known of it in the lesson."""
    graph, blocks, symbols = setting.graph, setting.blocks, setting.symbols
    output = symbols[setting.output]
    computed = {step.symbol: step for step in forward}
    derived = {step.symbol: step for step in backward}
    used = {source for block in blocks for source in block.sources}
    results = {block.node: block for block in blocks}
    vertices = [
        _vertex(node, symbol, output, results.get(node), computed.get(symbol), derived.get(symbol), fault)
        for node, symbol in symbols.items()
        if node in used or node in results or node is setting.output
    ]
    edges = [
        Edge(symbols[source], symbols[block.node], uses)
        for block in blocks
        for source, uses in Counter(block.sources).items()
    ]
    inputs = ", ".join(f"{to_text(symbols[node])} = {preview(node.value)}" for node in graph.inputs if node in symbols)
    description = f"The computational graph of {graph.name} at {inputs}."
    return Diagram(graph.name, description, output, tuple(vertices), tuple(edges), bool(backward))


def _vertex(
    node: Node,
    symbol: Symbol,
    output: Symbol,
    block: Block | None,
    computed: ForwardStep | None,
    derived: BackwardStep | None,
    fault: Fault | None,
) -> Vertex:
    is_known = block is None or computed is not None
    value = short_value(node.value) if is_known else None
    gradient = short_value(derived.value) if derived is not None else None
    name = to_text(symbol)
    said = [name if computed is None else f"{name} = {to_text(computed.formula)}"]
    if is_known:
        said.append(f"value {preview(node.value)}")
    if derived is not None:
        said.append(f"{to_text(Derivative(output, symbol))} = {preview(derived.value)}")
    return Vertex(
        symbol,
        "leaf" if block is None else "output" if symbol == output else "inner",
        None if computed is None else computed.formula,
        value,
        gradient,
        None if computed is None else computed.number,
        None if derived is None else derived.number,
        fault is not None and fault.symbol == symbol,
        "; ".join(said),
    )
