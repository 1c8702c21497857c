"""`while_loop`: a loop that ends when a condition fails, as one node of the graph.

How many steps it takes is known only when it runs, so nothing can be stacked for a backward pass. Its gradient is
another operation, which runs the loop again, writes down the carry before each step, and walks back.

That operation's own derivatives need no new rule. For the loop W with Jacobian J, walking back computes Jᵀg. Its
tangent along v is the gradient of ⟨g, J v⟩, and J v is what the loop over carries *and* tangents returns, which is a
while loop as well: the tangent of walking back is walking back through the loop of tangents. Likewise the gradient of
⟨u, Jᵀg⟩ is J u with respect to g, and the gradient of ⟨g, J u⟩ with respect to the rest. So all orders are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.backward import backpropagate, zeros_like
from chainrule.forward import push_forward
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import ITEM, Op, abstract_input
from chainrule.ops.hazards import LOOP
from chainrule.structure import Structure, flatten
from chainrule.transforms.calling import argument_names, function_name
from chainrule.transforms.control_flow.arguments import (
    agree,
    finish,
    or_zeros,
    placeholders,
    record_carry,
    require_truth_value,
    same_structure,
    to_operand,
)
from chainrule.transforms.control_flow.body import Body, Recording, close, record
from chainrule.transforms.control_flow.carries import moving_outputs, needed_carries

__all__ = ["while_loop", "while_loop_back_op", "while_loop_op"]


def _compute(*values: Any, condition: Body, body: Body, carries: int) -> tuple[Any, ...]:
    state, fixed = list(values[:carries]), values[carries:]
    goes_on, step = condition.program.run, body.program.run
    while goes_on([*state, *fixed])[0]:
        state = step([*state, *fixed])
    return tuple(state)


def _infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, None]:
    graph = params["body"].graph
    _require(inputs, graph.inputs)
    _require(inputs, params["condition"].graph.inputs)
    return tuple([(node.shape, node.dtype) for node in graph.outputs]), None


def _require(inputs: Sequence[Node], wanted: Sequence[Node]) -> None:
    given = [(node.shape, node.dtype) for node in inputs]
    if given != [(node.shape, node.dtype) for node in wanted]:
        raise ValueError(f"the body takes {[(node.shape, str(node.dtype)) for node in wanted]}, and it gets {given}")


class _Loop:
    """A while loop, or one in the making: condition, body, and what it starts from."""

    def __init__(self, condition: Body, body: Body, carries: int, inputs: Sequence[Node]) -> None:
        self.condition, self.body, self.carries, self.inputs = condition, body, carries, tuple(inputs)

    def node(self) -> Node:
        params = {"condition": self.condition, "body": self.body, "carries": self.carries}
        return while_loop_op.apply(self.inputs, params)

    def with_tangents(self, tangents: Sequence[Node | None]) -> tuple[_Loop, dict[int, int]]:
        """The loop over carry and tangents, and where in its carry the tangent of each moving part stands."""
        body, condition = self.body.stable, self.condition.stable
        given = [i for i, tangent in enumerate(tangents) if tangent is not None]
        moving, _ = moving_outputs(body, self.carries, given)
        directions = {i: abstract_input(self.inputs[i].shape, self.inputs[i].dtype) for i in sorted(moving)}
        active = [i for i in directions if i < self.carries]
        pushed = push_forward(
            [body.outputs[i] for i in active], [body.inputs[i] for i in directions], list(directions.values())
        )

        def extended(plain: Sequence[Node], moved: dict[int, Node]) -> list[Node]:
            first = [*plain[: self.carries], *[moved[i] for i in active]]
            return [*first, *plain[self.carries :], *[moved[i] for i in moved if i >= self.carries]]

        starts = {i: or_zeros(tangents[i], self.inputs[i]) for i in directions}
        unread = {i: abstract_input(node.shape, node.dtype) for i, node in directions.items()}
        name = f"tangent of {body.name}"
        loop = _Loop(
            Body(Graph(extended(condition.inputs, unread), condition.outputs, condition.name)),
            Body(Graph(extended(body.inputs, directions), [*body.outputs, *pushed], name)),
            self.carries + len(active),
            extended(self.inputs, starts),
        )
        return loop, {i: self.carries + n for n, i in enumerate(active)}

    def position_with_tangents(self, i: int, active: int) -> int:
        """Where an input stands in the loop over carry and tangents."""
        return i if i < self.carries else i + active

    def pulled(self, g: dict[int, Node], wanted: Sequence[int]) -> dict[int, Node]:
        """Gradients of some inputs, from the upstream gradients of some results; without those that are zero."""
        graph = self.body.stable
        moving, results = moving_outputs(graph, self.carries, wanted)
        given = [i for i in g if i in results]
        live = sorted(needed_carries(graph, self.carries, given) & moving)
        if not live:
            return {}
        upstream = {i: abstract_input(graph.outputs[i].shape, graph.outputs[i].dtype) for i in live}
        summed = [i for i in wanted if i >= self.carries]
        found = backpropagate(
            [graph.outputs[i] for i in live], list(upstream.values()), [graph.inputs[i] for i in [*live, *summed]]
        )
        summed = [i for i in summed if graph.inputs[i] in found]
        totals = {i: abstract_input(graph.inputs[i].shape, graph.inputs[i].dtype) for i in summed}
        back = Graph(
            [*upstream.values(), *totals.values(), *graph.inputs],
            [
                *[found.get(graph.inputs[i]) or zeros_like(graph.inputs[i]) for i in live],
                *[totals[i] + found[graph.inputs[i]] for i in summed],
            ],
            f"gradient of {graph.name}",
        )
        seeds = [or_zeros(g.get(i), graph.outputs[i]) for i in live]
        params = {
            "condition": self.condition,
            "body": self.body,
            "back": Body(back),
            "carries": self.carries,
            "moving": (*live, *summed),
        }
        node = while_loop_back_op.apply((*self.inputs, *seeds), params)
        place = {i: position for position, i in enumerate([*live, *summed])}
        return {i: ITEM(node, position=place[i]) for i in wanted if i in place}


def _pull(
    g: tuple[Node | None, ...], wanted: tuple[int, ...], out: Node, *inputs: Node, **params: Any
) -> list[Node | None]:
    given = {i: part for i, part in enumerate(g) if part is not None}
    found = _Loop(inputs=inputs, **params).pulled(given, wanted)
    return [found.get(i) for i in wanted]


def _push(tangents: tuple[Any, ...], out: Node, *inputs: Node, **params: Any) -> tuple[Node | None, ...]:
    loop, place = _Loop(inputs=inputs, **params).with_tangents(tangents)
    node = loop.node()
    return tuple([ITEM(node, position=place[i]) if i in place else None for i in range(len(out.shape))])


def _prune(node: Node, used: tuple[int, ...]) -> Any:
    """Drop parts of the carry that neither the condition nor the used results depend on."""
    condition, body, carries = node.params["condition"].graph, node.params["body"].graph, node.params["carries"]
    reached = set(ancestors(condition.outputs))
    tested = [i for i in range(len(condition.inputs)) if condition.inputs[i] in reached]
    kept = sorted(needed_carries(body, carries, [*used, *[i for i in tested if i < carries]]))
    reached = set(ancestors([body.outputs[i] for i in kept]))
    fixed = [i for i in range(carries, len(body.inputs)) if body.inputs[i] in reached or i in tested]
    if len(kept) == carries and len(fixed) == len(body.inputs) - carries:
        return None
    inputs = (*kept, *fixed)
    params = {
        "condition": Body(Graph([condition.inputs[i] for i in inputs], condition.outputs, condition.name)),
        "body": Body(Graph([body.inputs[i] for i in inputs], [body.outputs[i] for i in kept], body.name)),
        "carries": len(kept),
    }
    return params, tuple(kept), inputs


while_loop_op = Op("while_loop", _compute, _infer, pull=_pull, jvp=_push, prune=_prune, hazards=LOOP)


# Walking back -------------------------------------------------------------------------------------------------------


def _compute_back(
    *values: Any, condition: Body, body: Body, back: Body, carries: int, moving: tuple[int, ...]
) -> tuple[Any, ...]:
    count = len(body.graph.inputs)
    state, fixed, seeds = list(values[:carries]), values[carries:count], values[count:]
    goes_on, step, step_back = condition.program.run, body.program.run, back.program.run
    passed = []
    while goes_on([*state, *fixed])[0]:
        passed.append(state)
        state = step([*state, *fixed])
    totals = [np.zeros(body.graph.inputs[i].shape, body.graph.inputs[i].dtype) for i in moving if i >= carries]
    gradients = [*seeds, *totals]
    while passed:
        gradients = step_back([*gradients, *passed.pop(), *fixed])
    return tuple(gradients)


def _infer_back(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, None]:
    graph, carries = params["body"].graph, params["carries"]
    seeded = [graph.outputs[i] for i in params["moving"] if i < carries]
    _require(inputs, [*graph.inputs, *seeded])
    return tuple([(graph.inputs[i].shape, graph.inputs[i].dtype) for i in params["moving"]]), None


def _parts(
    inputs: tuple[Node, ...], condition: Body, body: Body, carries: int, moving: tuple[int, ...]
) -> tuple[_Loop, dict[int, Node]]:
    """The loop that is walked back, and the upstream gradients of its results."""
    count = len(body.graph.inputs)
    live = [i for i in moving if i < carries]
    return _Loop(condition, body, carries, inputs[:count]), dict(zip(live, inputs[count:], strict=True))


def _push_back(
    tangents: tuple[Any, ...],
    out: Node,
    *inputs: Node,
    condition: Body,
    body: Body,
    back: Body,
    carries: int,
    moving: tuple[int, ...],
) -> tuple[Node | None, ...]:
    """Jᵀġ, and the gradient of ⟨g, J v⟩: both come out of walking back through the loop of tangents."""
    loop, g = _parts(inputs, condition, body, carries, moving)
    count = len(loop.inputs)
    moved_g = {i: tangent for i, tangent in zip(g, tangents[count:], strict=True) if tangent is not None}
    if all(tangent is None for tangent in tangents[:count]):
        found = loop.pulled(moved_g, moving)
        return tuple([found.get(i) for i in moving])
    both, place = loop.with_tangents(tangents[:count])
    upstream = moved_g | {place[i]: part for i, part in g.items() if i in place}
    positions = [loop.position_with_tangents(i, len(place)) for i in moving]
    found = both.pulled(upstream, positions)
    return tuple([found.get(i) for i in positions])


def _pull_back(
    u: tuple[Node | None, ...],
    wanted: tuple[int, ...],
    out: Node,
    *inputs: Node,
    condition: Body,
    body: Body,
    back: Body,
    carries: int,
    moving: tuple[int, ...],
) -> list[Node | None]:
    """The gradient of ⟨u, Jᵀg⟩ = ⟨g, J u⟩: J u with respect to g, and walking back from it for everything else."""
    loop, g = _parts(inputs, condition, body, carries, moving)
    count = len(loop.inputs)
    directions: list[Node | None] = [None] * count
    for i, part in zip(moving, u, strict=True):
        directions[i] = part
    both, place = loop.with_tangents(directions)
    tangents = both.node()
    live = list(g)
    by_g = {count + n: ITEM(tangents, position=place[i]) for n, i in enumerate(live) if i in place}
    positions = {i: loop.position_with_tangents(i, len(place)) for i in wanted if i < count}
    found = both.pulled({place[i]: part for i, part in g.items() if i in place}, list(positions.values()))
    return [by_g.get(i) if i >= count else found.get(positions[i]) for i in wanted]


while_loop_back_op = Op("while_loop_back", _compute_back, _infer_back, pull=_pull_back, jvp=_push_back)


def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init: Any) -> Any:
    """Repeat a step as long as a condition holds: one node of the graph.

    Parameters
    ----------
    cond_fun : callable
        ``cond_fun(carry)`` returns one truth value.
    body_fun : callable
        ``body_fun(carry)`` returns the next carry, of the same structure, shapes and dtypes. Both are plain NumPy code,
        recorded on values that are not known yet: they may use values from outside, traced ones too, but not look at
        the numbers.
    init : array or container of arrays
        The first carry. A Python number takes the dtype that the first step gives it.

    Returns
    -------
    object
        The first carry for which the condition fails.

    Raises
    ------
    UnsupportedOperationError
        If the condition is not one truth value.
    StructureError, ShapeMismatchError
        If the carry changes its structure, shape or dtype.
    TracedBranchError
        If one of the functions looks at a number, for instance by ``if x > 0``.

    Notes
    -----
    The number of steps counts as constant. The gradient runs the loop a second time and keeps the carry of every step
    while it walks back; where the number of steps is known beforehand, `scan` runs it only once.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def root(a):
    ...     return cr.while_loop(lambda x: np.abs(x * x - a) > 1e-12 * a, lambda x: (x + a / x) / 2, a)
    >>> round(float(root(2.0)), 6), round(float(cr.grad(root)(2.0)), 6)
    (1.414214, 0.353553)
    """
    leaves, structure = flatten(init)
    carry = [to_operand(leaf, "the first carry of while_loop") for leaf in leaves]
    name = function_name(body_fun)
    single = Structure(tuple, (0,), (structure,))

    def record_with(inputs: list[Node]) -> Recording:
        recording = record(body_fun, name, inputs, single)
        same_structure(
            recording.structure, structure, f"the carry that {name} returns", "the first carry of while_loop"
        )
        return recording

    names = structure.paths(argument_names(body_fun, 1)[0])
    carry, step = record_carry(leaves, carry, names, record_with)
    test = record(cond_fun, function_name(cond_fun), placeholders(carry, names), single)
    same_structure(test.structure, flatten(True)[1], f"what {test.name} returns", "the condition of while_loop")
    test.outputs = [agree(node, node) for node in test.outputs]
    require_truth_value(test.outputs[0], f"the condition of while_loop, what {test.name} returns,")
    operands, (condition, body) = close([test, step], hoist=False)
    loop = _Loop(Body(condition), Body(body), len(carry), [*carry, *operands])
    return structure.unflatten(finish(loop.node(), leaves, operands, len(carry)))
