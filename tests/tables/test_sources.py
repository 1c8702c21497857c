"""Where tables come from, and the formats they come in."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet
import pytest

from chainrule.errors import DataError
from chainrule.tables import Preprocessing, infer_schema, open_table

TEXT = "size,city,sold\n1.5,Rome,yes\n,Oslo,no\n3,Rome,yes\n2,Oslo,no\n"
TABLE = pa.table(
    {
        "size": [1.5, None, 3.0, 2.0],
        "city": ["Rome", "Oslo", "Rome", "Oslo"],
        "sold": ["yes", "no", "yes", "no"],
    }
)


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".csv"):
        path.write_text(TEXT)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(TEXT[:30].encode()) + gzip.compress(TEXT[30:].encode()))  # two members
    elif name.endswith(".zst"):
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(TEXT.encode())
    elif name.endswith(".parquet"):
        pa.parquet.write_table(TABLE, path, row_group_size=2)
    elif name.endswith(".feather"):
        pa.feather.write_feather(TABLE, path)
    else:
        new = pa.ipc.new_stream if name.endswith("stream.arrow") else pa.ipc.new_file
        with new(str(path), TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=3)
    return path


FILES = ["t.csv", "t.csv.gz", "t.csv.zst", "t.parquet", "t.feather", "t.arrow", "t.stream.arrow"]


def arrays(source: Any) -> tuple[np.ndarray, np.ndarray]:
    table = open_table(source)
    return Preprocessing.fit(table, infer_schema(table, "sold")).arrays(table)


X, Y = arrays(TABLE)


@pytest.mark.parametrize("name", FILES)
def test_formats_give_the_same_arrays(tmp_path: Path, name: str) -> None:
    X_read, y_read = arrays(written(tmp_path, name))
    assert np.array_equal(X_read, X)
    assert np.array_equal(y_read, Y)


def test_the_first_bytes_tell_the_format_whatever_the_name(tmp_path: Path) -> None:
    path = written(tmp_path, "t.parquet").rename(tmp_path / "data.csv")
    assert open_table(path).description == f"{path} (Parquet)"


FRAMES: dict[str, Any] = {
    "pandas": TABLE.to_pandas(),
    "pandas with an index": TABLE.to_pandas().set_index(pd.Index(list("abcd"))),
    "pandas categories": TABLE.to_pandas().astype({"city": "category"}),
    "polars": pl.from_arrow(TABLE),
    "polars categories": pl.from_arrow(TABLE).with_columns(pl.col("city").cast(pl.Categorical)),
    "record batch": TABLE.to_batches()[0],
    "lists": TABLE.to_pydict(),
    "arrays": {name: np.array(values) for name, values in TABLE.to_pandas().to_dict("list").items()},
    "list of dictionaries": TABLE.to_pylist(),
}


@pytest.mark.parametrize("name", FRAMES)
def test_tables_in_memory_give_the_same_arrays(name: str) -> None:
    X_read, y_read = arrays(FRAMES[name])
    assert np.array_equal(X_read, X)
    assert np.array_equal(y_read, Y)


class Pipe(io.RawIOBase):
    """Can be read once, a few bytes at a time."""

    def __init__(self) -> None:
        self.left = TEXT.encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), 7, len(self.left))
        buffer[:count], self.left = self.left[:count], self.left[count:]
        return count


def test_file_objects_and_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    for source in (io.StringIO(TEXT), io.BytesIO(gzip.compress(TEXT.encode())), Pipe(), "-"):
        assert np.array_equal(arrays(source)[0], X)


def test_the_copy_of_a_stream_goes_with_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = open_table(Pipe())
    assert len(list(tmp_path.iterdir())) == 1
    assert infer_schema(table).rows == 4
    del table
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("made", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_stay_in_memory(tmp_path: Path, name: str, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path, name).read_bytes()
    monkeypatch.setattr(tempfile, "mkstemp", None)
    X_read, y_read = arrays(open_table(made(data), name="sales"))
    assert np.array_equal(X_read, X)
    assert np.array_equal(y_read, Y)


@pytest.mark.parametrize("name", FILES)
def test_bytes_are_described_as_files_are_but_by_their_name(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name)
    table = open_table(path.read_bytes(), name="sales")
    assert table.name == "sales"
    assert table.description == open_table(path).description.replace(str(path), "sales")
    assert [part.rows for part in table.parts] == [part.rows for part in open_table(path).parts]


def test_a_file_object_in_memory_is_read_from_where_it_is() -> None:
    data = io.BytesIO(b"no part of it" + TEXT.encode())
    data.seek(13)
    assert np.array_equal(arrays(data)[0], X)


def test_a_table_in_memory_may_have_a_name() -> None:
    assert open_table({"x": [1]}, name="sales").name == "sales"
    assert open_table({"x": [1]}).name == "the table"


def test_folders_and_lists_of_files(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("no table")
    written(tmp_path, "b.parquet")
    (tmp_path / "a.csv").write_text("city,sold,size\nRome,yes,1.5\nOslo,no,\n")  # another order
    table = open_table(tmp_path)
    assert [Path(part.name).name for part in table.parts] == ["a.csv", "b.parquet"]
    assert table.name == f"{tmp_path / 'a.csv'} and 1 more"
    X_read, _ = Preprocessing.fit(table, infer_schema(table, "sold")).arrays(
        [tmp_path / "a.csv", tmp_path / "b.parquet"]
    )
    assert X_read.shape == (6, 5)


def test_files_with_other_columns(tmp_path: Path) -> None:
    written(tmp_path, "a.csv")
    (tmp_path / "b.csv").write_text("size,city\n1,Rome\n")
    with pytest.raises(DataError, match=r"a.csv has a column 'sold', .*b.csv has not"):
        open_table(tmp_path)


def test_rows_are_numbered_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, "a.csv")
    (tmp_path / "b.csv").write_text("size,city,sold\n1,Rome,yes\nbig,Rome,yes\n")
    with pytest.raises(DataError, match=r"b.csv, row 2 \(line 3\), column 'size': 'big'"):
        infer_schema(tmp_path, types={"size": "number"})


@pytest.mark.parametrize("source", [3, None, [1, 2], []])
def test_what_is_no_table(source: Any) -> None:
    with pytest.raises(DataError, match=r"is no table|no files"):
        open_table(source)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no tables"):
        open_table(tmp_path)


@pytest.mark.parametrize(
    "table",
    [{"a": [1, "x"]}, {"a": [1], "b": [1, 2]}, {"a": np.ones((2, 2))}, pd.DataFrame([[1, 2]], columns=["a", "a"])],
)
def test_frames_that_cannot_be_read(table: Any) -> None:
    with pytest.raises(DataError, match=r"the table (cannot be read|has two columns named 'a')"):
        infer_schema(table)


def test_a_column_of_several_types_is_named() -> None:
    with pytest.raises(DataError, match="column 'b' has values of several types"):
        infer_schema([{"a": 1, "b": 2}, {"a": 1, "b": "x"}])


def test_nan_between_words_is_missing() -> None:
    schema = infer_schema({"a": np.array(["x", np.nan, "y", "x"], dtype=object), "b": [1, 2, 3, 3]})
    assert (schema["a"].kind, schema["a"].missing) == ("category", 1)


def test_a_frame_without_rows() -> None:
    with pytest.raises(DataError, match="the table has no rows"):
        infer_schema(TABLE.slice(0, 0))


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
@pytest.mark.parametrize("name", FILES[1:])
def test_damaged_files(tmp_path: Path, name: str, in_memory: bool) -> None:
    path = written(tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=name):
        arrays(open_table(data[: len(data) // 2], name=name) if in_memory else path)


@pytest.mark.parametrize("name", FILES[1:])
def test_damaged_bytes_never_surprise(tmp_path: Path, name: str) -> None:
    """Each is read, or refused by name: nothing else comes out, and nothing is lost silently."""
    data = written(tmp_path, name).read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        broken = bytearray(data)
        for place in rng.integers(8, len(data), 3):
            broken[place] = rng.integers(256)
        try:
            table = open_table(broken, name="sales", max_bytes=1 << 20)
            assert infer_schema(table).rows == sum(block.num_rows for block in table.parts[0].blocks())
        except DataError as error:
            refused += error.what.startswith(("sales", "the table", "target"))
            continue
        refused += 1
    assert refused == 200


def test_equal_names_in_parquet(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="two columns named 'a'"):
        open_table(tmp_path / "t.parquet")


def test_a_large_gzip_file_is_read_block_by_block(tmp_path: Path) -> None:
    rows = 400_000
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (row, row % 5) for row in range(rows)), 1))
    blocks = list(open_table(path).parts[0].blocks())
    assert len(blocks) > 1
    assert sum(block.num_rows for block in blocks) == rows
    assert pc.sum(blocks[-1].column("a").cast(pa.int64())).as_py() > 0
    assert os.path.getsize(path) < 3e6
