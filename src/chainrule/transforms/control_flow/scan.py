"""`scan`: a loop of known length as one node of the graph, whose gradient is a loop backwards.

The node hands out, beside what the user's function returns, the carry before each step. That is all that the gradient
needs from the forward pass: walking back, each step is computed once more from its carry and differentiated
(A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed., section 12.2). Where no gradient is asked for, nobody uses
these results, and `chainrule.simplify.unused` drops them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.backward import backpropagate, zeros_like
from chainrule.errors import StructureError
from chainrule.forward import push_forward
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import ITEM, Op, abstract_input
from chainrule.graph.provenance import describe_value
from chainrule.ops.hazards import LOOP
from chainrule.structure import Structure, flatten
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.transforms.calling import argument_names, function_name
from chainrule.transforms.control_flow.arguments import (
    agree,
    finish,
    or_zeros,
    record_carry,
    same_structure,
    to_operand,
    zeros,
)
from chainrule.transforms.control_flow.body import Body, Recording, close, record
from chainrule.transforms.control_flow.carries import moving_outputs, needed_carries

__all__ = ["scan", "scan_op"]


def _compute(*values: Any, body: Body, carries: int, columns: int, length: int, reverse: bool) -> tuple[Any, ...]:
    state = list(values[:carries])
    rows, fixed = values[carries : carries + columns], values[carries + columns :]
    stacks = [np.empty((length, *node.shape), node.dtype) for node in body.graph.outputs[carries:]]
    run = body.program.run
    for t in range(length - 1, -1, -1) if reverse else range(length):
        results = run([*state, *[row[t] for row in rows], *fixed])
        state = results[:carries]
        for stack, part in zip(stacks, results[carries:], strict=True):
            stack[t] = part
    return (*state, *stacks)


def _infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, None]:
    graph, carries, columns, length = params["body"].graph, params["carries"], params["columns"], params["length"]
    if len(inputs) != len(graph.inputs):
        raise ValueError(f"the body takes {len(graph.inputs)} inputs, and there are {len(inputs)}")
    for position, (node, wanted) in enumerate(zip(inputs, graph.inputs, strict=True)):
        shape = (length, *wanted.shape) if carries <= position < carries + columns else wanted.shape
        if (node.shape, node.dtype) != (shape, wanted.dtype):
            raise ValueError(f"input {position} must have shape {shape}, {wanted.dtype}")
    ends = [(node.shape, node.dtype) for node in graph.outputs[:carries]]
    return (*ends, *[((length, *node.shape), node.dtype) for node in graph.outputs[carries:]]), None


class _Loop:
    """A scan in the making: the inputs and outputs of its body by their part, each beside what it starts from."""

    def __init__(self, length: int, reverse: bool) -> None:
        self.length, self.reverse = length, reverse
        self.carry: list[tuple[Node, Node, Node]] = []  # in the body, before the first step, in the next step
        self.totals: set[Node] = set()  # carries that are only added to
        self.columns: list[tuple[Node, Node]] = []
        self.operands: list[tuple[Node, Node]] = []
        self.stacked: list[Node] = []

    def add_up(self, term: Node) -> None:
        """Carry the sum of a term over all steps."""
        total = abstract_input(term.shape, term.dtype)
        self.totals.add(total)
        self.carry.append((total, zeros(term.shape, term.dtype), total + term))

    def node(self, name: str) -> Node:
        """The scan, which hands out the carry before each step, too; the derivative of a sum does not ask for it."""
        inside = [part[0] for part in self.carry]
        history = [node for node in inside if node not in self.totals and node not in self.stacked]
        inputs = [*self.carry, *self.columns, *self.operands]
        outputs = [*[part[2] for part in self.carry], *self.stacked, *history]
        params = {
            "body": Body(Graph([part[0] for part in inputs], outputs, name)),
            "carries": len(self.carry),
            "columns": len(self.columns),
            "length": self.length,
            "reverse": self.reverse,
        }
        return scan_op.apply(tuple([part[1] for part in inputs]), params)


def _history(out: Node, body: Graph, carries: int) -> list[tuple[Node, Node]]:
    """The inputs of the body that are the carry, each beside its values before all steps."""
    stacked = body.outputs[carries:]
    return [
        (node, ITEM(out, position=carries + stacked.index(node))) for node in body.inputs[:carries] if node in stacked
    ]


def _pull(
    g: tuple[Node | None, ...],
    wanted: tuple[int, ...],
    out: Node,
    *inputs: Node,
    body: Body,
    carries: int,
    columns: int,
    length: int,
    reverse: bool,
) -> list[Node | None]:
    """A scan in the other direction: it carries the gradient of the carry, and adds up those of the operands."""
    graph = body.stable
    moving, results = moving_outputs(graph, carries, wanted)
    given = [i for i, part in enumerate(g) if part is not None and i in results]
    if not given:
        return [None] * len(wanted)
    live = sorted(needed_carries(graph, carries, given) & moving)
    seeded = [i for i in given if i >= carries]
    upstream = {i: abstract_input(graph.outputs[i].shape, graph.outputs[i].dtype) for i in [*live, *seeded]}
    first_operand = carries + columns
    targets = sorted({*live, *[i for i in wanted if i >= carries]})
    found = backpropagate(
        [graph.outputs[i] for i in upstream], list(upstream.values()), [graph.inputs[i] for i in targets]
    )

    loop = _Loop(length, not reverse)
    for i in live:
        node, start = graph.inputs[i], g[i]
        loop.carry.append((upstream[i], or_zeros(start, node), found.get(node) or zeros_like(node)))
    reached = [i for i in wanted if i >= carries and graph.inputs[i] in found]
    summed = [i for i in reached if i >= first_operand]
    for i in summed:
        loop.add_up(found[graph.inputs[i]])
    by_row = [i for i in reached if i < first_operand]
    loop.stacked = [found[graph.inputs[i]] for i in by_row]
    loop.columns = [(upstream[i], g[i]) for i in seeded]  # type: ignore[misc]
    loop.columns += _history(out, graph, carries)
    loop.columns += zip(graph.inputs[carries:first_operand], inputs[carries:first_operand], strict=True)
    loop.operands = list(zip(graph.inputs[first_operand:], inputs[first_operand:], strict=True))
    pulled = loop.node(f"gradient of {graph.name}")
    place = {i: position for position, i in enumerate([*live, *summed, *by_row])}
    return [ITEM(pulled, position=place[i]) if i in place else None for i in wanted]


def _push(
    tangents: tuple[Any, ...],
    out: Node,
    *inputs: Node,
    body: Body,
    carries: int,
    columns: int,
    length: int,
    reverse: bool,
) -> tuple[Node | None, ...]:
    """A scan in the same direction, whose carry is the carry and its tangent."""
    graph = body.stable
    moved, results = moving_outputs(graph, carries, [i for i, tangent in enumerate(tangents) if tangent is not None])
    directions = {i: abstract_input(graph.inputs[i].shape, graph.inputs[i].dtype) for i in sorted(moved)}
    active = [i for i in directions if i < carries]
    stacked = sorted(i for i in results if i >= carries)
    pushed = push_forward(
        [graph.outputs[i] for i in [*active, *stacked]],
        [graph.inputs[i] for i in directions],
        list(directions.values()),
    )

    starts = {i: or_zeros(tangents[i], inputs[i]) for i in directions}
    loop = _Loop(length, reverse)
    first_operand = carries + columns
    loop.carry = [(graph.inputs[i], inputs[i], graph.outputs[i]) for i in range(carries)]
    loop.carry += [(directions[i], starts[i], pushed[n]) for n, i in enumerate(active)]
    totals = [i for i in range(carries) if graph.inputs[i] not in graph.outputs[carries:]]
    loop.totals = {graph.inputs[i] for i in totals} | {directions[i] for i in totals if i in directions}
    loop.columns = list(zip(graph.inputs[carries:first_operand], inputs[carries:first_operand], strict=True))
    loop.columns += [(directions[i], starts[i]) for i in directions if carries <= i < first_operand]
    loop.operands = list(zip(graph.inputs[first_operand:], inputs[first_operand:], strict=True))
    loop.operands += [(directions[i], starts[i]) for i in directions if i >= first_operand]
    loop.stacked = pushed[len(active) :]
    both = loop.node(f"tangent of {graph.name}")

    place = {i: carries + n for n, i in enumerate([*active, *stacked])}
    return tuple([ITEM(both, position=place[i]) if i in place else None for i in range(len(out.shape))])


def _prune(node: Node, used: tuple[int, ...]) -> Any:
    """Drop stacked results that nobody uses, parts of the carry that only they need, and inputs that nobody reads."""
    graph, carries, columns = node.params["body"].graph, node.params["carries"], node.params["columns"]
    kept = sorted(needed_carries(graph, carries, used))
    stacked = [i for i in used if i >= carries]
    results = (*kept, *stacked)
    reached = set(ancestors([graph.outputs[i] for i in results]))
    inputs = tuple([i for i, source in enumerate(graph.inputs) if (i in kept if i < carries else source in reached)])
    if len(results) == len(graph.outputs) and len(inputs) == len(graph.inputs):
        return None
    pruned = Graph([graph.inputs[i] for i in inputs], [graph.outputs[i] for i in results], graph.name)
    read = len([i for i in inputs if carries <= i < carries + columns])
    return {**node.params, "body": Body(pruned), "carries": len(kept), "columns": read}, results, inputs


scan_op = Op("scan", _compute, _infer, pull=_pull, jvp=_push, prune=_prune, hazards=LOOP)


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """Loop over the rows of arrays, carrying a state along: one node of the graph, however many steps.

    Parameters
    ----------
    f : callable
        ``f(carry, x)`` returns ``(carry, y)``: plain NumPy code, called once or twice on values that are not known yet.
        It may use values from outside, traced ones too, but not look at the numbers: ``np.where`` and `cond` choose.
    init : array or container of arrays
        The first carry. Each step returns a carry of the same structure, shapes and dtypes; a Python number takes the
        dtype that the first step gives it.
    xs : array or container of arrays, optional
        Each of shape (length, ...); step t gets the rows ``xs[t]``.
    length : int, optional
        The number of steps; needed only without `xs`.
    reverse : bool, default False
        Whether to go from the last row to the first. ``ys[t]`` belongs to ``xs[t]`` all the same.

    Returns
    -------
    carry : object
        The last carry.
    ys : object
        What the steps returned as `y`, in its structure, stacked: each array of shape (length, ...).

    Raises
    ------
    StructureError
        If `f` does not return a pair, if the carry changes its structure, or if the lengths do not agree.
    ShapeMismatchError
        If the carry changes its shape or dtype.
    TracedBranchError
        If `f` looks at a number, for instance by ``if x > 0``.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def step(total, x):
    ...     total = total + x
    ...     return total, total
    >>> cr.scan(step, 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([1., 3., 6.]))
    >>> cr.grad(lambda x: cr.scan(lambda p, x: (p * x, None), 1.0, x)[0])(np.array([2.0, 3.0, 5.0]))
    array([15., 10.,  6.])
    """
    name = function_name(f)
    init_leaves, init_structure = flatten(init)
    xs_leaves, xs_structure = flatten(xs)
    carry = [to_operand(leaf, "the first carry of scan") for leaf in init_leaves]
    columns = [to_operand(leaf, "xs of scan") for leaf in xs_leaves]
    carry_name, x_name = argument_names(f, 2)
    xs_paths = xs_structure.paths("xs")
    for node, path in zip(columns, xs_paths, strict=True):
        if not node.shape:
            raise _without_rows(path, node)
    steps = _length([(path, node.shape[0]) for path, node in zip(xs_paths, columns, strict=True)], length)
    y_structure: list[Structure] = []

    def record_with(inputs: list[Node]) -> Recording:
        rows = [
            abstract_input(node.shape[1:], node.dtype, path)
            for node, path in zip(columns, xs_structure.paths(x_name), strict=True)
        ]
        arguments = Structure(tuple, (0, 1), (init_structure, xs_structure))
        recording = record(f, name, [*inputs, *rows], arguments)
        if recording.structure.kind is not tuple or len(recording.structure.children) != 2:
            raise StructureError(
                f"{name}, the body of scan, must return a pair (carry, y), but it returned {recording.structure}",
                where=line_of_frame(user_frame()),
                fix="return carry, y; and None for y where there is nothing to stack",
            )
        carried, y = recording.structure.children
        same_structure(carried, init_structure, f"the carry that {name} returns", "the first carry of scan")
        y_structure[:] = [y]
        return recording

    carry, recording = record_carry(init_leaves, carry, init_structure.paths(carry_name), record_with)
    recording.outputs = [agree(node, node) for node in recording.outputs]
    operands, (graph,) = close([recording], hoist=True)
    first_operand = len(carry) + len(columns)
    loop = _Loop(steps, bool(reverse))
    loop.carry = list(zip(graph.inputs, carry, graph.outputs, strict=False))
    loop.columns = list(zip(graph.inputs[len(carry) :], columns, strict=False))
    loop.operands = list(zip(graph.inputs[first_operand:], operands, strict=True))
    loop.stacked = list(graph.outputs[len(carry) :])
    results = finish(loop.node(name), [*init_leaves, *xs_leaves], operands, len(graph.outputs))
    return init_structure.unflatten(results[: len(carry)]), y_structure[0].unflatten(results[len(carry) :])


def _without_rows(path: str, node: Node) -> StructureError:
    return StructureError(
        f"scan loops over the rows of xs, but {describe_value(path, node.shape, node.dtype)} has none",
        where=line_of_frame(user_frame()),
        fix="give an array, np.array([...]) in place of a list of numbers; values that are the same in each step are "
        "used from outside",
    )


def _length(rows: Sequence[tuple[str, int]], length: int | None) -> int:
    """The number of steps, on which all arrays and the argument `length` agree."""
    known = [("length", operator.index(length))] if length is not None else []
    known += rows
    if not known:
        raise StructureError(
            "scan was given neither xs nor length, so the number of steps is not known",
            where=line_of_frame(user_frame()),
            fix="say length=n",
        )
    if len({count for _, count in known}) > 1:
        raise StructureError(
            "scan needs as many rows in each array as there are steps, but "
            + ", ".join(f"{path} has {count}" for path, count in known),
            where=line_of_frame(user_frame()),
            fix="give arrays with the same first length",
        )
    if known[0][1] < 0:
        raise StructureError(f"scan cannot take {known[0][1]} steps", fix="give a length of 0 or more")
    return known[0][1]
