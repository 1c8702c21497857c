"""What neural networks are made of: activations, softmax and the losses of the lecture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import broadcast_shapes, elementwise, normalize_axes, reduction, with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import ZERO, Notation, Op
from chainrule.ops.arithmetic import square
from chainrule.ops.comparison import greater
from chainrule.ops.exponential import exp, log, sigmoid, xlog1py, xlogy
from chainrule.ops.indexing import take_index
from chainrule.ops.record import Example, Sampler, elementwise_op, example, function
from chainrule.ops.reduction import mean, spread, sum_op
from chainrule.ops.selection import where
from chainrule.ops.shaping import astype
from chainrule.ops.trigonometric import tanh

__all__ = [
    "bce",
    "bce_with_logits",
    "cross_entropy",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "mse",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]


def _softplus(x: Any) -> Any:
    """log(1 + e^x), exact for large |x| too."""
    return np.logaddexp(0, x)


def _silu(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(-x))


def _gelu(x: Any) -> Any:
    from scipy.special import ndtr  # Φ(x) = (1 + erf(x / √2)) / 2, without the cancellation for negative x

    return x * ndtr(x)


def _gelu_derivative(out: Any, x: Any) -> Any:
    """Φ(x) + x φ(x)"""
    from chainrule.ops.special import ndtr

    return ndtr(x) + x * exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


def _silu_derivative(out: Any, x: Any) -> Any:
    """σ(x) + x σ(x) σ(−x)"""
    share = sigmoid(x)
    return share + out * (1 - share)


softplus = elementwise_op(
    "softplus",
    _softplus,
    lambda out, x: sigmoid(x),
    domain=(-3.0, 3.0),
    notation=Notation("softplus({0})", r"\operatorname{{softplus}}({0})"),
)
relu = elementwise_op(
    "relu",
    lambda x: np.maximum(x, 0),
    vjp=(lambda g, out, x: where(greater(x, 0), g, 0.0),),
    domain=(0.1, 2.0),
    examples=lambda s: [example(s.distinct(5) + 0.05)],
    notation=Notation("relu({0})", r"\operatorname{{relu}}({0})"),
)
leaky_relu_op = Op(
    "leaky_relu",
    lambda x, negative_slope: np.where(x > 0, x, x * negative_slope),
    elementwise,
    vjp=(lambda g, out, x, negative_slope: where(greater(x, 0), g, g * negative_slope),),
    broadcasts=True,
    notation=Notation("leaky_relu({0})", r"\operatorname{{leaky\_relu}}({0})"),
)
silu = elementwise_op(
    "silu",
    _silu,
    _silu_derivative,
    domain=(-3.0, 3.0),
    notation=Notation("silu({0})", r"\operatorname{{silu}}({0})"),
)
gelu_op = elementwise_op(
    "gelu",
    _gelu,
    _gelu_derivative,
    domain=(-3.0, 3.0),
    notation=Notation("gelu({0})", r"\operatorname{{gelu}}({0})"),
)


def _shifted(x: Any, axis: Any) -> tuple[Any, Any]:
    """x − max x, and the maximum; a maximum of ±inf is not subtracted, so that inf − inf does not arise."""
    top = np.max(x.real, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.zeros((), top.dtype)).astype(x.dtype)
    return x - top, top


def _softmax(x: Any, axis: Any) -> Any:
    weights = np.exp(_shifted(x, axis)[0])
    return weights / np.add.reduce(weights, axis=axis, keepdims=True)


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    shifted, top = _shifted(x, axis)
    result = np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, axis)


def _log_softmax(x: Any, axis: Any) -> Any:
    shifted, _ = _shifted(x, axis)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


softmax = Op(
    "softmax",
    _softmax,
    with_shape(lambda x, axis: x.shape),
    vjp=(lambda g, out, x, axis: out * (g - sum_op(out * g, axis=axis, keepdims=True)),),
    notation=Notation("softmax({0})", r"\operatorname{{softmax}}({0})"),
)
log_softmax = Op(
    "log_softmax",
    _log_softmax,
    with_shape(lambda x, axis: x.shape),
    vjp=(lambda g, out, x, axis: g - exp(out) * sum_op(g, axis=axis, keepdims=True),),
    notation=Notation("log_softmax({0})", r"\log\operatorname{{softmax}}({0})"),
)
logsumexp = Op(
    "logsumexp",
    _logsumexp,
    reduction,
    vjp=(lambda g, out, x, axis, keepdims: _logsumexp_vjp(g, x, axis, keepdims),),
    notation=Notation("logsumexp({0})", r"\operatorname{{logsumexp}}({0})"),
)
#: What is subtracted in an exponent to keep it small; results do not depend on it, so it carries no gradient.
largest_exponent = Op(
    "largest_exponent",
    lambda x, axis, keepdims: _shifted(x, axis)[1] if keepdims else np.squeeze(_shifted(x, axis)[1], axis),
    reduction,
    vjp=(ZERO,),
)


def _logsumexp_vjp(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return spread(g, x, axis, keepdims) * softmax(x, axis=axis)


def floating(x: Any) -> Any:
    """An array or node of floating-point numbers; integers are converted."""
    x = x if isinstance(x, Node) else np.asarray(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


# What users call: the operations above with the arguments that people know ---------------------------------------


def _wide(s: Sampler) -> list[Example]:
    return [example(s.distinct(2, 3) + 0.05), example(s.normal(0, 3))]


def _along_axes(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1),
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(s.normal(2, 3), axis=None),
    ]


@function(name="sigmoid", examples=_wide, holomorphic=True)
def _user_sigmoid(x: Any) -> Any:
    """Logistic function 1 / (1 + e^-x), for each element.

    Parameters
    ----------
    x : array

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.sigmoid(np.array([0.0, 800.0]))
    array([0.5, 1. ])
    """
    with np.errstate(over="ignore"):
        return sigmoid(x)


@function(name="softplus", examples=_wide)
def _user_softplus(x: Any) -> Any:
    """Smooth ramp log(1 + e^x), for each element; it does not overflow.

    Parameters
    ----------
    x : array

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.softplus(np.array([-800.0, 800.0]))
    array([  0., 800.])
    """
    return softplus(x)


@function(name="relu", examples=_wide)
def _user_relu(x: Any) -> Any:
    """Rectifier max(x, 0), for each element; its derivative at 0 is 0.

    Parameters
    ----------
    x : array

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> cr.grad(lambda x: np.sum(cr.relu(x)))(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    """
    return relu(x)


@function(name="silu", examples=_wide)
def _user_silu(x: Any) -> Any:
    """Sigmoid linear unit x σ(x), for each element.

    Parameters
    ----------
    x : array

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.silu(np.array([-800.0, 0.0, 800.0]))
    array([ -0.,   0., 800.])
    """
    return silu(x)


@function(examples=lambda s: [*_wide(s), example(s.distinct(4) + 0.05, negative_slope=0.2)])
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """Rectifier with a small slope for negative numbers, which is also its derivative at 0.

    Parameters
    ----------
    x : array
    negative_slope : float or array, default 0.01

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.leaky_relu(np.array([-1.0, 2.0]), negative_slope=0.1)
    array([-0.1,  2. ])
    """
    if isinstance(negative_slope, (Node, np.ndarray)):
        return where(greater(x, 0), x, x * negative_slope)
    return leaky_relu_op(x, negative_slope=float(negative_slope))


@function(examples=lambda s: [*_wide(s), example(s.normal(3), approximate=True)])
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit x Φ(x), for each element.

    Parameters
    ----------
    x : array
    approximate : bool, default False
        Use the formula with tanh (Hendrycks and Gimpel, 2016, equation 2) in place of the error function.

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    if not approximate:
        return gelu_op(x)
    return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@function(name="softmax", examples=_along_axes)
def _user_softmax(x: Any, axis: Any = -1) -> Any:
    """Exponentials divided by their sum along an axis: positive numbers that sum to 1.

    Parameters
    ----------
    x : array
    axis : int, tuple of int or None, default -1
        None stands for all axes.

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.softmax(np.array([[0.0, 0.0], [800.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    x = floating(x)
    return softmax(x, axis=normalize_axes(axis, x.ndim))


@function(name="log_softmax", examples=_along_axes)
def _user_log_softmax(x: Any, axis: Any = -1) -> Any:
    """Logarithm of `softmax`, also where that is too small for a floating-point number.

    Parameters
    ----------
    x : array
    axis : int, tuple of int or None, default -1
        None stands for all axes.

    Returns
    -------
    array
        Of the shape of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.log_softmax(np.array([800.0, 0.0]))
    array([   0., -800.])
    """
    x = floating(x)
    return log_softmax(x, axis=normalize_axes(axis, x.ndim))


@function(
    name="logsumexp",
    examples=lambda s: [*_along_axes(s), example(s.normal(2, 3), axis=1, keepdims=True)],
)
def _user_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Logarithm of the sum of exponentials along axes, without overflow.

    Parameters
    ----------
    x : array
    axis : int, tuple of int or None, default None
        None stands for all axes.
    keepdims : bool, default False
        Keep the axes that were summed over, with length 1.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.logsumexp(np.array([800.0, 0.0])))
    800.0
    """
    x = floating(x)
    return logsumexp(x, axis=normalize_axes(axis, x.ndim), keepdims=bool(keepdims))


# Losses: each is the mean over the batch -------------------------------------------------------------------------


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
    y_hat : array
        Probabilities ŷ. Where they come from a sigmoid, loss and gradient are computed from its argument, and
        stay finite and exact for every number.
    y : array
        Labels 0 and 1, or probabilities, of the same shape.

    Returns
    -------
    array of shape ()

    Notes
    -----
    The terms of a certain and right prediction (ŷ = y = 0 or ŷ = y = 1) are 0.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> print(f"{cr.bce(np.array([0.5, 0.5]), np.array([1.0, 0.0])):.4f}")
    0.6931
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
    z : array
        Logits: any real numbers.
    y : array
        Labels 0 and 1, or probabilities, of the same shape.

    Returns
    -------
    array of shape ()

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.bce_with_logits(np.array([800.0, 800.0]), np.array([1.0, 0.0])))
    400.0
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
    p_hat : array of shape (n, classes)
        Probabilities. Where they come from a softmax, loss and gradient are computed from its argument.
    y : array
        One-hot rows (or probabilities) of the same shape, or integer class labels of shape (n,).
    axis : int, default -1
        The axis of the classes; 0 for samples in columns.

    Returns
    -------
    array of shape ()

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> p_hat = cr.softmax(np.zeros((2, 4)))
    >>> print(f"{cr.cross_entropy(p_hat, np.array([0, 3])):.4f}")
    1.3863
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
        Of the same shape.

    Returns
    -------
    array of shape ()

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    y_hat, y = _array(y_hat), _array(y)
    _check_pair("mse", y_hat, y)
    return _batch_mean(square(y_hat - y))
