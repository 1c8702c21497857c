"""The gradient of one training step: without Python where that is safe, by tracing the loss where it is not.

A loss that is plain arithmetic records the same graph at every step, so its graph is made into a program once and run
with new parameters and new rows. The program is kept only if

- the first two steps recorded the same graph with the same constants,
- the function never looked at a traced number (``if loss < 1``), and no shape depended on one (``x[x > 0]``),
- nothing that the function can reach (a counter, a generator of random numbers) was changed by calling it, or has been
  changed by a callback since.

Otherwise the loss is traced at each step, with the result of a loop around `value_and_grad`. A step that traces the
function calls it once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node, ancestors
from chainrule.interpret import Program, ProgramCache, signature
from chainrule.learn.state import fingerprint
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.gradient import scalar_output
from chainrule.transforms.running import gradients, ones_for, warn_independent

__all__ = ["StepGradient"]


class StepGradient:
    """Loss and gradient of a training step, as fast as the loss allows.

    Parameters
    ----------
    loss : callable
        ``loss(params, *data)``.
    is_watched : bool, default False
        Whether other code runs between the steps, and may change what the loss reads.
    """

    def __init__(self, loss: Callable[..., Any], *, is_watched: bool = False) -> None:
        self.loss = loss
        self.is_watched = is_watched
        self._programs: dict[Any, _Kept] = {}
        self._cache = ProgramCache(64)
        self._takes_traced_data = True
        self._is_pure = True
        self._is_first = True

    def __call__(self, params: Any, data: tuple[Any, ...]) -> tuple[float, list[Any]]:
        """The loss, and its gradient for each leaf of the parameters."""
        if not self._is_pure:
            return self._recorded(params, data).run(self._cache)
        key = _data_key(data)
        kept = self._programs.get(key)
        before = (
            fingerprint((self.loss, _plain(data))) if kept is None or self.is_watched or not kept.is_proven else None
        )
        if kept is not None and kept.is_proven and kept.state == before:
            return kept.run(params, data)
        recording = self._recorded(params, data)
        after = fingerprint((self.loss, _plain(data)))
        if before is None or before != after or not recording.is_fixed:
            self._is_pure = False
            self._programs.clear()
            return recording.run(self._cache)
        if kept is not None and kept.agrees_with(recording):
            kept.is_proven = True
            kept.state = after if self.is_watched else None
            return kept.run(params, data)
        if kept is not None and not self.is_watched:
            self._is_pure = False  # two calls that should have been alike were not
            return recording.run(self._cache)
        self._programs[key] = _Kept(recording, self._cache)
        return self._programs[key].run(params, data)

    def _recorded(self, params: Any, data: tuple[Any, ...]) -> _Recording:
        """A trace with the rows as inputs of the graph; with plain rows, if the loss needs to see their numbers."""
        recording = self._recording(params, data)
        if self._is_first and not recording.reaches_params():
            warn_independent(function_name(self.loss))
        self._is_first = False
        return recording

    def _recording(self, params: Any, data: tuple[Any, ...]) -> _Recording:
        if self._takes_traced_data:
            try:
                return _Recording(self.loss, params, data, traces_data=self._is_pure)
            except (ChainRuleError, TypeError, ValueError):
                self._takes_traced_data = False
                if not _rows(data):
                    raise
        return _Recording(self.loss, params, data, traces_data=False)


def _is_traceable(leaf: Any) -> bool:
    """Labels, masks, settings and text decide what code does; they stay as they are."""
    return type(leaf) is np.ndarray and leaf.dtype.kind in "fc"


def _rows(data: tuple[Any, ...]) -> list[Any]:
    return [leaf for leaf in flatten(data)[0] if _is_traceable(leaf)]


def _plain(data: tuple[Any, ...]) -> list[Any]:
    return [leaf for leaf in flatten(data)[0] if not _is_traceable(leaf)]


def _data_key(data: tuple[Any, ...]) -> Any:
    leaves, structure = flatten(data)
    return structure, tuple([(np.shape(leaf), leaf.dtype) if _is_traceable(leaf) else None for leaf in leaves])


class _Recording:
    """One trace of the loss, with parameters and floating-point data as inputs of the graph."""

    def __init__(self, loss: Callable[..., Any], params: Any, data: tuple[Any, ...], *, traces_data: bool) -> None:
        leaves, structure = flatten(data)
        rows = _rows(data) if traces_data else []

        def with_rows(params: Any, rows: list[Any]) -> Any:
            traced = iter(rows)
            return loss(
                params,
                *structure.unflatten([next(traced) if rows and _is_traceable(leaf) else leaf for leaf in leaves]),
            )

        arguments = Arguments(with_rows, (params, rows), (0, 1))
        self.traces_data = traces_data
        self.params_count = arguments.structures[0].leaf_count
        self.call = TracedCall(with_rows, arguments, {})
        self.output = scalar_output(self.call.result, function_name(loss))
        if type(self.call.result) is not Tracer or not self.output.is_differentiable:
            warn_independent(name)
        self.order = ancestors([*self.call.inputs, self.output], after=self.call.start)
        self.key, self.leaves = signature(self.order, [self.output])
        self.constants = [np.array(node._value) for node in self.leaves[len(self.call.inputs) :]]
        looked_inside = any(node.inputs and node._value is not None for node in self.order)
        by_value = any(node.op.infer is by_evaluation for node in self.order)
        #: Whether neither a branch of the code nor a shape depended on a number.
        self.is_fixed = not (self.call.looked_at or looked_inside or by_value)

    def reaches_params(self) -> bool:
        """Whether the loss depends on any parameter."""
        return not set(self.call.inputs[: self.params_count]).isdisjoint(ancestors([self.output]))

    def wanted(self) -> list[Node]:
        stabilise(self.order)
        stable_output = self.output.stable or self.output
        inputs = self.call.inputs[: self.params_count]
        return [stable_output, *gradients([stable_output], [ones_for(stable_output)], inputs, self.call.start)]

    def program(self) -> Program:
        return Program(self.wanted(), self.leaves)

    def run(self, cache: ProgramCache) -> tuple[float, list[Any]]:
        return _Kept(self, cache).compute([node._value for node in self.call.inputs])


class _Kept:
    """A program for loss and gradient, and the constants that it uses.

    Attributes
    ----------
    is_proven : bool
        Whether a second trace agreed.
    state : tuple or None
        Fingerprint of what the loss reads, if that is watched.
    """

    def __init__(self, recording: _Recording, cache: ProgramCache) -> None:
        self.key = recording.key
        self.traces_data = recording.traces_data
        self.constants = recording.constants
        self.program = cache.get((recording.params_count, len(recording.call.inputs), recording.key), recording.program)
        self.is_proven = False
        self.state: Any = None

    def agrees_with(self, other: _Recording) -> bool:
        """Whether another trace recorded the same graph on the same constants."""
        return self.key == other.key and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
            for a, b in zip(self.constants, other.constants, strict=True)
        )

    def run(self, params: Any, data: tuple[Any, ...]) -> tuple[float, list[Any]]:
        return self.compute([*flatten(params)[0], *(_rows(data) if self.traces_data else ())])

    def compute(self, inputs: list[Any]) -> tuple[float, list[Any]]:
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            loss, *found = self.program.run([*inputs, *self.constants])
        return loss, found
