"""Rows are kept back, in memory and in streams, and the preprocessing sees the training rows alone."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.workflow.making import people

from chainrule.errors import DataError
from chainrule.workflow.rows import DividedRows, divided, typed_table
from chainrule.workflow.settings import TrainingSettings


def parts(path: Path, target: str = "buys", **settings: object) -> DividedRows:
    given = TrainingSettings(**settings)  # type: ignore[arg-type]
    return divided(typed_table(path, target, given), given)


def test_a_split_is_stratified_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = people(tmp_path / "a.csv")
    first, again, other = (parts(path, seed=seed) for seed in (0, 0, 1))
    assert {name: table.num_rows for name, table in first.tables.items()} == {
        "training": 104,
        "validation": 24,
        "test": 32,
    }
    assert first.fingerprint == again.fingerprint != other.fingerprint
    shares = [first.arrays(name)[1].mean() for name in first.tables]
    assert np.ptp(shares) < 0.03


def test_the_preprocessing_is_that_of_the_training_rows(tmp_path: Path) -> None:
    rows = parts(people(tmp_path / "a.csv"))
    X, _ = rows.arrays("training")
    income = rows.preprocessing.feature_names.index("income")
    assert X[:, income].mean() == pytest.approx(0.0, abs=1e-12)
    assert rows.arrays("test")[0][:, income].mean() != pytest.approx(0.0, abs=1e-6)


def test_rows_know_where_in_the_table_they_stand(tmp_path: Path) -> None:
    path = people(tmp_path / "a.csv")
    rows = parts(path)
    whole = typed_table(path, "buys", TrainingSettings()).table
    assert whole is not None
    for name, table in rows.tables.items():
        assert table.column("income") == whole.column("income").take(rows.numbers[name])
    assert sorted(np.concatenate(list(rows.numbers.values()))) == list(range(160))


def test_a_stream_gives_each_row_to_one_part(tmp_path: Path) -> None:
    path = people(tmp_path / "a.csv", rows=400)
    rows = parts(path, "spends", stream=True)
    try:
        held = [rows.tables[name].column("income").to_pylist() for name in ("validation", "test")]
        assert rows.rows + sum(map(len, held)) == 400
        streamed = np.concatenate([y for _, y in rows.training.epoch(0)])  # type: ignore[union-attr]
        kept_back = np.concatenate([rows.arrays(name)[1] for name in ("validation", "test")])
        whole = parts(path, "spends", test_split=0, validation_split=0).arrays("training")[1]
        np.testing.assert_allclose(np.sort(np.concatenate([streamed, kept_back])), np.sort(whole), rtol=1e-6)
        assert 0.1 < len(kept_back) / 400 < 0.6
    finally:
        rows.close()


def test_a_stream_keeps_no_more_rows_in_memory_than_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.csv"
    np.savetxt(path, np.random.default_rng(0).normal(size=(60_000, 3)), "%.5f", ",", header="a,b,y", comments="")
    monkeypatch.setattr("chainrule.workflow.rows._PART_BYTES", 1 << 15)
    before = pa.total_allocated_bytes()
    rows = parts(path, "y", stream=True)
    try:
        kept = sum(table.nbytes for table in rows.tables.values())
        assert rows.rows > 50_000
        assert kept < 200_000
        limit = before + 2 * kept + 100_000  # a slice would hold its whole block
        for _ in range(100):  # Arrow's threads give blocks back a little later
            if pa.total_allocated_bytes() < limit:
                break
            gc.collect()
            time.sleep(0.05)
        assert pa.total_allocated_bytes() < limit
    finally:
        rows.close()


def test_a_split_that_leaves_a_class_out_says_so_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(40)) + "41,rare\n")
    assert "class 'rare'" in parts(path, "y").note


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,a\n2,b\n")
    with pytest.raises(DataError, match="too few"):
        parts(path, "y")
