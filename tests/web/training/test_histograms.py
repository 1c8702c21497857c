"""Histograms count every number, and marks say what gradients do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.web.training.making import live_training

from chainrule.evaluation.gradient_flow import gradient_flow
from chainrule.web.limits import Limits
from chainrule.web.training.frames import Frames
from chainrule.web.training.histograms import histograms, shown_weights
from chainrule.web.training.numbers import rounded

RNG = np.random.default_rng(0)
PARAMS = {"W1": RNG.normal(size=(3, 5)), "b1": np.zeros(5), "W2": RNG.normal(size=5), "b2": np.array(0.5)}


def test_each_layer_has_its_weights_and_their_gradients() -> None:
    gradients = {name: 2 * value for name, value in PARAMS.items()}
    first, second = histograms(PARAMS, gradients, {})
    assert (first["layer"], second["layer"]) == ("layer 1", "layer 2")
    assert sum(first["weights"]["counts"]) == 15
    assert sum(second["gradients"]["counts"]) == 5
    assert first["norm"] == pytest.approx(np.linalg.norm(2 * PARAMS["W1"]), rel=1e-5)
    assert second["norm"] == pytest.approx(np.linalg.norm(2 * PARAMS["W2"]), rel=1e-5), "as in the histogram, no bias"
    assert first["mark"] == first["reason"] == ""


def test_counts_are_those_of_numpy() -> None:
    values = RNG.normal(size=500)
    found = histograms({"W1": values}, {"W1": values}, {})[0]["weights"]
    counts, edges = np.histogram(values, bins=len(found["counts"]))
    np.testing.assert_allclose(found["edges"], edges, rtol=1e-5)
    assert np.abs(np.array(found["counts"]) - counts).sum() <= 2  # a number may lie on an edge


@pytest.mark.parametrize("value", [0.0, 3.0, -1e-9, 1e300])
def test_equal_numbers_are_counted_in_one_bin(value: float) -> None:
    found = histograms({"W1": np.full(7, value)}, {"W1": np.full(7, value)}, {})[0]["weights"]
    assert max(found["counts"]) == sum(found["counts"]) == 7
    assert found["edges"] == sorted(found["edges"])
    assert histograms({"W1": np.ones(7)}, {"W1": np.full(7, value)}, {})[0]["norm"] == rounded(abs(value) * 7**0.5)


def test_what_is_not_finite_has_no_histogram() -> None:
    found = histograms({"W1": np.array([1.0, np.nan])}, {"W1": np.array([np.inf, 0.0])}, {})[0]
    assert found["weights"] is None
    assert found["gradients"] is None
    assert found["norm"] is None


def test_ten_layers_are_in_order_and_do_not_mix() -> None:
    params = {f"{kind}{i}": np.full(2, float(i)) for i in range(1, 12) for kind in "Wb"}
    found = histograms(params, params, {})
    assert [layer["layer"] for layer in found] == [f"layer {i}" for i in range(1, 12)]
    assert [layer["norm"] for layer in found] == [rounded(i * 2**0.5) for i in range(1, 12)]


def test_marks_name_the_layer_the_fault_and_a_remedy() -> None:
    flow = gradient_flow({"W1": [1e-6] * 20, "b1": [1e-6] * 20, "W2": [1.0] * 20, "b2": [1.0] * 20})
    marks = {layer.name: layer for layer in flow}
    first, second = histograms(PARAMS, PARAMS, marks)
    assert first["mark"] == "vanishing"
    assert "smaller than that of the largest layer" in first["reason"]
    assert "ReLU" in first["reason"]
    assert second["mark"] == ""


def test_layers_of_dead_units_say_so() -> None:
    params = {f"{kind}{i}": np.full(2, 0.5) for i in range(1, 5) for kind in "Wb"}
    flow = gradient_flow({"W1": [1e-6] * 20, **{f"W{i}": [1.0] * 20 for i in (2, 3, 4)}})
    marks = {layer.name: layer for layer in flow}
    found = histograms(params, params, marks, dead=(2,))
    assert [layer["mark"] for layer in found] == ["zero", "zero", "zero", ""]
    assert [layer["reason"].partition(".")[0] for layer in found[:3]] == [
        "the units of layer 2 are off for all rows (dead ReLU)",
        "its units are off for all rows (dead ReLU)",
        "the units of layer 2 are off for all rows (dead ReLU), so that only the bias learns",
    ]
    assert all("a smaller learning rate" in layer["reason"] for layer in found[:3])


def test_a_network_whose_units_a_learning_rate_has_turned_off() -> None:
    settings = {"hidden": [8, 8], "activation": "relu", "optimizer": "sgd", "lr": 10}
    for l2 in (0.0, 0.01):  # of which the gradients that are shown have their part
        live = live_training(settings={**settings, "l2": l2})
        live.advance(epochs=10)
        *_, last = found = json.loads(Frames(live, Limits()).frame({}))["histograms"]
        assert [layer["mark"] for layer in found] == ["zero"] * 3
        assert "off for all rows (dead ReLU)" in found[1]["reason"]
        assert last["norm"] == pytest.approx(np.linalg.norm(live.gradients()["W3"]), rel=1e-5)


@pytest.mark.parametrize("settings", [{"lr": 0.03}, {"lr": 0.03, "activation": "relu"}])
def test_a_network_that_has_learnt_everything_has_no_mark(settings: dict[str, object]) -> None:
    live = live_training(settings={"hidden": [8, 8], **settings})
    live.advance(epochs=1500)
    assert live.history["loss"][-1] < 1e-4
    found = json.loads(Frames(live, Limits()).frame({}))["histograms"]
    assert [layer["mark"] for layer in found] == ["", "", ""]


def test_small_weights_are_shown_as_numbers_in_matrices() -> None:
    shown = {entry["name"]: entry for entry in shown_weights(PARAMS, most=10)}
    assert shown["W1"] == {"name": "W1", "shape": [3, 5], "values": None}
    assert shown["W2"]["shape"] == [5, 1]
    assert shown["W2"]["values"] == [[pytest.approx(value, rel=1e-5)] for value in PARAMS["W2"]]
    assert shown["b1"] == {"name": "b1", "shape": [1, 5], "values": [[0.0] * 5]}
    assert shown["b2"] == {"name": "b2", "shape": [1, 1], "values": [[0.5]]}
