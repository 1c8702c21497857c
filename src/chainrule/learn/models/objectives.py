"""Losses from the last layer's raw numbers z, their weighted mean, and penalties on weights.

A loss is one number for each output, or for each row; z has rows (n, outputs) or numbers (n,), or it is one row
(outputs,) or one number ().

Traced, each loss is the formula of the lecture, with ŷ as a value of its own; what is evaluated is its stable form, as
everywhere in chainrule. Called on plain arrays, where there is no graph, the stable form is written out.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.functions import log_softmax, sigmoid, softmax, softplus
from chainrule.trace.call import is_traced

__all__ = [
    "LOSSES",
    "TASKS",
    "Loss",
    "Task",
    "absolute_error",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "categorical_squared_error",
    "huber",
    "penalty",
    "probability_squared_error",
    "squared_error",
    "weighted_mean",
]


def squared_error(z: Any, y: Any) -> Any:
    """Half the squared error, (ŷ − y)²/2 with ŷ = z, so that ∂l/∂ŷ = ŷ − y.

    Parameters
    ----------
    z, y : array of the same shape

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> squared_error(np.array([3.0, 1.0]), np.array([1.0, 1.0])).tolist()
    [2.0, 0.0]
    """
    y_hat = z
    return (y_hat - y) ** 2 / 2


def absolute_error(z: Any, y: Any) -> Any:
    """|ŷ − y| with ŷ = z, so that ∂l/∂ŷ = sign(ŷ − y): a row far away pulls no harder than one nearby.

    Parameters
    ----------
    z, y : array of the same shape

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> absolute_error(np.array([3.0, 1.0]), np.array([1.0, 1.0])).tolist()
    [2.0, 0.0]
    """
    y_hat = z
    return np.abs(y_hat - y)


def huber(z: Any, y: Any) -> Any:
    """Half the squared error up to a distance of 1, and from there on the absolute error less 1/2; ŷ = z.

    So ∂l/∂ŷ is ŷ − y, cut off at −1 and 1. Source: P. J. Huber, Robust estimation of a location parameter (1964).

    Parameters
    ----------
    z, y : array of the same shape

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> huber(np.array([3.0, 1.5]), np.array([1.0, 1.0])).tolist()
    [1.5, 0.125]
    """
    y_hat = z
    distance = np.abs(y_hat - y)
    return np.where(distance <= 1, distance**2 / 2, distance - 1 / 2)


def binary_cross_entropy(z: Any, y: Any) -> Any:
    """−[y log ŷ + (1 − y) log(1 − ŷ)] with ŷ = σ(z), so that ∂l/∂z = ŷ − y.

    Parameters
    ----------
    z : array of any shape
    y : array of the same shape
        Labels 0 and 1, or probabilities.

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> binary_cross_entropy(np.array([0.0, 800.0]), np.array([1.0, 0.0])).round(4).tolist()
    [0.6931, 800.0]
    """
    if not is_traced(z):
        return y * softplus(-z) + (1 - y) * softplus(z)
    y_hat = sigmoid(z)
    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def categorical_cross_entropy(z: Any, y: Any) -> Any:
    """−Σ y log ŷ over the classes, with ŷ = softmax(z), so that ∂l/∂z = ŷ − y.

    Parameters
    ----------
    z : array of shape (n, classes) or (classes,)
    y : array of shape (n, classes) or (classes,)
        One-hot rows or probabilities; or of shape (n,), integer labels from 0.

    Returns
    -------
    array of shape (n,) or ()

    Examples
    --------
    >>> categorical_cross_entropy(np.array([[0.0, 0.0], [800.0, 0.0]]), np.array([1, 1])).round(4).tolist()
    [0.6931, 800.0]
    """
    y = _one_hot(y, z)
    if not is_traced(z):
        return -np.sum(y * log_softmax(z), axis=-1)
    y_hat = softmax(z)
    return -np.sum(y * np.log(y_hat), axis=-1)


def probability_squared_error(z: Any, y: Any) -> Any:
    """(ŷ − y)²/2 with ŷ = σ(z), so that ∂l/∂z = (ŷ − y) ŷ (1 − ŷ).

    Where ŷ is near 0 or 1, the factor ŷ (1 − ŷ) is near 0, for wrong predictions too: they are hardly corrected. The
    cross-entropy has not got that factor, and trains better.

    Parameters
    ----------
    z, y : array of the same shape

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> probability_squared_error(np.array([0.0, 800.0]), np.array([1.0, 0.0])).tolist()
    [0.125, 0.5]
    """
    y_hat = sigmoid(z)
    return (y_hat - y) ** 2 / 2


def categorical_squared_error(z: Any, y: Any) -> Any:
    """Σ (ŷ − y)²/2 over the classes, with ŷ = softmax(z).

    Its gradient fades where a softmax is saturated, as that of `probability_squared_error` does.

    Parameters
    ----------
    z : array of shape (n, classes) or (classes,)
    y : array of shape (n, classes) or (classes,)
        One-hot rows or probabilities; or of shape (n,), integer labels from 0.

    Returns
    -------
    array of shape (n,) or ()

    Examples
    --------
    >>> categorical_squared_error(np.array([[0.0, 0.0], [800.0, 0.0]]), np.array([1, 1])).tolist()
    [0.25, 1.0]
    """
    y = _one_hot(y, z)
    y_hat = softmax(z)
    return np.sum((y_hat - y) ** 2, axis=-1) / 2


def _one_hot(y: Any, z: Any) -> Any:
    """Integer labels as rows with one 1; rows stay as they are."""
    return (y[:, None] == np.arange(z.shape[1])).astype(z.dtype) if y.ndim < z.ndim else y


@dataclass(frozen=True)
class Loss:
    """What a prediction that is wrong costs.

    Attributes
    ----------
    title : str
        As reports call it.
    of_outputs : callable
        From raw outputs and targets to one number for each output; for classes that exclude each other, for each row.

    Examples
    --------
    >>> TASKS["regression"].losses["huber"].title
    'Huber loss'
    """

    title: str
    of_outputs: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Task:
    """What a network is for.

    Attributes
    ----------
    losses : mapping of str to Loss
        Those that it can be trained with, by name; the first one is taken where none is named.
    prediction : callable
        From raw outputs to values or probabilities.
    output : str
        The name of that function.
    averages_outputs : bool
        Whether a row's loss is the mean of those of its outputs, where it has several.

    Examples
    --------
    >>> TASKS["binary"].prediction(np.array([-800.0, 0.0])).tolist()
    [0.0, 0.5]
    >>> list(TASKS["binary"].losses)
    ['cross_entropy', 'squared_error']
    """

    losses: Mapping[str, Loss]
    prediction: Callable[[Any], Any]
    output: str
    averages_outputs: bool = False


_OF_NUMBERS = {
    "squared_error": Loss("squared error", squared_error),
    "absolute_error": Loss("absolute error", absolute_error),
    "huber": Loss("Huber loss", huber),
}
_OF_PROBABILITIES = {
    "cross_entropy": Loss("cross-entropy", binary_cross_entropy),
    "squared_error": Loss("squared error of the probabilities", probability_squared_error),
}
_OF_CLASSES = {
    "cross_entropy": Loss("cross-entropy", categorical_cross_entropy),
    "squared_error": Loss("squared error of the probabilities", categorical_squared_error),
}

#: What networks can be for, by name.
TASKS = {
    "regression": Task(_OF_NUMBERS, lambda z: z, "identity", averages_outputs=True),
    "binary": Task(_OF_PROBABILITIES, sigmoid, "sigmoid"),
    "multiclass": Task(_OF_CLASSES, softmax, "softmax"),
    "multilabel": Task(_OF_PROBABILITIES, sigmoid, "sigmoid", averages_outputs=True),
}

#: The names of all losses; which of them fit a task, its record says.
LOSSES = tuple(dict.fromkeys(name for task in TASKS.values() for name in task.losses))


def weighted_mean(losses: Any, weight: Any = None) -> Any:
    """Σ w l / Σ w over the rows; without weights, their mean.

    Parameters
    ----------
    losses : array of shape (n,)
    weight : array of shape (n,), optional
        Not negative. Where all are 0, as in a batch of rows that do not count, the result is 0.

    Returns
    -------
    array of shape ()

    Examples
    --------
    >>> float(weighted_mean(np.array([1.0, 4.0]), np.array([2.0, 1.0])))
    2.0
    """
    if weight is None:
        return np.mean(losses)
    tiny = float(np.finfo(losses.dtype).tiny)
    return np.sum(weight * losses) / np.maximum(np.sum(weight), tiny)


def penalty(weights: Iterable[Any], l1: float, l2: float) -> Any:
    """l1 Σ|w| + l2/2 Σw², so that ∂/∂w = l1 sign(w) + l2 w.

    Parameters
    ----------
    weights : iterable of array
    l1, l2 : float

    Returns
    -------
    array of shape (), or the number 0.0 where both are 0

    Examples
    --------
    >>> float(penalty([np.array([1.0, -2.0])], l1=1.0, l2=10.0))
    28.0
    """
    weights = list(weights)
    absolute = [l1 * np.sum(np.abs(W)) for W in weights if l1]
    squared = [l2 / 2 * np.sum(W**2) for W in weights if l2]
    return functools.reduce(operator.add, absolute + squared) if l1 or l2 else 0.0
