"""Losses from the last layer's raw numbers z: one number for each row, their weighted mean, and penalties on weights.

Traced, each loss is the formula of the lecture, with ŷ as a value of its own; what is evaluated is its stable form, as
everywhere in chainrule. Called on plain arrays, where there is no graph, the stable form is written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.functions import log_softmax, sigmoid, softmax, softplus
from chainrule.trace.call import is_traced

__all__ = [
    "TASKS",
    "Task",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "multilabel_cross_entropy",
    "penalty",
    "squared_error",
    "weighted_mean",
]


def squared_error(z: Any, y: Any) -> Any:
    """Half the squared error, (ŷ − y)²/2 with ŷ = z, so that ∂l/∂ŷ = ŷ − y; with several outputs, their mean.

    Parameters
    ----------
    z, y : array of shape (n,) or (n, outputs)

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> squared_error(np.array([3.0, 1.0]), np.array([1.0, 1.0])).tolist()
    [2.0, 0.0]
    """
    y_hat = z
    loss = (y_hat - y) ** 2 / 2
    return loss if loss.ndim == 1 else np.mean(loss, axis=1)


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


def multilabel_cross_entropy(z: Any, y: Any) -> Any:
    """The binary cross-entropy of each label, averaged over the labels.

    Parameters
    ----------
    z, y : array of shape (n, labels)

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> multilabel_cross_entropy(np.array([[0.0, 800.0]]), np.array([[1.0, 1.0]])).round(4).tolist()
    [0.3466]
    """
    return np.mean(binary_cross_entropy(z, y), axis=1)


def categorical_cross_entropy(z: Any, y: Any) -> Any:
    """−Σ y log ŷ over the classes, with ŷ = softmax(z), so that ∂l/∂z = ŷ − y.

    Parameters
    ----------
    z : array of shape (n, classes)
    y : array of shape (n, classes) or (n,)
        One-hot rows or probabilities; or integer labels from 0.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> categorical_cross_entropy(np.array([[0.0, 0.0], [800.0, 0.0]]), np.array([1, 1])).round(4).tolist()
    [0.6931, 800.0]
    """
    if y.ndim == 1:
        y = (y[:, None] == np.arange(z.shape[1])).astype(z.dtype)
    if not is_traced(z):
        return -np.sum(y * log_softmax(z), axis=1)
    y_hat = softmax(z)
    return -np.sum(y * np.log(y_hat), axis=1)


@dataclass(frozen=True)
class Task:
    """What a network is for.

    Attributes
    ----------
    loss : callable
        From raw outputs and targets to one number for each row.
    prediction : callable
        From raw outputs to values or probabilities.

    Examples
    --------
    >>> TASKS["binary"].prediction(np.array([-800.0, 0.0])).tolist()
    [0.0, 0.5]
    """

    loss: Callable[[Any, Any], Any]
    prediction: Callable[[Any], Any]


#: What networks can be for, by name.
TASKS = {
    "regression": Task(squared_error, lambda z: z),
    "binary": Task(binary_cross_entropy, sigmoid),
    "multiclass": Task(categorical_cross_entropy, softmax),
    "multilabel": Task(multilabel_cross_entropy, sigmoid),
}


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
    total: Any = 0.0
    for W in weights:
        if l1:
            total = total + l1 * np.sum(np.abs(W))
        if l2:
            total = total + l2 / 2 * np.sum(W**2)
    return total
