"""Softmax, its logarithm, and the logarithm of the sum that it divides by."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, reduced_shape, reduction, with_shape
from chainrule.graph.node import Node
from chainrule.graph.op import ZERO, Op
from chainrule.notation.tree import call
from chainrule.ops.comparison import isfinite
from chainrule.ops.exponential import exp, log
from chainrule.ops.hazards import SUM_OF_EXPONENTIALS
from chainrule.ops.record import Example, Sampler, example, function
from chainrule.ops.reduction import max_op, spread, sum_op
from chainrule.ops.selection import where
from chainrule.ops.shaping import astype, reshape_op

__all__ = ["log_softmax", "logsumexp", "softmax"]


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


def _finite_top(x: Any, axis: Any) -> Any:
    """The maximum with its axes kept, or 0 where it is not finite; None for complex numbers and where there is none."""
    if x.dtype.kind != "f" or 0 in x.shape:
        return None
    top = max_op(x, axis=axis, keepdims=True)
    return where(isfinite(top), top, 0.0)


def _softmax_steps(x: Any, axis: Any) -> Any:
    top = _finite_top(x, axis)
    if top is None:
        return None
    weights = exp(x - top)
    return weights / sum_op(weights, axis=axis, keepdims=True)


def _log_softmax_steps(x: Any, axis: Any) -> Any:
    top = _finite_top(x, axis)
    if top is None:
        return None
    shifted = x - top
    return shifted - log(sum_op(exp(shifted), axis=axis, keepdims=True))


def _logsumexp_steps(x: Any, axis: Any, keepdims: bool) -> Any:
    top = _finite_top(x, axis)
    if top is None:
        return None
    total = log(sum_op(exp(x - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else reshape_op(top, shape=total.shape))


def _largest_exponent_steps(x: Any, axis: Any, keepdims: bool) -> Any:
    top = _finite_top(x, axis)
    if top is None or keepdims:
        return top
    return reshape_op(top, shape=reduced_shape(x.shape, axis, False))


softmax = Op(
    "softmax",
    _softmax,
    with_shape(lambda x, axis: x.shape),
    vjp=(lambda g, out, x, axis: out * (g - sum_op(out * g, axis=axis, keepdims=True)),),
    notation=lambda x, **_: call("softmax", x),
    decompose=_softmax_steps,
    hazards=SUM_OF_EXPONENTIALS,
)
log_softmax = Op(
    "log_softmax",
    _log_softmax,
    with_shape(lambda x, axis: x.shape),
    vjp=(lambda g, out, x, axis: g - exp(out) * sum_op(g, axis=axis, keepdims=True),),
    notation=lambda x, **_: call("log_softmax", x),
    decompose=_log_softmax_steps,
    hazards=SUM_OF_EXPONENTIALS,
)
logsumexp = Op(
    "logsumexp",
    _logsumexp,
    reduction,
    vjp=(lambda g, out, x, axis, keepdims: _logsumexp_vjp(g, x, axis, keepdims),),
    notation=lambda x, **_: call("logsumexp", x),
    decompose=_logsumexp_steps,
)
#: What is subtracted in an exponent to keep it small; results do not depend on it, so it carries no gradient.
largest_exponent = Op(
    "largest_exponent",
    lambda x, axis, keepdims: _shifted(x, axis)[1] if keepdims else np.squeeze(_shifted(x, axis)[1], axis),
    reduction,
    vjp=(ZERO,),
    decompose=_largest_exponent_steps,
)


def _logsumexp_vjp(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return spread(g, x, axis, keepdims) * softmax(x, axis=axis)


def floating(x: Any) -> Any:
    """An array or node of floating-point numbers; integers are converted."""
    x = x if isinstance(x, Node) else np.asarray(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


# What users call: the operations above with the arguments that people know ---------------------------------------


def _along_axes(s: Sampler) -> list[Example]:
    return [
        example(s.normal(2, 3)),
        example(s.normal(2, 3), axis=0),
        example(s.normal(2, 3), axis=-1),
        example(s.normal(2, 3, 2), axis=(0, 2)),
        example(s.normal(2, 3), axis=None),
    ]


@function(name="softmax", examples=_along_axes)
def _user_softmax(x: Any, axis: Any = -1) -> Any:
    """Exponentials divided by their sum, e^xᵢ / Σⱼ e^xⱼ: positive numbers that sum to 1.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.
    axis : int, tuple of int or None, default -1
        What is summed over; None stands for all axes.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Raises
    ------
    ValueError
        If `x` lacks an axis, or one is named twice; a `ShapeMismatchError` where `x` is traced.

    Notes
    -----
    The largest element is subtracted from `x` first, so that no exponential overflows.
    Source: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions (2021).

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.softmax(np.array([1.0, 1.0]))
    array([0.5, 0.5])
    >>> cr.softmax(np.array([[0.0, 0.0], [800.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])

    One output depends on every input, ∂pᵢ/∂xⱼ = pᵢ (δᵢⱼ − pⱼ):

    >>> cr.jacobian(cr.softmax)(np.zeros(2))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    x = floating(x)
    return softmax(x, axis=normalize_axes(axis, x.ndim))


@function(name="log_softmax", examples=_along_axes)
def _user_log_softmax(x: Any, axis: Any = -1) -> Any:
    """Logarithm of `softmax`, xᵢ − log Σⱼ e^xⱼ, also where softmax itself would round to 0.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.
    axis : int, tuple of int or None, default -1
        What is summed over; None stands for all axes.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Raises
    ------
    ValueError
        If `x` lacks an axis, or one is named twice; a `ShapeMismatchError` where `x` is traced.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.log_softmax(np.array([800.0, 0.0]))
    array([   0., -800.])

    The gradient of one element is its one-hot vector minus the softmax:

    >>> cr.grad(lambda x: cr.log_softmax(x)[1])(np.array([800.0, 0.0]))
    array([-1.,  1.])
    """
    x = floating(x)
    return log_softmax(x, axis=normalize_axes(axis, x.ndim))


@function(
    name="logsumexp",
    examples=lambda s: [*_along_axes(s), example(s.normal(2, 3), axis=1, keepdims=True)],
)
def _user_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Logarithm of the sum of exponentials, log Σⱼ e^xⱼ, without overflow.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.
    axis : int, tuple of int or None, default None
        What is summed over; None stands for all axes.
    keepdims : bool, default False
        Keep the axes that were summed over, with length 1.

    Returns
    -------
    array
        Without the axes that were summed over, unless `keepdims`; of the floating-point dtype of `x`.

    Raises
    ------
    ValueError
        If `x` lacks an axis, or one is named twice; a `ShapeMismatchError` where `x` is traced.

    Notes
    -----
    The largest element is subtracted from `x` first, so that no exponential overflows.
    Source: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions (2021).

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> float(cr.logsumexp(np.array([800.0, 0.0])))
    800.0

    Its gradient is the softmax:

    >>> cr.grad(cr.logsumexp)(np.array([800.0, 800.0]))
    array([0.5, 0.5])
    """
    x = floating(x)
    return logsumexp(x, axis=normalize_axes(axis, x.ndim), keepdims=bool(keepdims))
