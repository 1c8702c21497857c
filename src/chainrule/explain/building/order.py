"""In which order a lesson visits the nodes in the backward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.backward import depends_on
from chainrule.explain.building.blocks import Block
from chainrule.graph.node import Node, ancestors

__all__ = ["visiting_order"]


def visiting_order(output: Node, blocks: Sequence[Block], targets: Sequence[Node]) -> list[Node]:
    """Results and leaves between an output and the inputs of interest, as a lecture visits them.

    Depth-first from the output; at a node, leaves before inner nodes and later arguments before earlier ones; a node
    that is used several times comes after all its uses.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.explain.building.blocks import find_blocks
    >>> def f(x, y, z):
    ...     q = x + y
    ...     f = q * z
    ...     return f
    >>> graph = cr.trace(f, 5.0, -2.0, -4.0)
    >>> order = visiting_order(graph.outputs[0], find_blocks(graph, "statement"), graph.inputs)
    >>> [node.name for node in order]
    ['f', 'z', 'q', 'y', 'x']
    """
    moving = depends_on(ancestors([output]), set(targets))
    sources = {
        block.node: [source for source in block.sources if source in moving] for block in blocks if block.node in moving
    }
    waiting = _uses(output, sources)
    order: list[Node] = []
    stack = [output] if output in moving else []
    while stack:
        node = stack.pop()
        order.append(node)
        ready = []
        for source in sources.get(node, ()):
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
        # The stack gives back its last entry first: inner nodes below, leaves on top, later arguments above.
        stack += [source for source in ready if source.inputs] + [source for source in ready if not source.inputs]
    return order


def _uses(output: Node, sources: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """How many blocks use each node, counting those that the output depends on."""
    uses: dict[Node, int] = {}
    seen = {output}
    stack = [output]
    while stack:
        for source in sources.get(stack.pop(), ()):
            uses[source] = uses.get(source, 0) + 1
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return uses
