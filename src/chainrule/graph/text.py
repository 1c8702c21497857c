"""Graphs as text: the step that a node stands for, and a graph as a readable program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.graph.written import generic, written
from chainrule.notation.program import to_program
from chainrule.notation.tree import Expression, Fence, Negative, Number, Verbatim

__all__ = ["formula", "node_names", "program_text", "step", "type_text"]


def type_text(node: Node) -> str:
    """``float64[100, 5]``, and ``float64`` for a number."""
    if node.is_tuple:
        return "(" + ", ".join(f"{dtype}{list(shape) or ''}" for shape, dtype in node.shape) + ")"
    return f"{node.dtype}{list(node.shape) or ''}"


def node_names(nodes: Sequence[Node]) -> dict[Node, str]:
    """A name for each node: the user's where there is one, made unique by primes, else %0, %1, ..."""
    names: dict[Node, str] = {}
    taken: set[str] = set()
    counter = 0
    for node in nodes:
        if node.op is LITERAL:
            names[node] = repr(node._value)
            continue
        if node.name:
            name = node.name
            while name in taken:
                name += "′"
        elif node.op.name == "constant" and node.size == 1:
            names[node] = f"{np.asarray(node._value).item():g}" if node.dtype.kind in "fiu" else str(node._value)
            continue
        else:
            name = f"%{counter}"
            counter += 1
        taken.add(name)
        names[node] = name
    return names


def formula(node: Node, operands: Sequence[str]) -> str:
    """The operation of a node as code, applied to operands given by name.

    >>> from chainrule.graph.op import input_node
    >>> from chainrule.ops.arithmetic import multiply
    >>> formula(multiply(input_node(1.0), input_node(2.0)), ["x", "y"])
    'x * y'
    """
    return to_program(step(node, [Verbatim(text) for text in operands]))


def step(node: Node, operands: Sequence[Expression]) -> Expression:
    """The operation of a node as one step of a program.

    An operation that mathematics writes by means of several others, or does not write at all, as it does not write
    casts, goes by its name.

    >>> from chainrule.graph.op import input_node
    >>> from chainrule.ops.exponential import log1p
    >>> node, x = log1p(input_node(1.0)), Verbatim("x")
    >>> to_program(written(node, [x])), to_program(step(node, [x]))
    ('log(1 + x)', 'log1p(x)')
    """
    places = [Verbatim(f"operand {position}") for position in range(len(operands))]
    if _is_one_step(written(node, places), places):
        return written(node, operands)
    return generic(node, operands)


def _is_one_step(expression: Expression, places: Sequence[Expression]) -> bool:
    if expression in places:
        return False
    if isinstance(expression, Fence) and expression.operand not in places:  # ⌊x / y⌋ is one step, x // y
        return _is_one_step(expression.operand, places)
    parts = [part.operand if isinstance(part, Negative) else part for part in expression.children]
    return all(part in places or isinstance(part, Number) for part in parts)


def program_text(name: str, inputs: Sequence[Node], outputs: Sequence[Node], nodes: Sequence[Node]) -> str:
    """A graph as a program, one line for each node."""
    names = node_names(nodes)
    header = ", ".join(f"{names[node]}: {type_text(node)}" for node in inputs)
    given = set(inputs)
    rows: list[tuple[str, str, str]] = []
    for node in nodes:
        if node in given or node.op is LITERAL or (node.op.name == "constant" and node.size == 1):
            continue
        if node.op.name == "constant":
            text = "constant"
        else:
            text = formula(node, [names[source] for source in node.inputs])
        rows.append((names[node], text, type_text(node)))
    width = _width(rows, lambda row: row[0])
    text_width = _width(rows, lambda row: row[1])
    lines = [f"  {left:<{width}} = {text:<{text_width}}  : {kind}" for left, text, kind in rows]
    result = ", ".join(names[node] for node in outputs)
    return "\n".join([f"{name}({header})", *lines, f"  return {result}"])


def _width(rows: Sequence[Any], part: Callable[[Any], str]) -> int:
    return max((len(part(row)) for row in rows), default=0)
