"""In which order a lesson visits the nodes."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.backward import depends_on
from chainrule.graph.node import Node, ancestors

__all__ = ["lesson_order"]


def lesson_order(output: Node, targets: Sequence[Node]) -> list[Node]:
    """The nodes between an output and the inputs of interest, as a lecture visits them.

    Depth-first from the output; at a node, leaves before inner nodes and later arguments before earlier ones; a
    node that is used several times comes after all its uses.

    Examples
    --------
    >>> import chainrule as cr
    >>> def f(x, y, z):
    ...     q = x + y
    ...     f = q * z
    ...     return f
    >>> graph = cr.trace(f, 5.0, -2.0, -4.0)
    >>> [node.name for node in lesson_order(graph.outputs[0], graph.inputs)]
    ['f', 'z', 'q', 'y', 'x']
    """
    on_path = depends_on(ancestors([output]), set(targets))
    waiting: dict[Node, int] = {}
    for node in on_path:
        for source in set(node.inputs) & on_path:
            waiting[source] = waiting.get(source, 0) + 1
    order: list[Node] = []
    stack = [output] if output in on_path else []
    while stack:
        node = stack.pop()
        order.append(node)
        ready = []
        for source in dict.fromkeys(node.inputs):
            if source in on_path:
                waiting[source] -= 1
                if not waiting[source]:
                    ready.append(source)
        # The stack gives back its last entry first: inner nodes below, leaves on top, later arguments above.
        stack += [source for source in ready if source.inputs] + [source for source in ready if not source.inputs]
    return order
