"""autograd's operators on functions: gradients, Jacobians, Hessians and products with them."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compat.autograd import core
from chainrule.compat.autograd.vspaces import vspace
from chainrule.compat.autograd.wrap_util import unary_to_nary
from chainrule.transforms import custom, gradient, jacobians

__all__ = [
    "checkpoint",
    "deriv",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
]

make_vjp = unary_to_nary(core.make_vjp)
make_jvp = unary_to_nary(core.make_jvp)


@unary_to_nary
def value_and_grad(fun: Callable[..., Any], x: Any) -> tuple[Any, Any]:
    """Value and gradient of a function that returns one real number.

    >>> value, gradient = value_and_grad(lambda x, y: x * y, 1)(2.0, 3.0)
    >>> float(value), float(gradient)
    (6.0, 2.0)
    """
    result: tuple[Any, Any] = gradient.value_and_grad(fun)(core.as_differentiable(x))
    return result


@unary_to_nary
def grad(fun: Callable[..., Any], x: Any) -> Any:
    """Gradient of a function that returns one real number, in the structure of the argument.

    >>> grad(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return gradient.grad(fun)(core.as_differentiable(x))


@unary_to_nary
def grad_and_aux(fun: Callable[..., Any], x: Any) -> tuple[Any, Any]:
    """Gradient of the first of two results, and the second result as it is.

    >>> grad_and_aux(lambda x: (x ** 2, "note"))(3.0)
    (np.float64(6.0), 'note')
    """
    result: tuple[Any, Any] = gradient.grad(lambda x: tuple(fun(x)), has_aux=True)(core.as_differentiable(x))
    return result


@unary_to_nary
def elementwise_grad(fun: Callable[..., Any], x: Any) -> Any:
    """Derivative of each output by its own input; the sum of the rows of the Jacobian, in one pass.

    >>> elementwise_grad(np.sin)(np.zeros(2))
    array([1., 1.])
    """
    return jacobians.elementwise_grad(fun)(core.as_differentiable(x))


@unary_to_nary
def deriv(fun: Callable[..., Any], x: Any) -> Any:
    """The derivative along the direction in which every input moves by one (forward mode).

    >>> float(deriv(np.sin)(0.0))
    1.0
    """
    return core.make_jvp(fun, x)(vspace(core.as_differentiable(x)).ones())[1]


@unary_to_nary
def jacobian(fun: Callable[..., Any], x: Any) -> Any:
    """The Jacobian, of the output's shape followed by the input's (reverse mode).

    >>> jacobian(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return jacobians.jacobian(fun)(core.as_differentiable(x))


@unary_to_nary
def holomorphic_grad(fun: Callable[..., Any], x: Any) -> Any:
    """The complex derivative of a holomorphic function.

    >>> complex(holomorphic_grad(lambda z: z ** 2)(1 + 2j))
    (2+4j)
    """
    if not vspace(x).iscomplex:
        warnings.warn("Input to holomorphic_grad is not complex", UserWarning, stacklevel=3)
    return gradient.grad(lambda x: np.real(fun(x)))(core.as_differentiable(x))


def grad_named(fun: Callable[..., Any], argname: str) -> Callable[..., Any]:
    """Gradient with respect to a positional argument, given by name.

    >>> float(grad_named(lambda x, y: x * y, "y")(2.0, 3.0))
    2.0
    """
    gradient_of_fun: Callable[..., Any] = grad(fun, list(inspect.signature(fun).parameters).index(argname))
    return gradient_of_fun


@unary_to_nary
def hessian(fun: Callable[..., Any], x: Any) -> Any:
    """The matrix of second derivatives; for an output with axes, these come first.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobians.jacfwd(jacobians.jacobian(fun))(core.as_differentiable(x))


@unary_to_nary
def make_hvp(fun: Callable[..., Any], x: Any) -> tuple[Callable[..., Any], Any]:
    """The Hessian-vector product at a point, and the gradient there.

    >>> hvp, _ = make_hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]))
    >>> hvp(np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return core.make_vjp(grad(fun), x)


def hessian_tensor_product(fun: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function of ``(*args, tensor)`` that returns the Hessian times the tensor.

    >>> hessian_tensor_product(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        *args_of_fun, tensor = args
        return make_hvp(fun, argnum)(*args_of_fun, **kwargs)[0](tensor)

    return product


hessian_vector_product = hessian_tensor_product


def tensor_jacobian_product(fun: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function of ``(*args, tensor)`` that returns the tensor times the Jacobian.

    >>> tensor_jacobian_product(lambda x: x ** 2)(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([2., 4.])
    """

    def contracted(*args: Any, **kwargs: Any) -> Any:
        *args_of_fun, tensor = args
        return np.tensordot(tensor, fun(*args_of_fun, **kwargs), axes=np.ndim(tensor))

    product: Callable[..., Any] = jacobian(contracted, argnum)
    return product


vector_jacobian_product = tensor_jacobian_product


@unary_to_nary
def make_jvp_reversemode(fun: Callable[..., Any], x: Any) -> Callable[..., Any]:
    """The Jacobian-vector product at a point, as a function of the vector.

    >>> make_jvp_reversemode(np.square)(np.array([1.0, 2.0]))(np.array([1.0, 1.0]))
    array([2., 4.])
    """
    jvp = core.make_jvp(fun, x)
    return lambda v: jvp(v)[1]


def _half_squared_norm(x: Any) -> Any:
    return 0.5 * np.sum(x**2, axis=-1)


def make_ggnvp(
    f: Callable[..., Any], g: Callable[..., Any] = _half_squared_norm, f_argnum: int = 0
) -> Callable[..., Any]:
    """Products with the generalised Gauss-Newton matrix of ``g(f(x))``: Jᵀ H J v, with the Hessian H of `g`.

    >>> make_ggnvp(lambda x: x ** 2)(np.array([1.0, 2.0]))(np.array([1.0, 1.0]))
    array([ 4., 16.])
    """

    def at_point(f: Callable[..., Any], x: Any) -> Callable[..., Any]:
        f_vjp, f_x = core.make_vjp(f, x)
        g_hvp, _ = core.make_vjp(grad(g), f_x)
        f_jvp = core.make_jvp(f, x)
        return lambda v: f_vjp(g_hvp(f_jvp(v)[1]))

    product: Callable[..., Any] = unary_to_nary(at_point)(f, f_argnum)
    return product


def multigrad_dict(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Gradients with respect to all arguments at once, by their names.

    >>> gradients = multigrad_dict(lambda x, y=2.0: x * y)(3.0)
    >>> {name: float(value) for name, value in gradients.items()}
    {'x': 2.0, 'y': 3.0}
    """
    signature = inspect.signature(fun)

    @functools.wraps(fun)
    def gradients(*args: Any, **kwargs: Any) -> OrderedDict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_dict(arguments: dict[str, Any]) -> Any:
            call = inspect.BoundArguments(signature, OrderedDict(arguments))
            return fun(*call.args, **call.kwargs)

        return OrderedDict(grad(of_dict)(dict(bound.arguments)))

    return gradients


def checkpoint(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; its partial results are computed again in the backward pass, not kept."""
    return custom.checkpoint(fun)
