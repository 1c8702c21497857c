"""`vjp` and `jvp`: products with the Jacobian, from the left and from the right, without writing it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import StructureError
from chainrule.forward import push_forward
from chainrule.graph.node import Node
from chainrule.graph.op import input_node
from chainrule.graph.provenance import describe_value
from chainrule.structure import Structure, flatten
from chainrule.trace.source import line_of_frame, user_frame
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.gradient import split_aux
from chainrule.transforms.running import compute, gradients

__all__ = ["Linearization", "jvp", "vjp"]


def seed(value: Any, like: Node, what: str) -> Node:
    """An input node for an upstream gradient or tangent that must fit a node."""
    node = input_node(value._node) if type(value) is Tracer else input_node(np.asarray(value))
    if node.shape != like.shape:
        raise StructureError(
            f"{what} has shape {node.shape}, but the value it belongs to is "
            f"{describe_value(like.name, like.shape, like.dtype)}",
            where=line_of_frame(user_frame()),
            fix="give it the shape of that value",
        )
    if node.dtype != like.dtype and not isinstance(value, Tracer):
        if node.dtype.kind == "c" and like.dtype.kind != "c":
            raise StructureError(
                f"{what} is complex, but the value it belongs to is {like.dtype}",
                where=line_of_frame(user_frame()),
                fix="give a real one",
            )
        node = input_node(np.asarray(value).astype(like.dtype))
    return node


class Linearization:
    """A function traced at a point, ready for products with its Jacobian there.

    Attributes
    ----------
    call : TracedCall
    outputs : list of Node
    structure : Structure
        Of the function's result.
    """

    def __init__(
        self, fun: Callable[..., Any], arguments: Arguments, kwargs: dict[str, Any], has_aux: bool = False
    ) -> None:
        self.arguments = arguments
        self.name = function_name(fun)
        arguments.leaves = [leaf if type(leaf) is Tracer else np.array(leaf, subok=True) for leaf in arguments.leaves]
        self.call = TracedCall(fun, arguments, kwargs)
        returned, self._aux_leaves, self._rebuild_aux = split_aux(self.call.result, has_aux, self.name)
        leaves, self.structure = flatten(returned)
        self.outputs = self.call.nodes_of(leaves)
        self._aux_nodes = [leaf._node for leaf in self._aux_leaves if type(leaf) is Tracer]

    def values(self) -> tuple[Any, Any]:
        """The function's result and aux."""
        results = compute(self.call, [*self.outputs, *self._aux_nodes], "value", lambda outputs, inputs, start: outputs)
        computed = iter(results[len(self.outputs) :])
        aux = self._rebuild_aux([next(computed) if type(leaf) is Tracer else leaf for leaf in self._aux_leaves])
        return self.structure.unflatten(results[: len(self.outputs)]), aux

    def pull_back(self, upstream: Any) -> list[Any]:
        """Upstream gradients times the Jacobian: one array for each leaf of the arguments."""
        leaves, structure = flatten(upstream)
        _same_structure(structure, self.structure, "the upstream gradient", f"the result of {self.name}")
        seeds = [
            seed(value, node, f"the upstream gradient of {self.name}")
            for value, node in zip(leaves, self.outputs, strict=True)
        ]
        return compute(
            self.call,
            self.outputs,
            "vjp",
            lambda outputs, inputs, start: gradients(outputs, seeds, inputs, start),
            seeds,
        )

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """The Jacobian times tangents of the leaves: one array for each leaf of the result."""
        seeds = [
            seed(value, node, f"the tangent of {name}")
            for value, node, name in zip(tangents, self.call.inputs, self.arguments.leaf_names(), strict=True)
        ]
        return compute(
            self.call,
            self.outputs,
            "jvp",
            lambda outputs, inputs, start: push_forward(outputs, inputs, seeds, after=start),
            seeds,
        )


def _same_structure(given: Structure, wanted: Structure, what: str, other: str) -> None:
    if given != wanted:
        raise StructureError(
            f"{what} and {other} differ in structure: {given} and {wanted}",
            where=line_of_frame(user_frame()),
            fix="give a container with the same keys, lengths and types",
        )


def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Compute a function's value and prepare its vector-Jacobian product (reverse mode).

    Parameters
    ----------
    fun : callable
        Plain NumPy code; arguments and result may be nested containers of arrays.
    *primals : arrays or containers
        The point; all are differentiated.
    has_aux : bool, default False
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    value : object
        The result of ``fun(*primals)``.
    vjp_fun : callable
        ``vjp_fun(upstream)`` returns a tuple with one gradient for each primal. `upstream` has the structure and
        shapes of `value`.
    aux : object
        Only with `has_aux`.

    Raises
    ------
    StructureError
        If the upstream gradient does not fit the value.
    IntegerInputError, NonDifferentiableError, TraceLeakError
        As `grad` does.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> value, vjp_fun = cr.vjp(lambda W, x: W @ x, np.eye(2), np.array([1.0, 2.0]))
    >>> vjp_fun(np.array([1.0, 0.0]))[0]
    array([[1., 2.],
           [0., 0.]])
    """
    arguments = Arguments(fun, primals, tuple(range(len(primals))))
    arguments.require_differentiable()
    linear = Linearization(fun, arguments, {}, has_aux)
    linear.call.own_constants(linear.outputs)
    value, aux = linear.values()

    def vjp_fun(upstream: Any) -> tuple[Any, ...]:
        """Upstream gradient times the Jacobian, one part for each primal."""
        result = arguments.unflatten(linear.pull_back(upstream))
        return result if len(primals) != 1 else tuple(result)

    return (value, vjp_fun, aux) if has_aux else (value, vjp_fun)


def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Compute a function's value and its derivative along a direction (forward mode).

    Parameters
    ----------
    fun : callable
        Plain NumPy code; arguments and result may be nested containers of arrays.
    primals : tuple or list
        The point, one entry for each argument.
    tangents : tuple or list
        The direction, with the structure and shapes of `primals`.
    has_aux : bool, default False
        Whether `fun` returns ``(value, aux)``.

    Returns
    -------
    value, tangent : object
        The result of ``fun(*primals)`` and its derivative along `tangents`, in the same structure.
    aux : object
        Only with `has_aux`.

    Raises
    ------
    StructureError
        If tangents and primals differ in structure or shape.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> value, tangent = cr.jvp(np.sin, (0.0,), (1.0,))
    >>> float(value), float(tangent)
    (0.0, 1.0)
    """
    primals, tangents = tuple(primals), tuple(tangents)
    arguments = Arguments(fun, primals, tuple(range(len(primals))))
    arguments.require_differentiable()
    tangent_leaves, given = flatten(tangents)
    _same_structure(given, flatten(primals)[1], "the tangents", "the primals")
    linear = Linearization(fun, arguments, {}, has_aux)
    value, aux = linear.values()
    tangent = linear.structure.unflatten(linear.push(tangent_leaves))
    return (value, tangent, aux) if has_aux else (value, tangent)
