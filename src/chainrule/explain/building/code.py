"""Operations that hold code of the user's, written as calls: ``cube(x)``, ``scan(step, 0, xs)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.notation.tree import Call, Expression, Symbol

__all__ = ["code_call", "holds_code"]


def holds_code(node: Node) -> bool:
    """Whether a node runs a function that its settings hold."""
    return bool(_functions(node))


def code_call(node: Node, parts: Sequence[Expression]) -> Expression:
    """The call of a function with a rule of its own by its name; of a loop with the names of its functions first.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> from chainrule.notation.text import to_text
    >>> def step(total, x):
    ...     return total + x, total
    >>> graph = cr.trace(lambda xs: cr.scan(step, 0.0, xs)[0], np.ones(3))
    >>> (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
    >>> to_text(code_call(loop, [Symbol("c"), Symbol("xs")]))
    'scan(step, c, xs)'
    """
    names = [_spoken(name) for name in _functions(node)]
    if node.op.name in ("custom_vjp", "custom_jvp", "checkpoint"):
        return Call(names[0], tuple(parts))
    return Call(node.op.name, (*[Symbol(name) for name in names], *parts))


def _functions(node: Node) -> list[str]:
    """The names of the functions among the settings of a node."""
    found = [_name_of(setting) for setting in node.params.values()]
    return [name for name in found if name is not None]


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
