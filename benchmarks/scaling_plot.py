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


SIZE_TITLES = {"n": "against the rows, n", "d": "against the features, d", "h": "against the hidden units, h"}
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


SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def counts(value: float, position: int) -> str:
    """Numbers on an axis: 10, 1,000, 10⁵."""
    return f"{value:,.0f}" if value < 1e4 else "10" + str(round(math.log10(value))).translate(SUPERSCRIPTS)


def draw(measured: dict[str, Any], file: Path) -> None:
    """Write the picture; its format is that of the file's ending."""
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(11.5, 8.6))
        grid = figure.add_gridspec(2, 3, left=0.075, right=0.98, bottom=0.075, top=0.875, wspace=0.3, hspace=0.58)
        upper, lower = ([figure.add_subplot(grid[row, column]) for column in range(3)] for row in (0, 1))
        _draw_sizes(upper, measured["sizes"])
        _heading(figure, 0.955, "One step of gradient descent, two-layer perceptron", _library_entries())
        _draw_graphs(lower, measured["graphs"], measured["patience"])
        graph_entries = [(INK, *GRAPH_STYLES[graph], name) for graph, name in GRAPH_NAMES.items()]
        _heading(figure, 0.455, "Graphs of many nodes", graph_entries)
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)
        plt.close(figure)


def _draw_sizes(axes: list[Any], panels: dict[str, Any]) -> None:
    """Time per step against n, d and h, on one scale."""
    for axis, (size, found) in zip(axes, panels.items(), strict=True):
        for name, points in found["lines"].items():
            _line(axis, points, COLOURS[name], *LIBRARIES[name][:2])
        _finish(axis, SIZE_TITLES[size], found["fixed"], SECONDS)
    _share(axes, "y")


def _draw_graphs(axes: list[Any], graphs: dict[str, Any], patience: float) -> None:
    """Start, step and memory against the number of nodes."""
    for axis, (quantity, (title, formatter)) in zip(axes, QUANTITIES.items(), strict=True):
        for graph, libraries in graphs.items():
            for library, line in libraries.items():
                points = [(point["nodes"], point[quantity]) for point in line["points"] if point[quantity] > 0]
                _line(axis, points, COLOURS[library], *GRAPH_STYLES[graph])
                if quantity == "first" and line["stopped"]:
                    _given_up(axis, [*points[-1:], (line["stopped"], patience)], COLOURS[library])
        _finish(axis, title, "nodes of the loss", formatter)
    _share(axes, "x")
    if any(line["stopped"] for libraries in graphs.values() for line in libraries.values()):
        axes[0].axhline(patience, color=FAINT, linewidth=0.8)
        where = {"xy": (0.0, patience), "xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        axes[0].annotate(f"given up after {patience:g} s", xytext=(4, 4), color=FAINT, size=9, **where)


def _given_up(axis: Any, points: Points, colour: str) -> None:
    """A faint line that leads to a cross, where a process had taken more than its time."""
    _line(axis, points, colour, (0, (1, 2)), "")
    axis.plot(*points[-1], color=colour, marker="x", markersize=7.0, markeredgewidth=2.0, clip_on=False, zorder=3)


def _share(axes: list[Any], direction: str) -> None:
    """Give panels the limits that hold all of them."""
    limits = [getattr(axis, f"get_{direction}lim")() for axis in axes]
    for axis in axes:
        axis.set(**{f"{direction}lim": (min(low for low, _ in limits), max(high for _, high in limits))})


def _library_entries() -> list[tuple[str, Any, str, str]]:
    return [(COLOURS[name], *style) for name, style in LIBRARIES.items()]


def _heading(figure: Any, y: float, title: str, entries: list[tuple[str, Any, str, str]]) -> None:
    """What a row of panels shows, and the meaning of its lines."""
    figure.text(0.02, y, title, weight="bold", size=13, va="center")
    handles = [
        Line2D([], [], color=colour, linestyle=pattern, marker=marker, linewidth=2.0, markersize=5.0, label=label)
        for colour, pattern, marker, label in entries
    ]
    figure.legend(
        handles=handles,
        loc="center right",
        bbox_to_anchor=(0.99, y),
        ncols=len(handles),
        frameon=False,
        handlelength=2.6,
    )


def _line(axis: Any, points: Points, colour: str, pattern: Any, marker: str) -> None:
    if points:
        x, y = zip(*points, strict=True)
        axis.plot(x, y, color=colour, linestyle=pattern, marker=marker, linewidth=2.0, markersize=5.0, clip_on=False)


def _finish(axis: Any, title: str, below: str, formatter: FuncFormatter) -> None:
    axis.set(xscale="log", yscale="log", title=title, xlabel=below)
    for one, labels in ((axis.xaxis, FuncFormatter(counts)), (axis.yaxis, formatter)):
        one.set_major_locator(LogLocator(10.0, numticks=12))
        one.set_major_formatter(labels)
        one.set_minor_formatter(NullFormatter())
        one.set_tick_params(which="both", length=0)
