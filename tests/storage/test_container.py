"""Arrays and a header in one file, and what happens to files that are damaged, foreign, or made on purpose."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from tests.storage.mutations import FOREIGN, mutated

from chainrule.errors import StorageError
from chainrule.storage import container
from chainrule.storage.container import Contents, pack, read_container, unpack, write_container

HEADER = {"schema": [{"name": "größe", "kind": "number"}], "record": {"epochs": 3, "loss": 0.25, "note": None}}
ARRAYS = {
    "W1": np.arange(12.0).reshape(3, 4),
    "b1": np.linspace(0, 1, 4, dtype=np.float32),
    "ŷ ∂": np.array([1, -2, 3]),
    "mask": np.array([True, False]),
}


@pytest.fixture(scope="module")
def good() -> bytes:
    return pack("model", HEADER, ARRAYS)


def equal(one: Contents, other: Contents) -> bool:
    return one.header == other.header and one.arrays.keys() == other.arrays.keys() and all(
        one.arrays[name].dtype == other.arrays[name].dtype and np.array_equal(one.arrays[name], other.arrays[name])
        for name in one.arrays
    )  # fmt: skip


# What is written is what is read --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", sorted(container._DTYPES.values(), key=lambda dtype: np.dtype(dtype).name))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4)])
def test_every_dtype_and_shape_comes_back(dtype: type, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    back = unpack(pack("state", {}, {"x": array}), "state").arrays["x"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert (back == array).all()


def test_special_numbers_come_back_bit_for_bit() -> None:
    array = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324, np.finfo(float).max])
    back = unpack(pack("state", {}, {"x": array}), "state").arrays["x"]
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::-1],
        np.arange(24.0).reshape(2, 3, 4)[:, ::2, 1:3],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.broadcast_to(np.arange(3.0), (4, 3)),
        np.arange(4, dtype=">f8"),
        [1.0, 2.0],
        3.5,
    ],
    ids=["transposed", "reversed", "strided", "Fortran", "broadcast", "big-endian", "list", "number"],
)
def test_arrays_of_any_layout_come_back(array: Any) -> None:
    back = unpack(pack("state", {}, {"x": array}), "state").arrays["x"]
    assert back.dtype == np.asarray(array).dtype.newbyteorder("=")
    assert np.array_equal(back, array)
    assert back.shape == np.shape(array)


def test_what_is_read_may_be_written_to(good: bytes) -> None:
    arrays = unpack(good, "model").arrays
    arrays["W1"][0, 0] = 7.0
    assert unpack(good, "model").arrays["W1"][0, 0] == 0.0


def test_the_header_comes_back() -> None:
    header = {'é"\\\n\0': ["\ud800", 1, 2**70, 1.5e-300, True, None, {}, []], "bytes": "0" * 20, "sha256": "0" * 64}
    contents = unpack(pack("state", header, {}), "state")
    assert contents.header == header
    assert contents.made_by == container.__version__


def test_the_same_content_gives_the_same_bytes(good: bytes) -> None:
    header, arrays = (dict(reversed(list(part.items()))) for part in (HEADER, ARRAYS))
    assert pack("model", header, arrays) == good
    contents = unpack(good, "model")
    assert pack("model", contents.header, contents.arrays) == good


def test_other_readers_of_safetensors_read_it(good: bytes, tmp_path: Path) -> None:
    found = safetensors.numpy.load(good)
    assert found.keys() == ARRAYS.keys()
    assert all((found[name] == ARRAYS[name]).all() for name in ARRAYS)
    path = tmp_path / "model.safetensors"
    write_container(path, "model", HEADER, ARRAYS)
    with safetensors.safe_open(path, "np") as file:
        text = json.loads(file.metadata()["chainrule"])
    assert text["header"] == HEADER
    assert int(text["bytes"]) == path.stat().st_size


def test_the_checksum_is_the_one_that_the_documentation_describes(good: bytes) -> None:
    length = int.from_bytes(good[:8], "little")
    stated = json.loads(json.loads(good[8 : 8 + length])["__metadata__"]["chainrule"])["sha256"]
    assert hashlib.sha256(good.replace(stated.encode(), b"0" * 64)).hexdigest() == stated


def test_a_file_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "modèle.safetensors"
    write_container(path, "model", HEADER, ARRAYS)
    assert equal(read_container(path, "model"), read_container(str(path), "model"))
    assert read_container(path, "model").header == HEADER


# What cannot be written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ({"a": {1: 2}}, r"header\['a'\] has the key 1, which is no text"),
        ({"a": [0.0, float("nan")]}, r"header\['a'\]\[1\] is nan"),
        ({"a": -float("inf")}, "is -inf, which JSON cannot say"),
        ({"a": np.ones(2)}, r"header\['a'\] is of type ndarray"),
        ({"a": {"b": np.int64(1)}}, r"header\['a'\]\['b'\] is of type int64"),
        ({"a": 10**5000}, "the header cannot be written"),
        ({"a": b"bytes"}, "of type bytes"),
    ],
)
def test_a_header_that_json_cannot_keep_is_refused(header: dict[str, Any], what: str) -> None:
    with pytest.raises(StorageError, match=what) as caught:
        pack("state", header, {})
    assert caught.value.fix


def test_a_header_of_thousands_of_levels_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(StorageError, match="the header cannot be written"):
        pack("state", {"deep": deep}, {})
    while deep:
        deep = deep.pop()


def test_a_header_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_HEADER", 1000)
    with pytest.raises(StorageError, match="1,000 is the most"):
        pack("state", {"a": "x" * 1000}, {})


@pytest.mark.parametrize(
    "array",
    [np.array(["a"]), np.array([object()]), np.ones(2, complex), np.ones(2, np.longdouble), np.ones(2, "M8[s]")],
)
def test_an_array_that_has_no_place_is_refused(array: np.ndarray) -> None:
    with pytest.raises(StorageError, match="the array 'x' is of dtype"):
        pack("state", {}, {"x": array})


@pytest.mark.parametrize("name", ["__metadata__", "\ud800"])
def test_an_array_name_that_has_no_place_is_refused(name: str) -> None:
    with pytest.raises(StorageError, match="array"):
        pack("state", {}, {name: np.ones(2)})


# What is not read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_file_is_told_by_what_it_is(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(FOREIGN[what])
    with pytest.raises(StorageError, match=f"model is no file of chainrule: {what}") as caught:
        read_container(path, "model")
    assert caught.value.fix


def test_a_character_that_is_cut_at_the_end_leaves_a_text_a_text() -> None:
    with pytest.raises(StorageError, match="it is a text"):
        unpack("é".encode() * 500 + b"\xc3", "model")
    with pytest.raises(StorageError, match="it is a text"):
        unpack(b"x" + "é".encode() * 500, "model")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "opened"),)

    with pytest.raises(StorageError, match="it is a pickle"):
        unpack(pickle.dumps([Trap(), "x" * 500]), "model")
    assert not (tmp_path / "opened").exists()


def test_a_cut_and_a_lengthened_file_are_told_with_their_lengths(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(good[:-100])
    with pytest.raises(StorageError, match=f"is cut off: {len(good) - 100:,} bytes instead of {len(good):,}"):
        read_container(path, "model")
    path.write_bytes(good + b"\0")
    with pytest.raises(StorageError, match="is too long"):
        read_container(path, "model")


def test_another_kind_of_file_is_told(good: bytes) -> None:
    with pytest.raises(StorageError, match="x is a model, not a checkpoint") as caught:
        unpack(good, "checkpoint", "x")
    assert caught.value.fix == "give the file of a checkpoint"


def test_a_newer_format_says_who_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as future:
        future.setattr(container, "FORMAT", 2)
        future.setattr(container, "__version__", "9.1.0")
        content = pack("model", {"anything": 1}, {})
    with pytest.raises(StorageError, match=r"made by chainrule 9\.1\.0 in format 2; this is chainrule") as caught:
        unpack(content, "model")
    assert "pip install --upgrade chainrule" in (caught.value.fix or "")


def test_paths_that_are_no_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no such file"):
        read_container(tmp_path / "none", "model")
    with pytest.raises(StorageError, match="is a folder"):
        read_container(tmp_path, "model")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(StorageError, match="is no regular file"):
            read_container(tmp_path / "pipe", "model")


def test_a_file_that_says_to_be_enormous_is_not_read(good: bytes, tmp_path: Path) -> None:
    """The stated sizes meet the size of the file before memory is taken."""
    for size, what in ((len(good), "cut off"), (2**40, "has 1,099,511,627,776 bytes")):
        path = tmp_path / "model"
        path.write_bytes(good.replace(f"{len(good):020d}".encode(), f"{2**40:020d}".encode()))
        os.truncate(path, size)  # a sparse file takes no room
        tracemalloc.start()
        try:
            with pytest.raises(StorageError, match=what):
                read_container(path, "model")
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()


# Files made on purpose: the seal is right -----------------------------------------------------------------------------


def sealed(content: bytes) -> bytes:
    """The content with a length and a checksum that fit, as somebody could make them who means harm."""
    front = container._FRONT.match(content)
    if front is None:
        return content
    content = container._replaced(content, front.span("bytes"), f"{len(content):020d}".encode())
    content = container._replaced(content, front.span("sha256"), b"0" * 64)
    return container._replaced(content, front.span("sha256"), hashlib.sha256(content).hexdigest().encode())


def made(edit: Callable[[dict[str, Any]], Any]) -> bytes:
    """A good file whose safetensors header was edited."""
    content = pack("model", HEADER, ARRAYS)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    edit(header)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return sealed(struct.pack("<Q", len(text)) + text + content[8 + length :])


def test_the_helper_makes_files_that_are_read(good: bytes) -> None:
    assert sealed(good) == good
    assert equal(unpack(made(lambda header: None), "model"), unpack(good, "model"))


PURPOSE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "offsets beyond the end": lambda h: h["W1"].update(data_offsets=[0, 10**9], shape=[125_000_000]),
    "huge shape": lambda h: h["W1"].update(shape=[2**40, 2**40]),
    "shape beyond 64 bits": lambda h: h["W1"].update(shape=[2**64]),
    "huge empty shape": lambda h: h["W1"].update(shape=[2**62, 2**62, 0]),
    "negative shape": lambda h: h["W1"].update(shape=[-3, -4]),
    "overlap": lambda h: h["b1"].update(data_offsets=h["W1"]["data_offsets"]),
    "reversed offsets": lambda h: h["W1"].update(data_offsets=h["W1"]["data_offsets"][::-1]),
    "missing array": lambda h: h.pop("b1"),
    "unknown dtype": lambda h: h["W1"].update(dtype="OBJECT"),
    "dtype without a place": lambda h: h["W1"].update(dtype="BF16", shape=[48]),
    "dtype of another size": lambda h: h["W1"].update(dtype="F32"),
    "no entry": lambda h: h.update(W1=None),
    "a list": lambda h: h.update(W1=[]),
}


@pytest.mark.parametrize("name", PURPOSE)
def test_a_sealed_file_with_wrong_tensors_is_refused(name: str) -> None:
    with pytest.raises(StorageError, match="a header that chainrule does not understand"):
        unpack(made(PURPOSE[name]), "model")


def rewritten(**changes: Any) -> bytes:
    """A good file with other members in our own text."""

    def edit(header: dict[str, Any]) -> None:
        text = json.loads(header["__metadata__"]["chainrule"])
        text.update(changes)
        header["__metadata__"]["chainrule"] = json.dumps(text, separators=(",", ":"))

    return made(edit)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "1"},
        {"format": None},
        {"format": 0},
        {"format": -1},
        {"format": [1]},
        {"kind": 3},
        {"kind": None},
        {"header": None},
        {"header": [1]},
        {"chainrule": None},
        {"chainrule": {"a": 1}},
    ],
    ids=str,
)
def test_a_sealed_file_with_a_wrong_text_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(StorageError, match="a header that chainrule does not understand"):
        unpack(rewritten(**changes), "model")


def test_a_sealed_file_with_lists_in_lists_is_refused() -> None:
    front = b'{"__metadata__":{"chainrule":"{\\"bytes\\":\\"%s\\",\\"sha256\\":\\"%s\\",' % (b"0" * 20, b"0" * 64)
    for inside in (
        b'\\"a\\":' + b"[" * 10**6 + b"]" * 10**6 + b'}"}}',
        b'\\"a\\":1}"},"x":' + b"[" * 10**6 + b"]" * 10**6 + b"}",
    ):
        text = front + inside
        with pytest.raises(StorageError, match="a header that chainrule does not understand"):
            unpack(sealed(struct.pack("<Q", len(text)) + text), "model")


# Fuzzing --------------------------------------------------------------------------------------------------------------


def test_10_000_damaged_files_are_refused(good: bytes) -> None:
    refused = 0
    for number in range(10_000):
        content = mutated(good, number)
        if content == good:  # two equal bytes were swapped, a 0 became a 0
            continue
        with pytest.raises(StorageError):
            unpack(content, "model")
        refused += 1
    assert refused > 9_500


def test_500_damaged_files_on_disk_are_refused_in_the_same_way(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model"
    for number in range(10_000, 10_500):
        content = mutated(good, number)
        if content == good:
            continue
        path.write_bytes(content)
        with pytest.raises(StorageError) as from_disk:
            read_container(path, "model")
        with pytest.raises(StorageError) as from_memory:
            unpack(content, "model", str(path))
        assert str(from_disk.value) == str(from_memory.value)


def test_10_000_files_made_on_purpose_are_read_or_refused(good: bytes) -> None:
    """Whoever repairs the seal can change what a file says, but not make the reader stumble or take memory."""
    read = 0
    tracemalloc.start()
    try:
        for number in range(10_000):
            content = sealed(mutated(good, number))
            try:
                contents = unpack(content, "model")
            except StorageError:
                continue
            read += 1
            assert sum(array.nbytes for array in contents.arrays.values()) <= len(content)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
    assert read > 300


def test_the_right_seal_is_the_only_one(good: bytes) -> None:
    """Upper case, blanks, escapes: other ways to write the same checksum are changes, too."""
    front = container._FRONT.match(good)
    assert front is not None
    for other in (front["sha256"].upper(), front["sha256"][:-1] + b" ", b"\\u0030" + front["sha256"][6:]):
        with pytest.raises(StorageError):
            unpack(container._replaced(good, front.span("sha256"), other), "model")
