"""chainrule: backpropagation for plain NumPy code.

>>> import numpy as np
>>> import chainrule as cr
>>> def f(x, y, z):
...     return (x + y) * z
>>> [float(gradient) for gradient in cr.grad(f, argnums=(0, 1, 2))(5.0, -2.0, -4.0)]
[-4.0, -4.0, 3.0]
"""

import importlib
from typing import TYPE_CHECKING, Any

from chainrule import errors
from chainrule.config import config
from chainrule.explain.explaining import explain
from chainrule.functions import (
    bce,
    bce_with_logits,
    cross_entropy,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    mse,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from chainrule.learn.minimize import Result, minimize
from chainrule.learn.optimizers import Adam, GradientDescent
from chainrule.transforms.check import check_grads
from chainrule.transforms.control_flow.cond import cond
from chainrule.transforms.control_flow.scan import scan
from chainrule.transforms.control_flow.while_loop import while_loop
from chainrule.transforms.custom import checkpoint, custom_jvp, custom_vjp, stop_gradient
from chainrule.transforms.gradient import grad, value_and_grad
from chainrule.transforms.graphs import backward, trace
from chainrule.transforms.jacobians import elementwise_grad, hessian, holomorphic_grad, hvp, jacfwd, jacobian
from chainrule.transforms.jit import jit
from chainrule.transforms.products import jvp, vjp
from chainrule.version import __version__ as __version__

if TYPE_CHECKING:
    from chainrule.explain.lesson import Lesson

__all__ = [
    "Adam",
    "GradientDescent",
    "Lesson",
    "Result",
    "backward",
    "bce",
    "bce_with_logits",
    "check_grads",
    "checkpoint",
    "cond",
    "config",
    "cross_entropy",
    "custom_jvp",
    "custom_vjp",
    "elementwise_grad",
    "errors",
    "explain",
    "gelu",
    "grad",
    "hessian",
    "holomorphic_grad",
    "hvp",
    "jacfwd",
    "jacobian",
    "jit",
    "jvp",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "minimize",
    "mse",
    "relu",
    "scan",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "stop_gradient",
    "trace",
    "value_and_grad",
    "vjp",
    "while_loop",
]

_SUBMODULES = ("compat", "estimators", "learn", "numpy", "scipy")


def __getattr__(name: str) -> Any:
    """Import a namespace, or the lesson, when it is first used: ``cr.numpy`` needs no import of its own."""
    if name in _SUBMODULES:
        return importlib.import_module(f"chainrule.{name}")
    if name == "Lesson":
        return importlib.import_module("chainrule.explain.lesson").Lesson
    raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
