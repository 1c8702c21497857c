"""Surfaces in bytes are the predictions."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from tests.web.training.making import live_training

from chainrule.web.training.points import Points
from chainrule.web.training.surfaces import surface, unit_surfaces


def numbers(data: str, low: float, high: float) -> np.ndarray[Any, Any]:
    return low + (high - low) * np.frombuffer(base64.b64decode(data), np.uint8) / 255


@pytest.mark.parametrize("name", ["moons", "blobs", "hills"])
def test_a_surface_holds_the_predictions(name: str) -> None:
    live = live_training(source={"name": name})
    live.advance(epochs=5)
    plane = Points(live.rows, 10).plane((0, 1))
    found = surface(live.network, live.params, plane, 7)
    assert found is not None
    assert (found["size"], found["axes"]) == ([7, 7], [0, 1])
    predicted = live.network.predict(live.params, plane.grid(7, 7))
    if name == "blobs":
        codes = np.frombuffer(base64.b64decode(found["class"]), np.uint8)
        assert codes.tolist() == predicted.argmax(axis=1).tolist()
        predicted = predicted.max(axis=1)
    step = (found["high"] - found["low"]) / 255
    np.testing.assert_allclose(numbers(found["data"], found["low"], found["high"]), predicted, atol=0.51 * step + 1e-5)


def test_each_hidden_unit_has_its_own_surface() -> None:
    live = live_training(settings={"hidden": [3, 5]})
    plane = Points(live.rows, 10).plane((0, 1))
    found = unit_surfaces(live.network, live.params, plane, 6, most=4)
    assert found is not None
    assert [len(layer) for layer in found["layers"]] == [3, 4]
    layers = live.network.activations(live.params, plane.grid(6, 6))
    for i, layer in enumerate(layers):
        for j, data in enumerate(found["layers"][i]):
            low, high = found["low"][i][j], found["high"][i][j]
            np.testing.assert_allclose(numbers(data, low, high), layer[:, j], atol=0.51 * (high - low) / 255 + 1e-5)


def test_what_is_not_finite_has_no_surface() -> None:
    live = live_training()
    plane = Points(live.rows, 10).plane((0, 1))
    params = {**live.params, "W1": np.full((2, 8), np.nan)}
    assert surface(live.network, params, plane, 5) is None
    assert unit_surfaces(live.network, params, plane, 5, most=4) is None
