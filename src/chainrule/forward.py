"""Forward mode: from the graph of a function to the graph of its directional derivatives (tangents).

The inputs move with given tangents; walking the nodes along the arrows, each node's tangent is made from those of
its inputs. Rules come from the same records as in `chainrule.backward`: a partial derivative serves both
directions, a linear operation is applied to the tangents themselves, and where a record gives only a
vector-Jacobian product, that product, being linear in the upstream gradient, is transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.backward import (
    backpropagate,
    depends_on,
    fit_to,
    local_gradient,
    no_derivative,
    times,
    zeros_like,
)
from chainrule.graph.node import Node, ancestors, next_index
from chainrule.graph.op import Zero, constant, input_node, lift

__all__ = ["push_forward"]


def push_forward(
    outputs: Sequence[Node], inputs: Sequence[Node], tangents: Sequence[Node], *, after: int = -1
) -> list[Node]:
    """Build the tangents of outputs from the tangents of inputs.

    Parameters
    ----------
    outputs : sequence of Node
    inputs : sequence of Node
    tangents : sequence of Node
        The direction in which each input moves, with its shape and dtype.
    after : int
        Nodes up to this index belong to an enclosing trace and do not move.

    Returns
    -------
    list of Node
        One tangent for each output, with its shape and dtype; zeros where it does not move.

    Raises
    ------
    NonDifferentiableError
        If an operation on the way has no derivative.
    """
    order = ancestors([*inputs, *outputs], after=after)
    moving = depends_on(order, set(inputs))
    moved: dict[Node, Any] = dict(zip(inputs, tangents, strict=True))
    for node in order:
        if node in moved or node not in moving:
            continue
        arriving = tuple([moved.get(source) for source in node.inputs])
        if any(tangent is not None for tangent in arriving):
            tangent = _tangent(node, arriving)
            if tangent is not None:
                moved[node] = tangent
    return [moved[node] if moved.get(node) is not None else zeros_like(node) for node in outputs]


def _tangent(node: Node, arriving: tuple[Any, ...]) -> Any:
    """The tangent of a node from those of its inputs; None stands for zero."""
    op = node.op
    if op.name == "item":
        return arriving[0][node.params["position"]]
    if callable(op.jvp):
        tangent = op.jvp(arriving, node, *node.inputs, **node.params)
        return tangent if tangent is None or node.is_tuple else _fit(tangent, node)
    active = [position for position, tangent in enumerate(arriving) if tangent is not None]
    active = [position for position in active if not isinstance(op.rule_for(position), Zero)]
    if not active:
        return None
    if op.jvp == "linear":
        return _fit(_linear(node, arriving), node)
    terms = []
    for position in active:
        if op.rule_for(position) is None:
            raise no_derivative(node, position)
        if op.partials is not None:
            terms.append(times(arriving[position], local_gradient(node, position)))
        elif op.jvp == "multilinear":
            inputs = list(node.inputs)
            inputs[position] = arriving[position]
            terms.append(op.apply(tuple(inputs), node.params))
        else:
            terms.append(_transposed(node, position, arriving[position]))
    if node.is_tuple:
        return _tuple_sum(terms, len(node.shape))
    total: Node = lift(terms[0])
    for term in terms[1:]:
        total = total + term
    return _fit(total, node)


def _fit(tangent: Any, node: Node) -> Node:
    return fit_to(lift(tangent), node)


def _linear(node: Node, arriving: tuple[Any, ...]) -> Node:
    """A jointly linear operation on the tangents. Inputs that stand still contribute zero; inputs without a rule
    only steer the operation, as the condition of `where` does."""
    inputs = [
        tangent if tangent is not None else (source if node.op.rule_for(position) is None else zeros_like(source))
        for position, (source, tangent) in enumerate(zip(node.inputs, arriving, strict=True))
    ]
    return node.op.apply(tuple(inputs), node.params)


def _transposed(node: Node, position: int, tangent: Node) -> Any:
    """J t from the rule for u J: differentiate u J, which is linear in u, with respect to u."""
    source = node.inputs[position]
    mark = next_index()
    if node.is_tuple:
        upstream = [input_node(np.zeros(shape, dtype)) for shape, dtype in node.shape]
        g: Any = tuple(upstream)
    else:
        upstream = [input_node(np.zeros(node.shape, node.dtype))]
        g = upstream[0]
    rule: Any = node.op.rule_for(position)
    arguments = (g, node, *node.inputs)
    pulled = (
        rule(*arguments, **node.params) if isinstance(node.op.vjp, tuple) else rule(position, *arguments, **node.params)
    )
    if pulled is None:
        return tuple(constant(np.zeros(s, d)) for s, d in node.shape) if node.is_tuple else zeros_like(node)
    pulled = fit_to(lift(pulled), source)
    found = backpropagate([pulled], [tangent], upstream, after=mark)
    pushed = [found.get(u) or zeros_like(u) for u in upstream]
    return tuple(pushed) if node.is_tuple else pushed[0]


def _tuple_sum(terms: list[Any], count: int) -> tuple[Node, ...]:
    total = list(terms[0])
    for term in terms[1:]:
        total = [total[i] + term[i] for i in range(count)]
    return tuple(total)
