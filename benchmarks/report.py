"""Tables of what ``train.py`` measured: on the terminal, and in Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from harness import OURS, Row
from rich.console import Console
from rich.table import Table


@dataclass
class Result:
    """One row of the benchmark.

    Parameters
    ----------
    key, label, group : str
        Its short name for ``--rows``, what it is, and the rows it stands with.
    times : dict of str to list of float
        Microseconds of every contender, round by round.
    target : float, optional
        How many times faster than the fastest peer we mean to be: of all, or of those whose name begins with `against`.
    limit : float, optional
        Or: how many microseconds it may take.
    floor : float, optional
        Microseconds below which this machine cannot do it.
    within : float, optional
        How many times the floor it may take, beside the target.
    notes : list of str
        Contenders that were left out, and why.
    wrong : bool
        Whether a contender was left out because its results are wrong.
    """

    key: str
    label: str
    times: dict[str, list[float]]
    target: float | None = None
    limit: float | None = None
    floor: float | None = None
    within: float | None = None
    group: str = "one step of gradient descent"
    against: str = ""
    notes: list[str] = field(default_factory=list)
    wrong: bool = False

    @property
    def row(self) -> Row:
        return Row(self.label, self.times)

    def fastest(self, among: str = "") -> str | None:
        """The peer with the smallest median, of those whose name begins with `among`."""
        peers = [name for name in self.times if name != OURS and name.startswith(among)]
        return min(peers, key=self.row.median, default=None)

    def ratio(self, among: str = "") -> float | None:
        """How many times longer that peer takes than we do."""
        peer = self.fastest(among)
        if peer is None or OURS not in self.times:
            return None
        if len(self.times[peer]) != len(self.times[OURS]):  # what takes long in a fresh process has fewer rounds
            return self.row.median(peer) / self.row.median(OURS)
        return self.row.ratio(peer)

    @property
    def above_floor(self) -> float | None:
        return statistics.median(self.times[OURS]) / self.floor if self.floor and OURS in self.times else None

    @property
    def wanted(self) -> str:
        """The target in words."""
        parts = [f"≥ {self.target:g}× {self.against}".rstrip()] if self.target else []
        parts += [f"≤ {duration(self.limit)}"] if self.limit else []
        parts += [f"≤ {self.within:g}× floor"] if self.within else []
        return ", ".join(parts)

    @property
    def verdict(self) -> str:
        if OURS not in self.times:
            return "not measured"
        misses = [
            self.target is not None and (self.ratio(self.against) or 0.0) < self.target,
            self.limit is not None and self.row.median(OURS) > self.limit,
            self.within is not None and (self.above_floor or float("inf")) > self.within,
        ]
        detail = f" ({times_over(self.ratio(self.against))} {self.against})" if self.against else ""
        return ("not reached" if any(misses) else "reached") + detail


@dataclass
class Part:
    """All rows for one dtype and one number of threads, and what the machine can do at most."""

    dtype: str
    threads: int
    machine: str
    ceilings: str
    results: list[Result]

    @property
    def title(self) -> str:
        return f"{self.dtype}, {self.threads} thread" + ("s" if self.threads > 1 else "")

    @property
    def notes(self) -> list[str]:
        return [f"{result.label}: {note}" for result in self.results for note in result.notes]


SUMMARY = ["work", OURS, "fastest", "peer", "ratio", "target", "verdict", "floor", "ours / floor"]


def duration(microseconds: float | None) -> str:
    """Three digits and a unit."""
    if microseconds is None:
        return ""
    for unit, size in (("µs", 1.0), ("ms", 1e3), ("s", 1e6)):
        number = microseconds / size
        if number < 999.5 or unit == "s":
            return f"{number:.{0 if number >= 99.5 else 1 if number >= 9.95 else 2}f} {unit}"
    raise AssertionError("unreachable: seconds have no upper bound")


def times_over(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}×"


def summary(results: list[Result]) -> list[list[str]]:
    """For each row: ours, the fastest peer, the ratio, the target, the floor."""
    return [
        [
            result.label,
            duration(result.row.median(OURS)) if OURS in result.times else "–",
            duration(result.row.median(fastest)) if (fastest := result.fastest()) else "–",
            fastest or "",
            times_over(result.ratio()),
            result.wanted,
            result.verdict,
            duration(result.floor),
            times_over(result.above_floor),
        ]
        for result in results
    ]


def everybody(results: list[Result]) -> list[tuple[list[str], list[list[str]]]]:
    """For each group of rows: header, and the medians of every contender."""
    groups = dict.fromkeys(result.group for result in results)
    return [_medians([result for result in results if result.group == group]) for group in groups]


def _medians(results: list[Result]) -> tuple[list[str], list[list[str]]]:
    names = list(dict.fromkeys(name for result in results for name in result.times))
    lines = [
        [result.label] + [duration(result.row.median(name)) if name in result.times else "" for name in names]
        for result in results
    ]
    return [results[0].group, *names], lines


def markdown(parts: list[Part], command: str) -> str:
    """The whole report, fit for ``RESULTS.md``."""
    lines = []
    for part in parts:
        lines += [f"### {part.title}", "", f"`{command}` on {part.machine}", "", f"Ceilings: {part.ceilings}.", ""]
        for header, cells in [(SUMMARY, summary(part.results)), *everybody(part.results)]:
            lines += [*_markdown_table(header, cells), ""]
        lines += [*(f"- {note}" for note in part.notes), *[""] * bool(part.notes)]
    return "\n".join(lines)


def _markdown_table(header: list[str], lines: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *lines)]


def show(console: Console, part: Part) -> None:
    """The same on the terminal."""
    console.rule(part.title)
    console.print(f"{part.machine}\nCeilings: {part.ceilings}", highlight=False)
    table = Table(*SUMMARY)
    for cells, result in zip(summary(part.results), part.results, strict=True):
        style = "yellow" if OURS not in result.times else "red" if result.verdict.startswith("not") else "green"
        table.add_row(*cells, style=style)
    console.print(table)
    for header, lines in everybody(part.results):
        table = Table(*header)
        for cells in lines:
            table.add_row(*cells)
        console.print(table)
    for note in part.notes:
        console.print("•", note, highlight=False)
