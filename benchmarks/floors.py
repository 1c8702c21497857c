"""The least time a step can take on this machine: its ceilings, measured here, and the floor of a work below them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from workloads import Work

SMALLEST_READ = 2**19  # bytes; below this, a call of NumPy takes as long as the reading


def best(call: Callable[[], object], seconds: float = 0.15) -> float:
    """The shortest of the calls that fit into this time, but of three at least: a ceiling is not a median."""
    call()
    shortest, end, calls = float("inf"), time.perf_counter() + seconds, 0
    while calls < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        shortest, calls = min(shortest, time.perf_counter() - start), calls + 1
    return shortest


class Ceilings:
    """Peak of matrix products, read bandwidth, and cost of NumPy's exp and tanh, in one dtype.

    A function's cost is measured on one thread and divided by `threads`. Products are measured on one thread and on
    all, and the better figure counts: on a busy machine a product on all cores waits for the slowest of them.
    """

    def __init__(self, dtype: str, threads: int) -> None:
        self.dtype, self.threads = np.dtype(dtype), threads
        self._bandwidths: dict[int, float] = {}
        self._costs: dict[str, float] = {}

    @cached_property
    def flops(self) -> float:
        """Floating-point operations per second of a large matrix product."""
        size = 1024
        left = np.ones((size, size), self.dtype)
        out = np.empty_like(left)
        together = best(lambda: np.dot(left, left, out=out), 0.7)
        with threadpool_limits(1, user_api="blas"):
            alone = best(lambda: np.dot(left, left, out=out), 0.7)
        return 2.0 * size**3 / min(together, alone / self.threads)

    def bandwidth(self, nbytes: int) -> float:
        """Bytes per second of reading an array of this size over and over: from the cache it fits, or from memory.

        BLAS's dot product on its threads or NumPy's sum on one, whichever reads faster.
        """
        nbytes = max(nbytes, SMALLEST_READ)
        if nbytes not in self._bandwidths:
            array = np.ones(nbytes // self.dtype.itemsize, self.dtype)
            shortest = min(best(lambda: np.dot(array, array)), best(array.sum))
            self._bandwidths[nbytes] = array.nbytes / shortest
        return self._bandwidths[nbytes]

    def per_element(self, name: str) -> float:
        """Seconds for each element of a NumPy function on an array that stays in the cache."""
        if name not in self._costs:
            function: Any = getattr(np, name)
            argument = np.linspace(-2, 2, 8192).astype(self.dtype)
            out = np.empty_like(argument)
            self._costs[name] = best(lambda: function(argument, out=out)) / argument.size / self.threads
        return self._costs[name]

    def describe(self) -> str:
        costs = ", ".join(f"{name} {self.per_element(name) * 1e9:.2f} ns" for name in ("exp", "tanh"))
        return (
            f"matrix products {self.flops / 1e9:.0f} GF/s, reading {self.bandwidth(2**20) / 1e9:.0f} GB/s at 1 MiB "
            f"and {self.bandwidth(2**28) / 1e9:.0f} GB/s at 256 MiB; "
            f"NumPy's functions for each element {costs}"
        )

    def floor(self, work: Work) -> float:
        """Microseconds that one step takes at least: max(operations / peak, bytes / bandwidth) + transcendentals."""
        size = self.dtype.itemsize
        transcendental = sum(count * self.per_element(name) for name, count in work.transcendentals.items())
        reading = work.values_read * size / self.bandwidth(work.n * work.d * size)
        return (max(work.flops / self.flops, reading) + transcendental) * 1e6
