"""One step of training as a graph: loss, gradients and the optimiser's update.

The optimiser is plain NumPy code, so its update is traced like everything else.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.graph.node import Node, ancestors
from chainrule.graph.op import abstract_input
from chainrule.interpret import signature
from chainrule.learn.optimizers import Optimizer
from chainrule.learn.recording import Recording
from chainrule.simplify.rewrite import rebuild
from chainrule.structure import Structure, flatten
from chainrule.trace.record import to_node
from chainrule.trace.session import Session
from chainrule.trace.tracer import Tracer

__all__ = ["StepGraph", "is_moving", "trace_step"]


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
    moving = [leaf for leaf in state_leaves if is_moving(leaf)]
    try:
        update = _Update(optimizer, params, gradients, moving)
        stepped = update.traced(state_leaves, structure)
    except (ChainRuleError, TypeError, ValueError, AttributeError, LookupError):
        return None  # a step without tracing tells what is wrong, if anything is
    if stepped is None:
        return None
    following = _with_sources(stepped, dict(zip(update.inputs, [*params, *gradients], strict=False)))
    before = [*params, *update.state]
    if len(following) != len(before):
        return None
    for old, new in zip(before, following, strict=True):
        if old.shape != new.shape or old.dtype != new.dtype:
            return None
    return StepGraph(params, update.state, data, [loss, *following], [type(leaf) for leaf in moving])


class _Update:
    """An optimiser's update, traced on inputs that stand for any numbers, so that it cannot look at them."""

    def __init__(self, optimizer: Optimizer, params: list[Node], gradients: list[Node], moving: list[Any]) -> None:
        self._optimizer = copy.deepcopy(optimizer)  # what it remembers of this does not reach the steps
        self._params = [abstract_input(node.shape, node.dtype) for node in params]
        self._gradients = [abstract_input(node.shape, node.dtype) for node in gradients]
        self.state = [_state_input(leaf) for leaf in moving]
        self.inputs = [*self._params, *self._gradients]

    def traced(self, state_leaves: list[Any], structure: Structure) -> list[Node] | None:
        """The next parameters and state; None where a second call would do something else."""
        with Session(allows_looking=False):
            first = self._nodes(state_leaves, structure)
            second = self._nodes(state_leaves, structure)
        return first if first is not None and second is not None and _is_same_graph(first, second) else None

    def _nodes(self, state_leaves: list[Any], structure: Structure) -> list[Node] | None:
        following = map(Tracer, self.state)
        leaves = [next(following) if is_moving(leaf) else leaf for leaf in state_leaves]
        uphill = [np.conj(g) if g.dtype.kind == "c" else g for g in map(Tracer, self._gradients)]
        stepped, next_state = self._optimizer.update(
            [Tracer(node) for node in self._params], uphill, structure.unflatten(leaves)
        )
        next_leaves, next_structure = flatten(next_state)
        if next_structure != structure:
            return None
        pairs = list(zip(next_leaves, state_leaves, strict=True))
        if not all(is_moving(before) or _is_same(leaf, before) for leaf, before in pairs):
            return None
        return [to_node(leaf) for leaf in [*stepped, *[leaf for leaf, before in pairs if is_moving(before)]]]


def _with_sources(outputs: list[Node], sources: dict[Node, Node]) -> list[Node]:
    """The same graph with other nodes in the place of its inputs."""
    done = dict(sources)
    for node in ancestors(outputs):
        if node not in done:
            done[node] = rebuild(node, tuple([done[source] for source in node.inputs])) if node.inputs else node
    return [done[node] for node in outputs]


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


def is_moving(leaf: Any) -> bool:
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
