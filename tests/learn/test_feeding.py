"""Rows from memory and in chunks: each once in an epoch, in an order that seed and epoch decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.learn.problems import classes, perceptron_loss, perceptron_params

from chainrule.errors import ConfigError, StructureError
from chainrule.learn.batches import Batches
from chainrule.learn.feeding import ChunkFeed, MemoryFeed
from chainrule.learn.optimizers import SGD, Adam
from chainrule.learn.training import fit


class Chunks:
    """Arrays that are handed out in chunks of the given lengths."""

    def __init__(self, data: tuple[Any, ...], lengths: list[int], shuffled: bool = False) -> None:
        self.rows = len(data[0])
        self._data, self._lengths, self._shuffled = data, lengths, shuffled

    def chunks(self, epoch: int, rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
        ends = np.cumsum([0, *self._lengths])
        pieces = list(range(len(self._lengths)))
        if self._shuffled:
            rng.shuffle(pieces)
        for i in pieces:
            yield tuple([array[ends[i] : ends[i + 1]] for array in self._data])


def steps(
    rows: int, lengths: list[int], size: int, *, epoch: int = 0, skip: int = 0, shuffle: bool = True
) -> list[Any]:
    """The rows of each step, by their numbers."""
    x = np.arange(float(rows))
    batches = Batches((), size, 0)
    feed = ChunkFeed(Chunks((x,), lengths), batches, batch_size=size, seed=0, shuffle=shuffle, renew=batches.renew)
    assert feed.together(0) == 1
    return [
        batches.of_step(span, i)[0].astype(int).tolist()
        for span in feed.spans(epoch, 1, skip)
        for i in range(span.steps)
    ]


@pytest.mark.parametrize("lengths", [[10], [4, 6], [3, 3, 3, 1], [1] * 10, [0, 10, 0], [7, 3]])
@pytest.mark.parametrize("size", [1, 3, 4, 10])
def test_chunks_give_each_row_once_in_whole_batches(lengths: list[int], size: int) -> None:
    found = steps(10, lengths, size)
    assert sorted(row for batch in found for row in batch) == list(range(10))
    assert [len(batch) for batch in found] == [size] * (10 // size) + [10 % size] * bool(10 % size)
    for skip in range(len(found) + 1):
        assert steps(10, lengths, size, skip=skip) == found[skip:]


def test_chunks_in_order() -> None:
    assert steps(7, [2, 5], 3, shuffle=False) == [[0, 1, 2], [3, 4, 5], [6]]


def test_each_epoch_shuffles_anew() -> None:
    assert steps(40, [20, 20], 10, epoch=0) != steps(40, [20, 20], 10, epoch=1)
    assert steps(40, [20, 20], 10, epoch=1) == steps(40, [20, 20], 10, epoch=1)


def test_epochs_in_memory_run_together_where_nobody_watches() -> None:
    def feed(**change: Any) -> MemoryFeed:
        settings: dict[str, Any] = {"rows": 10, "batch_size": 5, "noise": None, **change}
        return MemoryFeed((), Batches((), 5, 0), seed=0, shuffle=True, renew=lambda data: None, **settings)

    assert feed().together(0) == 64
    assert feed().together(70) == 58
    assert feed(rows=300_000).together(0) == 3
    assert feed(rows=10**9).together(0) == 1
    assert feed(rows=10**9, batch_size=None).together(0) == 64
    assert feed(noise=lambda rng, epoch: ()).together(0) == 1


def test_training_on_one_chunk_is_training_on_arrays() -> None:
    X, y = classes(60)
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "epochs": 3, "batch_size": 25}
    in_chunks = fit(perceptron_loss, perceptron_params(), Chunks((X, y), [60]), **settings)
    in_memory = fit(perceptron_loss, perceptron_params(), (X, y), **settings)
    for name, leaf in in_memory.params.items():
        np.testing.assert_array_equal(in_chunks.params[name], leaf)
    np.testing.assert_array_equal(in_chunks.history["loss"], in_memory.history["loss"])


def test_training_on_chunks_goes_on_after_any_epoch() -> None:
    source = Chunks(classes(60), [13, 20, 7, 20], shuffled=True)
    settings: dict[str, Any] = {"optimizer": Adam(0.1), "batch_size": 16, "gradient_norms": True}
    whole = fit(perceptron_loss, perceptron_params(), source, epochs=5, **settings)
    part = fit(perceptron_loss, perceptron_params(), source, epochs=2, **settings)
    again = fit(perceptron_loss, perceptron_params(), source, epochs=5, start=part.state, **settings)
    for name, leaf in whole.params.items():
        np.testing.assert_array_equal(again.params[name], leaf)
    assert whole.history["loss"].shape == (5,)


def test_chunks_need_batches_and_bring_their_own_noise() -> None:
    source = Chunks(classes(60), [60])
    with pytest.raises(ConfigError, match="mini-batches"):
        fit(perceptron_loss, perceptron_params(), source, optimizer=SGD(), epochs=1)
    with pytest.raises(ConfigError, match="noise"):
        fit(
            perceptron_loss,
            perceptron_params(),
            source,
            optimizer=SGD(),
            epochs=1,
            batch_size=5,
            noise=lambda rng, epoch: (),
        )


def test_chunks_that_do_not_keep_their_word_are_refused() -> None:
    source = Chunks(classes(60), [60])
    source.rows = 61
    with pytest.raises(StructureError, match="60 rows together, but the source says 61"):
        fit(perceptron_loss, perceptron_params(), source, optimizer=SGD(), epochs=1, batch_size=16)
    uneven = Chunks((np.ones((4, 2)), np.ones(3)), [4])
    with pytest.raises(StructureError, match=r"a chunk has arrays of shapes \(4, 2\), \(3,\)"):
        fit(perceptron_loss, perceptron_params(), uneven, optimizer=SGD(), epochs=1, batch_size=2)
