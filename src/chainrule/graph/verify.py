"""The verifier: what every graph must fulfil, before and after each pass.

A pass that builds a wrong node would show up much later, as a wrong number. The verifier finds it where it is: it
trusts nothing that a node says of itself, and asks the record of the operation again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import GraphError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.op import CONSTANT, INPUT, LITERAL
from chainrule.graph.provenance import where_recorded

__all__ = ["verify"]

_NUMBERS = (float, int, bool, complex)


def verify(graph: Graph) -> None:
    """Check that a graph keeps the rules of graphs.

    - Inputs come before their users, so there is no cycle; every free input is listed in ``graph.inputs``.
    - The number of inputs and the settings of a node fit the record of its operation.
    - Shape and dtype are what the record says for these inputs, and a value that is present has them.
    - A literal is a Python number; a constant has a value.
    - The bodies of loops and branches are such graphs, too.
    - A stable form and a gradient have the shape and dtype of the node that they stand for.

    Parameters
    ----------
    graph : Graph

    Raises
    ------
    GraphError
        Naming the first node that breaks a rule.

    Examples
    --------
    >>> import chainrule as cr
    >>> graph = cr.trace(lambda x: 2 * x, 3.0)
    >>> verify(graph)
    >>> graph.outputs[0].shape = (7,)
    >>> try:
    ...     verify(graph)
    ... except cr.errors.GraphError as error:
    ...     print(error.what.split(": ")[1])
    it claims shape (7,), float64, but multiply gives shape (), float64
    """
    _check_ends(graph)
    seen: set[Node] = set()
    for node in graph.nodes:
        _check_order(node, seen)
        seen.add(node)
        if node.op is LITERAL or node.op is CONSTANT or not node.inputs:
            _check_leaf(node, graph)
        else:
            _check_call(node)
            _check_inferred(node)
            _check_bodies(node)
        _check_value(node)
        _check_kinship(node, node.stable, "its stable form")
        _check_kinship(node, node.gradient_of, "the node whose gradient it is")
    for output in graph.outputs:
        if output not in seen:
            raise _broken(output, "it is an output, but not among the nodes of the graph")


def _broken(node: Node, reason: str) -> GraphError:
    return GraphError(f"{node!r} breaks the graph: {reason}", where=where_recorded(node))


def _check_ends(graph: Graph) -> None:
    if not graph.outputs:
        raise GraphError(f"the graph {graph.name} has no outputs")
    for node in (*graph.inputs, *graph.outputs):
        if not isinstance(node, Node):
            raise GraphError(f"the graph {graph.name} has {node!r} at its ends, which is no node")


def _check_order(node: Node, seen: set[Node]) -> None:
    for source in node.inputs:
        if not isinstance(source, Node):
            raise _broken(node, f"its input {source!r} is no node")
        if source not in seen or source.index >= node.index:
            raise _broken(node, f"its input {source!r} does not come before it")


def _check_leaf(node: Node, graph: Graph) -> None:
    if node.inputs:
        raise _broken(node, f"a {node.op.name} has no inputs, and this one has {len(node.inputs)}")
    if node.op is LITERAL:
        if type(node._value) not in _NUMBERS or node.kind is not type(node._value):
            raise _broken(node, f"a literal is a Python number, and this one is {node._value!r}")
    elif node.op is INPUT:
        if node not in graph.inputs:
            raise _broken(node, "it is an input that the graph does not list")
    elif node.op is CONSTANT:
        if not isinstance(node._value, (np.ndarray, np.generic)):
            raise _broken(node, f"a constant is an array, and this one is {node._value!r}")
    else:
        raise _broken(node, "it has no inputs, but is neither input, constant nor literal")


def _check_call(node: Node) -> None:
    """Would the operation take these arguments and these settings?"""
    op, count = node.op, len(node.inputs)
    if op.partials is not None and count != len(op.partials):
        raise _broken(node, f"{op.name} takes {len(op.partials)} inputs, and it has {count}")
    reason = _refusal(op.compute, count, node.params)
    if reason:
        raise _broken(node, f"{op.name} does not take its inputs and settings: {reason}")


def _refusal(compute: Callable[..., Any], count: int, params: dict[str, Any]) -> str | None:
    if isinstance(compute, np.ufunc):
        wrong = count != compute.nin
        return f"{compute.__name__} takes {compute.nin} inputs, and it has {count}" if wrong else None
    try:
        inspect.signature(compute).bind(*range(count), **params)
    except TypeError as error:
        return str(error)
    except ValueError:
        return None  # written in C, and silent about its arguments
    return None


def _check_inferred(node: Node) -> None:
    try:
        shape, dtype = node.op.infer(node.op, node.inputs, node.params)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _broken(node, f"{node.op.name} does not fit its inputs: {error}") from error
    if (shape, dtype) != (node.shape, node.dtype):
        raise _broken(
            node, f"it claims shape {node.shape}, {node.dtype}, but {node.op.name} gives shape {shape}, {dtype}"
        )


def _check_bodies(node: Node) -> None:
    """A loop or a branch holds graphs of its own."""
    for setting in node.params.values():
        graph = getattr(setting, "graph", None)
        if isinstance(graph, Graph):
            verify(graph)


def _check_value(node: Node) -> None:
    value = node._value
    if value is None:
        return
    parts = zip(node.shape, value, strict=True) if node.is_tuple else [((node.shape, node.dtype), value)]
    for (shape, dtype), part in parts:
        if np.shape(part) != shape or np.asarray(part).dtype != dtype:
            raise _broken(
                node,
                f"its value has shape {np.shape(part)}, {np.asarray(part).dtype}, where it claims {shape}, {dtype}",
            )


def _check_kinship(node: Node, other: Node | None, what: str) -> None:
    if other is not None and (other.shape, other.dtype) != (node.shape, node.dtype):
        raise _broken(
            node, f"it has shape {node.shape}, {node.dtype}, and {what} has shape {other.shape}, {other.dtype}"
        )
