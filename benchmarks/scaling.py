"""How time, compilation and memory grow: chainrule beside JAX's whole loop.

``python benchmarks/scaling.py --out docs/pictures/scaling.svg`` in an environment with the extra ``bench``: time per
step of a perceptron against n, d and h, and first call, step and memory against the number of nodes of a graph, each
graph in a process of its own. A graph whose process takes longer than ``--patience`` ends its line. All in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from train import environment, pin

LIBRARIES = ("chainrule", "JAX")
BASE = {"n": 1_000, "d": 20, "h": 32}
SIZES = {
    "n": [30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000],
    "d": [1, 3, 10, 30, 100, 300, 1_000, 3_000],
    "h": [1, 3, 10, 30, 100, 300, 1_000, 3_000],
}
NODES = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]
MANY_NODES = [300_000, 1_000_000]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FILE", help="draw the picture, as SVG or PNG")
    parser.add_argument("--data", type=Path, metavar="FILE", help="keep the figures here; drawn from here if it exists")
    parser.add_argument("--full", action="store_true", help="graphs of up to a million nodes")
    parser.add_argument("--quick", action="store_true", help="few sizes: to see that it works")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="for one process of one graph")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def measure_sizes(threads: int, quick: bool) -> dict[str, Any]:
    """Seconds per step: a line for each contender and one for the floor."""
    from agreement import reference, require
    from floors import Ceilings
    from harness import measure_loops
    from peers import jax_loops, ours
    from workloads import Problem, Work

    makers = dict(zip(LIBRARIES, (ours.contender, jax_loops.whole_loop), strict=True))
    ceilings, found = Ceilings("float32", threads), {}
    for size, values in SIZES.items():
        lines: dict[str, list[tuple[int, float]]] = {name: [] for name in (*LIBRARIES, "floor")}
        for value in values[::3] if quick else values:
            work = Work("scaling", "perceptron", **BASE | {size: value})
            problem, expected = Problem(work, "float32"), reference(work, 4)
            runs = {name: make(problem) for name, make in makers.items()}
            for name, run in runs.items():
                require(name, problem, run, expected, 4)
            row = measure_loops(work.label, runs, rounds=5, seconds=0.03, rest=0.03)
            for name in LIBRARIES:
                lines[name].append((value, row.median(name) / 1e6))
            lines["floor"].append((value, ceilings.floor(work) / 1e6))
            print(work.label, {name: f"{points[-1][1]:.3g} s" for name, points in lines.items()}, flush=True)
        fixed = ", ".join(f"{name} = {number:,}" for name, number in BASE.items() if name != size)
        found[size] = {"fixed": f"{size}  ({fixed})", "lines": lines}
    return found


def measure_graphs(nodes: list[int], patience: float) -> dict[str, Any]:
    """For each graph and library: the figures of ``graphs.py``, up to the first size that it does not manage."""
    from fresh import in_fresh_process
    from graphs import GRAPHS

    found: dict[str, Any] = {
        graph: {library: {"points": [], "stopped": None} for library in LIBRARIES} for graph in GRAPHS
    }
    for graph, libraries in found.items():
        for library, line in libraries.items():
            for count in nodes:
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        figures = in_fresh_process(["graphs.py", graph, library, str(count)], folder, patience)
                except RuntimeError as error:
                    print(f"{graph} of {count:,} nodes, {library}: {error}", flush=True)
                    line["stopped"] = count
                    break
                line["points"].append({"nodes": count, **figures})
                print(f"{graph} of {count:,} nodes, {library}: {figures}", flush=True)
    return found


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, kept or new."""
    if options.data and options.data.exists():
        return json.loads(options.data.read_text())
    nodes = NODES[:4:2] if options.quick else NODES + MANY_NODES * options.full
    figures = {
        "sizes": measure_sizes(options.threads, options.quick),
        "graphs": measure_graphs(nodes, options.patience),
        "patience": options.patience,
    }
    if options.data:
        options.data.write_text(json.dumps(figures))
    return figures


def main(options: argparse.Namespace) -> None:
    pin(options.threads)
    figures = measured(options)
    if options.out:
        from scaling_plot import draw

        draw(figures, options.out)


if __name__ == "__main__":
    choice = arguments()
    clean = environment(choice.threads)
    if any(os.environ.get(name) != value for name, value in clean.items()) or set(os.environ) - set(clean):
        os.execve(sys.executable, [sys.executable, *sys.argv], clean)  # settings that count before libraries are loaded
    main(choice)
