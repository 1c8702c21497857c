"""`trace` and `backward`: the computational graph of a function, and the graph of its gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.backward import backpropagate, zeros_like
from chainrule.errors import NonScalarOutputError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors
from chainrule.graph.provenance import describe
from chainrule.simplify.bypassed import bypassed
from chainrule.simplify.stabilise import stabilise, stable
from chainrule.structure import flatten
from chainrule.trace.source import assigned_name
from chainrule.trace.tracer import Tracer
from chainrule.transforms.calling import Arguments, TracedCall, function_name
from chainrule.transforms.running import ones_for

__all__ = ["backward", "trace"]


def trace(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """Record what a function computes.

    Parameters
    ----------
    fun : callable
        Plain NumPy code.
    *args : arrays or containers
        Example arguments; every array and number in them is an input of the graph.
    **kwargs : object
        Handed on untraced.

    Returns
    -------
    Graph
        As the user wrote it: nodes carry the names of the code's variables, and their source lines. Values
        are computed, in numerically stable form, when they are asked for.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def f(w, x, b):
    ...     z = w * x + b
    ...     return 1 / (1 + np.exp(-z))
    >>> graph = cr.trace(f, 0.0, 50.0, 0.0)
    >>> print(graph)
    f(w: float64, x: float64, b: float64)
      %0 = w * x    : float64
      z  = %0 + b   : float64
      %1 = -z       : float64
      %2 = exp(%1)  : float64
      %3 = 1 + %2   : float64
      %4 = 1 / %3   : float64
      return %4
    >>> float(graph["z"].value), float(graph.outputs[0].value)
    (0.0, 0.5)
    """
    arguments = Arguments(fun, args, tuple(range(len(args))))
    arguments.leaves = [leaf if type(leaf) is Tracer else np.array(leaf, subok=True) for leaf in arguments.leaves]
    call = TracedCall(fun, arguments, kwargs, names=arguments.leaf_names(), scans_names=True)
    _prefer_local_names(call)
    outputs = call.nodes_of(flatten(call.result)[0])
    call.own_constants(outputs)
    graph = Graph(call.inputs, outputs, function_name(fun))
    for node in graph.nodes:
        if node.name is None and node.inputs:
            node.name = assigned_name(node)
    return graph


def _prefer_local_names(call: TracedCall) -> None:
    """``W1, b1 = params`` gives better names than ``params[0]``; they were found while tracing."""
    for node in call.inputs:
        if node.local_name is not None and not (node.name or "").isidentifier():
            node.name = node.local_name


def backward(graph: Graph, wrt: Sequence[Node | str] | None = None) -> Graph:
    """Backpropagation: the graph of the gradients of a graph's output.

    Parameters
    ----------
    graph : Graph
        With one real number as output.
    wrt : sequence of Node or str, optional
        Nodes, or names of them, whose gradients are wanted; by default every differentiable input.

    Returns
    -------
    Graph
        Its outputs are the gradients, in the order of `wrt`. Each of its gradient nodes knows of which node it is
        the gradient (``gradient_of``). It is the gradient of the graph as recorded; values come from the
        gradient of its stable form.

    Raises
    ------
    NonScalarOutputError
        If the graph does not have one real number as output.
    NonDifferentiableError
        If an operation on the way has no derivative.

    Examples
    --------
    >>> import chainrule as cr
    >>> graph = cr.trace(lambda x, y, z: (x + y) * z, 5.0, -2.0, -4.0)
    >>> [float(gradient.value) for gradient in cr.backward(graph).outputs]
    [-4.0, -4.0, 3.0]
    """
    if len(graph.outputs) != 1 or graph.outputs[0].size != 1 or graph.outputs[0].dtype.kind != "f":
        raise NonScalarOutputError(
            f"backward needs a graph with one real number as output, but {graph.name} returns "
            + ", ".join(describe(node) for node in graph.outputs),
            fix="sum or average the output",
        )
    if wrt is None:
        targets = [node for node in graph.inputs if node.is_differentiable]
    else:
        targets = [graph[node] if isinstance(node, str) else node for node in wrt]
    (output,) = graph.outputs
    gradients = backpropagate([output], [ones_for(output)], targets)
    _attach_stable_gradients(output, gradients)
    outputs = [gradients.get(node) or zeros_like(node) for node in targets]
    for target, gradient in zip(targets, outputs, strict=True):
        gradient.gradient_of = gradient.gradient_of or target
    known = dict(zip(targets, outputs, strict=True)) | gradients
    return Graph(graph.inputs, outputs, f"gradient of {graph.name}", known)


def _attach_stable_gradients(output: Node, gradients: dict[Node, Node]) -> None:
    """A gradient is evaluated as the gradient of the stable form, unless other stable forms pass the node by."""
    order = ancestors([output])
    stabilise(order)
    stable_output = output.stable or output
    if all(node.stable is None for node in order):
        return
    passed = bypassed(order)
    forms = {node.stable or node for node in gradients}
    stable_gradients = backpropagate([stable_output], [ones_for(stable_output)], forms)
    for node, gradient in gradients.items():
        form = stable_gradients.get(node.stable or node)
        if form is not None and node not in passed and not gradient.is_settled and gradient.inputs:
            gradient.stable = stable(form)
            gradient.is_settled = True
