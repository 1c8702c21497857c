"""Splits: every row in one part, classes in their shares, and what to do where that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import DataError
from chainrule.evaluation.splits import folds, split


@given(
    labels=st.lists(st.integers(0, 4), min_size=4, max_size=60),
    test=st.sampled_from([0.0, 0.1, 0.25]),
    validation=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 5),
)
def test_every_row_is_in_exactly_one_part(labels: list[int], test: float, validation: float, seed: int) -> None:
    found = split(labels, task="multiclass", test=test, validation=validation, seed=seed)
    parts = [found.train, found.validation, found.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert len(found.test) == np.ceil(test * len(labels))
    assert len(found.validation) == np.ceil(validation * len(labels))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_classes_keep_their_shares() -> None:
    y = np.array([0] * 80 + [1] * 20)
    found = split(y, task="binary", test=0.2, validation=0.2)
    assert [y[part].mean() for part in (found.train, found.validation, found.test)] == pytest.approx([0.2] * 3)
    assert found.note == ""


def test_the_seed_decides() -> None:
    y = np.arange(50.0)
    first, same, other = (split(y, task="regression", seed=seed).test.tolist() for seed in (0, 0, 1))
    assert first == same
    assert first != other


def test_a_class_with_one_row_is_no_error_but_noted() -> None:
    found = split(["a"] * 10 + ["b"] * 10 + ["rare"], task="multiclass")
    assert len(found.test) == 5
    assert found.note


def test_nothing_left_to_learn_from_is_an_error() -> None:
    with pytest.raises(DataError, match="leave nothing"):
        split([0, 1], task="binary", test=0.6, validation=0.4)
    with pytest.raises(DataError, match="too few"):
        split([0], task="binary", test=0.2)


def test_each_row_is_tested_once_and_classes_keep_their_shares() -> None:
    y = np.array([0] * 30 + [1] * 15)
    found = folds(y, task="binary", count=5)
    assert sorted(np.concatenate([test for _, test in found]).tolist()) == list(range(45))
    for train, test in found:
        assert set(train) & set(test) == set()
        assert y[test].sum() == 3


def test_numbers_are_divided_without_strata() -> None:
    assert [len(test) for _, test in folds(np.linspace(0, 1, 10), task="regression", count=3)] == [4, 3, 3]


def test_a_class_smaller_than_the_number_of_folds_is_allowed() -> None:
    assert len(folds([0] * 10 + [1], task="binary", count=3)) == 3
    assert len(folds([0, 0, 1, 1, 2, 2], task="multiclass", count=4)) == 4


@pytest.mark.parametrize("count", [1, 7])
def test_a_number_of_folds_that_cannot_be(count: int) -> None:
    with pytest.raises(DataError, match="cannot be divided"):
        folds([0, 1] * 3, task="binary", count=count)
