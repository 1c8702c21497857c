"""Products with the Jacobian at a point, for functions of one argument: what all operators are made of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compat.autograd.primitives import primitive
from chainrule.compat.autograd.rules import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
)
from chainrule.compat.autograd.vspaces import SparseObject, VSpace, vspace
from chainrule.errors import IndependentOutputWarning
from chainrule.structure import flatten, map_leaves
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments
from chainrule.transforms.products import Linearization

__all__ = [
    "SparseObject",
    "VSpace",
    "as_differentiable",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "make_jvp",
    "make_vjp",
    "primitive",
    "vspace",
    "warn_if_independent",
]


def as_differentiable(x: Any) -> Any:
    """Arrays of integers count as real arrays, as they do in autograd; integers alone raise `TypeError` later."""
    return map_leaves(_as_float, x)


def _as_float(leaf: Any) -> Any:
    return leaf.astype(float) if type(leaf) is np.ndarray and leaf.dtype.kind in "iub" else leaf


def warn_if_independent(result: Any) -> None:
    """A function that returns plain values has lost its argument on the way, or ignores it."""
    if not any(type(leaf) is Tracer for leaf in flatten(result)[0]):
        warnings.warn("Output seems independent of input.", IndependentOutputWarning, stacklevel=5)


def _linearize(fun: Callable[..., Any], x: Any) -> tuple[Arguments, Linearization]:
    arguments = Arguments(fun, (as_differentiable(x),), 0)
    arguments.require_differentiable()
    linear = Linearization(fun, arguments, {})
    warn_if_independent(linear.call.result)
    return arguments, linear


def make_vjp(fun: Callable[..., Any], x: Any) -> tuple[Callable[..., Any], Any]:
    """The vector-Jacobian product of a function at a point, and its value there.

    >>> vjp, value = make_vjp(np.square, np.array([1.0, 2.0]))
    >>> vjp(np.array([1.0, 10.0]))
    array([ 2., 40.])
    """
    arguments, linear = _linearize(fun, x)

    def vjp(g: Any) -> Any:
        return arguments.unflatten(linear.pull_back(_in_shape(g, linear)))

    return vjp, linear.values()[0]


def _in_shape(g: Any, linear: Linearization) -> Any:
    """An upstream gradient may come as ``[1.0]`` for a number, as an int, or broadcast."""
    leaves, structure = flatten(g)
    if len(leaves) != len(linear.outputs):
        return g
    fitted = []
    for leaf, node in zip(leaves, linear.outputs, strict=True):
        if not isinstance(leaf, Tracer):
            leaf = np.asarray(leaf)
            if leaf.dtype.kind == "c" and node.dtype.kind != "c":
                leaf = leaf.real
        if leaf.shape != node.shape:
            leaf = np.reshape(leaf, node.shape) if leaf.size == node.size else np.broadcast_to(leaf, node.shape)
        fitted.append(leaf)
    return structure.unflatten(fitted)


def make_jvp(fun: Callable[..., Any], x: Any) -> Callable[..., Any]:
    """The Jacobian-vector product of a function at a point: it returns value and tangent.

    >>> value, tangent = make_jvp(np.square, np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    >>> tangent
    array([ 2., 40.])
    """

    def jvp(v: Any) -> tuple[Any, Any]:
        _, linear = _linearize(fun, x)
        return linear.values()[0], linear.structure.unflatten(linear.push(flatten(as_differentiable(v))[0]))

    return jvp
