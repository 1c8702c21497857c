"""Early stopping and plateaus: what counts as an improvement."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.errors import ConfigError
from chainrule.learn.stopping import EarlyStopping, ReduceOnPlateau, Watch


def waited(losses: list[float], min_delta: float = 0.0) -> list[int]:
    watch, seen = Watch(), []
    for loss in losses:
        watch.see(loss, min_delta)
        seen.append(watch.waited)
    return seen


def test_only_a_lower_loss_is_an_improvement() -> None:
    assert waited([3.0, 2.0, 2.0, 2.5, 1.0, 1.5]) == [0, 0, 1, 2, 0, 1]


def test_small_steps_add_up_to_an_improvement() -> None:
    assert waited([1.0, 0.75, 0.5, 0.25], min_delta=0.4) == [0, 1, 0, 1]


def test_a_loss_that_is_not_a_number_is_no_improvement() -> None:
    assert waited([float("nan"), 2.0, float("nan"), float("inf")]) == [1, 0, 1, 2]


@pytest.mark.parametrize("setting", [EarlyStopping, ReduceOnPlateau])
@pytest.mark.parametrize("patience", [0, -1, 2.5, True, None])
def test_patience_is_a_number_of_epochs(setting: Any, patience: Any) -> None:
    with pytest.raises(ConfigError, match="number of epochs"):
        setting(patience=patience)


@pytest.mark.parametrize("factor", [0.0, 1.0, -0.5, 2])
def test_a_factor_lowers(factor: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        ReduceOnPlateau(factor=factor)
