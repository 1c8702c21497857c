"""The whole loop of gradient descent as one native call: gradients, the optimiser's update, rows, history.

Loss, gradients and update are one graph from parameters and state to the next ones, and the compiled loop hands them
from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.config import config
from chainrule.graph.node import Node, ancestors
from chainrule.learn.hoisting import hoisted, hoisted_rows
from chainrule.learn.reuse import Kept, forget_values, graph_key
from chainrule.learn.tracing import StepGraph
from chainrule.native import is_available
from chainrule.transforms.aliases import without_aliases

__all__ = ["CompiledLoop", "compile_loop"]

#: How many kernels are kept for the next run. Each has working memory of its own.
_KEPT = 16


class _Kernel:
    """The code of a training loop, for any data of the same shapes.

    Parameters
    ----------
    graph : StepGraph
    outputs, leaves : list of Node
        The graph, ready for compilation.
    hoist : callable or None
        ``hoist(data)`` gives the values of the leaves that follow from the data alone; None where there are none.
    batch_size : int or None
        How many rows each step picks.
    check_finite : bool
    """

    def __init__(
        self,
        graph: StepGraph,
        outputs: list[Node],
        leaves: list[Node],
        hoist: Callable[[Sequence[Any]], list[Any]] | None,
        batch_size: int | None,
        check_finite: bool,
    ) -> None:
        from chainrule.native.planning.request import Request
        from chainrule.native.running.executable import Executable

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
        self.executable = Executable(request, checks_finite=check_finite)
        self.places = self.executable.state_places
        self.dtype = outputs[0].dtype
        self.params_count = len(graph.params)
        self.state_kinds = graph.state_kinds
        self._moving, self._hoist = moving, hoist

    def packed(self, data: Sequence[Any]) -> list[Any]:
        """What the code reads, at the places of the leaves; those of the state come with each call."""
        fixed = [*data, *(self._hoist(data) if self._hoist is not None else ())]
        packed = [self.executable.pack(self._moving + i, array) for i, array in enumerate(fixed)]
        return [*[None] * self._moving, *packed]


class CompiledLoop:
    """A training loop as native code, with the data that its steps see.

    Parameters
    ----------
    kernel : _Kernel
    data : sequence of array

    Attributes
    ----------
    places : list of (int, int)
        Where parameters and state lie in a block.
    """

    def __init__(self, kernel: _Kernel, data: Sequence[Any]) -> None:
        self._kernel, self._executable = kernel, kernel.executable
        self.places = kernel.places
        self.renew(data)

    def renew(self, data: Sequence[Any]) -> None:
        """Go on with other data."""
        self._arrays = self._kernel.packed(data)

    def start(self, params: Sequence[Any], state: Sequence[Any]) -> np.ndarray[Any, Any]:
        """Parameters and state as the loop carries them along."""
        return self._executable.pack_state([*params, *state])

    def run(self, block: np.ndarray[Any, Any], steps: int, order: Any = None) -> np.ndarray[Any, Any]:
        """Take steps, from and to a block; the losses of the steps that were taken."""
        history = np.empty(steps, self._kernel.dtype)
        taken = self._executable.run_steps(self._arrays, block, history, order)
        return history[:taken]

    def params(self, block: np.ndarray[Any, Any]) -> list[Any]:
        """The parameters in a block, as arrays of their own."""
        return [_handed_out(part) for part in self._executable.unpack_state(block, 0, self._kernel.params_count)]

    def state(self, block: np.ndarray[Any, Any]) -> list[Any]:
        """The numbers of the optimiser's state in a block."""
        parts = self._executable.unpack_state(block, self._kernel.params_count)
        kinds = self._kernel.state_kinds
        return [part.item() if kind in (int, float) else part for part, kind in zip(parts, kinds, strict=True)]

    def plan(self) -> str:
        """What the compiled step consists of."""
        from chainrule.native.running.plan import kernel_plan

        return kernel_plan(self._executable)


def _handed_out(part: np.ndarray[Any, Any]) -> Any:
    return part if part.ndim else part[()]


def _row_count(data: Sequence[Node]) -> int:
    """The length of the first axis that most of the data have."""
    counts: dict[int, int] = {}
    for node in data:
        if node.ndim:
            counts[node.shape[0]] = counts.get(node.shape[0], 0) + node.size
    return max(counts, key=lambda n: counts[n], default=0)


_kernels: Kept[_Kernel | None] = Kept(_KEPT)


def compile_loop(
    graph: StepGraph, data: Sequence[Any], *, batch_size: int | None = None, check_finite: bool = True
) -> CompiledLoop | None:
    """Compile the loop over a step's graph, or find what was compiled for the same graph before.

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
    settings = (batch_size, check_finite, config.threads, len(graph.params), tuple(graph.state_kinds))
    key = graph_key(graph.outputs, graph.leaves, *settings)
    kernel = _kernels.get(key, lambda: _compile(graph, data, batch_size, check_finite))
    return None if kernel is None else CompiledLoop(kernel, data)


def _compile(graph: StepGraph, data: Sequence[Any], batch_size: int | None, check_finite: bool) -> _Kernel | None:
    from chainrule.native.planning.prepare import prepare
    from chainrule.native.running.program import is_native_graph

    outputs = prepare(without_aliases(graph.outputs), graph.leaves)
    hoist = hoisted if batch_size is None else hoisted_rows
    moving = {*graph.params, *graph.state}
    known = hoist(outputs, moving, graph.data, data)
    leaves = [*graph.leaves, *known]
    if not is_native_graph(outputs, leaves):
        return None

    def values(arrays: Sequence[Any]) -> list[Any]:
        return list(hoist(outputs, moving, graph.data, arrays).values())

    kernel = _Kernel(graph, outputs, leaves, values if known else None, batch_size, check_finite)
    forget_values(graph.leaves)
    return kernel
