"""Activations: what bends the straight lines of a network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.notation.tree import call
from chainrule.ops.comparison import greater
from chainrule.ops.exponential import exp, sigmoid
from chainrule.ops.record import Example, Sampler, elementwise_op, example, function
from chainrule.ops.selection import where
from chainrule.ops.trigonometric import tanh

__all__ = ["gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus"]


def _softplus(x: Any) -> Any:
    """log(1 + e^x), exact for large |x| too."""
    return np.logaddexp(0, x)


def _silu(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(0.0 - x))  # -x does not exist for Booleans


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
    notation=lambda x: call("softplus", x),
    lower=lambda e, x: e.call("softplus", x),
)
relu = elementwise_op(
    "relu",
    lambda x: np.maximum(x, 0),
    vjp=(lambda g, out, x: where(greater(x, 0), g, 0.0),),
    domain=(0.1, 2.0),
    examples=lambda s: [example(s.distinct(5) + 0.05)],
    notation=lambda x: call("relu", x),
    lower=lambda e, x: e.relu(x),
)
leaky_relu_op = Op(
    "leaky_relu",
    lambda x, negative_slope: np.where(x > 0, x, x * negative_slope),
    elementwise,
    vjp=(lambda g, out, x, negative_slope: where(greater(x, 0), g, g * negative_slope),),
    broadcasts=True,
    notation=lambda x, **_: call("leaky_relu", x),
    lower=lambda e, x, negative_slope: e.where(
        e.greater(x, e.number(0, x)), x, e.multiply(x, e.number(negative_slope, x))
    ),
)
silu = elementwise_op(
    "silu",
    _silu,
    _silu_derivative,
    domain=(-3.0, 3.0),
    notation=lambda x: call("silu", x),
    lower=lambda e, x: e.multiply(x, e.call("sigmoid", x)),
)
gelu_op = elementwise_op(
    "gelu",
    _gelu,
    _gelu_derivative,
    domain=(-3.0, 3.0),
    notation=lambda x: call("gelu", x),
    lower=lambda e, x: e.multiply(x, e.call("ndtr", x)),
)


# What users call: the operations above with the arguments that people know ---------------------------------------


def _wide(s: Sampler) -> list[Example]:
    return [example(s.distinct(2, 3) + 0.05), example(s.normal(0, 3))]


@function(name="sigmoid", examples=_wide, holomorphic=True)
def _user_sigmoid(x: Any) -> Any:
    """Logistic function σ(x) = 1 / (1 + e^-x), for each element.

    Parameters
    ----------
    x : array of any shape
        Real or complex; integers become float64.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.sigmoid(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])

    The derivative σ(x) σ(−x) vanishes to both sides, where a neuron therefore stops learning:

    >>> cr.elementwise_grad(cr.sigmoid)(np.array([-800.0, 0.0, 800.0]))
    array([0.  , 0.25, 0.  ])
    """
    with np.errstate(over="ignore"):
        return sigmoid(x)


@function(name="softplus", examples=_wide)
def _user_softplus(x: Any) -> Any:
    """Smooth ramp log(1 + e^x), for each element; it does not overflow.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.softplus(np.array([-800.0, 800.0]))
    array([  0., 800.])

    Its derivative is the sigmoid:

    >>> cr.elementwise_grad(cr.softplus)(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    return softplus(x)


@function(name="relu", examples=_wide)
def _user_relu(x: Any) -> Any:
    """Rectifier max(x, 0), for each element; its derivative at 0 is 0.

    Parameters
    ----------
    x : array of any shape
        Real.

    Returns
    -------
    array
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> cr.elementwise_grad(cr.relu)(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    """
    return relu(x)


@function(name="silu", examples=_wide)
def _user_silu(x: Any) -> Any:
    """Sigmoid linear unit x σ(x), for each element; also known as swish.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Notes
    -----
    Source: D. Hendrycks, K. Gimpel, Gaussian error linear units (2016), section 2, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.silu(np.array([-800.0, 0.0, 800.0]))
    array([ -0.,   0., 800.])

    The derivative is σ(x) + x σ(x) σ(−x):

    >>> cr.elementwise_grad(cr.silu)(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    return silu(x)


@function(examples=lambda s: [*_wide(s), example(s.distinct(4) + 0.05, negative_slope=0.2)])
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """Rectifier with a small slope for negative numbers: x if x > 0, else `negative_slope` times x.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.
    negative_slope : float or array, default 0.01
        An array broadcasts against `x`, and is differentiated like any other.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`; with an array of slopes, of those common to both.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.leaky_relu(np.array([-1.0, 2.0]), negative_slope=0.1)
    array([-0.1,  2. ])

    Negative numbers still get a gradient, unlike with `relu`; at 0 it is the small slope:

    >>> cr.elementwise_grad(cr.leaky_relu)(np.array([-1.0, 0.0, 2.0]))
    array([0.01, 0.01, 1.  ])
    """
    if isinstance(negative_slope, (Node, np.ndarray)):
        return where(greater(x, 0), x, x * negative_slope)
    return leaky_relu_op(x, negative_slope=float(negative_slope))


@function(examples=lambda s: [*_wide(s), example(s.normal(3), approximate=True)])
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit x Φ(x), with the standard normal distribution Φ, for each element.

    Parameters
    ----------
    x : array of any shape
        Real; integers become float64.
    approximate : bool, default False
        Compute x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 instead; the error is below 0.0005.

    Returns
    -------
    array
        Of the shape and floating-point dtype of `x`.

    Notes
    -----
    Source: D. Hendrycks, K. Gimpel, Gaussian error linear units (2016), section 2, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    >>> cr.gelu(np.array([-1.0, 0.0, 1.0]), approximate=True).round(4)
    array([-0.1588,  0.    ,  0.8412])

    The textbook's x (1 + erf(x / √2)) / 2 cancels to 0 here:

    >>> print(f"{cr.gelu(-10.0):.4g}")
    -7.62e-23
    """
    if not approximate:
        return gelu_op(x)
    return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
