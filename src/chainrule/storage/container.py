"""Arrays and a header in one file: safetensors, with a seal over every byte.

The file is read by any reader of safetensors. Its metadata hold one text, ``chainrule``: JSON that begins with the
length and the SHA-256 of the file, so that a file which was cut, lengthened or changed in a single bit is refused
before anything in it is looked at. ``docs/model_file.md`` describes the format for other readers.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Mapping
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import MissingPackageError, StorageError
from chainrule.storage.atomic import refused, write_atomically
from chainrule.storage.foreign import description
from chainrule.version import __version__

__all__ = ["FORMAT", "Contents", "pack", "read_container", "unpack", "write_container"]

#: Grows when a reader of the old format could not read the new one.
FORMAT = 1

#: Bytes that the header of a safetensors file may have, by its definition.
MAX_HEADER = 100_000_000
#: Bytes that a file may have: far more than a model of tables needs.
MAX_FILE = 2**34

#: How a file of ours begins: the length of the safetensors header, and in it our text, with length and SHA-256 of all.
_FRONT = re.compile(
    rb'(?P<header>.{8})\{"__metadata__":\{"chainrule":"'
    rb'\{\\"bytes\\":\\"(?P<bytes>[0-9]{20})\\",\\"sha256\\":\\"(?P<sha256>[0-9a-f]{64})\\",',
    re.DOTALL,
)
_FRONT_LENGTH = 154
_NO_BYTES, _NO_SHA256 = "0" * 20, "0" * 64

_DTYPES: dict[str, type] = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}


class Contents(NamedTuple):
    """What is in a file.

    Attributes
    ----------
    header : dict
        As it was written, tuples as lists, keys in alphabetical order.
    arrays : dict of str to ndarray
        In alphabetical order; they may be written to.
    made_by : str
        The version of chainrule that wrote the file.
    """

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]
    made_by: str


# Writing --------------------------------------------------------------------------------------------------------------


def write_container(
    path: str | PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, Any],
    *,
    keep: str | PathLike[str] | None = None,
) -> None:
    """Write arrays and a header into one file, as a whole or not at all.

    Parameters
    ----------
    path : str or path
    kind : str
        What the file is, such as ``"model"``. It is asked for when the file is read.
    header : dict
        Anything that JSON can say.
    arrays : dict of str to array_like
        Of booleans, integers or real numbers of at most 64 bits.
    keep : str or path, optional
        Where a file goes that is replaced.

    Raises
    ------
    StorageError
        If the header or an array cannot be kept, or the file cannot be written; then the old one is as it was.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "numbers.safetensors")
    ...     write_container(path, "numbers", {"unit": "kg"}, {"weights": np.array([1.5, 2.0])})
    ...     print(read_container(path, "numbers"))
    Contents(header={'unit': 'kg'}, arrays={'weights': array([1.5, 2. ])}, made_by=...)
    """
    write_atomically(path, pack(kind, header, arrays), keep=keep)


def pack(kind: str, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """The bytes of such a file. The same content gives the same bytes, whatever the order of its keys.

    Parameters
    ----------
    kind : str
    header : dict
    arrays : dict of str to array_like

    Returns
    -------
    bytes

    Raises
    ------
    StorageError
        If the header or an array cannot be kept.
    MissingPackageError
        Without safetensors.

    Examples
    --------
    >>> once = pack("numbers", {"a": 1, "b": 2}, {"x": np.arange(3.0), "y": np.arange(2)})
    >>> once == pack("numbers", {"b": 2, "a": 1}, {"y": np.arange(2), "x": np.arange(3.0)})
    True
    """
    _check_header(header)
    envelope = {"chainrule": __version__, "format": FORMAT, "kind": kind, "header": header}
    try:
        text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of lists in lists
        raise StorageError(f"the header cannot be written: {error}", fix="keep it small and flat") from error
    text = f'{{"bytes":"{_NO_BYTES}","sha256":"{_NO_SHA256}",{text[1:]}'
    tensors = {name: _storable(name, array) for name, array in sorted(arrays.items())}
    unsealed = _safetensors().numpy.save(tensors, metadata={"chainrule": text})
    front = _FRONT.match(unsealed)
    if front is None:
        raise StorageError(
            "the installed safetensors writes another order of its header", fix="pip install 'safetensors>=0.4.3,<1'"
        )
    length = int.from_bytes(front["header"], "little")
    if length > MAX_HEADER:
        raise StorageError(
            f"the header has {length:,} bytes, and {MAX_HEADER:,} is the most that a safetensors file can have",
            fix="keep long lists in arrays",
        )
    sized = _replaced(unsealed, front.span("bytes"), f"{len(unsealed):020d}".encode())
    return _replaced(sized, front.span("sha256"), hashlib.sha256(sized).hexdigest().encode())


def _replaced(content: bytes, span: tuple[int, int], part: bytes) -> bytes:
    return b"".join((content[: span[0]], part, content[span[1] :]))


def _check_header(header: Mapping[str, Any]) -> None:
    """Only what comes back as it was: JSON would turn other keys than texts into texts."""
    waiting: list[tuple[str, Any]] = [("header", header)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(key, str):
                    raise StorageError(f"{place} has the key {key!r}, which is no text", fix=f"write {str(key)!r}")
                waiting.append((f"{place}[{key!r}]", item))
        elif isinstance(value, (list, tuple)):
            waiting.extend((f"{place}[{position}]", item) for position, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            raise StorageError(f"{place} is {value}, which JSON cannot say", fix="put it into an array, or write None")
        elif value is not None and not isinstance(value, (str, bool, int, float)):
            raise StorageError(
                f"{place} is of type {type(value).__name__}, which JSON cannot say",
                fix="write texts, Python's numbers, booleans, None, lists and dicts; arrays go beside the header",
            )


def _storable(name: str, array: Any) -> np.ndarray:
    """Contiguous and little-endian, as safetensors needs it; it does not check that itself."""
    given = np.asarray(array)
    dtype = given.dtype.newbyteorder("<")
    if dtype.type not in _DTYPES.values():
        raise StorageError(
            f"the array {name!r} is of dtype {given.dtype}, which has no place in the file",
            fix="convert it to booleans, integers or real numbers of at most 64 bits",
        )
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise StorageError(f"the array name {name!r} is no valid Unicode", fix="give it another name") from None
    if name == "__metadata__":
        raise StorageError("an array cannot be called '__metadata__'", fix="give it another name")
    return np.ascontiguousarray(given, dtype).reshape(given.shape)


# Reading --------------------------------------------------------------------------------------------------------------


def read_container(path: str | PathLike[str], kind: str) -> Contents:
    """Read a file that `write_container` wrote.

    Nothing is taken on trust: the sizes that the file states are held against its length before it is read, and its
    seal before it is looked at.

    Parameters
    ----------
    path : str or path
    kind : str
        What the file must be.

    Returns
    -------
    Contents

    Raises
    ------
    StorageError
        If the file cannot be read, is damaged, or is another kind of file.
    MissingPackageError
        Without safetensors.
    """
    name = os.fspath(path)
    try:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode):
            folder = stat.S_ISDIR(state.st_mode)
            raise StorageError(
                f"{name} is {'a folder' if folder else 'no regular file'}", fix="give the path of a file of chainrule"
            )
        with open(path, "rb") as file:
            front = file.read(_FRONT_LENGTH)
            _checked_front(front, state.st_size, name)
            content = front + file.read(state.st_size - len(front))
    except StorageError:
        raise
    except OSError as error:
        raise refused(f"cannot read {name}", error) from error
    return unpack(content, kind, name)


def unpack(content: bytes, kind: str, name: str = "the file") -> Contents:
    """What is in the bytes of such a file.

    Parameters
    ----------
    content : bytes
    kind : str
        What the file must be.
    name : str, optional
        What to call it in errors.

    Returns
    -------
    Contents

    Raises
    ------
    StorageError
        If the bytes are not exactly those that were written, or are another kind of file.
    MissingPackageError
        Without safetensors.

    Examples
    --------
    >>> content = pack("numbers", {}, {"x": np.arange(3)})
    >>> unpack(content, "numbers").arrays
    {'x': array([0, 1, 2])}
    >>> damaged = content[:-1] + b"?"
    >>> try:
    ...     unpack(damaged, "numbers")
    ... except StorageError as error:
    ...     print(error.what)
    the file is damaged: its bytes do not fit its checksum
    """
    front = _checked_front(content, len(content), name)
    unsealed = hashlib.sha256(content[: front.start("sha256")])
    unsealed.update(_NO_SHA256.encode())
    unsealed.update(memoryview(content)[front.end("sha256") :])
    if unsealed.hexdigest().encode() != front["sha256"]:
        raise StorageError(f"{name} is damaged: its bytes do not fit its checksum", fix=_ANOTHER_COPY)
    envelope = _envelope(content, int.from_bytes(front["header"], "little"), name)
    _check_envelope(envelope, kind, name)
    return Contents(envelope["header"], _arrays(content, name), envelope["chainrule"])


_ANOTHER_COPY = "take another copy of the file, or train again"


def _checked_front(front: bytes, size: int, name: str) -> re.Match[bytes]:
    """The first bytes of a file of ours, whose stated sizes agree with the size that the file has."""
    found = _FRONT.match(front)
    if found is None:
        raise StorageError(
            f"{name} is no file of chainrule: {description(front[:_FRONT_LENGTH], size, _FRONT_LENGTH)}",
            fix="give a file that chainrule wrote",
        )
    stated, header = int(found["bytes"]), int.from_bytes(found["header"], "little")
    if stated != size:
        way = "cut off" if size < stated else "too long"
        raise StorageError(f"{name} is {way}: {size:,} bytes instead of {stated:,}", fix=_ANOTHER_COPY)
    if header > min(MAX_HEADER, size - 8):
        raise StorageError(f"{name} is damaged: a header of {header:,} bytes in {size:,} bytes", fix=_ANOTHER_COPY)
    if size > MAX_FILE:
        raise StorageError(
            f"{name} has {size:,} bytes; files of more than {MAX_FILE:,} are not read", fix="give a smaller one"
        )
    return found


def _envelope(content: bytes, length: int, name: str) -> dict[str, Any]:
    """The text in the metadata, read as JSON."""
    try:
        text = json.loads(content[8 : 8 + length])["__metadata__"]["chainrule"]
        envelope = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _nonsense(name) from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("chainrule"), str):
        raise _nonsense(name)
    return envelope


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def _check_envelope(envelope: dict[str, Any], kind: str, name: str) -> None:
    """A format that is known, and the kind of file that is wanted."""
    number, made_by = envelope.get("format"), envelope["chainrule"][:40]
    if not isinstance(number, int) or number < 1:
        raise _nonsense(name)
    if number > FORMAT:
        raise StorageError(
            f"{name} was made by chainrule {made_by} in format {number}; this is chainrule {__version__}, "
            f"which reads formats up to {FORMAT}",
            fix="update chainrule: pip install --upgrade chainrule",
        )
    if not isinstance(envelope.get("header"), dict) or not isinstance(envelope.get("kind"), str):
        raise _nonsense(name)
    if envelope["kind"] != kind:
        raise StorageError(f"{name} is a {envelope['kind'][:40]}, not a {kind}", fix=f"give the file of a {kind}")


def _arrays(content: bytes, name: str) -> dict[str, np.ndarray]:
    """The tensors, whose places and sizes safetensors checks against the length of the file."""
    safetensors = _safetensors()
    try:
        found = safetensors.deserialize(content)
        arrays = {
            key: np.frombuffer(tensor["data"], _DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
            for key, tensor in found
        }
    except (safetensors.SafetensorError, ValueError, LookupError, OverflowError) as error:
        raise _nonsense(name) from error
    return dict(sorted(arrays.items()))


def _nonsense(name: str) -> StorageError:
    """For a file whose seal is right: it was made by another program, or on purpose."""
    return StorageError(
        f"{name} has a header that chainrule does not understand", fix="give a file that chainrule wrote"
    )


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise MissingPackageError(
            "models and checkpoints are files of the package safetensors", fix="pip install 'chainrule[train]'"
        ) from error
    return safetensors
