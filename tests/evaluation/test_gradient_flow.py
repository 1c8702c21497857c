"""Layers that no longer learn, and layers that blow up."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.evaluation.gradient_flow import REMEDIES, gradient_flow, layer_norms


def test_a_layer_is_the_norm_of_all_its_parameters() -> None:
    (layer,) = gradient_flow({"W1": [3.0], "b1": [4.0]})
    assert (layer.name, layer.parameters, layer.norms, layer.mark) == ("layer 1", ("W1", "b1"), (5.0,), "")


def test_names_without_a_number_stand_for_themselves() -> None:
    assert [layer.name for layer in gradient_flow({"w": [1.0], "b": [1.0]})] == ["w", "b"]


def test_gradients_that_fall_together_are_no_fault() -> None:
    falling = np.geomspace(1.0, 1e-9, 40)
    assert [layer.mark for layer in gradient_flow({"W1": falling, "W2": 2 * falling})] == ["", ""]


@pytest.mark.parametrize(
    ("norms", "mark", "says"),
    [
        ([1e-6] * 20, "vanishing", "1,000,000 times smaller"),
        ([0.0] * 20, "zero", "no gradient arrives"),
        ([1.0] * 19 + [5e3], "exploding", "5,000 times as large"),
        ([1.0] * 19 + [np.inf], "exploding", "from epoch 20 on"),
        ([1.0] * 5 + [np.nan] * 15, "exploding", "from epoch 6 on"),
        ([1.0] * 19 + [1e-9], "", ""),
    ],
)
def test_marks(norms: list[float], mark: str, says: str) -> None:
    first, other = gradient_flow({"W1": norms, "W2": [1.0] * 20})
    assert first.mark == mark
    assert says in first.reason
    assert other.mark == ""
    assert (mark in REMEDIES) == bool(mark)


def test_no_epochs_and_no_parameters() -> None:
    assert gradient_flow({}) == ()
    assert gradient_flow({"W1": []})[0].mark == ""


def test_norms_at_one_moment_are_those_of_an_epoch() -> None:
    rng = np.random.default_rng(0)
    gradients = {name: rng.normal(size=(3, 4)) for name in ("W1", "b1", "W2", "scale")}
    flow = gradient_flow({name: [float(np.linalg.norm(value))] for name, value in gradients.items()})
    found = layer_norms(gradients)
    assert list(found) == ["layer 1", "layer 2", "scale"]
    assert list(found.values()) == pytest.approx([layer.norms[0] for layer in flow])
    assert layer_norms({"W1": np.array([1e300])}) == {"layer 1": np.inf}
