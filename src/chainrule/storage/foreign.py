"""What a file probably is that is none of ours, told from its first bytes."""

from __future__ import annotations

__all__ = ["description"]

#: How files of other programs begin.
_BEGINNINGS = (
    (b"PK\x03\x04", "it is a zip archive, as PyTorch and Keras write them"),
    (b"\x93NUMPY", "it is an array of NumPy"),
    (b"\x89HDF\r\n", "it is an HDF5 file"),
    (b"PAR1", "it is a Parquet file: a table, not a model"),
    (b"ARROW1", "it is an Arrow file: a table, not a model"),
    (b"\x1f\x8b", "it is compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd"),
    (b"%PDF", "it is a PDF"),
)


def description(front: bytes, size: int, shortest: int) -> str:
    """What a file is, as a clause.

    Parameters
    ----------
    front : bytes
        Its first bytes; some hundred are enough.
    size : int
        Length of the whole file.
    shortest : int
        Length of the shortest file that would be ours.

    Returns
    -------
    str

    Examples
    --------
    >>> description(b"PAR1" + bytes(200), 204, 100)
    'it is a Parquet file: a table, not a model'
    >>> description(b"", 0, 100)
    'it is empty'
    """
    if size == 0:
        return "it is empty"
    for beginning, what in _BEGINNINGS:
        if front.startswith(beginning):
            return what
    if front[:1] == b"\x80" and front[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "it is a pickle, which could run any program when it is opened, so chainrule never opens one"
    if front[8:9] == b"{" and int.from_bytes(front[:8], "little") <= size - 8:
        return "it is a safetensors file of another program"
    if size < shortest:
        return f"it has {size:,} bytes, too few for one"
    if _is_text(front):
        return "it is a text"
    return "it does not begin as one"


def _is_text(front: bytes) -> bool:
    try:
        text = front.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(front) - 3:  # a character that was cut at the end is none
            return False
        text = front[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\t\r\n" for character in text)
