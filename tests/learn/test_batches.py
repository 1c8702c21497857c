"""Mini-batches: every row once in an epoch, in an order that the seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.learn.batches import Span, first_steps

STILL = cr.GradientDescent(lr=0.0)


def rows_of_steps(count: int, batch_size: int, steps: int, seed: int = 0) -> list[list[int]]:
    """Which rows each step saw, as told by the loss (row i has the value 4**i, and no sum of rows equals another)."""
    powers = 2.0 ** np.arange(count)
    losses = cr.minimize(
        lambda w, x: np.sum(x) + 0 * w, 1.0, (powers,), optimizer=STILL, steps=steps, batch_size=batch_size, seed=seed
    ).history["loss"]
    return [[i for i in range(count) if int(loss) >> i & 1] for loss in losses]


@pytest.mark.parametrize(("count", "batch_size"), [(8, 2), (7, 3), (5, 5), (4, 10), (6, 1)])
def test_an_epoch_sees_every_row_once(count: int, batch_size: int) -> None:
    per_epoch = -(-count // batch_size)
    batches = rows_of_steps(count, batch_size, 2 * per_epoch)
    for epoch in (batches[:per_epoch], batches[per_epoch:]):
        assert sorted(row for batch in epoch for row in batch) == list(range(count))


def test_the_last_batch_of_an_epoch_is_the_smaller_one() -> None:
    assert [len(batch) for batch in rows_of_steps(7, 3, 6)] == [3, 3, 1, 3, 3, 1]


def test_each_epoch_has_another_order() -> None:
    batches = rows_of_steps(12, 3, 8)
    assert batches[:4] != batches[4:]


def test_the_seed_decides_the_order() -> None:
    assert rows_of_steps(12, 3, 8, seed=1) == rows_of_steps(12, 3, 8, seed=1)
    assert rows_of_steps(12, 3, 8, seed=1) != rows_of_steps(12, 3, 8, seed=2)


def test_rows_of_several_arrays_belong_together() -> None:
    x = np.arange(10.0)
    losses = cr.minimize(
        lambda w, x, d: np.sum((d["double"] - 2 * x) ** 2) + np.sum((x[:, None] - d["column"]) ** 2) + 0 * w,
        1.0,
        (x, {"double": 2 * x, "column": x.reshape(10, 1)}),
        optimizer=STILL,
        steps=5,
        batch_size=3,
    ).history["loss"]
    np.testing.assert_array_equal(losses, 0)


def test_rows_in_lists_are_arrays() -> None:
    result = cr.minimize(
        lambda w, x, y: np.mean((w * x - y) ** 2),
        0.0,
        ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
        optimizer=cr.GradientDescent(lr=0.1),
        steps=100,
        batch_size=2,
    )
    assert result.params == pytest.approx(2.0)


def test_batches_give_the_steps_of_a_loop_by_hand() -> None:
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(7, 2)), rng.integers(3, size=7)

    def loss(W: Any, X: Any, labels: Any) -> Any:
        kept = X[X[:, 0] > -1]  # how many rows is known only from the numbers
        return np.mean(kept) * W[0, 0] - np.mean((X @ W)[np.arange(len(labels)), labels]) + np.sum(W**2)

    W = start = rng.normal(size=(2, 3))
    order = np.random.default_rng(5)
    for _ in range(3):
        rows = order.permutation(7)
        for batch in (rows[:3], rows[3:6], rows[6:]):
            W = W - 0.1 * cr.grad(loss)(W, X[batch], labels[batch])

    result = cr.minimize(loss, start, (X, labels), optimizer=cr.GradientDescent(lr=0.1), steps=9, batch_size=3, seed=5)
    np.testing.assert_allclose(result.params, W, rtol=1e-12)


@pytest.mark.parametrize(
    ("data", "batch_size", "message"),
    [
        ((np.ones(3), np.ones(4)), 2, "different numbers of rows: 3, 4"),
        ((np.ones(3), 0.5), 2, "must have a row axis"),
        ((np.ones(3),), 0, "batches of 0 rows cannot be drawn from 3 rows"),
        ((np.ones((0, 2)),), 2, "cannot be drawn from 0 rows"),
    ],
)
def test_rows_that_cannot_be_drawn_raise(data: tuple[Any, ...], batch_size: int, message: str) -> None:
    with pytest.raises(cr.errors.StructureError, match=message):
        cr.minimize(lambda w, *rows: w**2, 1.0, data, optimizer=STILL, steps=1, batch_size=batch_size)


def test_without_data_there_are_no_batches() -> None:
    assert cr.minimize(lambda w: w**2, 1.0, optimizer=cr.GradientDescent(lr=0.5), steps=1, batch_size=4).params == 0


@pytest.mark.parametrize(("steps", "left"), [(0, [3, 2, 1]), (2, [2, 1]), (3, [2, 1]), (4, [1]), (5, [1]), (9, [])])
def test_first_steps_ask_for_no_span_that_is_not_needed(steps: int, left: list[int]) -> None:
    rows = np.arange(12).reshape(6, 2)
    spans = iter([Span(3, rows[:3]), Span(2, rows[3:5]), Span(1, rows[5:])])
    found = [row for span in first_steps(spans, steps) if span.rows is not None for row in span.rows.tolist()]
    assert found == rows[:steps].tolist()
    assert [span.steps for span in spans] == left
