from __future__ import annotations

import numpy as np
import pytest

from chainrule.estimators import rows
from chainrule.estimators.rows import distinct_rows


def test_repeated_rows_weights_and_any_order_give_the_same_arrays() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (40, 3)).astype(float), rng.integers(0, 2, 40)
    weight = rng.integers(1, 4, 40).astype(float)
    expected = distinct_rows(X, y, weight)
    order = rng.permutation(40)
    for other in (
        distinct_rows(X[order], y[order], weight[order]),
        distinct_rows(np.repeat(X, weight.astype(int), axis=0), np.repeat(y, weight.astype(int))),
    ):
        for one, another in zip(expected, other, strict=True):
            np.testing.assert_array_equal(one, another)


def test_no_row_gets_lost() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.integers(0, 2, (100, 4)).astype(np.float32), rng.integers(0, 2, (100, 2)).astype(float)
    found_X, found_y, weight = distinct_rows(X, y)
    assert weight is not None
    assert weight.sum() == 100
    expected, counts = np.unique(np.column_stack([X, y]), axis=0, return_counts=True)
    found = np.column_stack([found_X, found_y])
    order = np.lexsort(found.T[::-1])
    np.testing.assert_array_equal(found[order], expected)
    np.testing.assert_array_equal(weight[order], counts)
    assert found_X.dtype == np.float32


def test_equal_weights_are_none() -> None:
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3)
    assert distinct_rows(X, y)[2] is None
    assert distinct_rows(X, y, np.full(3, 2.5))[2] is None


def test_minus_zero_is_zero() -> None:
    assert len(distinct_rows(np.array([[0.0], [-0.0]]), np.zeros(2))[0]) == 1


def test_same_features_with_other_targets_are_other_rows() -> None:
    assert len(distinct_rows(np.zeros((2, 1)), np.array([0, 1]))[0]) == 2


def test_rows_with_the_same_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_hashes", lambda array, salt: np.zeros(len(array), np.uint64))
    X = np.array([[1.0], [2.0], [1.0], [3.0], [2.0]])
    found, _, weight = distinct_rows(X, np.zeros(5))
    assert found.ravel().tolist() == [1.0, 2.0, 3.0]
    assert weight is not None
    assert weight.tolist() == [2.0, 2.0, 1.0]


def test_whole_numbers_do_not_collide() -> None:
    grid = np.stack(np.meshgrid(np.arange(300.0), np.arange(300.0)), axis=-1).reshape(-1, 2)
    assert len(np.unique(rows._hashes(grid, 1))) == len(grid)
