"""How a lesson writes one operation: as its record does, and shorter where the settings are code or an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.written import written
from chainrule.notation.text import to_text
from chainrule.notation.tree import Call, Expression, Item, Relation, Symbol, call

__all__ = ["index_text", "operation_form", "opposite"]

#: Operations with an index, and how many of their operands are no index arrays.
_INDEXING = {"getitem": 1, "scatter": 1, "index_set": 2, "index_add": 2}
#: Functions with a rule of their own, which are called by their own name.
_NAMED = frozenset({"custom_vjp", "custom_jvp", "checkpoint"})
_OPPOSITES = {"=": "≠", "≠": "=", "<": "≥", "≥": "<", ">": "≤", "≤": ">"}


def operation_form(node: Node, parts: Sequence[Expression]) -> Expression:
    """The operation of a node applied to operands.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def step(total, x):
    ...     return total + x, total
    >>> graph = cr.trace(lambda xs: cr.scan(step, 0.0, xs)[0], np.ones(3))
    >>> (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
    >>> to_text(operation_form(loop, [Symbol("c"), Symbol("xs")]))
    'scan(step, c, xs)'
    """
    is_array = node.is_tuple or node.size > 1
    if node.op.name in _INDEXING:
        return replace(_indexed(node, parts), is_array=is_array)
    if node.op.name == "input" or (node.op.name == "item" and _is_call_with_one_result(node.inputs[0])):
        return parts[0]
    functions = _functions(node)
    if functions and node.op.name in _NAMED:
        return Call(functions[0], tuple(parts), is_array=is_array)
    if functions:
        first = parts[:1] if node.op.name == "cond" else []
        names = [Symbol(name) for name in functions]
        return Call(node.op.name, (*first, *names, *parts[len(first) :]), is_array=is_array)
    return replace(written(node, parts), is_array=is_array)


def _indexed(node: Node, parts: Sequence[Expression]) -> Expression:
    count = _INDEXING[node.op.name]
    index = index_text(node, parts[count:])
    if node.op.name == "getitem":
        return Item(parts[0], index)
    return Call(node.op.name, tuple(parts[:count]), (f"at=[{index}]",))


def index_text(node: Node, arrays: Sequence[Expression]) -> str:
    """The index of a part, with the names of index arrays: ``labels, 0:2``."""
    names = iter([to_text(array) for array in arrays])
    return re.sub(r"\[…\]|(?<!\w)i(?!\w)", lambda place: next(names), repr(node.params["index"])[1:-1])


def _is_call_with_one_result(node: Node) -> bool:
    return len(node.shape) == 1 and bool(_functions(node))


def _functions(node: Node) -> list[str]:
    """The names of the functions among the settings of a node."""
    found = [_name_of(setting) for setting in node.params.values()]
    return [_spoken(name) for name in found if name is not None]


def _name_of(setting: Any) -> str | None:
    """Of the body of a loop, or of a rule that belongs to a function."""
    graph = getattr(setting, "graph", None)
    if isinstance(graph, Graph):
        return graph.name
    name = getattr(setting, "function", None)
    return name if isinstance(name, str) else None


def _spoken(name: str) -> str:
    """Functions without a name are f; gradients are g′."""
    *front, function = name.split(" ")
    plain = "f" if function == "<lambda>" else function
    return plain + "′" if front else plain


def opposite(test: Expression) -> Expression:
    """What holds where a condition does not."""
    if isinstance(test, Relation) and test.sign in _OPPOSITES and len(test.operands) == 2:
        return replace(test, sign=_OPPOSITES[test.sign])
    return call("not", test)
