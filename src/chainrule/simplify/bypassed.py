"""Which nodes the stable forms of a graph pass by.

The stable form of ``log(y_hat)`` with ``y_hat = 1/(1 + exp(-z))`` is −softplus(−z): it is computed from z, and y_hat
has no part in it. For the gradient by z, or by anything below, that makes no difference. The gradient by y_hat can not
be read from the stable forms any more: what went through y_hat now goes past it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL

__all__ = ["bypassed"]


def bypassed(order: Sequence[Node]) -> set[Node]:
    """The nodes of a graph whose gradients are not those of their stable forms.

    Parameters
    ----------
    order : sequence of Node
        All nodes of the graph in topological order, with their stable forms known.

    Returns
    -------
    set of Node
        Never an input: the graph and its stable form are the same function of the inputs.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> from chainrule.simplify.stabilise import stabilise
    >>> def f(z):
    ...     y_hat = 1 / (1 + np.exp(-z))
    ...     return -np.log(y_hat)
    >>> graph = cr.trace(f, 0.5)
    >>> stabilise(graph.nodes)
    >>> graph["y_hat"] in bypassed(graph.nodes), graph["z"] in bypassed(graph.nodes)
    (True, False)
    """
    if all(node.stable is None for node in order):
        return set()
    originals: dict[Node, list[Node]] = {}
    for node in order:
        originals.setdefault(node.stable or node, []).append(node)
    found: set[Node] = set()
    for nodes in originals.values():
        if len(nodes) > 1:  # what is computed several times, and only once in the stable form
            found.update(nodes)
    for node in order:
        if node.stable is not None:
            found |= _passed_by(node, originals)
    return {node for node in found if node.inputs}


def _passed_by(node: Node, originals: Mapping[Node, Sequence[Node]]) -> set[Node]:
    """What the stable form of one node passes by."""
    bottoms = _bottoms(node, originals)
    if bottoms <= set(node.inputs):
        return set()
    between = _between(node, bottoms)
    edge = {
        source
        for one in (node, *between)
        for source in one.inputs
        if source not in between and source not in bottoms and source.op is not LITERAL
    }
    if not edge:
        return between
    # Two parts that compute the same became one: each of them is passed by, down to what both are computed from.
    above, beside = set(ancestors(bottoms)), set(ancestors(edge))
    return between | (above ^ beside)


def _bottoms(node: Node, originals: Mapping[Node, Sequence[Node]]) -> set[Node]:
    """The nodes of the graph that a stable form is computed from."""
    form = node.stable or node
    found: set[Node] = set()
    seen = {form}
    stack = list(form.inputs)
    while stack:
        part = stack.pop()
        if part in seen:
            continue
        seen.add(part)
        known = [one for one in originals.get(part, ()) if one is not node]
        if known:
            found.update(known[:1] if part not in known else [part])
        elif part.op is not LITERAL:
            stack += part.inputs
    return found


def _between(node: Node, bottoms: set[Node]) -> set[Node]:
    """The nodes below one, and strictly above others; one of these others too, if it is above another of them."""
    above = set(bottoms)
    for one in ancestors([node], skip=bottoms.__contains__):
        if any(source in above for source in one.inputs):
            above.add(one)
    return above - bottoms - {node} | _stacked(bottoms)


def _stacked(bottoms: set[Node]) -> set[Node]:
    """Those of some nodes that are computed from others of them."""
    inner = [bottom for bottom in bottoms if bottom.inputs]
    if len(inner) < 2:
        return set()
    above = set(inner)
    for one in ancestors(inner, after=min(bottom.index for bottom in inner) - 1):
        if any(source in above for source in one.inputs):
            above.add(one)
    return {bottom for bottom in inner if any(source in above for source in bottom.inputs)}
