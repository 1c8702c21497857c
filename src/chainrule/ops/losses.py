"""The losses of the lecture: each is the mean over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, normalize_axes
from chainrule.graph.node import Node
from chainrule.ops.activations import softplus
from chainrule.ops.arithmetic import square
from chainrule.ops.exponential import log, xlog1py, xlogy
from chainrule.ops.indexing import take_index
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import mean, sum_op

__all__ = ["bce", "bce_with_logits", "cross_entropy", "mse"]


def _array(value: Any) -> Any:
    return value if isinstance(value, Node) else np.asarray(value)


def _batch_mean(values: Any) -> Any:
    return mean(values) if np.ndim(values) else values


def _check_pair(loss: str, y_hat: Any, y: Any) -> None:
    """Refuse (n, 1) with (n,), which NumPy would broadcast to (n, n)."""
    shapes = np.shape(y_hat), np.shape(y)
    if shapes[0] != shapes[1] and broadcast_shapes(*shapes) not in shapes:
        raise ValueError(
            f"{loss} compares elements, but the shapes {shapes[0]} and {shapes[1]} would broadcast to "
            f"{broadcast_shapes(*shapes)}"
        )


def _probabilities(s: Sampler) -> list[Example]:
    labels = np.array([1.0, 0.0, 1.0], s.dtype)
    return [
        example(s.uniform(0.2, 0.8, 3), labels),
        example(s.uniform(0.2, 0.8, 2, 3), s.uniform(0.2, 0.8, 2, 3)),
        example(s.uniform(0.2, 0.8), 1.0),
        example(s.uniform(0.2, 0.8, 3), np.array([1, 0, 1])),
    ]


@function(examples=_probabilities)
def bce(y_hat: Any, y: Any) -> Any:
    """Binary cross-entropy −[y log ŷ + (1−y) log(1−ŷ)], averaged over all elements.

    Parameters
    ----------
    y_hat : array of any shape
        Probabilities ŷ. Where they come from a sigmoid in a traced function, loss and gradient are computed from its
        argument, and stay finite and exact for every number.
    y : array
        Labels 0 and 1, or probabilities. Of the same shape, or one of the two broadcasts to the shape of the other.

    Returns
    -------
    array of shape ()
        In the common floating-point dtype of both.

    Raises
    ------
    ValueError
        If the shapes do not fit, or broadcast to a shape that neither has, as (n, 1) with (n,) does; a
        `ShapeMismatchError` where an argument is traced.

    Notes
    -----
    The terms of a certain and right prediction (ŷ = y = 0 or ŷ = y = 1) are 0.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> print(f"{cr.bce(np.array([0.5, 0.5]), np.array([1.0, 0.0])):.4f}")
    0.6931

    With a sigmoid before it the gradient is (ŷ − y) / n, also where ŷ rounds to 1 and the textbook formula is infinite:

    >>> def loss(z, y):
    ...     return cr.bce(cr.sigmoid(z), y)
    >>> cr.grad(loss)(np.array([800.0, 800.0]), np.array([0.0, 1.0]))
    array([0.5, 0. ])
    """
    y_hat, y = _array(y_hat), _array(y)
    _check_pair("bce", y_hat, y)
    return -_batch_mean(xlogy(y, y_hat) + xlog1py(1 - y, -y_hat))


@function(
    examples=lambda s: [
        example(s.normal(3) * 3, np.array([1.0, 0.0, 1.0], s.dtype)),
        example(s.normal(2, 3), s.uniform(0.2, 0.8, 2, 3)),
        example(s.normal(), 0.0),
    ]
)
def bce_with_logits(z: Any, y: Any) -> Any:
    """Binary cross-entropy of ŷ = σ(z), computed from the logits z, averaged over all elements.

    Parameters
    ----------
    z : array of any shape
        Logits: any real numbers.
    y : array
        Labels 0 and 1, or probabilities. Of the same shape, or one of the two broadcasts to the shape of the other.

    Returns
    -------
    array of shape ()
        In the common floating-point dtype of both.

    Raises
    ------
    ValueError
        If the shapes do not fit, or broadcast to a shape that neither has, as (n, 1) with (n,) does; a
        `ShapeMismatchError` where an argument is traced.

    Notes
    -----
    As −log σ(z) = softplus(−z), the loss is y softplus(−z) + (1−y) softplus(z), which never overflows.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.bce_with_logits(np.array([800.0, 800.0]), np.array([1.0, 0.0])))
    400.0

    The gradient is (ŷ − y) / n:

    >>> cr.grad(cr.bce_with_logits)(np.array([800.0, 800.0]), np.array([1.0, 0.0]))
    array([0. , 0.5])
    """
    z, y = _array(z), _array(y)
    _check_pair("bce_with_logits", z, y)
    return _batch_mean(y * softplus(-z) + (1 - y) * softplus(z))


def _categories(s: Sampler) -> list[Example]:
    one_hot = np.eye(3, dtype=s.dtype)[[2, 0]]
    return [
        example(s.uniform(0.2, 0.8, 2, 3), one_hot),
        example(s.uniform(0.2, 0.8, 2, 3), np.array([2, 0])),
        example(s.uniform(0.2, 0.8, 2, 4, 3), np.array([[2, 0, 1, 1], [0, 0, 1, 2]])),
        example(s.uniform(0.2, 0.8, 2, 3), s.uniform(0.2, 0.8, 2, 3)),
        example(s.uniform(0.2, 0.8, 3), 1),
        example(s.uniform(0.2, 0.8, 3), one_hot[0]),
        example(s.uniform(0.2, 0.8, 3, 2), one_hot.T, axis=0),
    ]


@function(examples=_categories)
def cross_entropy(p_hat: Any, y: Any, axis: int = -1) -> Any:
    """Categorical cross-entropy −Σ y log p̂ over the classes, averaged over the samples.

    Parameters
    ----------
    p_hat : array of shape (n, classes), or with more or fewer axes of samples
        Probabilities. Where they come from a softmax in a traced function, loss and gradient are computed from its
        argument, and stay finite and exact.
    y : array
        One-hot rows (or probabilities) of the same shape, or integer class labels of shape (n,).
    axis : int, default -1
        The axis of the classes; 0 for samples in columns.

    Returns
    -------
    array of shape ()
        In the floating-point dtype of `p_hat`, promoted with that of one-hot rows.

    Raises
    ------
    ValueError
        If `y` has another shape, or is neither one-hot nor integer labels from 0 to classes − 1; a
        `ShapeMismatchError` where an argument is traced.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> p_hat = cr.softmax(np.zeros((2, 4)))
    >>> print(f"{cr.cross_entropy(p_hat, np.array([0, 3])):.4f}")
    1.3863

    With a softmax before it the gradient is (p̂ − y) / n, also where p̂ of the right class rounds to 0:

    >>> def loss(z, labels):
    ...     return cr.cross_entropy(cr.softmax(z), labels)
    >>> cr.grad(loss)(np.array([[800.0, 0.0, 0.0]]), np.array([1]))
    array([[ 1., -1.,  0.]])
    """
    p_hat, y = _array(p_hat), _array(y)
    shape = p_hat.shape
    axis = normalize_axes(axis, len(shape))[0]
    if y.shape == shape:
        return -_batch_mean(sum_op(xlogy(y, p_hat), axis=(axis,), keepdims=False))
    rows = shape[:axis] + shape[axis + 1 :]
    if y.shape != rows or y.dtype.kind not in "iu":
        raise ValueError(
            f"labels are one-hot with the shape of the probabilities, {shape}, or integers of shape {rows} (write "
            f"y.astype(int)); these are {y.dtype} of shape {y.shape}"
        )
    if not isinstance(y, Node) and y.size and not 0 <= y.min() <= y.max() < shape[axis]:
        raise ValueError(f"class labels go from 0 to {shape[axis] - 1}, but these from {y.min()} to {y.max()}")
    positions = np.indices(rows, sparse=True)
    return -_batch_mean(log(take_index(p_hat, (*positions[:axis], y, *positions[axis:]))))


@function(
    examples=lambda s: [
        example(s.normal(3), s.normal(3)),
        example(s.normal(2, 3), s.normal(2, 3)),
        example(s.normal(), 1.0),
        example(s.normal(2, 3), s.normal(3)),
    ]
)
def mse(y_hat: Any, y: Any) -> Any:
    """Mean squared error: (ŷ − y)², averaged over all elements.

    Parameters
    ----------
    y_hat, y : array
        Of the same shape, or one of the two broadcasts to the shape of the other.

    Returns
    -------
    array of shape ()
        In the common floating-point dtype of both.

    Raises
    ------
    ValueError
        If the shapes do not fit, or broadcast to a shape that neither has, as (n, 1) with (n,) does; a
        `ShapeMismatchError` where an argument is traced.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0

    The gradient is 2 (ŷ − y) / n:

    >>> cr.grad(cr.mse)(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    array([ 0., -2.])
    """
    y_hat, y = _array(y_hat), _array(y)
    _check_pair("mse", y_hat, y)
    return _batch_mean(square(y_hat - y))
