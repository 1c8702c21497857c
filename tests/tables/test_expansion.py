"""Small data that become large: refused before they are, and only in memory."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from chainrule.errors import DataError
from chainrule.tables import infer_schema, open_table
from chainrule.tables.expansion import declared_size, expanded_size

ROWS = 1 << 19
LIMIT = 1 << 20
WORDS = pa.chunked_array([pa.array(["word"] * 1000 + ["other"])] * (ROWS >> 10))


def parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pa.parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def arrow(table: pa.Table, new: Any, compression: str | None = None) -> bytes:
    file = io.BytesIO()
    with new(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return file.getvalue()


ZEROS = pa.table({"x": pa.array([0.0]).take(pa.array([0] * ROWS))})
REPEATED = pa.table({"word": WORDS})
LONG = pa.table({"word": pa.array(["long " * 4000]).dictionary_encode().take(pa.array([0] * 1000))})
SHARED = struct.pack("<i4sii", 5000, b"long", 0, 0) * 1000  # views of the same 5000 bytes
VIEWS = pa.Array.from_buffers(pa.string_view(), 1000, [None, pa.py_buffer(SHARED), pa.py_buffer(b"long " * 1000)])

BOMBS = {
    "gzip": gzip.compress(b"a,b\n" + b"1,2\n" * ROWS),
    "zstd": pa.compress(b"a,b\n" + b"1,2\n" * ROWS, codec="zstd", asbytes=True),
    "numbers in Parquet": parquet(ZEROS),
    "words in Parquet": parquet(REPEATED),
    "long words in Parquet": parquet(pa.table({"word": LONG["word"].cast(pa.string())})),
    "lists in Parquet": parquet(pa.table({"x": pa.array([[1, 2, 3, 4]]).take(pa.array([0] * 50_000))})),
    "zstd in an Arrow stream": arrow(ZEROS, pa.ipc.new_stream, "zstd"),
    "lz4 in an Arrow file": arrow(ZEROS, pa.ipc.new_file, "lz4"),
    "zstd in an Arrow dictionary": arrow(
        pa.table({"w": pa.array(["a" * (2 * LIMIT)]).dictionary_encode()}), pa.ipc.new_stream, "zstd"
    ),
    "words in an Arrow dictionary": arrow(LONG, pa.ipc.new_stream),
    "lists in an Arrow dictionary": arrow(
        pa.table({"x": pa.DictionaryArray.from_arrays(pa.array([0] * 1000), pa.array([[0.0] * 1000]))}),
        pa.ipc.new_stream,
    ),
    "views in Arrow that share their text": arrow(pa.table({"word": VIEWS}), pa.ipc.new_stream),
}


def read(source: Any) -> int:
    return sum(block.num_rows for part in source.parts for block in part.blocks())


@pytest.mark.parametrize("name", BOMBS)
def test_small_data_do_not_become_large(name: str) -> None:
    data = BOMBS[name]
    assert len(data) < LIMIT or "lz4" in name
    with pytest.raises(DataError, match=r"upload is packed, and unpacked it is larger than 1 MiB") as caught:
        read(open_table(data, name="upload", max_bytes=LIMIT))
    assert "a path to the file" in str(caught.value.fix)


@pytest.mark.parametrize("name", BOMBS)
def test_with_room_for_them_they_are_read(name: str) -> None:
    assert read(open_table(BOMBS[name], max_bytes=1 << 26)) > 0


@pytest.mark.parametrize("name", BOMBS)
def test_files_are_not_limited(name: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(BOMBS[name])
    assert read(open_table(path)) == read(open_table(BOMBS[name]))


def test_a_bomb_is_found_before_it_has_grown() -> None:
    data = gzip.compress(b"a,b\n" + b"1,2\n" * (1 << 23))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="larger than 1 MiB"):
            open_table(data, max_bytes=LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * LIMIT


def test_the_types_of_a_parquet_file_are_the_same_in_memory(tmp_path: Path) -> None:
    table = pa.table(
        {
            "number": [1.5, 2.0, 2.5],
            "word": ["a", "b", "a"],
            "category": pa.array(["a", "b", "a"]).dictionary_encode(),
            "raw": [b"1", b"2", b"2"],
            "words": [["a"], ["b"], []],
        }
    )
    path = tmp_path / "data"
    path.write_bytes(parquet(table))
    in_memory = open_table(path.read_bytes())
    (block,) = in_memory.parts[0].blocks(["category", "word", "raw", "number"])
    assert block.schema.names == ["category", "word", "raw", "number"]
    assert block.schema.types == [table.schema.field(name).type for name in block.schema.names]
    found, expected = infer_schema(in_memory).columns, infer_schema(path).columns
    assert found[:4] == expected[:4]
    assert [column.kind for column in found] == [column.kind for column in expected]


def test_sizes_of_blocks() -> None:
    block = pa.record_batch({"word": ["ab", None, "c"], "place": pa.array([5, 6, 5]).dictionary_encode()})
    assert expanded_size(block) == 3 + 3 * 8
    views = pa.array(["ab", None, "a text of more than twelve bytes", ""], pa.string_view())
    assert expanded_size(pa.record_batch({"word": views})) == 2 + 32
    assert expanded_size(pa.record_batch({"word": views.slice(1, 2)})) == 32
    places = pa.array([2, 2, None, 0], pa.int8())
    assert expanded_size(pa.record_batch({"w": pa.DictionaryArray.from_arrays(places, views)})) == 32 + 32 + 2


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_sizes_of_messages(compression: str | None) -> None:
    table = pa.table({"x": [0.0] * 1000, "word": pa.array(["abc"] * 1000).dictionary_encode()})
    data = arrow(table, pa.ipc.new_stream, compression)
    sizes = {message.type: declared_size(message) for message in pa.ipc.MessageReader.open_stream(data)}
    if compression is None:
        assert sizes == {"schema": 0, "dictionary": 0, "record batch": 0}
    else:
        assert sizes == {"schema": 0, "dictionary": 8 + 3, "record batch": 8000 + 4000}
