"""Fair timing: contenders take turns in one process, and what is reported are medians and ratios of pairs.

A machine that is busy with other things slows every contender of a round alike, so the ratio within a round
says more than any absolute time.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


FEWEST_ROUNDS = 3

#: Steps of the short call that is subtracted from a long one.
FEW_STEPS = 4


def take_turns(
    names: list[str], timed: Callable[[str], float], rounds: int, budget: float = math.inf
) -> dict[str, list[float]]:
    """Ask every name for a time once a round, in an order that changes from round to round.

    When more than `budget` seconds have gone, no new round begins, except for the first three.
    """
    times: dict[str, list[float]] = {name: [] for name in names}
    begin = time.perf_counter()
    for round_number in range(rounds):
        if round_number >= FEWEST_ROUNDS and time.perf_counter() - begin > budget:
            break
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(timed(name))
    return times


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


def measure(
    work: str, contenders: dict[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.05, rest: float = 0.0
) -> Row:
    """Time single calls, contenders in turn, with a rest before each."""
    counts = {name: calls_per_round(call, seconds) for name, call in contenders.items()}

    def timed(name: str) -> float:
        call, count = contenders[name], counts[name]
        time.sleep(rest)
        start = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - start) / count * 1e6

    return Row(work, take_turns(list(contenders), timed, rounds))


def steps_per_call(run: Callable[[int], object], seconds: float, most: int = 500_000) -> int:
    """How many steps make a call of a loop last this much longer than a call of a few steps.

    Numbers are powers of two, so that a loop compiled for each number is compiled seldom.
    """
    run(FEW_STEPS)  # compiles, warms caches
    alone = min(seconds_of(run, FEW_STEPS) for _ in range(2))
    steps = 4 * FEW_STEPS
    while True:
        run(steps)
        longer = max(seconds_of(run, steps) - alone, 1e-6)
        if longer >= seconds or steps >= most:
            return steps
        steps *= 2 ** max(1, min(4, int(math.log2(seconds / longer))))


def seconds_of(run: Callable[[int], object], steps: int) -> float:
    """The time of one call."""
    start = time.perf_counter()
    run(steps)
    return time.perf_counter() - start


def measure_loops(
    work: str,
    runs: dict[str, Callable[[int], object]],
    rounds: int,
    seconds: float,
    steps: int | None = None,
    rest: float = 0.0,
    budget: float = math.inf,
) -> Row:
    """Time training loops by the step, contenders in turn.

    A call takes `steps` steps, or so many that it lasts `seconds` longer than a call of a few. For every contender
    alike, the time of a step is the time of the long call less that of the short one, divided by the number of further
    steps: what a call costs by itself (for some, the loop is traced and prepared anew) has a row of its own. Before
    each timed call there is a `rest`, in which the threads of the contender before stop waiting for work; the short call
    brings this contender's threads and data back. `budget` is that of `take_turns`.
    """
    counts = {name: steps or steps_per_call(run, seconds) for name, run in runs.items()}

    def timed(name: str) -> float:
        run, count = runs[name], counts[name]
        time.sleep(rest)
        if steps is not None:
            return seconds_of(run, count) / count * 1e6
        short = seconds_of(run, FEW_STEPS)
        return max(seconds_of(run, count) - short, 1e-9) / (count - FEW_STEPS) * 1e6

    return Row(work, take_turns(list(runs), timed, rounds, budget))


def processor() -> str:
    """The processor's name where the system tells it, or at least its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


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
        f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
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
