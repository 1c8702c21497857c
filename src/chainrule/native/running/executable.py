"""A compiled kernel that can be called: its machine code, its working memory, and its threads."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from chainrule.native.arrays import address_of, references
from chainrule.native.assembly.code import FunctionCode
from chainrule.native.assembly.control import OUT_OF_MEMORY
from chainrule.native.assembly.sections import STEPS_TAKEN
from chainrule.native.planning.kernel import make_layout
from chainrule.native.planning.layout import Layout
from chainrule.native.planning.memory import ALIGNMENT, padded
from chainrule.native.planning.request import Request
from chainrule.native.running.cache import compiled
from chainrule.native.target import Target, host

__all__ = ["Executable"]


class _Workspace:
    """Memory for one call: the arena, the table of pointers, and where threads meet."""

    def __init__(self, layout: Layout, constants: Sequence[Any]) -> None:
        table = layout.table
        per_thread = layout.arena_bytes + 2 * layout.state_bytes
        size = layout.shared_bytes + 2 * layout.threads * layout.partial_bytes + layout.threads * per_thread
        self.arena = _aligned(size)
        self.sync = _aligned(ALIGNMENT)
        self.table = (ctypes.c_void_p * table.size)()
        self.address = ctypes.addressof(self.table)
        first = table.leaves + table.outputs
        self.table[first : first + len(constants)] = references(constants)
        self.table[table.arena] = address_of(self.arena)
        self.table[table.sync] = address_of(self.sync)
        self.table[table.pause] = _pause()


def _aligned(size: int) -> np.ndarray[Any, Any]:
    """Zeros that begin at a cache line."""
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -address_of(raw) % ALIGNMENT
    return raw[start : start + size]


def _pause() -> int:
    """The address of what a waiting thread calls to let others run."""
    try:
        function = ctypes.CDLL(None).sched_yield
    except (AttributeError, OSError, TypeError):  # Windows
        function = ctypes.windll.kernel32.SwitchToThread  # type: ignore[attr-defined]
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class Executable:
    """Compiled code for a graph.

    Parameters
    ----------
    request : Request
    target : Target, optional
        By default this machine.
    checks_finite : bool, default False
        Whether a loop of steps ends after a step that gave NaN or infinity.
    """

    def __init__(self, request: Request, target: Target | None = None, *, checks_finite: bool = False) -> None:
        target = target or host()
        self.layout = make_layout(request, target)
        self._given = self.layout.table.leaves + self.layout.table.outputs
        self._grows = self.layout.grows
        #: Where each part of the state lies, and what it is.
        self._state = [
            (self.layout.memory.view(request.leaves[leaf]).buffer, request.leaves[leaf].shape)
            for leaf, _ in request.state
        ]
        self._constants = [np.ascontiguousarray(node._value) for node in request.constants]
        replaced = {output for _, output in request.state}
        self._shapes = [
            (node.shape, node.dtype)
            for i, node in enumerate(request.outputs)
            if i not in replaced and i != request.history
        ]
        self._loaded, self.cache_state = compiled(
            FunctionCode(self.layout, target, "run", checks_finite).text(), target
        )
        self._function = self._loaded.function("run")
        self._free: list[_Workspace] = []

    def __call__(self, arrays: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
        """Run once.

        Parameters
        ----------
        arrays : sequence of array
            In C order, one for each leaf.
        """
        results = [np.empty(shape, dtype) for shape, dtype in self._shapes]
        workspace = self._take()
        used = [*arrays, *results]
        workspace.table[: self._given] = references(used)
        self._launch(workspace, 1, used)
        self._free.append(workspace)
        return results

    def run_steps(
        self,
        arrays: Sequence[Any],
        state: np.ndarray[Any, Any],
        history: np.ndarray[Any, Any],
        order: np.ndarray[Any, Any] | None = None,
    ) -> int:
        """Run a loop of steps.

        Parameters
        ----------
        arrays : sequence of array or None
            One for each leaf, as `pack` makes them; None for those that belong to the state.
        state : array of bytes
            All parameters, as `pack_state` makes it; changed in place.
        history : array
            Takes the result that is kept for each step; its length is the number of steps.
        order : array of int64, optional
            For each step the rows that it takes from the data.

        Returns
        -------
        int
            How many steps were taken: fewer, if the last of them gave NaN or infinity.
        """
        workspace = self._take()
        table = self.layout.table
        workspace.table[: len(arrays)] = references(arrays)
        workspace.table[table.state] = address_of(state)
        workspace.table[table.history] = address_of(history)
        if order is not None:
            workspace.table[table.order] = address_of(order)
        self._launch(workspace, len(history), [*arrays, state, history, order])
        taken = int(workspace.sync.view(np.int64)[STEPS_TAKEN])
        self._free.append(workspace)
        return taken

    def pack(self, position: int, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Data of a loop in the order in which the code reads it."""
        if position not in self.layout.packed:
            return np.ascontiguousarray(array)
        packed = np.zeros((*array.shape[1:], padded(len(array))), array.dtype)
        packed[..., : len(array)] = np.moveaxis(array, 0, -1)
        return packed

    def pack_state(self, values: Sequence[Any]) -> np.ndarray[Any, Any]:
        """The parts of the state in one block of memory."""
        block = _aligned(self.layout.state_bytes)
        for (buffer, _), value in zip(self._state, values, strict=True):
            flat = np.ascontiguousarray(value, buffer.dtype).reshape(-1)
            block[buffer.offset : buffer.offset + buffer.nbytes] = flat.view(np.uint8)
        return block

    @property
    def state_places(self) -> list[tuple[int, int]]:
        """Offset and size of each part of the state in its block."""
        return [(buffer.offset, buffer.nbytes) for buffer, _ in self._state]

    def unpack_state(self, block: np.ndarray[Any, Any], first: int = 0, last: int | None = None) -> list[Any]:
        """The parts of the state, or some of them, as arrays of their own."""
        return [
            block[buffer.offset : buffer.offset + buffer.nbytes].view(buffer.dtype).reshape(shape).copy()
            for buffer, shape in self._state[first:last]
        ]

    def _take(self) -> _Workspace:
        try:
            return self._free.pop()
        except IndexError:
            return _Workspace(self.layout, self._constants)

    def _launch(self, workspace: _Workspace, steps: int, used: list[Any]) -> None:
        threads = self.layout.threads
        if threads == 1:
            self._function(workspace.address, 0, steps)
        else:
            self._launch_threads(workspace, steps, used)
        if self._grows and workspace.sync.view(np.int64)[OUT_OF_MEMORY]:
            raise MemoryError(
                "the gradient of a while loop writes down the carry of every step, and there is no memory for so many "
                "steps; where their number is known beforehand, scan with checkpoints needs less"
            )

    def _launch_threads(self, workspace: _Workspace, steps: int, used: list[Any]) -> None:
        threads = self.layout.threads

        def run(thread: int) -> tuple[Any, ...]:
            self._function(workspace.address, thread, steps)
            return (
                workspace,
                used,
            )  # memory that this thread uses stays until it is done, whatever interrupts the others

        with _one_at_a_time:
            workspace.sync[:] = 0
            pool = _pool(threads - 1)
            others = [pool.submit(run, i) for i in range(1, threads)]
            self._function(workspace.address, 0, steps)
            for other in others:
                other.result()


#: Threads of one kernel wait for each other, so those of two must not wait for a place in the pool.
_one_at_a_time = threading.Lock()
_pools: dict[int, ThreadPoolExecutor] = {}


def _pool(workers: int) -> ThreadPoolExecutor:
    if workers not in _pools:
        _pools[workers] = ThreadPoolExecutor(workers, thread_name_prefix="chainrule")
    return _pools[workers]


def _forget_threads() -> None:
    """A forked process has none of its parent's threads."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
