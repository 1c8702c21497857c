"""Fair timing: contenders take turns in one process, and what is reported are medians and ratios of pairs.

A machine that is busy with other things slows every contender of a round alike, so the ratio within a round
says more than any absolute time.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

OURS = "chainrule"


@dataclass
class Row:
    """One kind of work, with the times of every contender in microseconds, round by round."""

    work: str
    times: dict[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, name: str) -> float:
        """How many times longer the peer takes than we do: the median over the rounds."""
        return statistics.median(theirs / ours for theirs, ours in zip(self.times[name], self.times[OURS], strict=True))


def calls_per_round(call: Callable[[], object], seconds: float) -> int:
    """How often to call for a round to last about this long."""
    count, elapsed = 1, 0.0
    while elapsed < seconds / 4:
        count *= 2
        start = time.perf_counter()
        for _ in range(count):
            call()
        elapsed = time.perf_counter() - start
    return max(1, round(count * seconds / elapsed))


def measure(work: str, contenders: dict[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.05) -> Row:
    """Time contenders in turn, in an order that changes from round to round."""
    counts = {name: calls_per_round(call, seconds) for name, call in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for round_number in range(rounds):
        for name in names[round_number % len(names) :] + names[: round_number % len(names)]:
            call, count = contenders[name], counts[name]
            start = time.perf_counter()
            for _ in range(count):
                call()
            times[name].append((time.perf_counter() - start) / count * 1e6)
    return Row(work, times)


def machine() -> str:
    """Processor, threads and BLAS: what a reader needs to place the numbers."""
    import numpy as np
    import threadpoolctl

    blas = ", ".join(
        f"{pool['prefix']} {pool.get('version')} ({pool.get('architecture', '?')}, {pool['num_threads']} threads)"
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    )
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}; BLAS: {blas}; OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'unset')}"
    )


def table(rows: list[Row]) -> str:
    """Medians in microseconds, and in parentheses how many times longer than ours."""
    names = list(dict.fromkeys(name for row in rows for name in row.times))
    lines = ["| µs per call | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in rows:
        cells = []
        for name in names:
            if name not in row.times:
                cells.append("")
            elif name == OURS:
                cells.append(f"**{row.median(name):.1f}**")
            else:
                cells.append(f"{row.median(name):.1f} ({row.ratio(name):.2f}×)")
        lines.append(f"| {row.work} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
