"""Graphs of any number of nodes, trained in a process of their own: ``python graphs.py GRAPH LIBRARY NODES``.

It prints, as JSON, the seconds of the first call (trace, differentiate, simplify, compile, and a few steps), the
seconds of one further step, and the MiB that the peak of memory rose above what imports take. The clock starts after
imports.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 64  # elements of each array in the chain
UNITS = 8  # of the recurrence
FEW = 4  # steps of the first call
RATE = 1e-3

Loss = Callable[..., Any]


def chain(np: Any, nodes: int) -> Loss:
    """Elementwise operations one after the other, two nodes a turn: x ← sin(x) + w."""

    def loss(params: Any, start: Any) -> Any:
        x = start
        for _ in range(nodes // 2):
            x = np.sin(x) + params["w"]
        return np.mean(x * x)

    return loss


def recurrence(np: Any, nodes: int) -> Loss:
    """A plain recurrent network, unrolled, three nodes a turn: h ← tanh(W h + b)."""

    def loss(params: Any, start: Any) -> Any:
        h = start
        for _ in range(nodes // 3):
            h = np.tanh(params["W"] @ h + params["b"])
        return np.mean(h * h)

    return loss


def arguments(graph: str) -> tuple[dict[str, Any], Any]:
    """Parameters and start of a graph, float32."""
    rng = np.random.default_rng(0)
    if graph == "chain":
        arrays, start = {"w": rng.normal(size=SIZE)}, rng.normal(size=SIZE)
    else:
        arrays = {"W": rng.normal(size=(UNITS, UNITS)) / UNITS**0.5, "b": rng.normal(size=UNITS)}
        start = rng.normal(size=UNITS)
    return {name: array.astype("float32") for name, array in arrays.items()}, start.astype("float32")


GRAPHS = {"chain": chain, "recurrence": recurrence}


def our_loop(graph: str, nodes: int) -> Callable[[int], Any]:
    import chainrule as cr

    params, start = arguments(graph)
    loss = GRAPHS[graph](np, nodes)
    return lambda steps: cr.minimize(loss, params, (start,), optimizer=cr.GradientDescent(lr=RATE), steps=steps)


def jax_loop(graph: str, nodes: int) -> Callable[[int], Any]:
    """`fori_loop`; the number of steps is an argument, so that one compilation serves all of them."""
    import jax
    import jax.numpy as jnp

    params, start = jax.tree.map(jnp.asarray, arguments(graph))
    evaluate = jax.value_and_grad(GRAPHS[graph](jnp, nodes))

    @jax.jit
    def train(steps: Any, params: Any, start: Any) -> Any:
        def body(step: Any, carry: Any) -> Any:
            params, history = carry
            value, gradients = evaluate(params, start)
            descended = {name: params[name] - RATE * gradients[name] for name in params}
            return descended, history.at[step % len(history)].set(value)

        return jax.lax.fori_loop(0, steps, body, (params, jnp.zeros(1024, start.dtype)))

    return lambda steps: jax.block_until_ready(train(steps, params, start))


LOOPS = {"chainrule": our_loop, "JAX": jax_loop}


def seconds_of(run: Callable[[int], object], steps: int) -> float:
    start = time.perf_counter()
    run(steps)
    return time.perf_counter() - start


def seconds_per_step(run: Callable[[int], object]) -> float:
    """From the difference of a long and a short call, so that what a call costs beside its steps does not count."""
    short = seconds_of(run, FEW)
    if short < 1.0:
        short = min(short, *(seconds_of(run, FEW) for _ in range(2)))
    steps = FEW
    while True:
        difference = seconds_of(run, FEW + steps) - short
        if difference > 0.3 * short + 0.02 or steps >= 2**18:
            return difference / steps
        steps *= 4


def peak_mebibytes() -> float:
    """The peak of this process so far.

    On Linux not that of `getrusage`, which begins with the peak of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main(graph: str, library: str, nodes: int) -> None:
    from fresh import import_what_is_imported_late

    import_what_is_imported_late(library)
    run = LOOPS[library](graph, nodes)
    LOOPS[library](graph, 6)(FEW)  # what a library sets up once
    before = peak_mebibytes()
    first = seconds_of(run, FEW)
    memory = peak_mebibytes() - before
    print(json.dumps({"first": first, "step": seconds_per_step(run), "memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
