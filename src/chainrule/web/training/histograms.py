"""Weights and gradients of each layer as histograms, with a mark where gradients vanish or explode."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.gradient_flow import REMEDIES, LayerGradient
from chainrule.evaluation.norms import scaled_norm
from chainrule.web.training.numbers import rounded, rounded_or_none

__all__ = ["histograms", "shown_weights"]

Array = np.ndarray[Any, Any]

_BINS = 24


def histograms(
    params: Mapping[str, Array],
    gradients: Mapping[str, Array],
    marks: Mapping[str, LayerGradient],
    dead: Sequence[int] = (),
) -> list[dict[str, Any]]:
    """One entry for each layer.

    Parameters
    ----------
    params, gradients : mapping of str to array
        W1, b1, W2, …
    marks : mapping of str to LayerGradient
        By names of layers, as `Norms` gives them.
    dead : sequence of int
        Hidden layers of ReLU whose units are all off, as `dead_layers` gives them.

    Returns
    -------
    list of dict
        Name of the layer, histograms of its weights and of their gradients, the norm of these gradients, and what is
        wrong with the layer.
    """
    found = []
    for number, name in enumerate(_weights(params), 1):
        mark, reason = _fault(marks.get(f"layer {number}"))
        if dead and number <= max(dead) + 1:
            mark, reason = "zero", _dead(number, dead)
        found.append(
            {
                "layer": f"layer {number}",
                "weights": _histogram(params[name]),
                "gradients": _histogram(gradients[name]),
                "norm": rounded_or_none(scaled_norm(gradients[name])),
                "mark": mark,
                "reason": reason,
            }
        )
    return found


def _fault(mark: LayerGradient | None) -> tuple[str, str]:
    return (mark.mark, f"{mark.reason}: {REMEDIES[mark.mark]}") if mark and mark.mark else ("", "")


def _dead(number: int, dead: Sequence[int]) -> str:
    """Why the loss says nothing of the weights of a layer in a network with dead layers, and what helps."""
    if number in dead:
        what = "its units are off for all rows (dead ReLU)"
    elif number < max(dead):
        what = f"the units of layer {max(dead)} are off for all rows (dead ReLU)"
    else:
        what = f"the units of layer {max(dead)} are off for all rows (dead ReLU), so that only the bias learns"
    return f"{what}. Begin anew: a smaller learning rate, or leaky ReLU, helps"


def shown_weights(params: Mapping[str, Array], most: int) -> list[dict[str, Any]]:
    """Names and shapes of the parameters, and the numbers of those that are small enough to be read.

    All are matrices: weights have a row for each input, biases are one row.

    Parameters
    ----------
    params : mapping of str to array
    most : int
        Numbers that such a parameter may have.
    """
    shown = []
    for name, value in params.items():
        matrix = value.reshape(-1, 1) if name.startswith("W") and value.ndim == 1 else np.atleast_2d(value)
        is_small = value.size <= most
        numbers = [[rounded_or_none(number) for number in row] for row in matrix.tolist()] if is_small else None
        shown.append({"name": name, "shape": list(matrix.shape), "values": numbers})
    return shown


def _weights(params: Mapping[str, Array]) -> list[str]:
    return sorted((name for name in params if re.fullmatch(r"W\d+", name)), key=lambda name: int(name[1:]))


def _histogram(values: Array) -> dict[str, list[Any]] | None:
    """None where there is nothing to count: a value is not finite, or they differ by less than their last digit."""
    values = values.reshape(-1)
    if not np.isfinite(values).all():
        return None
    low, high = float(values.min()), float(values.max())
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-6 * max(abs(low), abs(high)), 1e-12)
    edges = np.linspace(middle - half, middle + half, _BINS + 1)
    places = np.clip(((values - edges[0]) / (2 * half) * _BINS).astype(np.int64), 0, _BINS - 1)
    counts = np.bincount(places, minlength=_BINS)
    return {"edges": [rounded(edge) for edge in edges], "counts": counts.tolist()}
