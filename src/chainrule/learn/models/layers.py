"""The layers of a network, as plain NumPy functions of a batch: rows are samples, columns are units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.functions import gelu, leaky_relu, relu, sigmoid, silu

__all__ = ["ACTIVATIONS", "EPSILON", "batch_moments", "dense", "dropout_mask", "normalise"]

#: Added to a variance before the root, so that a unit which is constant in a batch divides by no zero.
EPSILON = 1e-5


def _identity(z: Any) -> Any:
    return z


#: The activations of hidden layers, by name.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": _identity,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "gelu": gelu,
    "silu": silu,
}


def dense(x: Any, W: Any, b: Any = None) -> Any:
    """A fully connected layer without its activation, z = x W + b.

    Parameters
    ----------
    x : array of shape (n, inputs)
    W : array of shape (inputs, outputs), or (inputs,) for one output without an axis of its own
    b : array of shape (outputs,) or (), optional

    Returns
    -------
    array of shape (n, outputs) or (n,)

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0], [3.0]]), np.array([0.5])).tolist()
    [[7.5]]
    """
    return x @ W if b is None else x @ W + b


def batch_moments(z: Any) -> tuple[Any, Any]:
    """Mean and variance of each unit over a batch; the variance divides by n.

    Parameters
    ----------
    z : array of shape (n, units)

    Returns
    -------
    tuple of two arrays of shape (units,)

    Examples
    --------
    >>> [moment.tolist() for moment in batch_moments(np.array([[1.0], [3.0]]))]
    [[2.0], [1.0]]
    """
    mean = np.mean(z, axis=0)
    variance = np.mean((z - mean) ** 2, axis=0)
    return mean, variance


def normalise(z: Any, mean: Any, variance: Any, gamma: Any, beta: Any) -> Any:
    """Batch normalisation with given moments: γ (z − mean) / √(variance + 10⁻⁵) + β.

    Source: S. Ioffe, C. Szegedy, Batch normalization (2015), algorithm 1.

    Parameters
    ----------
    z : array of shape (n, units)
    mean, variance, gamma, beta : array of shape (units,)

    Returns
    -------
    array of shape (n, units)

    Examples
    --------
    >>> z = np.array([[1.0], [3.0]])
    >>> normalise(z, *batch_moments(z), gamma=np.array([2.0]), beta=np.array([5.0])).round(2).tolist()
    [[3.0], [7.0]]
    """
    return gamma * ((z - mean) / np.sqrt(variance + EPSILON)) + beta


def dropout_mask(rng: np.random.Generator, shape: tuple[int, int], p: float, dtype: Any = np.float64) -> Any:
    """What activations are multiplied by in a training step: 0 with probability p, else 1 / (1 − p).

    The factor keeps the expected activation, so that nothing is left out, and nothing scaled, in a prediction.
    Source: N. Srivastava et al., Dropout (2014), section 10 (inverted dropout).

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Rows and units.
    p : float
        From 0 to below 1.
    dtype : dtype, default float64

    Returns
    -------
    array of this shape and dtype

    Examples
    --------
    >>> sorted(set(dropout_mask(np.random.default_rng(0), (9, 9), 0.75).ravel().tolist()))
    [0.0, 4.0]
    """
    is_kept = rng.random(shape, dtype=np.float32) >= p
    return is_kept.astype(dtype) * np.asarray(1 / (1 - p), dtype)
