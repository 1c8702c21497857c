"""What a network and each of its hidden units say all over a plane, in one byte for each cell."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from chainrule.learn.models.network import Network
from chainrule.web.training.numbers import in_bytes, scaled_bytes
from chainrule.web.training.points import Plane

__all__ = ["surface", "unit_surfaces"]

Array = np.ndarray[Any, Any]


def surface(network: Network, params: dict[str, Any], plane: Plane, side: int) -> dict[str, Any] | None:
    """The predictions all over a plane.

    Parameters
    ----------
    network : Network
    params : dict of str to array
        Finished, in table units.
    plane : Plane
    side : int
        Cells in each direction.

    Returns
    -------
    dict or None
        The surface of a frame; None where a prediction is not finite.
    """
    predicted = network.predict(params, plane.grid(side, side))
    if not np.isfinite(predicted).all():
        return None
    return {"axes": list(plane.axes), "range": plane.range, "size": [side, side], **_encoded(network, predicted)}


def _encoded(network: Network, predicted: Array) -> dict[str, Any]:
    task = network.architecture.task
    if task == "multiclass":
        chosen = predicted.argmax(axis=1)
        best = np.take_along_axis(predicted, chosen[:, None], axis=1)
        return {
            "kind": "classes",
            "low": 0.0,
            "high": 1.0,
            "class": base64.b64encode(chosen.astype(np.uint8).tobytes()).decode("ascii"),
            "data": scaled_bytes(best, 0.0, 1.0),
        }
    if task == "binary":
        return {"kind": "binary", "low": 0.0, "high": 1.0, "data": scaled_bytes(predicted, 0.0, 1.0)}
    low, high, data = in_bytes(predicted)
    return {"kind": "number", "low": low, "high": high, "data": data}


def unit_surfaces(
    network: Network, params: dict[str, Any], plane: Plane, side: int, most: int
) -> dict[str, Any] | None:
    """What each hidden unit puts out all over a plane.

    Parameters
    ----------
    network : Network
    params : dict of str to array
        Finished.
    plane : Plane
    side : int
        Cells in each direction.
    most : int
        Units of each layer that are drawn: the first ones.

    Returns
    -------
    dict or None
        The units of a frame; None where a value is not finite.
    """
    layers = [values[:, :most] for values in network.activations(params, plane.grid(side, side))]
    if not all(np.isfinite(values).all() for values in layers):
        return None
    encoded = [[in_bytes(column) for column in values.T] for values in layers]
    return {
        "size": [side, side],
        "layers": [[data for _, _, data in layer] for layer in encoded],
        "low": [[low for low, _, _ in layer] for layer in encoded],
        "high": [[high for _, high, _ in layer] for layer in encoded],
    }
