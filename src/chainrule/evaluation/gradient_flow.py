"""Gradient norms of each layer over time, and layers that no longer learn or that blow up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.evaluation.norms import scaled_norm
from chainrule.notation.numbers import number_text

__all__ = ["REMEDIES", "LayerGradient", "dead_layers", "gradient_flow"]

#: A layer whose gradient is this much smaller than that of the layer with the largest one, in most epochs, vanishes.
_VANISHING = 1e-3
#: A gradient that is this many times as large as any layer's was at first explodes.
_EXPLODING = 1e3
#: Where the gradients of all layers are this much smaller than at first, the loss has reached its minimum.
_CONVERGED = 1e-6

_MANY = 1e7

#: What helps.
REMEDIES = {
    "vanishing": "ReLU, He initialisation or batch normalisation helps",
    "exploding": "a smaller learning rate, or clipping, helps",
    "zero": "its units, or those behind it, are off or saturated; a smaller learning rate, or leaky ReLU, helps",
}


@dataclass(frozen=True)
class LayerGradient:
    """One layer's gradient over the epochs.

    Attributes
    ----------
    name : str
        ``layer 1``, or the name of a parameter that has no number.
    parameters : tuple of str
        Whose gradients it is made of.
    norms : tuple of float
        The norm of all of them together, for each epoch.
    mark : {"", "vanishing", "exploding", "zero"}
    reason : str
        What the mark rests on.
    """

    name: str
    parameters: tuple[str, ...]
    norms: tuple[float, ...]
    mark: Literal["", "vanishing", "exploding", "zero"] = ""
    reason: str = ""


def gradient_flow(
    norms: Mapping[str, Sequence[float]], *, epochs: Sequence[int] | None = None
) -> tuple[LayerGradient, ...]:
    """Sum the gradients of a layer's parameters up, and mark what is wrong.

    Parameters
    ----------
    norms : mapping of str to sequence of float
        For each parameter the norm of its gradient, by epochs. Names that end in the same number, such as W1 and b1,
        are of one layer.
    epochs : sequence of int, optional
        Which ones these are, where they are not all of a run.

    Returns
    -------
    tuple of LayerGradient

    Notes
    -----
    A layer is marked as

    - ``exploding`` if its gradient is not finite, or if it gets a thousand times as large as the largest of all layers
      was in the first epoch, be it in a single one: the norm of the gradient grows suddenly and strongly (Pascanu,
      Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks"). What falls from where it
      began does not explode, and neither does a layer that catches up with the others;
    - ``vanishing`` if its gradient is a thousand times smaller than that of the layer with the largest one, in half of
      the epochs or more: it shrinks on its way back through the layers (Glorot and Bengio 2010, "Understanding the
      difficulty of training deep feedforward neural networks"; He et al. 2015, "Delving deep into rectifiers"). Layers
      are compared in the same epochs, and only in those in which any of them still learns: gradients that all get small
      while the loss reaches its minimum are no fault;
    - ``zero`` if its gradient is exactly zero up to the end, though others learn, as behind units of ReLU that are off
      for all rows. Where no layer has a gradient at all, none is worse off than the others, and none is marked.

    Examples
    --------
    >>> for layer in gradient_flow({"W1": [3e-9, 1e-9], "b1": [4e-9, 0.0], "W2": [0.5, 0.2]}):
    ...     print(layer.name, layer.parameters, layer.norms[0], layer.mark)
    layer 1 ('W1', 'b1') 5e-09 vanishing
    layer 2 ('W2',) 0.5
    """
    members = _layers(norms)
    rows = {layer: scaled_norm([norms[name] for name in names], axis=0) for layer, names in members.items()}
    flow = _Flow(list(rows.values()), epochs)
    found = []
    for layer, names in members.items():
        mark, reason = flow.mark(rows[layer])
        found.append(LayerGradient(layer, tuple(names), tuple(map(float, rows[layer])), mark, reason))
    return tuple(found)


def dead_layers(activations: Sequence[Any]) -> tuple[int, ...]:
    """The hidden layers of ReLU whose units are all off for all rows, so that nothing up to them learns any more.

    Parameters
    ----------
    activations : sequence of array of shape (n, units)
        What each hidden layer puts out.

    Returns
    -------
    tuple of int
        Their numbers, counted from 1. See Maas, Hannun and Ng 2013, "Rectifier nonlinearities improve neural network
        acoustic models".

    Examples
    --------
    >>> dead_layers([np.array([[0.0, 0.5], [0.0, 0.0]]), np.zeros((2, 3))])
    (2,)
    """
    return tuple([number for number, values in enumerate(activations, 1) if values.size and not np.any(values)])


def _layers(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of parameters by layers; one without a number is a layer of its own."""
    members: dict[str, list[str]] = {}
    for name in names:
        number = re.search(r"(\d+)\W*$", name)
        members.setdefault(f"layer {number[1]}" if number else name, []).append(name)
    return members


class _Flow:
    """The gradients of all layers together, with which those of each are compared."""

    def __init__(self, rows: Sequence[Any], epochs: Sequence[int] | None) -> None:
        finite = [np.nan_to_num(row, nan=0.0, posinf=0.0) for row in rows]
        self._largest = np.max(finite, axis=0) if rows else np.zeros(0)
        flowing = self._largest[self._largest > 0]
        self._start = float(flowing[0]) if flowing.size else 0.0
        self._epochs = range(1, len(self._largest) + 1) if epochs is None else epochs
        self._is_learning = self._largest > _CONVERGED * self._start

    def mark(self, row: Any) -> tuple[Literal["", "vanishing", "exploding", "zero"], str]:
        """What is wrong with a layer, and how that is seen."""
        if not row.size:
            return "", ""
        bad = np.flatnonzero(~np.isfinite(row))
        if bad.size:
            return "exploding", f"not finite from epoch {self._epochs[bad[0]]} on"
        growth = float(row.max()) / self._start if self._start else 0.0
        if growth > _EXPLODING:
            return "exploding", f"{_times(growth)} as large as at first"
        alive = np.flatnonzero(row)
        if not alive.size:
            return ("zero", "no gradient arrives") if self._start else ("", "")
        end = alive[-1] + 1
        if end < len(row) and self._is_learning[end]:
            return "zero", f"no gradient arrives from epoch {self._epochs[end]} on"
        learning = self._is_learning
        share = float(np.median(row[learning] / self._largest[learning]))
        if share < _VANISHING:
            much = f"{_times(1 / share)} smaller than that of the largest layer" if share else "zero in most epochs"
            return "vanishing", much
        return "", ""


def _times(factor: float) -> str:
    return f"{factor:,.0f} times" if factor < _MANY else f"{number_text(factor)} times"
