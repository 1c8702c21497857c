"""Files that are none of ours, and ways to damage one that is."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile

import numpy as np
import safetensors.numpy


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("data.pkl", pickle.dumps([1.0] * 100))
    return file.getvalue()


def saved_by_numpy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.arange(100))
    return file.getvalue()


FOREIGN = {
    "it is empty": b"",
    "it is a zip archive": archive(),
    "it is a pickle, which could run any program": pickle.dumps({"W": [1.0] * 100}),
    "it is an array of NumPy": saved_by_numpy(),
    "it is a safetensors file of another program": safetensors.numpy.save({"W": np.ones(100)}, {"format": "pt"}),
    "it is a text": "größe,preis\n1,2\n".encode() * 30,
    "it is a Parquet file: a table, not a model": b"PAR1" + bytes(400),
    "it has 10 bytes, too few for one": bytes(10),
    "it does not begin as one": random.Random(0).randbytes(1000),
    "it is compressed by gzip": b"\x1f\x8b" + bytes(400),
}


def flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 8, 64])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def swapped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    one, other = chance.randrange(len(changed)), chance.randrange(len(changed))
    changed[one], changed[other] = changed[other], changed[one]
    return bytes(changed)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def lengthened(content: bytes, chance: random.Random) -> bytes:
    return content + chance.randbytes(chance.choice([1, 8, 1000]))


def piece_removed(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content))
    return content[:begin] + content[begin + chance.randrange(1, 200) :]


def piece_doubled(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content))
    end = begin + chance.randrange(1, 200)
    return content[:end] + content[begin:]


def overwritten(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content))
    piece = chance.choice([bytes(16), b"\xff" * 16, chance.randbytes(16), b"[" * 64, b'"' * 4])
    return (content[:begin] + piece + content[begin + len(piece) :])[: len(content)]


def other_length_of_header(content: bytes, chance: random.Random) -> bytes:
    length = chance.choice([0, 1, 2, 7, 2**31, 2**32, 2**63, 2**64 - 1, chance.randrange(2 * len(content))])
    return struct.pack("<Q", length) + content[8:]


def other_number(content: bytes, chance: random.Random) -> bytes:
    """A digit of the header becomes another one, or many: shapes, offsets, lengths, format."""
    length = min(int.from_bytes(content[:8], "little"), len(content) - 8)
    digits = [place for place in range(8, 8 + length) if content[place : place + 1].isdigit()]
    place = chance.choice(digits or [8])
    number = str(chance.choice([0, 1, 9, 10**12, -1])).encode()
    header = content[8:place] + number + content[place + 1 : 8 + length]
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def other_word(content: bytes, chance: random.Random) -> bytes:
    words = [b"F64", b"F32", b"I64", b"BOOL", b"shape", b"dtype", b"data_offsets", b"chainrule", b"sha256", b"header"]
    return content.replace(chance.choice(words), chance.choice([b"F64", b"F8", b"", b"x", b"__class__"]), 1)


def noise(content: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(2 * len(content)))


def foreign(content: bytes, chance: random.Random) -> bytes:
    kept = chance.randrange(len(content))
    return chance.choice(list(FOREIGN.values())) + content[kept:]


MUTATIONS = [
    flipped,
    swapped,
    cut,
    lengthened,
    piece_removed,
    piece_doubled,
    overwritten,
    other_length_of_header,
    other_number,
    other_word,
    noise,
    foreign,
]


def mutated(content: bytes, number: int) -> bytes:
    """The mutated file of a number; sometimes changed several times over."""
    chance = random.Random(number)
    changed = content
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        changed = chance.choice(MUTATIONS)(changed, chance) if len(changed) > 200 else noise(content, chance)
    return changed
