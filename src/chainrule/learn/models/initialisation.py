"""How parameters begin: weights large enough that signals pass through all layers, small enough that no unit saturates.

Drawn in float64 and rounded afterwards, so that a seed means the same network in either precision.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # an architecture is checked against the names that stand here
    from chainrule.learn.models.architecture import Architecture

__all__ = ["INITIALISATIONS", "he", "initial_parameters", "initial_weights", "small", "xavier", "zeros"]


def zeros(rng: np.random.Generator, inputs: int, outputs: int) -> Any:
    """Weights of 0, for convex losses; the hidden units of a network would stay alike for ever.

    Examples
    --------
    >>> zeros(np.random.default_rng(0), 2, 1).tolist()
    [[0.0], [0.0]]
    """
    return np.zeros((inputs, outputs))


def small(rng: np.random.Generator, inputs: int, outputs: int) -> Any:
    """The lecture's small random numbers: normal, with the standard deviation 0.5 / √inputs.

    Examples
    --------
    >>> float(small(np.random.default_rng(0), 100, 100).std().round(3))
    0.05
    """
    return rng.normal(0.0, 0.5 / np.sqrt(inputs), (inputs, outputs))


def xavier(rng: np.random.Generator, inputs: int, outputs: int) -> Any:
    """Uniform between ±√(6 / (inputs + outputs)), so with variance 2 / (inputs + outputs).

    That keeps the variance of values and of gradients where activations are close to the identity, as tanh is near 0.
    Source: X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks (2010),
    equation 16.

    Examples
    --------
    >>> float(xavier(np.random.default_rng(0), 100, 100).std().round(3))
    0.1
    """
    limit = np.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs))


def he(rng: np.random.Generator, inputs: int, outputs: int) -> Any:
    """Normal, with variance 2 / inputs: a rectifier takes half of it away.

    Source: K. He et al., Delving deep into rectifiers (2015), equation 10.

    Examples
    --------
    >>> float(he(np.random.default_rng(0), 200, 100).std().round(2))
    0.1
    """
    return rng.normal(0.0, np.sqrt(2 / inputs), (inputs, outputs))


_DRAWS: dict[str, Callable[[np.random.Generator, int, int], Any]] = {"small": small, "xavier": xavier, "he": he}

#: The names that a user can give.
INITIALISATIONS = ("auto", *_DRAWS)

#: What `he` is made for: about half of each signal is cut off.
_RECTIFIERS = ("relu", "leaky_relu", "gelu", "silu")

#: In networks of so many hidden layers, signals pass through rectifiers from Xavier's smaller weights as well, and
#: they learn more in the same epochs: with 1, 4 and 6 layers on digits and breast_cancer, with 1 on 100,000 rows.
_SHALLOW = 6


def initial_weights(
    rng: np.random.Generator, inputs: int, outputs: int, *, init: str, activation: str, hidden: int
) -> Any:
    """The first weights of a layer.

    Parameters
    ----------
    rng : numpy.random.Generator
    inputs, outputs : int
    init : str
        One of `INITIALISATIONS`.
    activation : str
        What comes after the layer, for ``"auto"``.
    hidden : int
        Hidden layers of the network, for ``"auto"``: without any, the loss has one minimum.

    Returns
    -------
    array of shape (inputs, outputs), float64

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> initial_weights(rng, 1, 2, init="auto", activation="identity", hidden=0).tolist()
    [[0.0, 0.0]]
    """
    if init != "auto":
        return _DRAWS[init](rng, inputs, outputs)
    if not hidden:
        return zeros(rng, inputs, outputs)
    return (he if activation in _RECTIFIERS and hidden > _SHALLOW else xavier)(rng, inputs, outputs)


def initial_parameters(rng: np.random.Generator, architecture: Architecture, dtype: Any) -> dict[str, Any]:
    """The first parameters of a network: weights are drawn, biases and shifts are 0, and scales are 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    architecture : Architecture
    dtype : dtype

    Returns
    -------
    dict of str to array
        Named as in `chainrule.learn.models.Network`.

    Examples
    --------
    >>> from chainrule.learn.models import Architecture
    >>> params = initial_parameters(np.random.default_rng(0), Architecture("regression", inputs=2), np.float64)
    >>> {name: value.tolist() for name, value in params.items()}
    {'W1': [0.0, 0.0], 'b1': 0.0}
    """
    widths, last = architecture.widths, len(architecture.hidden) + 1
    params: dict[str, Any] = {}
    for i, (inputs, outputs) in enumerate(pairwise(widths), 1):
        is_last = i == last
        weights = initial_weights(
            rng,
            inputs,
            outputs,
            init=architecture.init,
            activation="identity" if is_last else architecture.activation,
            hidden=len(architecture.hidden),
        )
        is_flat = is_last and architecture.has_flat_output
        params[f"W{i}"] = (weights[:, 0] if is_flat else weights).astype(dtype)
        if architecture.batch_norm and not is_last:
            params[f"gamma{i}"] = np.ones(outputs, dtype)
            params[f"beta{i}"] = np.zeros(outputs, dtype)
        elif architecture.fit_intercept:
            params[f"b{i}"] = np.zeros(() if is_flat else outputs, dtype)
    return params
