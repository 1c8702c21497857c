"""Streams of mini-batches: every row once in an epoch, in an order that seed and epoch decide."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.tables import Preprocessing, RowStream, infer_schema

ROWS = 1000
TABLE = {"x": np.arange(ROWS, dtype=float), "c": [f"c{row % 4}" for row in range(ROWS)], "y": np.arange(ROWS) / 8}
PREPROCESSING = Preprocessing.fit(TABLE, infer_schema(TABLE, "y"))
X, Y = PREPROCESSING.arrays(TABLE, np.float32)


def epoch(number: int, **settings: object) -> list[tuple[np.ndarray, np.ndarray]]:
    with RowStream(TABLE, PREPROCESSING, **{"batch_size": 64, "buffer_bytes": 3000, **settings}) as stream:  # type: ignore[arg-type]
        assert stream.rows == ROWS
        return list(stream.epoch(number))


def test_in_the_order_of_the_table_it_gives_the_arrays() -> None:
    batches = epoch(0, shuffle=False)
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)
    assert np.array_equal(np.concatenate([y for _, y in batches]), Y.astype(np.float32))
    assert {x.dtype for x, _ in batches} == {np.dtype(np.float32)}


@pytest.mark.parametrize("batch_size", [1, 64, 999, 1000, 5000])
def test_an_epoch_has_every_row_once_beside_its_target(batch_size: int) -> None:
    batches = epoch(0, batch_size=batch_size)
    assert [len(y) for _, y in batches[:-1]] == [batch_size] * (len(batches) - 1)
    rows = np.concatenate([x for x, _ in batches])
    y = np.concatenate([y for _, y in batches])
    order = np.argsort(y)
    assert np.array_equal(y[order], Y.astype(np.float32))
    assert np.array_equal(rows[order], X)


def test_orders_differ_by_epoch_and_seed_and_by_nothing_else() -> None:
    def order(number: int, **settings: int) -> list[float]:
        return [float(value) for _, y in epoch(number, **settings) for value in y]

    assert order(0) == order(0)
    assert order(0) == order(0, batch_size=7)
    assert order(0) != order(1)
    assert order(0) != order(0, seed=1)
    first = np.array(order(0)[:64])
    assert first.std() > Y.std() / 2  # rows from all over the table


@pytest.mark.parametrize(("labels", "dtype"), [(["a", "b"], np.float32), (["a", "b", "c"], np.int64)])
def test_classes(labels: list[str], dtype: type) -> None:
    table = {"x": np.arange(12.0), "y": [labels[row % len(labels)] for row in range(12)]}
    preprocessing = Preprocessing.fit(table, infer_schema(table, "y"))
    with RowStream(table, preprocessing, batch_size=12, shuffle=False) as stream:
        ((_, y),) = stream.epoch(0)
    assert y.dtype == dtype
    assert y.tolist() == [row % len(labels) for row in range(12)]


def test_several_targets() -> None:
    table = {"x": np.arange(4.0), "p": [0, 1, 1, 0], "q": [1, 1, 0, 0]}
    preprocessing = Preprocessing.fit(table, infer_schema(table, ["p", "q"]))
    with RowStream(table, preprocessing, batch_size=4, shuffle=False) as stream:
        ((_, y),) = stream.epoch(0)
    assert y.tolist() == [[0, 1], [1, 1], [1, 0], [0, 0]]


def test_wrong_settings() -> None:
    with pytest.raises(DataError, match="batch size is 0"):
        RowStream(TABLE, PREPROCESSING, batch_size=0)
    with pytest.raises(DataError, match="no target"):
        RowStream(TABLE, Preprocessing.fit(TABLE, infer_schema(TABLE)), batch_size=1)


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, data: object) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    with pytest.raises(DataError, match=r"No space left on device\n.*12 bytes a row"):
        RowStream(TABLE, PREPROCESSING, batch_size=1)


@pytest.mark.slow
def test_two_gigabytes_are_read_within_500_mb() -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "tables.py"
    result = subprocess.run(
        [sys.executable, str(script), "--megabytes", "2000", "--memory"], capture_output=True, text=True, check=True
    )
    assert float(result.stdout.split("peak memory")[1].split()[0]) < 500
