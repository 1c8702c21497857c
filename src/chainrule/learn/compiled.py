"""The whole loop of gradient descent as one native call: gradients, the optimiser's update, rows, history.

The optimiser is plain NumPy code, so its update is traced like everything else: loss, gradients and update become one
graph from parameters and state to the next ones, and the compiled loop hands them from step to step.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.config import config
from chainrule.errors import ChainRuleError
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import abstract_input
from chainrule.interpret import Program, signature
from chainrule.learn.optimizers import Optimizer
from chainrule.learn.recording import Recording
from chainrule.native import is_available
from chainrule.structure import flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import Session
from chainrule.trace.tracer import Tracer

__all__ = ["CompiledLoop", "StepGraph", "compile_loop", "trace_step"]

#: Values that do not change from step to step are computed once, if they take no more room than so many times the data.
_MOST_HOISTED = 2


class StepGraph:
    """One step of training as a graph.

    Attributes
    ----------
    params, state, data : list of Node
        Its inputs.
    outputs : list of Node
        The loss, the next parameters, the next state.
    """

    def __init__(
        self, params: list[Node], state: list[Node], data: list[Node], outputs: list[Node], state_kinds: list[Any]
    ) -> None:
        self.params, self.state, self.data = params, state, data
        self.outputs = outputs
        self.state_kinds = state_kinds

    @property
    def leaves(self) -> list[Node]:
        return [*self.params, *self.state, *self.data]


def trace_step(recording: Recording, optimizer: Optimizer, state: Any) -> StepGraph | None:
    """The graph of a step.

    Returns
    -------
    StepGraph or None
        None where the optimiser looks at numbers, changes the kind of what it updates, or would do something else in
        the next step: it remembers things outside of its state, or a part of the state that is no number changes.
    """
    params = recording.inputs[: recording.params_count]
    data = recording.inputs[recording.params_count :]
    loss, *gradients = recording.wanted()
    state_leaves, structure = flatten(state)
    moving = [_moves(leaf) for leaf in state_leaves]
    with Session(allows_looking=False):
        inputs = [_state_input(leaf) for leaf, moves in zip(state_leaves, moving, strict=True) if moves]
        uphill = [np.conj(g) if g.dtype.kind == "c" else g for g in map(Tracer, gradients)]

        def update(optimizer: Optimizer) -> list[Node] | None:
            """The next parameters and the next state."""
            following = iter(inputs)
            leaves = [Tracer(next(following)) if moves else x for x, moves in zip(state_leaves, moving, strict=True)]
            stepped, next_state = optimizer.update(
                [Tracer(node) for node in params], list(uphill), structure.unflatten(leaves)
            )
            next_leaves, next_structure = flatten(next_state)
            if next_structure != structure:
                return None
            after: list[Node] = []
            for leaf, before, moves in zip(next_leaves, state_leaves, moving, strict=True):
                if moves:
                    after.append(to_node(leaf))
                elif not _is_same(leaf, before):
                    return None
            return [*map(to_node, stepped), *after]

        try:
            probe = copy.deepcopy(optimizer)  # what it remembers of this does not reach the steps
            following, again = update(probe), update(probe)
        except (ChainRuleError, TypeError, ValueError, AttributeError, IndexError):
            return None  # a step without tracing tells what is wrong, if anything is
    before = [*params, *inputs]
    if following is None or again is None or len(following) != len(before) or not _is_same_graph(following, again):
        return None
    for old, new in zip(before, following, strict=True):
        if old.shape != new.shape or old.dtype != new.dtype:
            return None
    kinds = [type(leaf) for leaf, moves in zip(state_leaves, moving, strict=True) if moves]
    return StepGraph(params, inputs, data, [loss, *following], kinds)


def _is_same(leaf: Any, before: Any) -> bool:
    """Whether a part of the state that is no number stayed what it was."""
    if leaf is before:
        return True
    if type(leaf) is not type(before):
        return False
    return np.array_equal(leaf, before) if isinstance(leaf, np.ndarray) else bool(leaf == before)


def _is_same_graph(first: list[Node], second: list[Node]) -> bool:
    """Whether nodes compute the same from the same leaves."""
    (key, leaves), (other_key, other_leaves) = (signature(ancestors(nodes), nodes) for nodes in (first, second))
    return key == other_key and all(
        a is b or (a._value is not None and b._value is not None and np.array_equal(a._value, b._value, equal_nan=True))
        for a, b in zip(leaves, other_leaves, strict=True)
    )


def _moves(leaf: Any) -> bool:
    """Whether a part of an optimiser's state is a number or an array of numbers."""
    if type(leaf) in (int, float):
        return True
    return isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "fciu"


def _state_input(leaf: Any) -> Node:
    """An input for a part of the state; a plain Python number keeps adapting to the dtypes that it meets."""
    array = np.asarray(leaf)
    node = abstract_input(array.shape, array.dtype, None)
    if type(leaf) in (int, float):
        node.kind = type(leaf)
    return node


