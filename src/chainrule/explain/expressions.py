"""Nodes written out: in symbols, down to nodes that have a name, and with numbers put in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule.explain.order import operation, sources
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.op import LITERAL
from chainrule.graph.text import formula

__all__ = ["Names", "numbers", "preview", "symbols"]

_ATOM = 100
_CALL = 40
_SIGNED = 25
#: Deeper formulas are cut: they no longer explain anything.
_DEEPEST = 12
#: Items of a vector; a matrix shows half as many of each axis, if it is large.
_SHOWN = 4


class Names:
    """What each node is called in a lesson.

    Parameters
    ----------
    graph : Graph
    function : str
        Names the output, if the code does not.
    """

    def __init__(self, graph: Graph, function: str) -> None:
        self._names: dict[Node, str] = {}
        self._seeds: set[Node] = set()
        taken: set[str] = set()
        output = graph.outputs[0]
        counter = 0
        for node in graph.nodes:
            if self.is_inline(node) or node.is_tuple:
                continue
            name = node.name
            if name is None and node is output:
                name = function if function.isidentifier() else "f"
            if name is None:
                counter += 1
                name = f"t{counter}"
            while name in taken:
                name += "′"
            taken.add(name)
            self._names[node] = name

    def is_inline(self, node: Node) -> bool:
        """Constants of the code are shown by their value."""
        return node.op is LITERAL or (node.op.name == "constant" and node.size == 1 and node.name is None)

    def label(self, gradient: Node, label: str, *, is_seed: bool = False) -> None:
        """Name a gradient. One node can be the gradient of several; the last label counts."""
        self._names[gradient] = label
        if is_seed:
            self._seeds.add(gradient)

    def is_seed(self, node: Node) -> bool:
        """Whether a node is the gradient of the output with respect to itself, the number 1."""
        return node in self._seeds

    def __contains__(self, node: Node) -> bool:
        return node in self._names

    def __getitem__(self, node: Node) -> str:
        return self._names[node]


def symbols(node: Node, names: Names, *, whole: bool = False) -> str:
    """A node's operation in symbols; `whole` writes out operands that have no name of their own."""
    if whole and node in names:
        return names[node]
    return _write(node, names, 0, lambda source: (names[source], _ATOM) if source in names else None)[0]


def numbers(node: Node, names: Names, *, whole: bool = False) -> str | None:
    """The same with numbers put in, negative ones in parentheses; None where an array takes part."""
    if node.size != 1 or (whole and node in names):
        return None
    found: list[Node] = []

    def value_text(source: Node) -> tuple[str, int] | None:
        if source not in names:
            return None
        found.append(source)
        if source.size != 1:
            return names[source], _ATOM
        text = number_text(source.value)
        return (f"({text})", _ATOM) if text.startswith("-") else (text, _ATOM)

    text = _write(node, names, 0, value_text)[0]
    return None if any(source.size != 1 for source in found) else text


def _write(node: Node, names: Names, depth: int, shown: Any) -> tuple[str, int]:
    operands = []
    for source in sources(node):
        known = shown(source)
        if known is not None:
            operands.append(known)
        elif source.op is LITERAL or not source.inputs:
            text = number_text(source._value) if source.size == 1 else preview(source._value)
            operands.append((text, _SIGNED if text.startswith("-") else _ATOM))
        elif depth >= _DEEPEST:
            operands.append(("…", _ATOM))
        else:
            operands.append(_write(source, names, depth + 1, shown))
    computing = operation(node)
    if computing is not node:
        position = f"[{node.params['position']}]" if len(computing.shape) > 1 else ""
        return f"{computing.op.name}({', '.join(text for text, _ in operands)}){position}", _CALL
    if node.op.name in ("multiply", "broadcast_to") and any(names.is_seed(source) for source in node.inputs):
        rest = [operand for operand, source in zip(operands, node.inputs, strict=True) if not names.is_seed(source)]
        if rest:
            return rest[0]  # the gradient begins with the number 1, which needs no writing
    if node.op.name in ("broadcast_to", "input"):
        return operands[0]
    strength = node.op.notation.precedence if node.op.notation else _CALL
    # f((-1)) needs no second pair of parentheses
    return re.sub(r"\(\((-[^()]*)\)\)", r"(\1)", formula(node, operands)), strength


def number_text(value: Any) -> str:
    """A number as a person writes it: 0.6931, −25, 3.2e−8."""
    number = np.asarray(value).reshape(-1)[0]
    if np.iscomplexobj(number) or isinstance(number, (np.bool_, bool)):
        return str(number)
    return f"{number:.4g}" if not float(number).is_integer() or abs(number) > 1e6 else f"{int(number)}"


def preview(value: Any) -> str:
    """A value in one line: numbers in full, arrays by their first elements and their shape."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number_text(array)
    count = _SHOWN if array.ndim == 1 else len(array.reshape(-1)) if array.size <= 2 * _SHOWN else _SHOWN // 2
    return f"{_nested(array, count)} {array.shape}"


def _nested(array: np.ndarray[Any, Any], count: int) -> str:
    """The first `count` items along each axis."""
    if array.ndim == 0:
        return number_text(array)
    items = [_nested(item, count) for item in array[:count]]
    return f"[{', '.join(items)}{', …' if len(array) > count else ''}]"
