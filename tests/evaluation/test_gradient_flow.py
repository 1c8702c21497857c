"""Layers that no longer learn, and layers that blow up."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.evaluation.gradient_flow import REMEDIES, dead_layers, gradient_flow


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


EPOCHS = np.arange(200) * 100.0
RNG = np.random.default_rng(0)


ALONE = {
    "falling to rounding errors": (0.3 * np.exp(-EPOCHS / 100) + 1e-13, ""),
    "falling slowly": (1 / (1 + EPOCHS), ""),
    "falling to exactly zero": (np.where(EPOCHS < 5000, 0.3 * np.exp(-EPOCHS / 100), 0.0), ""),
    "falling, then a rounding error": (np.append(0.3 * np.exp(-EPOCHS / 100), 1e-4), ""),
    "rising": (1e-2 * np.exp(EPOCHS / 1000), "exploding"),
    "rising a little": (1e-2 * np.exp(EPOCHS / 4000), ""),
    "rising at once and staying": (np.where(EPOCHS < 200, 1.0, 1e4), "exploding"),
    "flat and noisy": (RNG.lognormal(0, 1, 200), ""),
    "flat with a spike": (np.where(EPOCHS == 10000, 5e3, 1.0), "exploding"),
    "flat with a small spike": (np.where(EPOCHS == 10000, 50.0, 1.0), ""),
    "without a gradient from the beginning": (np.zeros(200), ""),
    "converged from the beginning": (1e-17 * (1 + RNG.random(200)), ""),
}


@pytest.mark.parametrize("name", ALONE)
def test_one_layer_by_itself(name: str) -> None:
    series, mark = ALONE[name]
    assert gradient_flow({"W1": series})[0].mark == mark


@pytest.mark.parametrize("length", [1, 2, 5, 20, 60, 200])
def test_a_mark_of_growth_stays_however_long_the_run_goes_on(length: int) -> None:
    series = np.append(1.0, np.full(length, 5e3))
    assert gradient_flow({"W1": series})[0].reason == "5,000 times as large as at first"


FALLING = 0.3 * np.exp(-EPOCHS / 200)


BESIDE = {
    "falls together": (FALLING, 2 * FALLING, "", ""),
    "rounding errors of different size at the end": (FALLING + 1e-17, FALLING + 1e-12, "", ""),
    "zero where others have rounding errors": (np.where(EPOCHS < 6000, FALLING, 0), FALLING + 1e-14, "", ""),
    "small from the beginning": (1e-5 * FALLING, FALLING, "vanishing", "100,000 times smaller"),
    "small while the network learns, and as small as the others when it has converged": (
        1e-5 * FALLING + 1e-13,
        FALLING + 1e-13,
        "vanishing",
        "times smaller",
    ),
    "small in a few epochs": (np.where(EPOCHS < 2000, 1e-6, 1.0), np.ones(200), "", ""),
    "catches up": (np.minimum(np.geomspace(1e-7, 1e3, 200), 0.1), np.full(200, 0.1), "", ""),
    "dies": (np.where(EPOCHS < 300, 0.3, 0.0), np.full(200, 0.2), "zero", "no gradient arrives from epoch 4 on"),
    "dies while another converges later": (
        np.where(EPOCHS < 300, FALLING, 0.0),
        FALLING,
        "zero",
        "no gradient arrives from epoch 4 on",
    ),
    "mostly zero": (np.where(EPOCHS % 500 == 400, 0.1, 0.0), np.ones(200), "vanishing", "zero in most epochs"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_one_layer_beside_another(name: str) -> None:
    series, other, mark, says = BESIDE[name]
    first, second = gradient_flow({"W1": series, "W2": other})
    assert first.mark == mark
    assert says in first.reason
    assert second.mark == ""


def test_no_layer_is_marked_where_none_has_a_gradient() -> None:
    first, second = gradient_flow({"W1": [0.0, 0.0], "W2": [0.0, 0.0]})
    assert (first.mark, first.reason) == (second.mark, second.reason) == ("", "")


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_gradients_whose_squares_no_float_holds_are_measured_as_others(size: float) -> None:
    (layer,) = gradient_flow({"W1": [3 * size, 3 * size], "b1": [4 * size, 0.0]})
    assert layer.norms == pytest.approx((5 * size, 3 * size), rel=1e-15, abs=0)
    assert layer.mark == ""


def test_growth_from_huge_gradients_is_seen() -> None:
    first, other = gradient_flow({"W1": [1e200, 5e203], "W2": [1e200, 1e200]})
    assert (first.mark, first.reason) == ("exploding", "5,000 times as large as at first")
    assert other.mark == ""


def test_no_epochs_and_no_parameters() -> None:
    assert gradient_flow({}) == ()
    assert gradient_flow({"W1": []})[0].mark == ""


def test_dead_layers_are_off_for_all_rows() -> None:
    off, on, one_row = np.zeros((5, 3)), np.ones((5, 3)), np.eye(5, 3)
    assert dead_layers([off, on, one_row, off]) == (1, 4)
    assert dead_layers([np.full((5, 3), np.nan), np.zeros((0, 3))]) == ()
    assert dead_layers([]) == ()
