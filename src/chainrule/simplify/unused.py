"""Results that nobody uses: an operation with several is replaced by one that computes fewer.

A loop can hand out the values that its carry passes through, which its gradient needs and its value alone does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import ITEM
from chainrule.simplify.rewrite import rebuild

__all__ = ["drop_unused_results"]

#: Settings, positions of the results and positions of the inputs that a pruned node keeps.
Plan = tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]]


def drop_unused_results(
    outputs: Sequence[Node], leaves: Iterable[Node] = (), *, order: Sequence[Node] | None = None
) -> list[Node]:
    """Leave out results of loops and branches that are not used, and what only they need.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : sequence of Node
        Nodes whose values are given, so that nothing behind them is computed.
    order : sequence of Node, optional
        The nodes between leaves and outputs, in topological order, where they are known already.

    Returns
    -------
    list of Node
        The outputs in their new form.
    """
    given = frozenset(leaves)
    if order is None:
        order = ancestors(outputs, skip=given.__contains__)
    if all(node.op.prune is None for node in order):
        return list(outputs)
    plans, alive = _plans(order, outputs)
    done: dict[Node, Node] = {leaf: leaf for leaf in given}
    for node in order:
        if node not in alive:
            continue
        if node in plans:
            params, _, kept_inputs = plans[node]
            done[node] = node.op.apply(tuple([done[node.inputs[i]] for i in kept_inputs]), params)
        elif node.op is ITEM and node.inputs[0] in plans:
            source = node.inputs[0]
            position = plans[source][1].index(node.params["position"])
            done[node] = ITEM.apply((done[source],), {"position": position})
        else:
            inputs = tuple([done[source] for source in node.inputs])
            changed = any(new is not old for new, old in zip(inputs, node.inputs, strict=True))
            done[node] = rebuild(node, inputs) if changed else node
    return [done[node] for node in outputs]


def _plans(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[dict[Node, Plan], set[Node]]:
    """How each node is pruned, users before what they use; and the nodes that are still needed."""
    alive = set(outputs)
    whole = set(outputs)
    used: dict[Node, set[int]] = {}
    plans: dict[Node, Plan] = {}
    for node in reversed(order):
        if node not in alive:
            continue
        inputs: Sequence[Node] = node.inputs
        if node.op.prune is not None and node not in whole:
            plan = node.op.prune(node, tuple(sorted(used[node])))
            if plan is not None:
                plans[node] = plan
                inputs = [node.inputs[i] for i in plan[2]]
        alive.update(inputs)
        if node.op is ITEM:
            used.setdefault(node.inputs[0], set()).add(node.params["position"])
        else:
            whole.update(inputs)
    return plans, alive
