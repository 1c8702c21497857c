"""What happens in a fresh process: ``python fresh.py SUBJECT LIBRARY DTYPE`` prints the figures as JSON.

`first_run` starts processes with an empty cache folder, and again with the folder that the first one filled.
Seconds of the first call are those until its results are there; the time of a second call is taken off by the caller
where only compilation counts. Imports come before the clock starts, on every side.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOOP_STEPS = 16


STATES = ("cold", "cached")


def first_run(
    subject: str, library: str, dtype: str, rounds: int, states: tuple[str, ...] = STATES
) -> dict[str, list[float]]:
    """For each round: ``cold`` and ``cached`` seconds of the first call, ``run`` of a later one in the cold process.

    Raises
    ------
    RuntimeError
        With the last line that the process wrote, if it fails.
    """
    figures: dict[str, list[float]] = {state: [] for state in (*states, "run")}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for state in states:
                found = in_fresh_process([Path(__file__).name, subject, library, dtype], folder)
                figures[state].append(found["first"])
                if state == "cold":
                    figures["run"].append(found["run"])
    return figures


def in_fresh_process(command: list[str], folder: str, patience: float | None = None) -> dict[str, float]:
    """Start a script of this folder with `folder` for all caches, and read the JSON of its last line.

    Raises
    ------
    RuntimeError
        With the last line that the process wrote, if it fails, or if it takes longer than `patience` seconds.
    """
    caches = {
        "CHAINRULE_CACHE": f"{folder}/chainrule",
        "JAX_COMPILATION_CACHE_DIR": f"{folder}/jax",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "TORCHINDUCTOR_CACHE_DIR": f"{folder}/torch",
    }
    script, *rest = command
    try:
        process = subprocess.run(
            [sys.executable, str(HERE / script), *rest],
            env={**os.environ, **caches},
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"not done after {patience:g} s") from error
    if process.returncode:
        raise RuntimeError((process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
    return json.loads(process.stdout.splitlines()[-1])


def loop_call(library: str, dtype: str) -> Callable[[], Any]:
    """The perceptron loop of the row ``first-call``."""
    from workloads import FIRST_CALL, Problem

    problem = Problem(FIRST_CALL, dtype)
    _ = problem.data, problem.params  # made before the clock starts
    if library == "chainrule":
        from peers import ours

        run = ours.contender(problem)
    elif library == "JAX":
        from peers import jax_loops

        run = jax_loops.whole_loop(problem)
    else:
        from peers import pytorch

        run = pytorch.lazily_compiled(problem)
    return lambda: run(LOOP_STEPS)


def lstm_call(library: str, dtype: str) -> Callable[[], Any]:
    """Value and gradient of the unrolled LSTM."""
    import lstm
    import numpy as np

    arguments = lstm.arguments(dtype)
    if library == "chainrule":
        import chainrule as cr

        evaluate = cr.jit(cr.value_and_grad(lstm.loss(np)))
        return lambda: evaluate(*arguments)
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", dtype == "float64")
    compiled = jax.jit(jax.value_and_grad(lstm.loss(jnp)))
    return lambda: jax.block_until_ready(compiled(*arguments))


def import_what_is_imported_late(library: str) -> None:
    """Imports that happen inside a library's first call: not counted, as JAX's import is not."""
    if library == "chainrule":
        import importlib

        for name in ("llvmlite.binding", "chainrule.native.running.program"):
            importlib.import_module(name)


def main(subject: str, library: str, dtype: str) -> None:
    import_what_is_imported_late(library)
    call = {"loop": loop_call, "lstm": lstm_call}[subject](library, dtype)
    start = time.perf_counter()
    call()
    first = time.perf_counter() - start
    runs = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        runs.append(time.perf_counter() - start)
    print(json.dumps({"first": first, "run": statistics.median(runs)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
