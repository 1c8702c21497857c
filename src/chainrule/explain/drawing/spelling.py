"""What vertices are called: in the picture, in words, and as keys that a page can look for."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explain.drawing.diagram import Vertex
from chainrule.notation.numbers import preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Symbol

__all__ = ["described", "key_of", "named", "short_value"]


#: Characters of an array that is shown by its numbers.
_FEW = 18


def key_of(symbol: Symbol) -> str:
    """What ``data-symbol`` holds: the name in the code, and which of several assignments it is.

    Examples
    --------
    >>> key_of(Symbol("y_hat")), key_of(Symbol("h", 2))
    ('y_hat', 'h(2)')
    """
    return symbol.name if symbol.occurrence is None else f"{symbol.name}({symbol.occurrence})"


def named(vertex: Vertex) -> str:
    """The name as it is written in the picture; a folded vertex says how many it stands for."""
    return f"{len(vertex.members)} nodes" if vertex.kind == "folded" else to_text(vertex.symbol)


def short_value(value: Any) -> str:
    """A number, a few numbers, or the shape of an array: there is little room at an edge.

    Examples
    --------
    >>> import numpy as np
    >>> short_value(-0.5), short_value(np.ones(3)), short_value(np.ones((2, 3)))
    ('−0.5', '[1, 1, 1]', '2 × 3')
    """
    shape = np.shape(value)
    shown = preview(value).removesuffix(f" {shape}")
    if not shape or (len(shown) <= _FEW and np.size(value) <= 4):
        return shown
    return " × ".join([str(length) for length in shape]) if len(shape) > 1 else f"({shape[0]})"


def described(vertex: Vertex) -> str:
    """A vertex in words, with nothing cut: what a screen reader says, and what a resting pointer shows."""
    formula = to_text(vertex.formula) if vertex.formula else ""
    head = f"{named(vertex)} = {formula}" if formula and vertex.kind != "folded" else named(vertex)
    if vertex.kind == "folded":
        head += f", {formula}, folded"
    if vertex.tooltip:
        return vertex.tooltip if formula in vertex.tooltip else f"{head}; {vertex.tooltip}"
    parts = [head]
    if vertex.value is not None:
        parts.append(f"value {vertex.value}")
    if vertex.gradient is not None:
        parts.append(f"gradient {vertex.gradient}")
    if vertex.is_bad:
        parts.append("the first that is not finite")
    return "; ".join(parts)
