"""Milliseconds to lay out and draw graphs: ``python benchmarks/drawing.py [--nodes 1000] [--repeats 7]``.

Three graphs: a chain, a deep network with shortcuts, and a random graph in which each node uses some of the last
twelve. Each is drawn whole, which is the most that a caller can ask for, and folded, as it is shown if nobody asks.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

from chainrule.explain.drawing.diagram import Diagram, Edge, Vertex
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.drawing.tikz import diagram_tikz
from chainrule.notation.tree import Symbol, call


def diagram_of(name: str, sources: list[list[int]]) -> Diagram:
    """A diagram in which each vertex has a formula, a value and a gradient."""
    symbols = [Symbol("v", number) for number in range(len(sources))]
    used = {source for given in sources for source in given}
    vertices = tuple(
        Vertex(
            symbols[number],
            "leaf" if not given else "inner" if number in used else "output",
            call("tanh", *[symbols[source] for source in given]) if given else None,
            "0.5",
            "−0.25",
            number + 1,
            len(sources) - number,
        )
        for number, given in enumerate(sources)
    )
    edges = tuple(Edge(symbols[source], symbols[number]) for number, given in enumerate(sources) for source in given)
    return Diagram(name, "", symbols[-1], vertices, edges, has_gradients=True)


def chain(count: int) -> list[list[int]]:
    return [[number - 1] if number else [] for number in range(count)]


def network(count: int) -> list[list[int]]:
    """Blocks of five: weight, bias, their layer, its activation, and the sum with what came before."""
    sources: list[list[int]] = [[]]
    before = 0
    while len(sources) + 5 <= count:
        first = len(sources)
        sources += [[], [], [first, before, first + 1], [first + 2], [first + 3, before]]
        before = first + 4
    return sources


def tangle(count: int) -> list[list[int]]:
    """A third are leaves; every node but the last is used."""
    choose = random.Random(0)
    sources: list[list[int]] = []
    unused: list[int] = []
    for number in range(count):
        is_leaf = number < 4 or (choose.random() < 0.33 and number < count - 1)
        given = [] if is_leaf else [unused.pop(choose.randrange(len(unused)))] if unused else [number - 1]
        if not is_leaf:
            given += [node for node in choose.sample(range(max(0, number - 12), number), 2) if node not in given]
        unused = [node for node in unused if node not in given] + [number]
        sources.append(given)
    return sources


def milliseconds(draw: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        draw()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=7)
    settings = parser.parse_args()
    print(f"median of {settings.repeats} in ms")
    print(f"{'graph':10} {'nodes':>6} {'edges':>6} {'SVG, whole':>11} {'SVG, folded':>12} {'TikZ, whole':>12}")
    for name, build in (("chain", chain), ("network", network), ("random", tangle)):
        diagram = diagram_of(name, build(settings.nodes))
        found = [
            milliseconds(lambda: diagram_svg(diagram, fold=False), settings.repeats),  # noqa: B023 - called at once
            milliseconds(lambda: diagram_svg(diagram), settings.repeats),  # noqa: B023
            milliseconds(lambda: diagram_tikz(diagram, fold=False), settings.repeats),  # noqa: B023
        ]
        counts = f"{len(diagram.vertices):6} {len(diagram.edges):6}"
        print(f"{name:10} {counts} {found[0]:11.0f} {found[1]:12.0f} {found[2]:12.0f}")


if __name__ == "__main__":
    main()
