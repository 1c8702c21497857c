"""What each epoch feeds to the steps: rows in an order of their own, from memory or chunk by chunk, and new noise.

An order depends on seed and epoch alone, so that a run that goes on in the middle needs no state for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from chainrule.errors import StructureError
from chainrule.learn.batches import Batches, Span

__all__ = ["ChunkFeed", "Feed", "MemoryFeed", "RowChunks", "feed_of"]

#: Epochs that nobody watches run together: up to the next multiple of this, and with orders of at most so many rows.
_EPOCHS_AT_ONCE = 64
_ROWS_AT_ONCE = 1_000_000

Noise = Callable[[np.random.Generator, int], tuple[Any, ...]]


@runtime_checkable
class RowChunks(Protocol):
    """Data that are too large for memory, such as a file that is read anew in each epoch.

    Attributes
    ----------
    rows : int
        How many rows all chunks have together.
    """

    rows: int

    def chunks(self, epoch: int, rng: np.random.Generator) -> Iterable[tuple[Any, ...]]:
        """Tuples of arrays with a row axis, of any number of rows.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        rng : Generator
            For their order, and for noise. It is the same whenever this epoch is read.
        """
        ...


class Feed(Protocol):
    """Where the steps of an epoch get their rows."""

    def together(self, epoch: int) -> int:
        """How many epochs may run as one, from this one on."""
        ...

    def spans(self, epoch: int, epochs: int, skip: int) -> Iterator[Span]:
        """The steps of the next epochs, without the first ones."""
        ...


class MemoryFeed:
    """Rows of arrays in memory.

    Parameters
    ----------
    data : tuple of arrays
    batches : Batches
        Which cuts an order into batches.
    rows : int
    batch_size : int or None
        None for all rows in each step.
    seed : int
    shuffle : bool
    noise : callable or None
    renew : callable
        ``renew(data)`` hands data with new noise to the steps.
    """

    def __init__(
        self,
        data: tuple[Any, ...],
        batches: Batches,
        *,
        rows: int,
        batch_size: int | None,
        seed: int,
        shuffle: bool,
        noise: Noise | None,
        renew: Callable[[tuple[Any, ...]], None],
    ) -> None:
        self._data, self._batches, self._rows, self._batch_size = data, batches, rows, batch_size
        self._seed, self._shuffle, self._noise, self._renew = seed, shuffle, noise, renew
        #: The epoch whose noise the steps have, and the last order: a run may take an epoch in many pieces.
        self._noisy_epoch = -1
        self._last_order: tuple[int, np.ndarray[Any, Any]] | None = None

    def together(self, epoch: int) -> int:
        """How many epochs may run as one: any number of them, if no rows have to be picked."""
        if self._noise is not None:
            return 1
        most = _EPOCHS_AT_ONCE - epoch % _EPOCHS_AT_ONCE
        return most if self._batch_size is None else min(most, max(_ROWS_AT_ONCE // self._rows, 1))

    def spans(self, epoch: int, epochs: int, skip: int) -> Iterator[Span]:
        """The steps of the next epochs, without the first ones."""
        if self._noise is not None and self._noisy_epoch != epoch:
            self._renew((*self._data, *self._made_noise(self._noise, epoch)))
            self._noisy_epoch = epoch
        if self._batch_size is None:
            yield Span(epochs)
            return
        orders = [self._order(epoch + i) for i in range(epochs)]
        if self._rows % self._batch_size == 0:  # batches of all these epochs are alike
            orders = [np.concatenate(orders)] if epochs > 1 else orders
        for order in orders:
            yield from self._batches.epoch(order, skip)
            skip = 0

    def _order(self, epoch: int) -> np.ndarray[Any, Any]:
        if self._last_order is None or self._last_order[0] != epoch:
            is_shuffled, rows = self._shuffle, self._rows
            order = np.random.default_rng([self._seed, epoch]).permutation(rows) if is_shuffled else np.arange(rows)
            self._last_order = epoch, order
        return self._last_order[1]

    def _made_noise(self, noise: Noise, epoch: int) -> list[Any]:
        made = noise(np.random.default_rng([self._seed, epoch, 1]), epoch)
        arrays = [np.asarray(part) for part in (made if isinstance(made, (tuple, list)) else (made,))]
        for array in arrays:
            if not array.ndim or len(array) != self._rows:
                raise StructureError(
                    f"noise returned an array of shape {array.shape} for {self._rows} rows of data",
                    fix="return a tuple of arrays whose first axis is the row axis",
                )
        return arrays


class ChunkFeed:
    """Rows that come in chunks. What a chunk leaves over of the last batch goes to the next one.

    Parameters
    ----------
    source : RowChunks
    batches : Batches
    batch_size : int
    seed : int
    shuffle : bool
        Whether the rows of each chunk are shuffled.
    renew : callable
        ``renew(data)`` hands a chunk to the steps.
    """

    def __init__(
        self,
        source: RowChunks,
        batches: Batches,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool,
        renew: Callable[[tuple[Any, ...]], None],
    ) -> None:
        self._source, self._batches, self._batch_size = source, batches, batch_size
        self._seed, self._shuffle, self._renew = seed, shuffle, renew

    def together(self, epoch: int) -> int:
        """One: the next epoch reads its chunks anew."""
        return 1

    def spans(self, epoch: int, epochs: int, skip: int) -> Iterator[Span]:
        """The steps of an epoch, without the first ones."""
        size, seen = self._batch_size, 0
        rng = np.random.default_rng([self._seed, epoch])
        left: tuple[Any, ...] | None = None
        for chunk in self._source.chunks(epoch, np.random.default_rng([self._seed, epoch, 2])):
            chunk = tuple([np.asarray(part) for part in chunk])
            count = _count(chunk)
            seen += count
            if left is not None:
                count += len(left[0])
                chunk = tuple([np.concatenate(pair) for pair in zip(left, chunk, strict=True)])
            order = rng.permutation(count) if self._shuffle else np.arange(count)
            whole = count // size
            if whole > skip:
                self._renew(tuple([np.ascontiguousarray(part) for part in chunk]))
                yield from self._batches.epoch(order[: whole * size], skip)
            skip = max(skip - whole, 0)
            left = tuple([part[order[whole * size :]] for part in chunk])
        if seen != self._source.rows:
            raise StructureError(
                f"the chunks of epoch {epoch + 1} have {seen} rows together, but the source says {self._source.rows}",
                fix="let rows be their sum, and let each epoch read the same rows",
            )
        if left is not None and len(left[0]) and not skip:
            self._renew(left)
            yield from self._batches.epoch(np.arange(len(left[0])))


def feed_of(
    data: tuple[Any, ...] | RowChunks,
    batches: Batches,
    *,
    rows: int,
    batch_size: int | None,
    seed: int,
    shuffle: bool,
    noise: Noise | None,
    renew: Callable[[tuple[Any, ...]], None],
) -> Feed:
    """What feeds rows of such data: arrays from memory, or chunks, which have no noise."""
    if isinstance(data, tuple):
        return MemoryFeed(
            data, batches, rows=rows, batch_size=batch_size, seed=seed, shuffle=shuffle, noise=noise, renew=renew
        )
    return ChunkFeed(data, batches, batch_size=batch_size or rows, seed=seed, shuffle=shuffle, renew=renew)


def _count(chunk: tuple[Any, ...]) -> int:
    counts = {len(part) if part.ndim else None for part in chunk}
    if len(counts) != 1 or None in counts:
        raise StructureError(
            f"a chunk has arrays of shapes {', '.join(str(part.shape) for part in chunk) or '(none)'}",
            fix="let chunks yield tuples of arrays whose first axis is the row axis",
        )
    (count,) = counts
    assert count is not None
    return count
