"""The picture of ``scaling.py``: how time, compilation and memory grow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK, FAINT, CARD, GRID = "#1B2430", "#6B7683", "#FBFAF7", "#E4E1DA"
COLOURS = {"chainrule": "#0065A8", "JAX": "#C24A00", "floor": FAINT}  # told apart by colour-blind readers too
GRAPH_STYLES = {"chain": ("-", "o"), "recurrence": ((0, (4, 2)), "s")}
GRAPH_NAMES = {"chain": "chain of elementwise operations", "recurrence": "unrolled recurrence"}

Points = list[tuple[float, float]]

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "DejaVu Sans", "Arial"],
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.facecolor": CARD,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": CARD,
    "savefig.facecolor": CARD,
    "svg.hashsalt": "chainrule",  # the same figures give the same file
}


def in_units(factors: list[tuple[float, str]]) -> FuncFormatter:
    """Labels like 10 µs and 2 GiB: the largest unit that is not larger than the value."""

    def label(value: float, position: int) -> str:
        factor, unit = max(((f, u) for f, u in factors if f <= value * 1.0001), default=factors[0])
        return f"{value / factor:g} {unit}"

    return FuncFormatter(label)


SECONDS = in_units([(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")])
MEBIBYTES = in_units([(1.0, "MiB"), (1000.0, "GiB")])


SIZE_TITLES = {"n": "rows, n", "d": "features, d", "h": "hidden units, h"}
QUANTITIES = {
    "first": ("First call, compilation included", SECONDS),
    "step": ("Each further step", SECONDS),
    "memory": ("Peak memory above imports", MEBIBYTES),
}
LIBRARIES = {
    "chainrule": ("-", "o", "chainrule"),
    "JAX": ("-", "o", "JAX, whole loop"),
    "floor": ((0, (1, 1.6)), "", "floor of this machine"),
}


def counts(value: float, position: int) -> str:
    """Numbers on an axis: 10, 1,000, 10⁵."""
    return f"{value:,.0f}" if value < 1e4 else f"$10^{{{round(math.log10(value))}}}$"


def draw(measured: dict[str, Any], file: Path) -> None:
    """Write the picture; its format is that of the file's ending."""
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(11.5, 8.2), layout="constrained")
        upper, lower = figure.subfigures(2, 1, hspace=0.06)
        _draw_sizes(upper, measured)
        _draw_graphs(lower, measured)
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)
        plt.close(figure)


def _draw_sizes(figure: Any, measured: dict[str, Any]) -> None:
    """Time per step against n, d and h."""
    panels = measured["sizes"]
    for axis, (size, found) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        for name, points in found["lines"].items():
            pattern, marker = ((0, (1, 1.6)), "") if name == "floor" else ("-", "o")
            _line(axis, points, COLOURS[name], pattern, marker)
        _finish(axis, SIZE_TITLES[size], found["fixed"], SECONDS)
    figure.suptitle("One step of gradient descent, two-layer perceptron", x=0.01, ha="left", weight="bold")
    entries = [(COLOURS[name], pattern, marker, label) for name, (pattern, marker, label) in LIBRARIES.items()]
    _legend(figure, entries)


def _draw_graphs(figure: Any, measured: dict[str, Any]) -> None:
    """Start, step and memory against the number of nodes."""
    for axis, (quantity, (title, formatter)) in zip(figure.subplots(1, 3), QUANTITIES.items(), strict=True):
        for graph, libraries in measured["graphs"].items():
            for library, line in libraries.items():
                points = [(point["nodes"], point[quantity]) for point in line["points"]]
                _line(axis, points, COLOURS[library], *GRAPH_STYLES[graph])
                if quantity == "first" and line["stopped"]:
                    _given_up(axis, points[-1:], (line["stopped"], measured["patience"]), COLOURS[library])
        _finish(axis, title, "nodes of the loss", formatter)
        if quantity == "memory":
            axis.set_ylim(bottom=1.0)
    figure.suptitle("Graphs of many nodes", x=0.01, ha="left", weight="bold")
    _legend(figure, [(INK, *GRAPH_STYLES[graph], name) for graph, name in GRAPH_NAMES.items()])


def _line(axis: Any, points: Points, colour: str, pattern: Any, marker: str) -> None:
    if points:
        x, y = zip(*points, strict=True)
        axis.plot(x, y, color=colour, linestyle=pattern, marker=marker, linewidth=2.0, markersize=5.0, clip_on=False)


def _given_up(axis: Any, last: Points, where: tuple[float, float], colour: str) -> None:
    """A cross where a process had taken more than its time, and a faint line that leads there."""
    _line(axis, [*last, where], colour, (0, (1, 2)), "")
    axis.plot(*where, color=colour, marker="x", markersize=7.0, markeredgewidth=2.0, clip_on=False)
    axis.annotate(
        f"not within {where[1]:g} s", where, (0, 7), textcoords="offset points", ha="center", color=colour, size=9
    )


def _finish(axis: Any, title: str, below: str, formatter: FuncFormatter) -> None:
    axis.set(xscale="log", yscale="log", title=title, xlabel=below)
    for one, labels in ((axis.xaxis, FuncFormatter(counts)), (axis.yaxis, formatter)):
        one.set_major_locator(LogLocator(10.0, numticks=12))
        one.set_major_formatter(labels)
        one.set_minor_formatter(NullFormatter())
        one.set_tick_params(which="both", length=0)


def _legend(figure: Any, entries: list[tuple[str, Any, str, str]]) -> None:
    handles = [
        Line2D([], [], color=colour, linestyle=pattern, marker=marker, linewidth=2.0, markersize=5.0, label=label)
        for colour, pattern, marker, label in entries
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        ncols=len(handles),
        frameon=False,
        bbox_to_anchor=(1.0, 1.02),
        handlelength=2.6,
    )
