"""Tables larger than memory as a stream of arrays, in an order that changes from epoch to epoch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.tables.preprocessing import Preprocessing, typed_batches

__all__ = ["RowStream"]

Array = np.ndarray[Any, Any]

_BUFFER_BYTES = 1 << 25
#: Rows that are read together: many small pieces mix better, few large ones read faster.
_PIECES_IN_BUFFER = 64


class RowStream:
    """The rows of a table as mini-batches, with memory that does not grow with the table.

    The table is read once and kept in a temporary file, four or eight bytes for each number or category. In each epoch,
    pieces of that file are read in a new order, some of them at a time, and their rows are mixed.

    Parameters
    ----------
    source : TableSource, whatever `open_table` takes, or iterator of batches that `read_batches` made
    preprocessing : Preprocessing
    batch_size : int
        Rows in each mini-batch but the last.
    seed : int
        Of the order of rows; the order of an epoch depends on nothing else but its number.
    shuffle : bool
        Without, rows come in the order of the table.
    dtype : dtype, default float32
    buffer_bytes : int
        So much of the temporary file is in memory at a time.

    Attributes
    ----------
    rows : int

    Raises
    ------
    DataError
        If a row does not fit the schema, or the temporary folder is full.

    Examples
    --------
    >>> from chainrule.tables import infer_schema
    >>> table = {"x": [1.0, 2.0, 3.0, 4.0], "y": ["a", "b", "a", "b"]}
    >>> preprocessing = Preprocessing.fit(table, infer_schema(table, "y"))
    >>> with RowStream(table, preprocessing, batch_size=3, seed=1) as stream:
    ...     [(X.shape, y.shape) for X, y in stream.epoch(0)]
    [((3, 1), (3,)), ((1, 1), (1,))]
    """

    def __init__(
        self,
        source: Any,
        preprocessing: Preprocessing,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        dtype: Any = np.float32,
        buffer_bytes: int = _BUFFER_BYTES,
    ) -> None:
        if preprocessing.outcome is None:
            raise DataError("the schema has no target", fix="name the column to be predicted: target='…'")
        if batch_size < 1:
            raise DataError(f"the batch size is {batch_size}", fix="give at least 1")
        self._preprocessing = preprocessing
        self._outcome = preprocessing.outcome
        self._batch_size = batch_size
        self._seed = seed
        self._shuffle = shuffle
        self._dtype = np.dtype(dtype)
        self._inputs = len(preprocessing.encodings)
        self._width = self._inputs + len(self._outcome.names)
        self._row_bytes = self._width * self._dtype.itemsize
        self._piece = max(buffer_bytes // (_PIECES_IN_BUFFER * self._row_bytes), 1)
        self._file = tempfile.TemporaryFile(prefix="chainrule-")  # noqa: SIM115 — until close
        try:
            self.rows = self._write(source)
        except BaseException:
            self.close()
            raise

    def _write(self, source: Any) -> int:
        rows = 0
        try:
            for batch in typed_batches(source, self._preprocessing.schema):
                kept = np.empty((batch.num_rows, self._width), self._dtype)
                kept[:, : self._inputs] = self._preprocessing.compact(batch, self._dtype)
                kept[:, self._inputs :] = self._outcome.encode(batch).reshape(batch.num_rows, -1)
                self._file.write(kept.data)
                rows += batch.num_rows
            self._file.flush()
        except OSError as error:
            raise DataError(
                f"the rows cannot be kept in {tempfile.gettempdir()}: {error.strerror}",
                fix=f"make room there ({self._row_bytes} bytes a row), or set TMPDIR to a folder on another disk",
            ) from None
        return rows

    def epoch(self, number: int) -> Iterator[tuple[Array, Array]]:
        """The mini-batches of one epoch.

        Parameters
        ----------
        number : int
            Of the epoch, from 0.

        Yields
        ------
        X : array of shape (batch size, d)
        y : array of shape (batch size,) or (batch size, k)
            Of the stream's dtype; class numbers are int64.
        """
        rng = np.random.default_rng([self._seed, number])
        pieces = -(-self.rows // self._piece)
        order = rng.permutation(pieces) if self._shuffle else np.arange(pieces)
        rest = np.empty((0, self._width), self._dtype)
        for start in range(0, pieces, _PIECES_IN_BUFFER):
            buffer = np.concatenate([*map(self._read, order[start : start + _PIECES_IN_BUFFER].tolist())])
            if self._shuffle:
                buffer = buffer[rng.permutation(len(buffer))]
            buffer = np.concatenate([rest, buffer])
            whole = len(buffer) - len(buffer) % self._batch_size
            for first in range(0, whole, self._batch_size):
                yield self._arrays(buffer[first : first + self._batch_size])
            rest = buffer[whole:].copy()
        if len(rest):
            yield self._arrays(rest)

    def _read(self, piece: int) -> Array:
        first = piece * self._piece
        count = min(self._piece, self.rows - first)
        self._file.seek(first * self._row_bytes)
        return np.frombuffer(self._file.read(count * self._row_bytes), self._dtype).reshape(count, self._width)

    def _arrays(self, kept: Array) -> tuple[Array, Array]:
        y = kept[:, self._inputs :]
        if self._outcome.task == "multiclass":
            y = y.astype(np.int64)
        one = len(self._outcome.names) == 1 and self._outcome.task != "multilabel"
        return self._preprocessing.expand(kept[:, : self._inputs]), y[:, 0] if one else y

    def close(self) -> None:
        """Give the temporary file back."""
        self._file.close()

    def __enter__(self) -> RowStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