class CompiledLoop:
    """A training loop as native code.

    Parameters
    ----------
    graph : StepGraph
    outputs, leaves : list of Node
        The graph, ready for compilation.
    fixed : list of array
        The values of the leaves that are data.
    batch_size : int or None
        How many rows each step picks.
    check_finite : bool
    """

    def __init__(
        self,
        graph: StepGraph,
        outputs: list[Node],
        leaves: list[Node],
        fixed: Sequence[Any],
        batch_size: int | None,
        check_finite: bool,
    ) -> None:
        from chainrule.native.executable import Executable
        from chainrule.native.kernel import Request

        moving = len(graph.params) + len(graph.state)
        constants = [
            node for node in ancestors(outputs) if node.op.name == "constant" and node.ndim and node not in leaves
        ]
        rows = _row_count(leaves[moving:]) if batch_size is None else batch_size
        request = Request(
            outputs,
            leaves,
            constants,
            state=[(i, i + 1) for i in range(moving)],
            history=0,
            data=[node for node in leaves[moving:] if node.ndim and node.shape[0] == rows],
            batch=range(moving, len(leaves)) if batch_size is not None else (),
            threads=config.threads,
        )
        self._kernel = Executable(request, checks_finite=check_finite)
        self._arrays: list[Any] = [None] * moving
        self._arrays += [self._kernel.pack(moving + i, array) for i, array in enumerate(fixed)]
        self._dtype = outputs[0].dtype
        self._params_count = len(graph.params)
        self._state_kinds = graph.state_kinds

    def start(self, params: Sequence[Any], state: Sequence[Any]) -> np.ndarray[Any, Any]:
        """Parameters and state as the loop carries them along."""
        return self._kernel.pack_state([*params, *state])

    def run(self, block: np.ndarray[Any, Any], steps: int, order: Any = None) -> np.ndarray[Any, Any]:
        """Take steps, from and to a block; the losses of the steps that were taken."""
        history = np.empty(steps, self._dtype)
        taken = self._kernel.run_steps(self._arrays, block, history, order)
        return history[:taken]

    def params(self, block: np.ndarray[Any, Any]) -> list[Any]:
        """The parameters in a block, as arrays of their own."""
        return [_handed_out(part) for part in self._kernel.unpack_state(block)[: self._params_count]]

    def state(self, block: np.ndarray[Any, Any]) -> list[Any]:
        """The numbers of the optimiser's state in a block."""
        parts = self._kernel.unpack_state(block)[self._params_count :]
        return [
            part.item() if kind in (int, float) else part for part, kind in zip(parts, self._state_kinds, strict=True)
        ]

    def plan(self) -> str:
        """What the compiled step consists of."""
        from chainrule.native.plan import kernel_plan

        return kernel_plan(self._kernel)


def _handed_out(part: np.ndarray[Any, Any]) -> Any:
    return part if part.ndim else part[()]


def _row_count(data: Sequence[Node]) -> int:
    """The length of the first axis that most of the data have."""
    counts: dict[int, int] = {}
    for node in data:
        if node.ndim:
            counts[node.shape[0]] = counts.get(node.shape[0], 0) + node.size
    return max(counts, key=lambda n: counts[n], default=0)


def compile_loop(
    graph: StepGraph, data: Sequence[Any], *, batch_size: int | None = None, check_finite: bool = True
) -> CompiledLoop | None:
    """Compile the loop over a step's graph.

    Parameters
    ----------
    graph : StepGraph
    data : sequence of array
        What the step sees at each time; with `batch_size` the whole arrays from which it picks rows.

    Returns
    -------
    CompiledLoop or None
        None where a part of the step must run through NumPy.
    """
    if not is_available():
        return None
    from chainrule.native.prepare import prepare
    from chainrule.native.program import is_native_graph

    leaves = graph.leaves
    outputs = prepare(graph.outputs, leaves)
    if not is_native_graph(outputs, leaves):
        return None
    fixed: list[Any] = list(data)
    if batch_size is None:
        moving = {*graph.params, *graph.state}
        hoisted = _unchanging(outputs, leaves, moving)
        if hoisted:
            known = Program(hoisted, graph.data).run(fixed)
            leaves = [*leaves, *hoisted]
            fixed += [np.asarray(value) for value in known]
    return CompiledLoop(graph, outputs, leaves, fixed, batch_size, check_finite)


def _unchanging(outputs: Sequence[Node], leaves: Sequence[Node], moving: set[Node]) -> list[Node]:
    """The nodes that do not depend on the parameters although their users do: they are computed once."""
    from chainrule.native.memory import VIEWS

    given = set(leaves)
    room = _MOST_HOISTED * sum(node.size for node in given - moving)
    changes: dict[Node, bool] = {}
    found: dict[Node, None] = {}
    order = ancestors(outputs, skip=lambda node: False)
    for node in order:
        changes[node] = node in moving or (node not in given and any(changes[source] for source in node.inputs))
    for node in order:
        if not changes[node] and node.op.name not in VIEWS:
            continue
        for source in node.inputs:
            fixed = not changes[source] and source.inputs and source not in given and source.op.name not in VIEWS
            if fixed and source.size <= room and _depends_on(source, given):
                found[source] = None
    return list(found)


def _depends_on(node: Node, given: set[Node]) -> bool:
    return any(source in given for source in ancestors([node]))
