"""Where a run diverged: told of the node, in words that a person understands."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from chainrule.notation.latex import to_latex
from chainrule.tables import generated_table
from chainrule.workflow import TrainingSettings
from chainrule.workflow.live import LiveTraining

FAST = TrainingSettings(hidden=(8,), activation="relu", optimizer="sgd", lr=1e3, l2=0.0, batch_size=16, test_split=0.0)


def surface() -> dict[str, Any]:
    return generated_table("hills", rows=100)


def diverged(table: dict[str, Any], target: str, settings: TrainingSettings) -> LiveTraining:
    live = LiveTraining(table, target, settings)
    live.advance(epochs=200)
    assert live.stopped == "diverged"
    return live


def test_a_rate_that_is_far_too_large() -> None:
    live = diverged(surface(), "y", FAST)
    found = live.divergence
    assert found is not None
    assert found.what.startswith("the loss became infinite in update ")
    assert found.node == "losses = (ŷ − y)²/2"
    assert "overflow" in found.why
    assert "objectives.py, line" in found.where
    assert found.lr == 0.1
    assert str(found) == f"{found.what} at {found.node}: {found.why}; try lr=0.1"
    assert live.divergence is found


def test_the_update_is_the_one_at_which_a_run_by_single_steps_ends() -> None:
    found = diverged(surface(), "y", FAST).divergence
    live = LiveTraining(surface(), "y", FAST)
    count = 0
    while not live.stopped:
        live.advance(steps=1)
        count += 1
    assert found is not None
    assert f"update {count} " in found.what
    assert f"(epoch {(count - 1) // live.steps_per_epoch + 1})" in found.what


def test_overflow_in_a_hidden_layer() -> None:
    found = diverged(surface(), "y", dataclasses.replace(FAST, hidden=(8, 8, 8), lr=1e120)).divergence
    assert found is not None
    assert found.node.split(" = ")[0] in ("z1", "z2", "z3", "ŷ", "losses")
    assert found.why


def test_penalties_overflow_at_the_weights_that_did_it() -> None:
    settings = dataclasses.replace(FAST, activation="tanh", l2=0.5)
    found = diverged(generated_table("moons", rows=100), "label", settings).divergence
    assert found is not None
    assert found.node.startswith("penalty = ")
    assert "overflow" in found.why


@pytest.mark.parametrize("batch_size", [16, 1000])
def test_a_loss_that_grows_without_becoming_infinite(batch_size: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    table = {"x1": x, "x2": x + 0.1 * rng.normal(size=100), "y": 3 * x}
    settings = TrainingSettings(
        model="linear", optimizer="sgd", lr=1.5, l2=0.0, batch_size=batch_size, test_split=0.0, validation_split=0.0
    )
    live = diverged(table, "y", settings)
    assert "grew for 10 epochs in a row" in live.message
    found = live.divergence
    assert found is not None
    assert found.what.startswith("the loss grew for 10 epochs in a row, from ")
    assert found.node == "ŷ = X W1 + b1"
    assert found.formula is not None
    assert "W_{1}" in to_latex(found.formula)
    assert found.why.startswith("its values go up to ")
    assert found.why.endswith("each update goes further beyond the minimum than the one before")
    assert found.lr == 0.1


def test_after_a_new_beginning_nothing_has_diverged() -> None:
    live = diverged(surface(), "y", FAST)
    kept = live.params
    live.advance(epochs=5)
    np.testing.assert_array_equal(live.params["W1"], kept["W1"])
    assert all(np.isfinite(value).all() for value in kept.values())
    live.reset()
    assert (live.stopped, live.divergence) == ("", None)
