"""Norms of gradients over a long run are thinned out, and say the same of it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.evaluation.gradient_flow import gradient_flow
from chainrule.web.training.norms import Norms


def thinned(columns: dict[str, np.ndarray], most: int = 400) -> Norms:
    norms = Norms(list(columns), most)
    for row in np.stack(list(columns.values()), axis=1):
        norms.add(row.tolist())
    return norms


@pytest.mark.parametrize("epochs", [1, 2, 50, 399, 400, 401, 402, 800, 801, 5000])
def test_long_runs_are_marked_as_short_ones(epochs: int) -> None:
    columns = {
        "W1": np.geomspace(1, 1e5, epochs),
        "W2": np.zeros(epochs),
        "W3": np.ones(epochs),
        "W4": np.full(epochs, 1e-5),
    }
    norms = thinned(columns)
    assert norms.count == epochs
    marks = {name: layer.mark for name, layer in norms.marks().items()}
    if epochs <= 400:
        assert marks == {layer.name: layer.mark for layer in gradient_flow(columns)}
    assert marks == {
        "layer 1": "exploding" if epochs > 1 else "",
        "layer 2": "zero",
        "layer 3": "",
        "layer 4": "vanishing",
    }


@pytest.mark.parametrize("at", [1, 500, 777, 2999])
def test_no_peak_is_lost(at: int) -> None:
    series = np.ones(3000)
    series[at] = 5e3
    assert thinned({"W1": series}, most=8).marks()["layer 1"].reason == "5,000 times as large as at first"


def test_a_run_that_explodes_early_is_compared_with_its_first_epoch() -> None:
    series = np.append(1.0, np.full(3000, 5e3))
    assert thinned({"W1": series}, most=8).marks()["layer 1"].mark == "exploding"


def test_a_gradient_that_is_not_finite_is_found_in_its_epoch() -> None:
    series = np.ones(3000)
    series[-1] = np.inf
    assert thinned({"W1": series}).marks()["layer 1"].reason == "not finite from epoch 3000 on"


def test_a_layer_that_dies_is_found_near_its_epoch() -> None:
    series = np.where(np.arange(3000) < 1000, 1.0, 0.0)
    said = thinned({"W1": series, "W2": np.ones(3000)}).marks()["layer 1"].reason
    epoch = int(said.removeprefix("no gradient arrives from epoch ").removesuffix(" on"))
    assert 1001 <= epoch <= 1017


def test_without_epochs_there_are_no_marks() -> None:
    assert Norms(["W1"]).marks() == {}
