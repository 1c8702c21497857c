"""How large packed Parquet and Arrow data become: measured before they are unpacked.

A few bytes can stand for many: a repeated value is written once in Parquet and in Arrow's dictionaries, and Arrow's
buffers may be compressed. Data that a stranger sent must not fill the memory.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["declared_size", "expanded_size", "row_width"]

#: Fields of Arrow's flatbuffers (format/Message.fbs): of a message, of a record batch, and of a dictionary batch.
_HEADER, _BUFFERS, _COMPRESSION, _DICTIONARY_DATA = 2, 2, 3, 1
_BUFFER = struct.Struct("<qq")  # offset in the body, length


def row_width(schema: pa.Schema) -> int:
    """The least number of bytes that a row takes in memory.

    Examples
    --------
    >>> row_width(pa.schema([("x", pa.float64()), ("word", pa.string())]))
    9
    """
    return sum(_width(field.type) for field in schema)


def _width(kind: pa.DataType) -> int:
    try:
        return max(kind.bit_width // 8, 1)
    except ValueError:  # text, lists
        return 1


def expanded_size(block: pa.RecordBatch) -> int:
    """How many bytes a block takes where each cell holds its own value.

    Examples
    --------
    >>> words = pa.array(["a long word"] * 1000).dictionary_encode()
    >>> block = pa.record_batch({"word": words})
    >>> block.nbytes, expanded_size(block)
    (4015, 11000)
    """
    return sum(_column_size(column) for column in block.columns)


def _column_size(column: pa.Array) -> int:
    if pa.types.is_dictionary(column.type):
        return _total(pc.take(_sizes(column.dictionary), column.indices))
    if _is_text(column.type) or _is_view(column.type):
        return _total(_sizes(column))
    return int(column.nbytes)


def _sizes(values: pa.Array) -> pa.Array:
    """How many bytes each value takes; of lists and the like, at most."""
    kind = values.type
    if _is_text(kind):
        return pc.binary_length(values).cast(pa.int64())
    if _is_view(kind):  # 16 bytes for each, of which the first four are the length
        heads = np.frombuffer(values.buffers()[1], np.int32)[4 * values.offset :][: 4 * len(values) : 4]
        return pa.array(heads.astype(np.int64), mask=values.is_null().to_numpy(zero_copy_only=False))
    each = _column_size(values) if pa.types.is_nested(kind) or pa.types.is_dictionary(kind) else _width(kind)
    return pa.array(np.full(len(values), each, np.int64))


def _is_view(kind: pa.DataType) -> bool:
    """Text whose values may share their bytes."""
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
    )


def _total(lengths: pa.Array) -> int:
    return int(pc.sum(lengths).as_py() or 0)


def declared_size(message: pa.ipc.Message) -> int:
    """How large a message of an Arrow stream says that its compressed buffers are; 0 where they are not compressed.

    Each compressed buffer begins with its size as a 64-bit number, -1 if it is as it is, and is not unpacked beyond it.

    Raises
    ------
    struct.error
        If the message is malformed.
    """
    if message.type not in ("record batch", "dictionary"):
        return 0
    metadata, body = memoryview(message.metadata), memoryview(message.body)
    header = _table(metadata, _table_at(metadata, 0), _HEADER)
    if message.type == "dictionary":
        header = _table(metadata, header, _DICTIONARY_DATA)
    buffers = _field(metadata, header, _BUFFERS)
    if not buffers or not _field(metadata, header, _COMPRESSION):
        return 0
    start = _table_at(metadata, buffers)
    (count,) = struct.unpack_from("<I", metadata, start)
    total = 0
    for place in range(count):
        offset, length = _BUFFER.unpack_from(metadata, start + 4 + place * _BUFFER.size)
        if length >= 8:
            total += max(struct.unpack_from("<q", body, offset)[0], 0)
    return total


# Flatbuffers: a table begins with the distance back to its vtable, which says where each field is ---------------------


def _table_at(data: Any, place: int) -> int:
    return place + int(struct.unpack_from("<I", data, place)[0])


def _field(data: Any, table: int, number: int) -> int:
    """Where a field of a table is; 0 if it has none."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    (size,) = struct.unpack_from("<H", data, vtable)
    entry = 4 + 2 * number
    if entry >= size:
        return 0
    (offset,) = struct.unpack_from("<H", data, vtable + entry)
    return table + int(offset) if offset else 0


def _table(data: Any, table: int, number: int) -> int:
    """The table that a field of a table refers to."""
    return _table_at(data, _field(data, table, number))
