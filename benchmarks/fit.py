"""Whole trainings: chainrule's `fit` beside scikit-learn's `MLPClassifier` and a loop in PyTorch.

``python benchmarks/fit.py`` in an environment with the extra ``bench``. Data, architecture, optimiser, batches and
number of epochs are the same for all; see ``fit_contenders.py``. Three times are taken: of a fit within one process,
contenders in turn, after a first one that is not counted; of a fresh process that imports, fits and predicts, with what
earlier processes left in the caches; and of the same with empty caches. Reported are medians, and the medians of the
ratios within a round.

The process starts itself again with a clean environment, as ``train.py`` does. On a machine that is busy with other
things take ``--threads 1``: threads that wait actively for one another then lose whole slices of time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from train import SLOWING, environment, pin

PEERS = {"scikit-learn": 3.0, "PyTorch": 2.0}

#: Epochs for each table.
EPOCHS = {"breast_cancer": 200, "digits": 200, "synthetic 100,000×50": 10}

#: Rounds of fresh processes with empty caches: each compiles.
COLD_ROUNDS = 3


@dataclass
class Timing:
    """Seconds of each contender, round by round."""

    table: str
    what: str
    times: dict[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, peer: str, ours: str) -> float:
        """How many times longer a peer takes, as the median over the rounds."""
        return statistics.median(theirs / mine for theirs, mine in zip(self.times[peer], self.times[ours], strict=True))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(EPOCHS), default=list(EPOCHS), metavar="NAME")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for every contender")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each contender")
    parser.add_argument("--quick", action="store_true", help="three rounds of a tenth of the epochs: to see it work")
    parser.add_argument("--no-fresh", action="store_true", help="only within one process")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as well")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the environment is clean
    return parser.parse_args()


def start_again(options: argparse.Namespace) -> int:
    """Run in an environment that is the same for all, and in which Python keeps its bytecode."""
    unset = [*SLOWING, "PYTHONDONTWRITEBYTECODE"]
    clean = {name: value for name, value in environment(options.threads).items() if name not in unset}
    print(f"Starting again with {', '.join(unset)} unset, {options.threads} thread(s) for everybody", flush=True)
    return subprocess.run([sys.executable, __file__, *sys.argv[1:], "--inside"], env=clean, check=False).returncode


# Data -----------------------------------------------------------------------------------------------------------------


def made_table(name: str) -> object:
    """A table, split and standardised by the rows to train on."""
    import numpy as np
    from fit_contenders import SEED, Table
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    if name in ("breast_cancer", "digits"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    else:
        X, y = datasets.make_classification(
            100_000, 50, n_informative=20, n_redundant=10, n_clusters_per_class=8, flip_y=0.02, random_state=SEED
        )
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=SEED)
    scale = X.std(axis=0)
    scale[scale == 0] = 1.0
    X, X_test = (np.ascontiguousarray((part - X.mean(axis=0)) / scale) for part in (X, X_test))
    return Table(X, y, X_test, y_test)


# Times ----------------------------------------------------------------------------------------------------------------


def clocked(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def within_one_process(name: str, epochs: int, rounds: int) -> tuple[Timing, dict[str, float]]:
    """Times of `fit`, and the accuracy of what it found."""
    from fit_contenders import CONTENDERS, Table
    from harness import take_turns

    table = made_table(name)
    assert isinstance(table, Table)
    accuracy = {
        contender: table.accuracy(fit(table, epochs)(table.X_test)) for contender, fit in CONTENDERS.items()
    }  # and what is done once is done

    def timed(contender: str) -> float:
        time.sleep(0.05)  # idle threads of OpenBLAS and OpenMP wait actively for about that long
        return clocked(lambda: CONTENDERS[contender](table, epochs))

    times = take_turns(list(CONTENDERS), timed, rounds)
    return Timing(name, "fit", times), accuracy


def fresh_processes(name: str, epochs: int, rounds: int, folder: str) -> list[Timing]:
    """Times of processes that import, fit and predict: with full caches, and with empty ones."""
    from fit_contenders import CONTENDERS, Table
    from fresh import in_fresh_process
    from harness import take_turns

    table = made_table(name)
    assert isinstance(table, Table)
    path = str(Path(folder, f"{name.split()[0]}.npz"))
    table.save(path)

    def started(contender: str, cache: str) -> float:
        command = ["fit_contenders.py", contender, path, str(epochs)]
        return clocked(lambda: in_fresh_process(command, cache))

    def cold(contender: str) -> float:
        with tempfile.TemporaryDirectory() as empty:
            return started(contender, empty)

    warm_cache = str(Path(folder, "cache"))
    for contender in CONTENDERS:
        started(contender, warm_cache)
    warm = take_turns(list(CONTENDERS), lambda contender: started(contender, warm_cache), rounds)
    compiling = take_turns(list(CONTENDERS), cold, min(rounds, COLD_ROUNDS))
    return [Timing(name, "fresh process, full cache", warm), Timing(name, "fresh process, empty cache", compiling)]


# Tables ---------------------------------------------------------------------------------------------------------------


def times_table(timings: list[Timing]) -> str:
    """Medians in milliseconds; in parentheses how many times longer than chainrule."""
    names = list(timings[0].times)
    lines = ["| ms | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for timing in timings:
        cells = [
            f"**{timing.median(name) * 1e3:,.0f}**"
            if name == names[0]
            else f"{timing.median(name) * 1e3:,.0f} ({timing.ratio(name, names[0]):.2f}×)"
            for name in names
        ]
        lines.append(f"| {timing.table}, {timing.what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def targets_table(timings: list[Timing]) -> str:
    """What was aimed at, for both of chainrule's faces."""
    ours = [name for name in timings[0].times if name not in PEERS]
    lines = ["| ratio to the peer | target | " + " | ".join(ours) + " |", "|---|---|" + "---|" * len(ours)]
    for timing in timings:
        for peer, factor in PEERS.items():
            cells = []
            for name in ours:
                ratio = timing.ratio(peer, name)
                cells.append(f"{ratio:.2f}×, {'reached' if ratio >= factor else 'not reached'}")
            lines.append(f"| {timing.table}, {timing.what}: {peer} | ≥ {factor:g}× | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def accuracy_table(accuracy: dict[str, dict[str, float]]) -> str:
    """Held-out accuracy."""
    names = list(next(iter(accuracy.values())))
    lines = ["| held-out accuracy | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for table, found in accuracy.items():
        lines.append(f"| {table} | " + " | ".join([f"{found[name]:.4f}" for name in names]) + " |")
    return "\n".join(lines)


def load() -> str:
    """How busy the machine is."""
    return ", ".join([f"{average:.1f}" for average in os.getloadavg()]) if hasattr(os, "getloadavg") else "unknown"


def run(options: argparse.Namespace) -> None:
    pin(options.threads)
    from harness import machine

    rounds = 3 if options.quick else options.rounds
    load_before = load()
    timings: list[Timing] = []
    accuracy: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tables:
            epochs = max(1, EPOCHS[name] // 10) if options.quick else EPOCHS[name]
            label = f"{name} ({epochs} epochs)"
            found, accuracy[label] = within_one_process(name, epochs, rounds)
            more = [] if options.no_fresh else fresh_processes(name, epochs, rounds, folder)
            for timing in (found, *more):
                timing.table = label
                timings.append(timing)
                print(json.dumps(asdict(timing)), file=sys.stderr, flush=True)
    text = "\n\n".join(
        [
            f"`python benchmarks/fit.py`: {machine()}; {options.threads} thread(s) for everybody; {rounds} rounds; "
            f"load of the machine {load_before} before and {load()} after.",
            times_table(timings),
            targets_table(timings),
            accuracy_table(accuracy),
        ]
    )
    print(f"\n{text}")
    if options.markdown:
        options.markdown.write_text(text + "\n")


if __name__ == "__main__":
    choice = arguments()
    run(choice) if choice.inside else sys.exit(start_again(choice))
