"""The gradient of one training step: a kept program where that is safe, a new trace where it is not.

A loss that is plain arithmetic records the same graph at every step. So if the first two steps recorded the same
graph with the same constants, and the loss looked at no traced number (``if loss < 1``, ``x[x > 0]``), the graph's
program does the further steps without calling the loss. Otherwise every step calls and traces it, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node, ancestors
from chainrule.interpret import Program, signature
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.gradient import scalar_output, value_and_grad
from chainrule.transforms.running import gradients, ones_for

__all__ = ["StepGradient"]


class StepGradient:
    """Loss and gradient of a training step, as fast as the loss allows.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``.
    keeps_programs : bool, default True
        False where other code runs between the steps and may change what the loss reads.
    """

    def __init__(self, loss: Callable[..., Any], *, keeps_programs: bool = True) -> None:
        self._loss = loss
        self._traced = value_and_grad(loss)
        self._keeps_programs = keeps_programs
        self._first: dict[Any, _Recording] = {}
        self._kept: dict[Any, _KeptProgram] = {}

    def __call__(self, params: Any, data: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        """The loss, and its gradient for each leaf of the parameters."""
        if self._keeps_programs:
            key = _shapes(data)
            kept = self._kept.get(key)
            if kept is not None:
                return kept.run(params, data)
            recording = self._record(params, data)
            if recording is not None:
                self._compare(key, recording)
                return _KeptProgram(recording).run(params, data)
            self._keeps_programs = False
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            value, gradient = self._traced(params, *data)
        return value, flatten(gradient)[0]

    def _record(self, params: Any, data: tuple[Any, ...]) -> _Recording | None:
        """A trace with the data as inputs of the graph; None where the loss needs plain data, or ignores `params`."""
        try:
            recording = _Recording(self._loss, params, data)
        except (ChainRuleError, TypeError, ValueError, IndexError):
            return None  # with plain data the loss may work; if not, that trace tells why
        return recording if recording.reaches_params else None

    def _compare(self, key: Any, recording: _Recording) -> None:
        """Keep the program of a second trace that agrees with the first, or no program any more."""
        first = self._first.setdefault(key, recording)
        if not recording.is_fixed or not first.agrees_with(recording):
            self._keeps_programs = False
        elif first is not recording:
            self._kept[key] = _KeptProgram(recording)


def _is_array(leaf: Any) -> bool:
    """Arrays of numbers are inputs of the graph; settings, text and functions stay as they are."""
    return type(leaf) is np.ndarray and leaf.dtype.kind in "fciub"


def _arrays(data: tuple[Any, ...]) -> list[Any]:
    return [leaf for leaf in flatten(data)[0] if _is_array(leaf)]


def _shapes(data: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([(array.shape, array.dtype) for array in _arrays(data)])


class _Recording:
    """One trace of the loss, with parameters and data as inputs of the graph."""

    def __init__(self, loss: Callable[..., Any], params: Any, data: tuple[Any, ...]) -> None:
        leaves, structure = flatten(data)

        def with_arrays(params: Any, arrays: list[Any]) -> Any:
            following = iter(arrays)
            return loss(params, *structure.unflatten([next(following) if _is_array(x) else x for x in leaves]))

        arguments = Arguments(with_arrays, (params, _arrays(data)), (0, 1))
        call = TracedCall(with_arrays, arguments, {})
        self.inputs, self.start = call.inputs, call.start
        self.params_count = arguments.structures[0].leaf_count
        self.output = scalar_output(call.result, function_name(loss))
        self.order = ancestors([*self.inputs, self.output], after=self.start)
        self.key, self.leaves = signature(self.order, [self.output])
        self.constants = [np.array(node._value) for node in self.leaves[len(self.inputs) :]]
        self.reaches_params = not set(self.inputs[: self.params_count]).isdisjoint(ancestors([self.output]))
        #: Whether the graph would be the same for other numbers.
        self.is_fixed = not (call.looked_at or any(node.op.infer is by_evaluation for node in self.order))

    def agrees_with(self, other: _Recording) -> bool:
        """Whether another trace recorded the same graph on the same constants."""
        return self.key == other.key and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
            for a, b in zip(self.constants, other.constants, strict=True)
        )

    def wanted(self) -> list[Node]:
        """The loss, and its gradients with respect to the parameters."""
        stabilise(self.order)
        output = self.output.stable or self.output
        return [output, *gradients([output], [ones_for(output)], self.inputs[: self.params_count], self.start)]


class _KeptProgram:
    """A program for loss and gradient, and the constants that it uses."""

    def __init__(self, recording: _Recording) -> None:
        self._program = Program(recording.wanted(), recording.leaves)
        self._constants = recording.constants

    def run(self, params: Any, data: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            loss, *found = self._program.run([*flatten(params)[0], *_arrays(data), *self._constants])
        return loss, found
