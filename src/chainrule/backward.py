"""Backpropagation: from the graph of a function to the graph of its gradients.

Every node knows its local gradients. Walking the nodes against the arrows, each node's upstream gradient times
its local gradient is passed on to its inputs; a node that is used several times sums what arrives. The result
is made of ordinary nodes, so it can be simplified, evaluated, explained, and differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.errors import NonDifferentiableError
from chainrule.graph.infer import broadcast_shapes
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import LITERAL, Zero, constant, lift
from chainrule.graph.provenance import describe, where_recorded
from chainrule.ops.arithmetic import divide, multiply, negative
from chainrule.ops.selection import where
from chainrule.ops.shaping import broadcast_to, cast, sum_to

__all__ = ["backpropagate", "depends_on", "fit_to", "local_gradient", "no_derivative", "times", "zeros_like"]


def backpropagate(
    outputs: Sequence[Node],
    upstream: Sequence[Node],
    wrt: Iterable[Node],
    *,
    after: int = -1,
) -> dict[Node, Node]:
    """Build the gradient of ``Σ output · upstream`` with respect to nodes of a graph.

    Parameters
    ----------
    outputs : sequence of Node
    upstream : sequence of Node
        The upstream gradient of each output, with the output's shape.
    wrt : iterable of Node
        Which gradients are wanted; every node between these and the outputs gets one too.
    after : int
        Nodes up to this index belong to an enclosing trace and are constants here.

    Returns
    -------
    dict of Node to Node
        From each node on a path between `wrt` and the outputs to the node that is its gradient, of the same shape
        and dtype. A node that no path reaches has no entry.

    Raises
    ------
    NonDifferentiableError
        If an operation on the way has no derivative.
    """
    targets = set(wrt)
    order = ancestors(outputs, after=after)
    moving = depends_on(order, targets)
    arriving: dict[Node, list[Node]] = {}
    for output, seed in zip(outputs, upstream, strict=True):
        if output in moving:
            arriving.setdefault(output, []).append(fit_to(seed, output))
    gradients: dict[Node, Node] = {}
    guards = _BranchGuards()
    for node in reversed(order):
        contributions = arriving.pop(node, None)
        if contributions is None:
            continue
        g: Any = _tuple_gradient(node, contributions) if node.is_tuple else _total(contributions, guards)
        if not node.is_tuple:
            g.gradient_of = g.gradient_of or node
            gradients[node] = g
        if node in targets and not any(source in moving for source in node.inputs):
            continue
        wanted = [position for position, source in enumerate(node.inputs) if source in moving]
        for position, contribution in _contributions(node, wanted, g, guards):
            if contribution is not None:
                arriving.setdefault(node.inputs[position], []).append(contribution)
    for node, g in gradients.items():
        gradients[node] = guards.settle(g)
    return gradients


def depends_on(order: list[Node], targets: set[Node]) -> set[Node]:
    """The nodes that move when a target moves, as far as derivatives are concerned: `floor` stands still."""
    moving = {node for node in order if node in targets}
    for node in order:
        if node.is_differentiable and node not in moving:
            for position, source in enumerate(node.inputs):
                if source in moving and not isinstance(node.op.rule_for(position), Zero):
                    moving.add(node)
                    break
    return moving


def _total(contributions: list[Node], guards: _BranchGuards) -> Node:
    """The multivariable chain rule: a node used several times sums the gradients of its uses."""
    if len(contributions) == 1:
        return contributions[0]
    total = guards.settle(contributions[0])
    for contribution in contributions[1:]:
        total = total + guards.settle(contribution)
    guards.join(contributions, total)
    return total


def _tuple_gradient(node: Node, contributions: list[Any]) -> tuple[Node | None, ...]:
    """Gradients of an operation with several results; for those that nobody used zeros, or None if it prefers that."""
    parts: list[Any] = [None] * len(node.shape)
    for position, g in contributions:
        parts[position] = g if parts[position] is None else parts[position] + g
    if node.op.pull is not None:
        return tuple(parts)
    return tuple(
        part if part is not None else constant(np.zeros(shape, dtype))
        for part, (shape, dtype) in zip(parts, node.shape, strict=True)
    )


def _contributions(node: Node, wanted: list[int], g: Any, guards: _BranchGuards) -> Iterator[tuple[int, Any]]:
    """What a node passes on to each of its moving inputs."""
    if node.op.pull is None:
        for position in wanted:
            yield position, _contribution(node, position, g, guards)
        return
    found = node.op.pull(g, tuple(wanted), node, *node.inputs, **node.params)
    for position, contribution in zip(wanted, found, strict=True):
        yield position, None if contribution is None else fit_to(contribution, node.inputs[position])


def _contribution(node: Node, position: int, g: Any, guards: _BranchGuards) -> Any:
    """What one use of an input adds to its gradient; None where that is zero by definition."""
    op, source = node.op, node.inputs[position]
    if op.name == "item":
        return node.params["position"], guards.settle(g)
    rule: Any = op.rule_for(position)
    if isinstance(rule, Zero):
        return None
    if rule is None:
        raise no_derivative(node, position)
    if op.partials is not None:
        g = guards.follow(g, times(g, local_gradient(node, position)))
    elif op.broadcasts:
        g = guards.follow(g, lift(rule(g, node, *node.inputs, **node.params)))
    else:
        pull = rule if isinstance(op.vjp, tuple) else functools.partial(rule, position)
        after = pull(guards.settle(g), node, *node.inputs, **node.params)
        if after is None:
            return None
        after = lift(after)
        if not node.is_tuple:
            moves = op.name in _MOVES
            guards.carry(g, after, lambda g: pull(g, node, *node.inputs, **node.params) if moves else None)
        g = after
    g = lift(g)
    if g.shape != source.shape or g.dtype != source.dtype:
        fitted = fit_to(guards.settle(g), source)
        guards.carry(g, fitted, lambda g: fit_shape(g, source.shape))
        g = fitted
    return g


#: Operations whose rule moves, repeats or adds up elements of the gradient, and does nothing else with them.
_MOVES = frozenset({"sum", "mean", "sum_to", "broadcast_to", "reshape", "transpose", "getitem", "scatter", "cast"})

#: The gradient is zero where the node is false (true), if the second part is true (false).
_Condition = tuple[Node, bool]


class _BranchGuards:
    """Keeps the NaN of a branch that was not taken out of the gradient.

    The gradient behind ``where(c, log(x), 0)`` is zero wherever c is false, but zero times the local gradient
    1/x = inf would be NaN there. So a gradient that came out of a `where` remembers the condition through every
    elementwise step, and is masked once more when it leaves that region. The same holds for `relu`, `max` and
    whatever else selects gradients with `where`. A step that only moves elements takes the conditions along; a
    condition that is a single number passes through every step.
    """

    def __init__(self) -> None:
        self._conditions: dict[Node, tuple[_Condition, ...]] = {}
        self._settled: dict[Node, Node] = {}
        self._clean: set[Node] = set()

    def follow(self, before: Node, after: Node) -> Node:
        """An elementwise step keeps the positions, so conditions on `before` hold for `after`."""
        if before is after or after in self._conditions:
            return after
        conditions = self._conditions.get(before, ())
        if conditions and before.shape != after.shape:
            conditions = ()
        selected = _selection(after)
        if selected:
            conditions = (*conditions, selected)
        if conditions:
            self._conditions[after] = conditions
        return after

    def carry(self, before: Node, after: Node, move: Callable[[Node], Node | None]) -> None:
        """Any other step is taken from the settled gradient, and is linear: what it makes of zeros is zero.

        Where `move` does with a weight what the step does with the gradient, the weight, one where the gradient may
        differ from zero, shows where the result may.
        """
        if after is before or after in self._conditions:
            return
        kept: list[_Condition] = []
        for condition, taken_if in self._conditions.get(before, ()):
            if not condition.ndim:
                kept.append((condition, taken_if))
                continue
            moved = move(_weight((condition, taken_if), before.shape))
            if moved is not None:
                kept.append((moved, True))
        selected = _selection(after)
        if selected:
            kept.append(selected)
        if kept:
            self._conditions[after] = tuple(kept)
            self._clean.add(after)

    def join(self, parts: Sequence[Node], total: Node) -> None:
        """A sum is zero where all of its parts are: under a condition they share, or under one condition of each."""
        first, *others = [self._conditions.get(part, ()) for part in parts]
        joint = tuple([condition for condition in first if all(condition in other for other in others)])
        if not joint and first and all(others):
            weight = _weight(first[-1], total.shape)
            for other in others:
                weight = weight + _weight(other[-1], total.shape)
            joint = ((weight, True),)
        if joint:
            self._conditions[total] = joint
            self._clean.add(total)

    def settle(self, g: Node) -> Node:
        """Apply the remembered conditions, before anything mixes elements."""
        conditions = self._conditions.get(g) if self._conditions else None
        if not conditions or g in self._clean:
            return g
        if g not in self._settled:
            settled = g
            for condition in conditions:
                if condition != _selection(settled):
                    settled = where(condition[0], settled, 0.0) if condition[1] else where(condition[0], 0.0, settled)
            settled.gradient_of = g.gradient_of
            self._settled[g] = settled
        return self._settled[g]


def _weight(condition: _Condition, shape: tuple[int, ...]) -> Node:
    """One where a condition lets the gradient pass, else zero."""
    holds, taken_if = condition
    return broadcast_to(where(holds, 1.0, 0.0) if taken_if else where(holds, 0.0, 1.0), shape)


def _selection(g: Node) -> _Condition | None:
    """The condition under which a node is not zero, if it is a `where` with a zero in it."""
    if g.op is where:
        for position, taken_if in ((2, True), (1, False)):
            branch = g.inputs[position]
            if branch.op is LITERAL and branch._value == 0:
                return g.inputs[0], taken_if
    return None


def local_gradient(node: Node, position: int) -> Any:
    """∂node/∂input of an elementwise operation, as a node or a plain number."""
    rule = node.op.rule_for(position)
    return rule(node, *node.inputs, **node.params) if callable(rule) else rule


def times(g: Node, local: Any) -> Node:
    """Upstream gradient times local gradient, without the factors 1 and -1, and with g · (1/y) written g / y."""
    if not isinstance(local, Node):
        if local == 1:
            return g
        return negative(g) if local == -1 else multiply(g, local)
    if local.op is divide and local.inputs[0].op is LITERAL and local.inputs[0]._value == 1:
        return divide(g, local.inputs[1])
    return multiply(g, local)


def fit_to(g: Node, node: Node) -> Node:
    """Give a gradient the shape and dtype of its variable: undo broadcasting, and keep the real part of a
    complex gradient where the variable is real."""
    g = fit_shape(g, node.shape)
    return g if g.dtype == node.dtype else cast(g, dtype=node.dtype)


def fit_shape(g: Node, shape: tuple[int, ...]) -> Node:
    """Undo broadcasting to a shape, or broadcast to it."""
    if g.shape == shape:
        return g
    grown = broadcast_shapes(g.shape, shape) == g.shape
    return sum_to(g, shape=shape) if grown else broadcast_to(g, shape)


def zeros_like(node: Node) -> Node:
    """The gradient of a node that has no influence."""
    return constant(np.zeros(node.shape, node.dtype))


def no_derivative(node: Node, position: int) -> NonDifferentiableError:
    """The error for an operation without a rule."""
    return NonDifferentiableError(
        f"{node.op.name} has no derivative with respect to its argument {position}",
        where=where_recorded(node),
        fix=f"wrap the argument, {describe(node.inputs[position])}, in chainrule.stop_gradient if no gradient "
        "is wanted there, or give the operation a rule with chainrule.custom_vjp",
    )
