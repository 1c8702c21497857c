"""`grad` and `value_and_grad`: gradients of functions that return one number."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import NonScalarOutputError
from chainrule.graph.node import Node
from chainrule.structure import flatten
from chainrule.trace.record import to_node
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.running import compute, gradients, ones_for, warn_independent

__all__ = ["grad", "value_and_grad"]


def value_and_grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Make a function that returns the value of `fun` and its gradient.

    Parameters
    ----------
    fun : callable
        Plain NumPy code that returns one real number (or, with `has_aux`, a pair whose first part is that
        number).
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate by: arrays of floating-point numbers, or nested tuples, lists,
        dicts and dataclasses of them.
    has_aux : bool, default False
        Whether `fun` returns ``(value, aux)``; `aux` is handed on as it is.

    Returns
    -------
    callable
        ``f(*args, **kwargs)`` returning ``(value, gradient)``, or ``((value, aux), gradient)``. The gradient has the
        structure, shapes and dtypes of the argument; a tuple of them if `argnums` is a sequence.

    Raises
    ------
    NonScalarOutputError
        If `fun` does not return one real number.
    IntegerInputError
        If a differentiated argument holds integers or booleans.
    NonDifferentiableError
        If the gradient passes through an operation that has none.
    TraceLeakError
        If `fun` takes a number out of the graph, for instance by `float` or `math.exp`.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 0.0])
    >>> value, gradient = cr.value_and_grad(loss)(np.zeros(2), x, y)
    >>> float(value), gradient
    (0.5, array([-1., -2.]))
    """
    name = function_name(fun)

    @functools.wraps(fun)
    def value_and_grad_of_fun(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(fun, args, argnums)
        arguments.require_differentiable()
        call = TracedCall(fun, arguments, kwargs)
        returned, aux_leaves, rebuild_aux = split_aux(call.result, has_aux, name)
        output = scalar_output(returned, name)
        leaf_count = len(call.inputs)
        aux_nodes = [leaf._node for leaf in aux_leaves if type(leaf) is Tracer]

        def derive(outputs: list[Node], inputs: list[Node], start: int) -> list[Node]:
            found = gradients(outputs[:1], [ones_for(outputs[0])], inputs, start)
            return [*outputs, *found]

        results = compute(call, [output, *aux_nodes], "grad", derive)
        if type(returned) is not Tracer or not output.is_differentiable:
            warn_independent(name)
        value = results[0]
        gradient = arguments.unflatten(results[len(results) - leaf_count :])
        if not has_aux:
            return value, gradient
        computed = iter(results[1 : 1 + len(aux_nodes)])
        aux = rebuild_aux([next(computed) if type(leaf) is Tracer else leaf for leaf in aux_leaves])
        return (value, aux), gradient

    return value_and_grad_of_fun


def grad(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Make a function that returns the gradient of `fun`.

    Parameters
    ----------
    fun : callable
        Plain NumPy code that returns one real number (or, with `has_aux`, a pair whose first part is that
        number).
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate by.
    has_aux : bool, default False
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    callable
        ``f(*args, **kwargs)`` returning the gradient, or ``(gradient, aux)``. The gradient has the structure,
        shapes and dtypes of the argument.

    Raises
    ------
    NonScalarOutputError, IntegerInputError, NonDifferentiableError, TraceLeakError
        As `value_and_grad` does.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> bool(cr.grad(np.tanh)(0.5) == 1 - np.tanh(0.5) ** 2)
    True
    >>> cr.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (np.float64(3.0), np.float64(2.0))
    """
    differentiated = value_and_grad(fun, argnums, has_aux)

    @functools.wraps(fun)
    def grad_of_fun(*args: Any, **kwargs: Any) -> Any:
        value, gradient = differentiated(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return grad_of_fun


def split_aux(result: Any, has_aux: bool, name: str) -> tuple[Any, list[Any], Callable[[list[Any]], Any]]:
    """Take ``(value, aux)`` apart; the leaves of aux that are traced will be computed."""
    if not has_aux:
        return result, [], lambda leaves: None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise NonScalarOutputError(
            f"with has_aux=True {name} must return a pair (value, aux), but it returned {type(result).__name__}",
            where=line_of_frame(user_frame()),
            fix="return value, aux",
        )
    leaves, structure = flatten(result[1])
    return result[0], leaves, structure.unflatten


def scalar_output(result: Any, name: str) -> Node:
    """The node of a function's only number."""
    if type(result) is Tracer:
        node = result._node
        if node.shape == () and node.dtype.kind == "f":
            return node
    if isinstance(result, (tuple, list, dict, str, type(None))) or not _is_numeric(result):
        raise NonScalarOutputError(
            f"grad needs a function that returns one real number, but {name} returned {_kind_of(result)}",
            where=line_of_frame(user_frame()),
            fix="return the number alone; for a pair (value, anything else) say has_aux=True",
        )
    node = to_node(result)
    if node.size != 1:
        raise NonScalarOutputError(
            f"grad needs a function that returns one real number, but {name} returned an array of shape "
            f"{node.shape}, {node.dtype}",
            where=line_of_frame(user_frame()),
            fix="sum or average the output (np.mean(...)), or use chainrule.jacobian or chainrule.elementwise_grad",
        )
    if node.dtype.kind == "c":
        raise NonScalarOutputError(
            f"grad needs a function that returns one real number, but {name} returned a complex one, {node.dtype}",
            where=line_of_frame(user_frame()),
            fix="take the real part, or use chainrule.holomorphic_grad",
        )
    if node.dtype.kind == "b":
        raise NonScalarOutputError(
            f"grad needs a function that returns one real number, but {name} returned a truth value",
            where=line_of_frame(user_frame()),
            fix="return the number that is compared, not the comparison",
        )
    return node


def _is_numeric(result: Any) -> bool:
    return hasattr(result, "dtype") or np.asarray(result).dtype.kind in "fciub"


def _kind_of(result: Any) -> str:
    return "nothing (None)" if result is None else f"a {type(result).__name__}"
