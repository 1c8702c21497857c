"""Milliseconds that lessons take: ``python benchmarks/explain.py [--steps 300] [--nodes 1000] [--repeats 5]``.

The lecture's two-layer perceptron; a loop in Python, whose steps fold; and a large graph, drawn whole.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from drawing import diagram_of, network

import chainrule as cr
from chainrule.explain.drawing.svg import diagram_svg


def perceptron(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    y_hat = cr.sigmoid(z2)
    L = cr.bce(y_hat, y)
    return L  # noqa: RET504 - a lesson calls its output by this name


def recurrence(w: Any, u: Any, b: Any, xs: Any) -> Any:
    h: Any = 0.0
    for k in range(len(xs)):
        h = np.tanh(w * h + u * xs[k] + b)
    loss = (h - 0.5) ** 2
    return loss  # noqa: RET504


def measurements(steps: int, nodes: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is measured, with its name."""
    draw = np.random.default_rng(0).normal
    point = (draw(size=3), 1.0, draw(size=(4, 3)), np.zeros(4), draw(size=4), 0.0)
    small = cr.explain(perceptron, *point)
    yield "perceptron: lesson", lambda: cr.explain(perceptron, *point)
    yield "perceptron: lesson, each operation", lambda: cr.explain(perceptron, *point, level="operation")
    yield "perceptron: page", small.to_html
    yield "perceptron: notebook", small._repr_mimebundle_
    start = (0.5, 0.3, 0.1, np.linspace(-1, 1, steps))
    long = cr.explain(recurrence, *start)
    yield f"loop of {steps} steps: lesson", lambda: cr.explain(recurrence, *start)
    yield f"loop of {steps} steps: text", long.to_text
    yield f"loop of {steps} steps: page of {len(long.to_html().encode()) / 1e6:.2f} MB", long.to_html
    yield f"loop of {steps} steps: notebook", long._repr_mimebundle_
    diagram = diagram_of("network", network(nodes))
    yield f"drawing of {len(diagram.vertices)} nodes", lambda: diagram_svg(diagram, fold=False)


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """The median of CPU time, as other programs may run; a first run, not counted, imports and fills caches."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    settings = parser.parse_args()
    print(f"| ms of CPU time, median of {settings.repeats} | |\n|---|---:|")
    for name, work in measurements(settings.steps, settings.nodes):
        print(f"| {name} | {milliseconds(work, settings.repeats):.0f} |", flush=True)


if __name__ == "__main__":
    main()
