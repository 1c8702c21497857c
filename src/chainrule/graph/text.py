"""Graphs as text: formulas from the notation of the records, and a graph as a readable program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL, Notation

__all__ = ["formula", "node_names", "program_text", "type_text"]


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


def formula(node: Node, operands: Sequence[tuple[str, int]]) -> str:
    """The operation applied to operands given as text and binding strength, with parentheses where needed.

    >>> from chainrule.ops.arithmetic import multiply
    >>> from chainrule.graph.op import input_node
    >>> formula(multiply(input_node(1.0), input_node(2.0)), [("x + y", 10), ("z", 100)])
    '(x + y) * z'
    """
    notation = node.op.notation
    settings = _settings_text(node)
    if notation is None or (settings and notation.precedence == 40):
        return f"{node.op.name}({', '.join([text for text, _ in operands] + settings)})"
    return notation.text.format(*_bracketed(notation, operands, node), index=node.params.get("index", ""))


def _bracketed(notation: Notation, operands: Sequence[tuple[str, int]], node: Node) -> list[str]:
    shown = []
    for position, (text, strength) in enumerate(operands):
        weaker = strength < notation.precedence
        # a - (b - c) and a / (b / c) need their parentheses, a + (b + c) does not
        equal_on_the_right = (
            strength == notation.precedence and position > 0 and node.op.name not in ("add", "multiply")
        )
        inside_call = notation.precedence == 40
        shown.append(f"({text})" if (weaker or equal_on_the_right) and not inside_call else text)
    return shown


def _settings_text(node: Node) -> list[str]:
    shown = []
    for key, value in node.params.items():
        if key == "index" or value is False or value is None:
            continue
        if key == "axis" and isinstance(value, tuple) and node.inputs:
            if len(value) == node.inputs[0].ndim:
                continue
            value = value[0] if len(value) == 1 else value
        shown.append(f"{key}={value}")
    return shown


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
            text = formula(node, [(names[source], 100 if names[source][0] != "-" else 25) for source in node.inputs])
        rows.append((names[node], text, type_text(node)))
    width = _width(rows, lambda row: row[0])
    text_width = _width(rows, lambda row: row[1])
    lines = [f"  {left:<{width}} = {text:<{text_width}}  : {kind}" for left, text, kind in rows]
    result = ", ".join(names[node] for node in outputs)
    return "\n".join([f"{name}({header})", *lines, f"  return {result}"])


def _width(rows: Sequence[Any], part: Callable[[Any], str]) -> int:
    return max((len(part(row)) for row in rows), default=0)
