"""Training loops and gradient calls: chainrule beside every peer, in one run.

``python benchmarks/train.py`` in an environment with the extra ``bench``. Contenders take turns in one process for each
dtype and number of threads; what is reported are medians, and ratios to the fastest peer of each row. All do the same:
value, gradient, update, and a history of the losses. Their results are held against hand-derived ones first.

The process starts itself again with a clean environment: ``OPENBLAS_CORETYPE`` and ``OPENBLAS_L2_SIZE``, which slow
NumPy down, are unset for everybody, and threads are set before any library is loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "CHAINRULE_THREADS",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="only these rows; a name may be the start of several")
    parser.add_argument("--dtype", nargs="+", choices=["float32", "float64"], default=["float32", "float64"])
    parser.add_argument("--threads", nargs="+", type=int, default=[os.cpu_count() or 1], help="for every contender")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contender")
    parser.add_argument("--quick", action="store_true", help="three short rounds: to see that it works")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as well")
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)  # where a process for one part leaves its results
    return parser.parse_args()


def environment(threads: int) -> dict[str, str]:
    """Of a process whose every library uses so many threads."""
    clean = {name: value for name, value in os.environ.items() if name not in SLOWING}
    clean |= dict.fromkeys(THREAD_COUNTS, str(threads))
    if threads == 1:
        clean["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return clean


def pin(threads: int) -> None:
    """Keep this process to so many processors: some thread pools ask the system how many there are."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def start_parts(options: argparse.Namespace) -> None:
    """One process for each dtype and number of threads; then all tables."""
    from report import Part, Result, markdown, show
    from rich.console import Console

    unset = [name for name in SLOWING if name in os.environ]
    print("Starting again with " + ", ".join(SLOWING) + " unset" + (f" (were set: {unset})" if unset else ""))
    parts: list[Part] = []
    with tempfile.TemporaryDirectory() as folder:
        for threads in options.threads:
            for dtype in options.dtype:
                file = Path(folder, f"{dtype}-{threads}.json")
                command = [sys.executable, __file__, "--dtype", dtype, "--threads", str(threads), "--part", str(file)]
                command += ["--rounds", str(options.rounds)] + ["--quick"] * options.quick
                command += ["--rows", *options.rows] if options.rows else []
                if subprocess.run(command, env=environment(threads), check=False).returncode:
                    sys.exit(f"the process for {dtype} failed")
                found = json.loads(file.read_text())
                found["results"] = [Result(**result) for result in found["results"]]
                parts.append(Part(**found))
    console = Console(width=None if sys.stdout.isatty() else 160)
    for part in parts:
        show(console, part)
    if options.markdown:
        command = " ".join(["python", f"benchmarks/{Path(__file__).name}", *sys.argv[1:]])
        options.markdown.write_text(markdown(parts, command))
    if any(result.wrong for part in parts for result in part.results):
        sys.exit("a contender gave wrong results: see the notes")


def run_part(options: argparse.Namespace) -> None:
    """Measure all rows for one dtype and number of threads, in this process."""
    (dtype,), (threads,) = options.dtype, options.threads
    pin(threads)
    from floors import Ceilings
    from harness import machine
    from report import Part, duration
    from suite import Effort, Suite

    rest = 0.03 if threads > 1 else 0.0  # idle threads of OpenBLAS and OpenMP wait actively for about that long
    effort = Effort(3, 0.02, 1, rest) if options.quick else Effort(options.rounds, 0.08, 3, rest)
    ceilings = Ceilings(dtype, threads)
    print(f"\n{dtype}, {threads} thread(s): {ceilings.describe()}")
    rows = Suite(dtype, effort, ceilings).rows()
    chosen = [key for key in rows if not options.rows or any(key.startswith(name) for name in options.rows)]
    if not chosen:
        sys.exit(f"no row is called {options.rows}; there are {', '.join(rows)}")
    results = []
    for key in chosen:
        start = time.perf_counter()
        for result in rows[key]():
            results.append(result)
            medians = ", ".join(f"{name} {duration(result.row.median(name))}" for name in result.times)
            print(f"{result.label}: {medians}", *result.notes, sep="\n  ", flush=True)
        print(f"  ({time.perf_counter() - start:.0f} s)", flush=True)
    part = Part(dtype, threads, machine(), ceilings.describe(), results)
    options.part.write_text(json.dumps(asdict(part)))


if __name__ == "__main__":
    choice = arguments()
    run_part(choice) if choice.part else start_parts(choice)
