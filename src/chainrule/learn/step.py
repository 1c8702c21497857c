"""The gradient of one training step: a kept program where that is safe, a new trace where it is not.

A loss that is plain arithmetic records the same graph at every step. So if two calls recorded the same graph with the
same constants, and the loss looked at no traced number (``if loss < 1``, ``x[x > 0]``), the graph's program does the
further steps without calling the loss. Otherwise every step calls and traces it, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError
from chainrule.interpret import Program
from chainrule.learn.recording import Recording, data_arrays, step_shapes
from chainrule.structure import flatten
from chainrule.transforms.compiling import compile_graph
from chainrule.transforms.gradient import value_and_grad

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
        # Programs by the shapes and dtypes of parameters and data: an optimiser may change those of the parameters, and
        # compiled code trusts what it is given.
        self._first: dict[Any, Recording] = {}
        self._agreed: dict[Any, Recording] = {}
        self._kept: dict[Any, _KeptProgram] = {}
        #: Recordings that were made ahead, for the next calls.
        self._ahead: list[Recording] = []

    def agreed(self, params: Any, data: tuple[Any, ...], *, looks_ahead: bool) -> Recording | None:
        """The recording that stands for all further steps on arrays of these shapes, once two calls agreed on it.

        Parameters
        ----------
        params, data : object
            What the next step gets.
        looks_ahead : bool
            Whether the loss may be called for the next two steps at once: both see data of these shapes.
        """
        key = step_shapes(params, data)
        if key in self._agreed or not self._keeps_programs or not looks_ahead or self._ahead or key in self._first:
            return self._agreed.get(key)
        for _ in range(2):
            recording = self._record(params, data)
            if recording is None:
                break
            self._ahead.append(recording)
            if not recording.is_fixed:
                break
        if len(self._ahead) == 2 and self._ahead[0].agrees_with(self._ahead[1]):
            self._agreed[key] = self._ahead.pop()
            self._ahead.clear()
        else:
            self._keeps_programs = False
        return self._agreed.get(key)

    def __call__(self, params: Any, data: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        """The loss, and its gradient for each leaf of the parameters."""
        key = step_shapes(params, data)
        if self._ahead:
            recording = self._ahead.pop(0)
            if recording.shapes == key:
                return _KeptProgram(recording).run(params, data)
        if self._keeps_programs:
            if key in self._agreed:
                if key not in self._kept:
                    self._kept[key] = _KeptProgram(self._agreed[key], compile_graph)
                return self._kept[key].run(params, data)
            made = self._record(params, data)
            if made is not None:
                self._compare(key, made)
                return _KeptProgram(made).run(params, data)
            self._keeps_programs = False
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            value, gradient = self._traced(params, *data)
        return value, flatten(gradient)[0]

    def _record(self, params: Any, data: tuple[Any, ...]) -> Recording | None:
        """A trace with the data as inputs of the graph; None where the loss needs plain data, or ignores `params`."""
        try:
            recording = Recording(self._loss, params, data)
        except (ChainRuleError, TypeError, ValueError, IndexError):
            return None  # with plain data the loss may work; if not, that trace tells why
        return recording if recording.reaches_params else None

    def _compare(self, key: Any, recording: Recording) -> None:
        """Keep a second trace that agrees with the first, or no program any more."""
        first = self._first.setdefault(key, recording)
        if not recording.is_fixed or not first.agrees_with(recording):
            self._keeps_programs = False
        elif first is not recording:
            self._agreed[key] = recording


class _KeptProgram:
    """A program for loss and gradient, and the constants that it uses.

    Parameters
    ----------
    recording : Recording
    make : callable, optional
        Makes the program: one that NumPy runs, which is made quickly, or a compiled one for many steps.
    """

    def __init__(self, recording: Recording, make: Callable[..., Any] = Program) -> None:
        self._program = make(recording.wanted(), recording.leaves)
        self._constants = recording.constants

    def run(self, params: Any, data: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        with np.errstate(all="ignore"):  # a loss that is not finite stops the run; see `minimize`
            loss, *found = self._program.run([*flatten(params)[0], *data_arrays(data), *self._constants])
        return loss, found
