"""The gradient of one training step: traced once where that is safe, traced at every step where it is not.

A loss that is plain arithmetic records the same graph at every step, so its graph is made into a program once and run
with new parameters and new rows. That is safe only if nothing in the graph depends on the step. So the loss is
traced twice: the program is kept if both traces recorded the same graph with the same constants, and the function
never looked at a traced number (``if loss < 1``). A loss with random noise, with a counter, or with
data-dependent control flow fails that test, and is traced anew at each step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Node, ancestors
from chainrule.interpret import Program, signature
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.gradient import scalar_output
from chainrule.transforms.running import gradients, ones_for

__all__ = ["StepGradient"]


class StepGradient:
    """Loss and gradient of a training step, as fast as the loss allows.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``.

    Attributes
    ----------
    loss : callable
    """

    def __init__(self, loss: Callable[..., Any]) -> None:
        self.loss = loss
        self._programs: dict[Any, _KeptProgram | None] = {}

    def __call__(self, params: Any, data: tuple[Any, ...]) -> tuple[float, list[Any]]:
        """The loss, and its gradient for each leaf of the parameters."""
        shapes = tuple((np.shape(array), np.asarray(array).dtype) for array in data)
        if shapes not in self._programs:
            self._programs[shapes] = self._keep(params, data)
        kept = self._programs[shapes]
        if kept is None:
            return _Recording(self.loss, params, data).run()
        return kept.run(flatten(params)[0], data)

    def _keep(self, params: Any, data: tuple[Any, ...]) -> _KeptProgram | None:
        """A program for data of these shapes, if two traces agree."""
        first, second = (_Recording(self.loss, params, data) for _ in range(2))
        return _KeptProgram(first) if first.is_fixed and first.agrees_with(second) else None


class _Recording:
    """One trace of the loss, with parameters and data as inputs of the graph."""

    def __init__(self, loss: Callable[..., Any], params: Any, data: tuple[Any, ...]) -> None:
        arguments = Arguments(loss, (params, *data), tuple(range(1 + len(data))))
        self.params_count = arguments.structures[0].leaf_count
        self.call = TracedCall(loss, arguments, {})
        self.output = scalar_output(self.call.result, function_name(loss))
        self.order = ancestors([*self.call.inputs, self.output], after=self.call.start)
        self.key, self.leaves = signature(self.order, [self.output])
        self.constants = self.leaves[len(self.call.inputs) :]

    @property
    def is_fixed(self) -> bool:
        """Whether no branch of the code depended on a number."""
        return not self.call.looked_at

    def agrees_with(self, other: _Recording) -> bool:
        """Whether another trace recorded the same graph on the same constants."""
        return self.key == other.key and all(
            a._value is b._value or np.array_equal(a._value, b._value, equal_nan=a.dtype.kind in "fc")
            for a, b in zip(self.constants, other.constants, strict=True)
        )

    def wanted(self) -> list[Node]:
        stabilise(self.order)
        stable_output = self.output.stable or self.output
        inputs = self.call.inputs[: self.params_count]
        return [stable_output, *gradients([stable_output], [ones_for(stable_output)], inputs, self.call.start)]

    def run(self) -> tuple[float, list[Any]]:
        return _KeptProgram(self).run([node._value for node in self.call.inputs], ())


class _KeptProgram:
    """A program for loss and gradient, and the constants that it uses."""

    def __init__(self, recording: _Recording) -> None:
        self.recording = recording
        self.program = Program(recording.wanted(), recording.leaves)
        self.constants = [np.array(node._value) for node in recording.constants]

    def run(self, params: list[Any], data: tuple[Any, ...]) -> tuple[float, list[Any]]:
        values = [*params, *flatten(data)[0], *self.constants]
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            loss, *found = self.program.run(values)
        return loss, found
