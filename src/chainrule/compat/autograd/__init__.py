"""HIPS autograd's interface on chainrule's engine.

A program written for autograd runs on chainrule when its imports are changed, from ``autograd`` to
``chainrule.compat.autograd``, and nothing else:

>>> import chainrule.compat.autograd.numpy as np
>>> from chainrule.compat.autograd import grad
>>> def tanh(x):
...     y = np.exp(-2.0 * x)
...     return (1.0 - y) / (1.0 + y)
>>> float(round(grad(tanh)(1.0), 12))
0.419974341614

What differs is listed in the user guide: containers of traced values are real lists, tuples and dicts, assignment
``v[i] = x`` works on traced arrays, and a NumPy function that is not covered raises an error by name where
autograd would return zeros.
"""

from chainrule.compat.autograd.builtins import dict, isinstance, list, tuple, type
from chainrule.compat.autograd.differential_operators import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from chainrule.compat.autograd.primitives import primitive

__all__ = [
    "checkpoint",
    "deriv",
    "dict",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "isinstance",
    "jacobian",
    "list",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "primitive",
    "tensor_jacobian_product",
    "tuple",
    "type",
    "value_and_grad",
    "vector_jacobian_product",
]
