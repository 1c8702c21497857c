"""chainrule: backpropagation for plain NumPy code.

>>> import numpy as np
>>> import chainrule as cr
>>> def f(x, y, z):
...     return (x + y) * z
>>> [float(gradient) for gradient in cr.grad(f, argnums=(0, 1, 2))(5.0, -2.0, -4.0)]
[-4.0, -4.0, 3.0]
"""

from chainrule import errors
from chainrule.transforms.check import check_grads
from chainrule.transforms.custom import checkpoint, custom_jvp, custom_vjp, stop_gradient
from chainrule.transforms.gradient import grad, value_and_grad
from chainrule.transforms.graphs import backward, trace
from chainrule.transforms.jacobians import elementwise_grad, hessian, holomorphic_grad, hvp, jacfwd, jacobian
from chainrule.transforms.products import jvp, vjp

__all__ = [
    "backward",
    "check_grads",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "elementwise_grad",
    "errors",
    "grad",
    "hessian",
    "holomorphic_grad",
    "hvp",
    "jacfwd",
    "jacobian",
    "jvp",
    "stop_gradient",
    "trace",
    "value_and_grad",
    "vjp",
]

__version__ = "0.1.0"
