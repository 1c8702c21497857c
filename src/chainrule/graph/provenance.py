"""Where a node comes from: the words that errors, warnings and printed graphs use for it."""

from __future__ import annotations

import linecache
import os

from chainrule.graph.node import Node

__all__ = ["describe", "describe_value", "format_line", "where_recorded"]


def describe_value(name: str | None, shape: tuple[int, ...], dtype: object) -> str:
    """A value in a sentence: ``W1 (shape (2, 16), float64)``."""
    return f"{name or ('an array' if shape else 'a value')} (shape {shape}, {dtype})"


def describe(node: Node) -> str:
    """A node in a sentence, by the user's name for it where that is known."""
    if node.op.name == "literal":
        return f"the number {node._value!r}"
    name = node.name
    if name is None and node.inputs:
        name = f"the result of {node.op.name}"
    return describe_value(name, node.shape, node.dtype)


def where_recorded(node: Node) -> str | None:
    """File, line and text of the code that made the node: ``model.py, line 7: z = x @ w``."""
    source = node.source
    if source is None:
        return None
    return format_line(*source)


def format_line(filename: str, line: int) -> str:
    """A line of code in a sentence: ``model.py, line 7: z = x @ w``."""
    text = linecache.getline(filename, line).strip()
    shown = os.path.relpath(filename) if os.path.isabs(filename) and filename.startswith(os.getcwd()) else filename
    return f"{shown}, line {line}" + (f": {text}" if text else "")
