"""In which order a lesson visits the nodes."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.backward import depends_on
from chainrule.graph.node import Node, ancestors

__all__ = ["lesson_order", "operation", "sources"]


def operation(node: Node) -> Node:
    """The node that computes: for one of several results, such as Q of a QR decomposition, the node of them all."""
    return node.inputs[0] if node.inputs and node.inputs[0].is_tuple else node


def sources(node: Node) -> tuple[Node, ...]:
    """What a node is computed from and hands gradients to.

    A function with a rule of the user's own also carries its results and what was saved for the rule; these have no
    gradient.
    """
    computing = operation(node)
    if computing is node:
        return node.inputs
    return computing.inputs[computing.params.get("outputs", 0) + computing.params.get("saved", 0) :]


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
    on_path = _reached(output) & depends_on(ancestors([output]), set(targets))
    waiting: dict[Node, int] = {}
    for node in on_path:
        for source in set(sources(node)) & on_path:
            waiting[source] = waiting.get(source, 0) + 1
    order: list[Node] = []
    stack = [output] if output in on_path else []
    while stack:
        node = stack.pop()
        order.append(node)
        ready = []
        for source in dict.fromkeys(sources(node)):
            if source in on_path:
                waiting[source] -= 1
                if not waiting[source]:
                    ready.append(source)
        # The stack gives back its last entry first: inner nodes below, leaves on top, later arguments above.
        stack += [source for source in ready if source.inputs] + [source for source in ready if not source.inputs]
    return order


def _reached(output: Node) -> set[Node]:
    """The nodes that gradients can reach."""
    reached = {output}
    stack = [output]
    while stack:
        fresh = set(sources(stack.pop())) - reached
        reached |= fresh
        stack += fresh
    return reached
