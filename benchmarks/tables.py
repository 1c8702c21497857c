"""How fast tables are read and their schema is decided, and how much memory that takes.

    python benchmarks/tables.py                          # 200 MB of CSV: MB/s of each pass
    python benchmarks/tables.py --megabytes 2000 --memory   # peak memory of the whole way to mini-batches

The table has ten columns: two of whole numbers, three of decimals, codes with leading zeros, words, yes and no, dates,
and a label. Peak memory is that of a process of its own that infers, preprocesses and streams one epoch, Python and its
packages included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from chainrule.tables import Preprocessing, RowStream, infer_schema, open_table

_ROWS_AT_A_TIME = 100_000


def write_table(path: Path, megabytes: int) -> None:
    """A CSV file of about this size, the same each time."""
    rng = np.random.default_rng(0)
    cities = np.array(["Berlin", "Paris", "Rome", "New York", "Los Angeles"])
    first, size = 0, _ROWS_AT_A_TIME
    with path.open("w", encoding="utf-8") as file:
        file.write("id,age,income,height,zip,city,smoker,score,when,label\n")
        while file.tell() < megabytes * 10**6:
            score = rng.normal(size=size)
            columns = [
                range(first, first + size),
                rng.integers(18, 90, size),
                rng.normal(5e4, 1e4, size).round(2),
                rng.normal(170, 10, size).round(1),
                np.char.zfill((rng.integers(0, 3000, size)).astype(str), 5),
                cities[rng.integers(0, 5, size)],
                np.where(rng.integers(0, 2, size), "yes", "no"),
                score.round(6),
                np.datetime64("2020-01-01") + rng.integers(0, 1000, size),
                np.where(score > 0, "a", "b"),
            ]
            text = "\n".join(map(",".join, zip(*(map(str, column) for column in columns), strict=True)))
            file.write(text + "\n")
            first += size


def speed(path: Path) -> None:
    """Print MB/s of each pass, by the clock and by the time that all processors spent."""
    size = path.stat().st_size / 1e6
    table = open_table(path)

    def measured(name: str, work: Callable[[], object]) -> object:
        wall, busy = time.perf_counter(), time.process_time()
        result = work()
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        print(f"{name:28s} {size / wall:7.0f} MB/s  {size / busy:7.0f} MB per second of processor time")
        return result

    measured("reading as text", lambda: sum(block.num_rows for block in table.parts[0].blocks()))
    schema = measured("reading and schema", lambda: infer_schema(table, "label"))
    measured("learning the preprocessing", lambda: Preprocessing.fit(table, schema))  # type: ignore[arg-type]


def memory(path: Path) -> None:
    """Print the peak memory of a process that goes all the way from the file to mini-batches."""
    result = subprocess.run(
        [sys.executable, __file__, "--stream", str(path)], capture_output=True, text=True, check=True
    )
    print(result.stdout, end="")


def stream(path: Path) -> None:
    """Infer, preprocess and stream one epoch, and print how much memory that took."""
    import resource

    table = open_table(path)
    preprocessing = Preprocessing.fit(table, infer_schema(table, "label"))
    with RowStream(table, preprocessing, batch_size=256) as rows:
        count = sum(len(X) for X, _ in rows.epoch(0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"{count:,} rows of {path.stat().st_size / 1e6:.0f} MB, peak memory {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--stream", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stream:
        stream(arguments.stream)
        return
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        path = Path(folder, "table.csv")
        write_table(path, arguments.megabytes)
        if arguments.memory:
            memory(path)
        else:
            speed(path)


if __name__ == "__main__":
    main()
