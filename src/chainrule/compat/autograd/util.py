"""Small functions that autograd's users import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["func", "subval", "subvals"]


def func(f: Any) -> Any:
    """The function itself."""
    return f


def subvals(x: Iterable[Any], replacements: Iterable[tuple[int, Any]]) -> tuple[Any, ...]:
    """A tuple with some entries replaced.

    >>> subvals((1, 2, 3), [(0, 10), (2, 30)])
    (10, 2, 30)
    """
    values = list(x)
    for position, value in replacements:
        values[position] = value
    return tuple(values)


def subval(x: Iterable[Any], position: int, value: Any) -> tuple[Any, ...]:
    """A tuple with one entry replaced."""
    return subvals(x, [(position, value)])
