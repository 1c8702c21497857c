"""Numbers as the page prints them, read back and compared: four significant digits, long arrays cut short."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

#: A number, a bracket, or the sign that something is left out.
_PIECE = re.compile(r"[\[\]…]|[−-]?(?:\d+\.?\d*(?:e[−-]?\d+)?|∞|nan)")
#: Half a unit of the fourth digit, and a little for how it was computed.
_ROUNDING = 5.2e-4


def read(text: str) -> Any:
    """The nested lists that a printed value says, with `...` where it leaves something out.

    >>> read("[[1, −0.5, …], [0, 1, …], …] (3, 3)")
    [[1.0, -0.5, Ellipsis], [0.0, 1.0, Ellipsis], Ellipsis]
    >>> read("−25")
    -25.0
    """
    stack: list[list[Any]] = [[]]
    for piece in _PIECE.findall(re.sub(r"\(\d+(, ?\d+)*,?\)$", "", text.strip())):
        if piece == "[":
            stack.append([])
        elif piece == "]":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(... if piece == "…" else float(piece.replace("−", "-").replace("∞", "inf")))
    (outermost,) = stack
    (value,) = outermost
    return value


def says(text: str, value: Any) -> bool:
    """Whether a printed text is this value: all that it shows, to its digits, and nothing else is missing."""
    return _agrees(read(text), np.asarray(value, dtype=float), largest=float(np.max(np.abs(value))))


def _agrees(shown: Any, value: np.ndarray[Any, Any], largest: float) -> bool:
    if not isinstance(shown, list):
        return value.ndim == 0 and bool(abs(shown - value) <= _ROUNDING * abs(value) + 1e-9 * largest)
    is_cut = shown[-1:] == [...]
    items = shown[:-1] if is_cut else shown
    enough = 0 < len(items) < len(value) if is_cut else len(items) == len(value)
    return value.ndim > 0 and enough and all(_agrees(*pair, largest) for pair in zip(items, value, strict=False))
