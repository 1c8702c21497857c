"""A training state as arrays and a header, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError, StructureError
from chainrule.learn.stopping import Watch
from chainrule.learn.training_state import TrainingState


def example() -> TrainingState:
    return TrainingState(
        [np.ones((2, 3), np.float32).T, np.array(2.0)],
        [4, 0.5, np.array(3, np.int64), np.arange(3.0)],
        epoch=2,
        step=1,
        seed=9,
        losses=np.array([0.25]),
        norms=[1.5, 2.5],
        best=[np.zeros((3, 2), np.float32), np.array(1.0)],
        best_loss=0.125,
        best_epoch=1,
        stopping=Watch(0.125, 1),
        plateau=Watch(float("inf"), 2),
        history={"loss": [2.0, float("nan")], "gradient_norm": [[1.0, 2.0], [3.0, 4.0]]},
    )


def test_everything_comes_back() -> None:
    state = example()
    arrays, header = state.to_arrays()
    again = TrainingState.from_arrays(arrays, json.loads(json.dumps(header, allow_nan=False)))
    for name in ("epoch", "step", "seed", "norms", "best_loss", "best_epoch", "stopping", "plateau"):
        assert getattr(again, name) == getattr(state, name), name
    for name in ("params", "optimizer", "best"):
        for one, other in zip(getattr(again, name), getattr(state, name), strict=True):
            np.testing.assert_array_equal(one, other)
            assert np.asarray(one).dtype == np.asarray(other).dtype
    assert [type(leaf) for leaf in again.optimizer[:2]] == [int, float]
    np.testing.assert_array_equal(again.losses, state.losses)
    np.testing.assert_equal(again.history, state.history)


def test_arrays_are_contiguous_and_have_no_python_objects() -> None:
    arrays, _ = example().to_arrays()
    assert all(array.flags.c_contiguous and array.dtype.kind in "fciub" for array in arrays.values())


def test_a_fresh_state_has_no_best_parameters() -> None:
    again = TrainingState.from_arrays(*TrainingState([np.ones(1)], []).to_arrays())
    assert again.best is None
    assert again.best_loss == float("inf")
    assert again.history == {}


@pytest.mark.parametrize("damage", ["version", "epoch", "params/0", "best/1", "history/loss", "numbers"])
def test_what_is_not_whole_is_refused(damage: str) -> None:
    arrays, header = example().to_arrays()
    arrays.pop(damage, None)
    header.pop(damage, None)
    with pytest.raises(DataError, match="training state"):
        TrainingState.from_arrays(arrays, header)


@pytest.mark.parametrize("leaf", ["text", object()])
def test_a_state_that_holds_no_numbers_is_refused(leaf: Any) -> None:
    with pytest.raises(StructureError, match="optimizer/0"):
        TrainingState([np.ones(1)], [leaf]).to_arrays()
