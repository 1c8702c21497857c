"""What neural networks are made of: activations, softmax and the losses of the lecture."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.infer import reduction, with_shape
from chainrule.graph.op import Notation, Op
from chainrule.ops.comparison import greater
from chainrule.ops.exponential import exp
from chainrule.ops.record import elementwise_op, example
from chainrule.ops.reduction import spread, sum_op
from chainrule.ops.selection import where


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x). For very negative x the exponential overflows to inf and the quotient is 0, as it should."""
    return 1 / (1 + np.exp(-x))


def _softplus(x: Any) -> Any:
    """log(1 + e^x), exact for large |x| too."""
    return np.logaddexp(0, x)


sigmoid = elementwise_op(
    "sigmoid",
    _sigmoid,
    lambda out, x: out * (1 - out),
    domain=(-3.0, 3.0),
    holomorphic=True,
    notation=Notation("σ({0})", r"\sigma({0})"),
)
softplus = elementwise_op("softplus", _softplus, lambda out, x: sigmoid(x), domain=(-3.0, 3.0))
relu = elementwise_op(
    "relu",
    lambda x: np.maximum(x, 0),
    vjp=(lambda g, out, x: where(greater(x, 0), g, 0.0),),
    domain=(0.1, 2.0),
    examples=lambda s: [example(s.distinct(5) + 0.05)],
    notation=Notation("relu({0})", r"\operatorname{{relu}}({0})"),
)


def _shifted(x: Any, axis: Any) -> tuple[Any, Any]:
    """x − max x, and the maximum; a maximum of ±inf is not subtracted, so that inf − inf does not arise."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.zeros((), x.dtype)).astype(x.dtype)
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


def _logsumexp_vjp(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return spread(g, x, axis, keepdims) * softmax(x, axis=axis)
