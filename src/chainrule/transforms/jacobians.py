"""Jacobians, Hessians and their relatives, made of vector-Jacobian and Jacobian-vector products."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.errors import IntegerInputError, NonScalarOutputError
from chainrule.graph.provenance import describe_value
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, function_name
from chainrule.transforms.gradient import grad
from chainrule.transforms.products import Linearization, jvp

__all__ = ["elementwise_grad", "hessian", "holomorphic_grad", "hvp", "jacfwd", "jacobian"]


def _basis(shape: tuple[int, ...], dtype: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays of a shape with a single one in them."""
    for index in np.ndindex(*shape):
        unit = np.zeros(shape, dtype)
        unit[index] = 1
        yield unit


def _stack(rows: list[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    if not rows:
        return np.zeros(shape, dtype)
    if any(type(row) is Tracer for row in rows):
        return np.stack(rows).reshape(shape)
    return np.array(rows).reshape(shape)


def jacobian(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Make a function that returns the Jacobian of `fun`, row by row (reverse mode).

    Right for functions with fewer outputs than inputs; see `jacfwd` for the other case.

    Parameters
    ----------
    fun : callable
        Arguments and result may be nested containers of arrays.
    argnums : int or sequence of int, default 0
    has_aux : bool, default False
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    callable
        ``f(*args, **kwargs)`` returning, for each leaf of the result, the Jacobian in the structure of the argument:
        for a result of shape ``s`` and an argument of shape ``t`` an array of shape ``s + t``.

    Raises
    ------
    IntegerInputError, NonDifferentiableError, TraceLeakError
        As `grad` does.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.jacobian(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(fun)
    def jacobian_of_fun(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(fun, args, argnums)
        arguments.require_differentiable()
        linear = Linearization(fun, arguments, kwargs, has_aux)
        zeros = [np.zeros(node.shape, node.dtype) for node in linear.outputs]
        blocks = []
        for position, output in enumerate(linear.outputs):
            rows = []
            for unit in _basis(output.shape, output.dtype):
                upstream = [*zeros[:position], unit, *zeros[position + 1 :]]
                rows.append(linear.pull_back(linear.structure.unflatten(upstream)))
            columns = [
                _stack([row[i] for row in rows], output.shape + node.shape, node.dtype)
                for i, node in enumerate(linear.call.inputs)
            ]
            blocks.append(arguments.unflatten(columns))
        result = linear.structure.unflatten(blocks)
        return (result, linear.values()[1]) if has_aux else result

    return jacobian_of_fun


def jacfwd(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Make a function that returns the Jacobian of `fun`, column by column (forward mode).

    Right for functions with fewer inputs than outputs; the result is that of `jacobian`.

    Parameters
    ----------
    fun : callable
    argnums : int or sequence of int, default 0
    has_aux : bool, default False

    Returns
    -------
    callable

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.jacfwd(lambda t: np.array([1.0, 2.0]) * t ** 2)(3.0)
    array([ 6., 12.])
    """

    @functools.wraps(fun)
    def jacobian_of_fun(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(fun, args, argnums)
        arguments.require_differentiable()
        linear = Linearization(fun, arguments, kwargs, has_aux)
        zeros = [np.zeros(node.shape, node.dtype) for node in linear.call.inputs]
        columns: list[list[Any]] = [[] for _ in linear.outputs]
        for position, source in enumerate(linear.call.inputs):
            pushed = [
                linear.push([*zeros[:position], unit, *zeros[position + 1 :]])
                for unit in _basis(source.shape, source.dtype)
            ]
            for i, output in enumerate(linear.outputs):
                flat = _stack([column[i] for column in pushed], source.shape + output.shape, output.dtype)
                columns[i].append(
                    np.moveaxis(flat, range(source.ndim), range(-source.ndim, 0)) if source.ndim else flat
                )
        result = linear.structure.unflatten([arguments.unflatten(parts) for parts in columns])
        return (result, linear.values()[1]) if has_aux else result

    return jacobian_of_fun


def hessian(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Make a function that returns the matrix of second derivatives of `fun` (forward over reverse mode).

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnums : int or sequence of int, default 0
    has_aux : bool, default False

    Returns
    -------
    callable
        For an argument of shape ``t`` an array of shape ``t + t``; for a container, the container of containers.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacfwd(grad(fun, argnums, has_aux), argnums, has_aux)


def hvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a scalar function times a vector, at about four times the cost of the function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    primals, tangents : tuple or list
        Point and vector, as in `jvp`.

    Returns
    -------
    object
        In the structure of the primals: for a single primal its product, else a tuple.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    argnums: int | tuple[int, ...] = 0 if len(primals) == 1 else tuple(range(len(primals)))
    return jvp(grad(fun, argnums), primals, tangents)[1]


def elementwise_grad(fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that returns the derivative of each output with respect to its own input.

    The sum of the rows of the Jacobian, computed in one pass: the derivative itself for functions that act
    element by element.

    Parameters
    ----------
    fun : callable
        Returns a real array.
    argnums : int or sequence of int, default 0

    Returns
    -------
    callable

    Raises
    ------
    NonScalarOutputError
        If the output is complex.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> cr.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """

    @functools.wraps(fun)
    def derivative_of_fun(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(fun, args, argnums)
        arguments.require_differentiable()
        linear = Linearization(fun, arguments, kwargs)
        for node in linear.outputs:
            if node.dtype.kind == "c":
                raise NonScalarOutputError(
                    f"elementwise_grad needs a real output, but {function_name(fun)} returned a complex one",
                    where=line_of_frame(user_frame()),
                    fix="use chainrule.holomorphic_grad, or take the real part",
                )
        ones = [np.ones(node.shape, node.dtype) for node in linear.outputs]
        return arguments.unflatten(linear.pull_back(linear.structure.unflatten(ones)))

    return derivative_of_fun


def holomorphic_grad(fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that returns the complex derivative f′(z) of a holomorphic function.

    Parameters
    ----------
    fun : callable
        Takes complex arrays and returns one complex number.
    argnums : int or sequence of int, default 0

    Returns
    -------
    callable

    Raises
    ------
    IntegerInputError
        If the argument is not complex.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> complex(cr.holomorphic_grad(lambda z: z ** 2)(1 + 2j))
    (2+4j)
    """

    @functools.wraps(fun)
    def real_part(*args: Any, **kwargs: Any) -> Any:
        return np.real(fun(*args, **kwargs))

    differentiated = grad(real_part, argnums)

    @functools.wraps(fun)
    def derivative_of_fun(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(fun, args, argnums)
        for name, leaf in zip(arguments.leaf_names(), arguments.leaves, strict=True):
            dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
            if dtype.kind != "c":
                raise IntegerInputError(
                    "holomorphic_grad needs complex arguments, but "
                    f"{describe_value(name, np.shape(leaf), dtype)} is real",
                    where=line_of_frame(user_frame()),
                    fix="convert it with .astype(complex), or use chainrule.grad",
                )
        return differentiated(*args, **kwargs)

    return derivative_of_fun
