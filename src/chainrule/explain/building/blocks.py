"""The nodes of a lesson: one for each assignment in the user's code, or one for each operation.

A `Block` is the part of the graph that one statement computes, from the values that have a place in the lesson already.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explain.model import Level
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL

__all__ = ["Block", "find_blocks", "is_inline", "operands"]


#: A statement with more operations than this is cut.
_MOST_OPERATIONS = 20


@dataclass(frozen=True, eq=False)
class Block:
    """One node of the lesson.

    Attributes
    ----------
    node : Node
        The result.
    interior : tuple of Node
        What is computed for it, in topological order; the result is the last one.
    sources : tuple of Node
        The leaves and results of other blocks that it is computed from, in order of appearance.
    """

    node: Node
    interior: tuple[Node, ...]
    sources: tuple[Node, ...]


def operands(node: Node) -> tuple[Node, ...]:
    """What a node is computed from and hands gradients to.

    A function with a rule of the user's own also carries its results and what was saved for the rule; these have no
    gradient.
    """
    if node.is_tuple:
        return node.inputs[node.params.get("outputs", 0) + node.params.get("saved", 0) :]
    return node.inputs


def is_inline(node: Node) -> bool:
    """Whether a node is a number in the code, which is shown by its value."""
    return node.op is LITERAL or (node.op.name == "constant" and node.size == 1 and node.name is None)


def find_blocks(graph: Graph, level: Level) -> list[Block]:
    """Cut a graph into blocks, given in topological order.

    At the level of statements a block ends where the code assigns a value to a variable, at the output, and at a value
    without a name that several blocks use. A statement too long to be read in one piece is told in several.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(w, x, b):
    ...     z = w * x + b
    ...     f = z**2
    ...     return f
    >>> blocks = find_blocks(cr.trace(f, 1.0, 2.0, 3.0), "statement")
    >>> [(block.node.name, [source.name for source in block.sources]) for block in blocks]
    [('z', ['w', 'x', 'b']), ('f', ['z'])]
    """
    output = graph.outputs[0]
    order = _reached(output)
    heads = _statement_heads(order, output) if level == "statement" else _operation_heads(order, output)
    return [_block(node, heads) for node in order if node in heads and node.inputs]


def _reached(output: Node) -> list[Node]:
    """The nodes that gradients can reach, in topological order."""
    reached = {output}
    stack = [output]
    while stack:
        fresh = set(operands(stack.pop())) - reached
        reached |= fresh
        stack += fresh
    return sorted(reached, key=lambda node: node.index)


def _operation_heads(order: list[Node], output: Node) -> set[Node]:
    return {
        node
        for node in order
        if node is output or not (node.is_tuple or is_inline(node) or (node.name is None and _changes_nothing(node)))
    }


def _changes_nothing(node: Node) -> bool:
    if node.op.name == "transpose":
        return tuple(node.params["axes"]) == tuple(range(node.ndim))
    same_shape = bool(node.inputs) and node.shape == node.inputs[0].shape
    return node.op.name in ("broadcast_to", "cast") or (node.op.name == "reshape" and same_shape)


def _statement_heads(order: list[Node], output: Node) -> set[Node]:
    heads = {output, *_cuts(order)}
    owners: dict[Node, set[Node]] = {}
    for node in reversed(order):
        if is_inline(node):
            continue
        users = owners.get(node, set())
        if not node.is_tuple and (node.name is not None or not node.inputs or len(users) > 1):
            heads.add(node)
        owner = {node} if node in heads else users
        for source in operands(node):
            owners.setdefault(source, set()).update(owner)
    return heads


def _cuts(order: list[Node]) -> set[Node]:
    """Where statements are cut, so that no formula has more than so many operations, written out."""
    cuts: set[Node] = set()
    sizes: dict[Node, int] = {}
    for node in order:
        if not node.inputs or node.name is not None:
            sizes[node] = 0
            continue
        sources = [source for source in dict.fromkeys(operands(node)) if sizes[source] and source not in cuts]
        sources.sort(key=sizes.__getitem__)

        def size(node: Node = node) -> int:
            open_parts = [sizes[source] for source in operands(node) if source not in cuts]
            return sum(open_parts) + (not (node.is_tuple or _changes_nothing(node)))

        while size() > _MOST_OPERATIONS and sources:
            longest = sources.pop()
            if not longest.is_tuple:
                cuts.add(longest)
        sizes[node] = size()
    return cuts


def _block(node: Node, heads: set[Node]) -> Block:
    sources: dict[Node, None] = {}
    interior = {node}
    stack = list(reversed(operands(node)))
    while stack:
        part = stack.pop()
        if part in heads:
            sources[part] = None
        elif part not in interior:
            interior.add(part)
            stack += reversed(operands(part))
    # what a rule of the user's own saved is computed inside, too, but nobody reads it as a formula
    whole = ancestors([node], skip=heads.difference({node}).__contains__)
    return Block(node, tuple(whole), tuple(sources))
