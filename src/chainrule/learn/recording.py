"""Recordings of a loss: its graph, with parameters and data as inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.infer import by_evaluation
from chainrule.graph.node import Node, ancestors
from chainrule.interpret import signature
from chainrule.simplify.stabilise import stabilise
from chainrule.structure import flatten
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.gradient import scalar_output
from chainrule.transforms.running import gradients, ones_for

__all__ = ["Recording", "data_arrays", "data_shapes", "step_shapes"]


def _is_array(leaf: Any) -> bool:
    """Arrays of numbers are inputs of the graph; settings, text and functions stay as they are."""
    return type(leaf) is np.ndarray and leaf.dtype.kind in "fciub"


def data_arrays(data: tuple[Any, ...]) -> list[Any]:
    return [leaf for leaf in flatten(data)[0] if _is_array(leaf)]


def data_shapes(data: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([(array.shape, array.dtype) for array in data_arrays(data)])


def step_shapes(params: Any, data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Shapes and dtypes of what a step gets: a program made for one must not be given another."""
    leaves = [np.asarray(leaf) for leaf in flatten(params)[0]]
    return tuple([(leaf.shape, leaf.dtype) for leaf in leaves]), data_shapes(data)


class Recording:
    """One trace of the loss, with parameters and data as inputs of the graph.

    Parameters
    ----------
    loss : callable
    params : container of arrays
    data : tuple
    named : bool, default False
        Whether to look up the names of variables, for a message.
    """

    def __init__(self, loss: Callable[..., Any], params: Any, data: tuple[Any, ...], *, named: bool = False) -> None:
        leaves, structure = flatten(data)
        self.shapes = step_shapes(params, data)

        def with_arrays(params: Any, arrays: list[Any]) -> Any:
            following = iter(arrays)
            return loss(params, *structure.unflatten([next(following) if _is_array(x) else x for x in leaves]))

        arguments = Arguments(with_arrays, (params, data_arrays(data)), (0, 1))
        call = TracedCall(with_arrays, arguments, {}, scans_names=named)
        self.inputs, self.start = call.inputs, call.start
        self.params_count = arguments.structures[0].leaf_count
        self.output = scalar_output(call.result, function_name(loss))
        self.order = ancestors([*self.inputs, self.output], after=self.start)
        self.key, self.leaves = signature(self.order, [self.output])
        self.constants = [np.array(node._value) for node in self.leaves[len(self.inputs) :]]
        self.reaches_params = not set(self.inputs[: self.params_count]).isdisjoint(ancestors([self.output]))
        #: Whether the graph would be the same for other numbers.
        self.is_fixed = not (call.looked_at or any(node.op.infer is by_evaluation for node in self.order))

    def agrees_with(self, other: Recording) -> bool:
        """Whether another trace recorded the same graph on the same constants."""
        return self.key == other.key and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
            for a, b in zip(self.constants, other.constants, strict=True)
        )

    def wanted(self) -> list[Node]:
        """The loss, and its gradients with respect to the parameters."""
        stabilise(self.order)
        output = self.output.stable or self.output
        return [output, *gradients([output], [ones_for(output)], self.inputs[: self.params_count], self.start)]
