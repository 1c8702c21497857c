"""A run of gradient descent: steps in compiled code where that is possible, one by one where it is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, DivergenceError, StructureError
from chainrule.graph.provenance import describe, where_recorded
from chainrule.interpret import first_bad_node
from chainrule.learn.batches import Batches, Span
from chainrule.learn.compiled import CompiledLoop, compile_loop
from chainrule.learn.optimizers import Optimizer
from chainrule.learn.recording import Recording, data_arrays
from chainrule.learn.step import StepGradient
from chainrule.learn.tracing import is_moving, trace_step
from chainrule.structure import Structure, flatten
from chainrule.transforms.calling import function_name

__all__ = ["Descent"]

#: Seconds that a call of compiled code should take: long enough to be fast, short enough to be interrupted.
_CALL_SECONDS = 0.05

Callback = Callable[[int, Any, float], "bool | None"]


class Descent:
    """Parameters on their way downhill.

    Parameters
    ----------
    loss : callable
    leaves : list of array
        The first parameters.
    structure : Structure
        How they are put together for the loss.
    batches : Batches
    optimizer : Optimizer
    check_finite : bool
    callback : callable or None
    advance : callable
        ``advance(steps, loss)`` hears of progress.
    state : object, optional
        Of the optimiser; by default that before its first step.
    is_interrupted : callable, optional
        Asked between two native calls: a true answer ends the run there.
    repeats : bool, default False
        Whether every span comes again, epoch for epoch. Then all are compiled, also those of a single step, and what a
        step computes does not depend on where the run began.
    call_seconds : float, optional
        How long a call of compiled code should take; `is_interrupted` is asked in between.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        leaves: list[Any],
        structure: Structure,
        batches: Batches,
        optimizer: Optimizer,
        *,
        check_finite: bool,
        callback: Callback | None,
        advance: Callable[[int, float], None],
        state: Any = None,
        is_interrupted: Callable[[], bool] = lambda: False,
        repeats: bool = False,
        call_seconds: float | None = None,
    ) -> None:
        self._structure = structure
        self._loss, self._batches, self._optimizer = loss, batches, optimizer
        self._check_finite, self._callback, self._advance = check_finite, callback, advance
        self._is_interrupted, self._repeats = is_interrupted, repeats
        self._call_seconds = _CALL_SECONDS if call_seconds is None else call_seconds
        #: Parameters and state of the optimiser lie here, or, while compiled code runs, in a block of memory.
        self._leaves, self._state = leaves, optimizer.init(leaves) if state is None else state
        self._block: np.ndarray[Any, Any] | None = None
        self._loop: CompiledLoop | None = None
        self._gradient = StepGradient(loss, keeps_programs=callback is None and batches.are_numbers)
        self._loops: dict[Any, CompiledLoop | None] = {}
        #: How often the data were replaced, and for each loop, which of them it has.
        self._renewals = 0
        self._loaded: dict[CompiledLoop, int] = {}
        self._losses: list[Any] = []
        #: How many steps a call of compiled code takes; it grows until a call takes long enough.
        self._steps_per_call = 1
        #: The parameters that gave the last finite loss, or how to find them again.
        self._finite: Callable[[], list[Any]] = lambda: leaves
        #: The last step that was taken, and the span that it belongs to.
        self._last: tuple[Span, int] | None = None
        self.steps = 0
        self.stopped = False

    @property
    def leaves(self) -> list[Any]:
        """The present parameters."""
        if self._loop is not None and self._block is not None:
            return self._loop.params(self._block)
        return self._leaves

    @property
    def params(self) -> Any:
        """The present parameters, in the structure of the first ones."""
        return self._structure.unflatten(self.leaves)

    @property
    def state(self) -> Any:
        """The present state of the optimiser."""
        if self._loop is None or self._block is None:
            return self._state
        leaves, structure = flatten(self._state)
        following = iter(self._loop.state(self._block))
        return structure.unflatten([next(following) if is_moving(leaf) else leaf for leaf in leaves])

    @state.setter
    def state(self, state: Any) -> None:
        self._unpack()
        self._state = state

    def take_sums(self, count: int) -> list[float]:
        """The last numbers of the state, which begin at zero again."""
        if self._loop is None or self._block is None:
            leaves, structure = flatten(self._state)
            self._state = structure.unflatten([*leaves[:-count], *[np.float64(0.0)] * count])
            return [float(leaf) for leaf in leaves[-count:]]
        sums = [self._block[offset : offset + size].view(np.float64) for offset, size in self._loop.places[-count:]]
        taken = [float(one[0]) for one in sums]
        for one in sums:
            one[0] = 0.0
        return taken

    @property
    def history(self) -> np.ndarray[Any, Any]:
        """The loss before each step."""
        return np.concatenate([np.atleast_1d(np.asarray(part, np.float64)) for part in self._losses or [[]]])

    def take_history(self) -> np.ndarray[Any, Any]:
        """The loss before each step since the last call."""
        history = self.history
        self._losses.clear()
        return history

    def snapshot(self) -> Callable[[], None]:
        """A way back to the present parameters and state, which costs little until it is taken."""
        block = None if self._block is None else self._block.copy()
        loop, leaves, state = self._loop, self._leaves, self._state

        def back() -> None:
            self._block, self._loop = None if block is None else block.copy(), loop
            self._leaves, self._state = leaves, state

        return back

    def restart(self, leaves: list[Any], state: Any) -> None:
        """Go on from other parameters."""
        self._block = self._loop = None
        self._leaves, self._state = leaves, state

    def renew(self, data: tuple[Any, ...]) -> None:
        """Go on with other data of as many rows."""
        self._batches.renew(data)
        self._renewals += 1

    def run(self, span: Span) -> None:
        """Take the steps of a span, or fewer, if the callback ends the run."""
        loop = self._loop_for(span) if self._callback is None else None
        if loop is not None:
            self._run_compiled(loop, span)
        else:
            self._run_one_by_one(span)

    def finish(self) -> None:
        """Look at the last parameters, which no loss has seen.

        Raises
        ------
        DivergenceError
            If they are not finite.
        """
        if self._check_finite and not all(np.isfinite(leaf).all() for leaf in self.leaves):
            what = f"a gradient of {function_name(self._loss)} became NaN or infinite at step {self.steps - 1}"
            rows = () if self._last is None else self._batches.of_step(*self._last)
            raise self._diverged(what, self.steps - 1, None, self._structure.unflatten(self._finite()), rows)

    # One by one ------------------------------------------------------------------------------------------------------

    def _run_one_by_one(self, span: Span) -> None:
        self._unpack()
        for step in range(span.steps):
            if self._is_interrupted():
                self.stopped = True
                return
            rows = self._batches.of_step(span, step)
            value, gradients = self._gradient(self.params, rows)
            if self._check_finite and not np.isfinite(value):
                raise self._spoilt(float(value), self.params, rows)
            before = self._leaves
            self._finite = lambda before=before: before  # type: ignore[misc]
            with np.errstate(over="ignore", invalid="ignore"):  # parameters that are not finite end the run
                self._leaves, self._state = self._optimizer.update(before, [_uphill(g) for g in gradients], self._state)
            self._check_shapes(before)
            self._losses.append(float(value))
            self._last = span, step
            self.steps += 1
            self._advance(1, float(value))
            if self._callback is not None and self._callback(self.steps - 1, self.params, float(value)):
                self.stopped = True
                return

    def _check_shapes(self, before: list[Any]) -> None:
        """An update of another shape would broadcast in the next step, and train something else."""
        for old, new in zip(before, self._leaves, strict=True):
            if np.shape(old) != np.shape(new):
                name = type(_innermost(self._optimizer)).__name__
                raise StructureError(
                    f"the update of {name} turned a parameter of shape {np.shape(old)} into "
                    f"one of shape {np.shape(new)}",
                    fix="return, for each parameter, an array of its own shape",
                )

    # Compiled --------------------------------------------------------------------------------------------------------

    def _loop_for(self, span: Span) -> CompiledLoop | None:
        """The compiled loop for data of this shape, or None where steps must be taken one by one."""
        key = self._batches.shapes(span)
        if key not in self._loops:
            self._unpack()
            rows = self._batches.of_step(span, 0)
            recording = self._gradient.agreed(self.params, rows, looks_ahead=self._repeats or span.steps > 1)
            if recording is None:
                return None
            self._loops[key] = self._compile(recording, span)
        loop = self._loops[key]
        if loop is not None and self._loaded.get(loop) != self._renewals:
            if loop in self._loaded:
                loop.renew(data_arrays(self._batches.data))
            self._loaded[loop] = self._renewals
        return loop

    def _compile(self, recording: Recording, span: Span) -> CompiledLoop | None:
        graph = trace_step(recording, self._optimizer, self._state)
        if graph is None:
            return None
        if span.rows is None:
            return compile_loop(graph, data_arrays(self._batches.data), check_finite=self._check_finite)
        return compile_loop(graph, self._batches.leaves, batch_size=span.rows.shape[1], check_finite=self._check_finite)

    def _run_compiled(self, loop: CompiledLoop, span: Span) -> None:
        """Calls of compiled code, each of which takes as many steps as fit into a moment."""
        block = self._pack_for(loop)
        done = 0
        while done < span.steps:
            if self._is_interrupted():
                self.stopped = True
                return
            count = min(self._steps_per_call, span.steps - done)
            before = block.copy()
            order = None if span.rows is None else span.rows[done : done + count]
            began = time.perf_counter()
            losses = loop.run(block, count, order)
            self._set_pace((time.perf_counter() - began) / count)
            if self._check_finite and not np.isfinite(losses[-1]):
                self._raise_spoilt(loop, span, done, before, losses)
            self._losses.append(losses)
            self._last = span, done + count - 1
            self.steps += count
            self._remember(loop, before, order, count)
            self._advance(count, float(losses[-1]))
            done += count

    def _pack_for(self, loop: CompiledLoop) -> np.ndarray[Any, Any]:
        """Parameters and state in the block that a loop moves along; loops with the same places share it."""
        if self._block is None or self._loop is None or self._loop.places != loop.places:
            self._unpack()
            state_leaves, _ = flatten(self._state)
            self._block = loop.start(self._leaves, [leaf for leaf in state_leaves if is_moving(leaf)])
        self._loop = loop
        return self._block

    def _unpack(self) -> None:
        """Back to arrays of their own."""
        self._leaves, self._state = self.leaves, self.state
        self._block = self._loop = None

    def _set_pace(self, seconds: float) -> None:
        """Fit the length of calls to the time that one step took."""
        fitting = int(self._call_seconds / max(seconds, 1e-9))
        self._steps_per_call = max(min(fitting, 64 * self._steps_per_call), 1)

    def _remember(self, loop: CompiledLoop, before: Any, order: Any, count: int) -> None:
        """The parameters before the last step can be found again by taking all steps but the last once more."""
        rows = None if order is None else order[: count - 1]
        self._finite = lambda: _after(loop, before, count - 1, rows)

    def _raise_spoilt(self, loop: CompiledLoop, span: Span, done: int, before: Any, losses: Any) -> None:
        """The loss of the last step is not finite: find the parameters of that step, and of the one before."""
        bad = len(losses) - 1
        order = None if span.rows is None else span.rows[done : done + bad]
        self.steps += bad
        params = self._structure.unflatten(_after(loop, before, bad, order))
        if bad:
            self._remember(loop, before, order, bad)
            self._losses.append(losses[:bad])
        raise self._spoilt(float(losses[-1]), params, self._batches.of_step(span, done + bad))

    # Errors ----------------------------------------------------------------------------------------------------------

    def _spoilt(self, value: float, params: Any, rows: tuple[Any, ...]) -> DivergenceError:
        """The error for a loss that is not finite, with the node where it began."""
        what = f"the loss of {function_name(self._loss)} became {value} at step {self.steps}"
        try:
            recording = Recording(self._loss, params, rows, named=True)
            with np.errstate(all="ignore"):
                node = first_bad_node(recording.order)
        except (ChainRuleError, TypeError, ValueError, IndexError):
            node = None
        if node is None:
            return self._diverged(what, self.steps, None, params, rows)
        operands = " and ".join(describe(source) for source in node.inputs)
        began = f"{what}: it begins in {node.op.name} of {operands}"
        return self._diverged(began, self.steps, where_recorded(node), params, rows)

    def _diverged(
        self, what: str, step: int, where: str | None, bad_params: Any, data: tuple[Any, ...]
    ) -> DivergenceError:
        return DivergenceError(
            what,
            where=where,
            fix="use a smaller learning rate; error.params holds the last parameters with a finite loss"
            if step
            else "look at the data and the first parameters: a logarithm of zero or a missing value does this",
            params=self._structure.unflatten(self._finite()),
            step=step,
            bad_params=bad_params,
            data=data,
        )


def _after(loop: CompiledLoop, block: Any, steps: int, order: Any) -> list[Any]:
    """The parameters after so many steps from a block."""
    moved = block.copy()
    if steps:
        loop.run(moved, steps, order)
    return loop.params(moved)


def _innermost(optimizer: Any) -> Any:
    """The optimiser that takes the step, without what clips or measures its gradients."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def _uphill(gradient: Any) -> Any:
    """The direction of steepest ascent: for a complex parameter, the conjugate of its gradient."""
    return np.conj(gradient) if gradient.dtype.kind == "c" else gradient
