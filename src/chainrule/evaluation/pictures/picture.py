"""A figure with its words and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Picture", "thinned"]

#: Rows of the table below a figure.
_MOST_ROWS = 21


@dataclass(frozen=True)
class Picture:
    """A figure, what it says, and the numbers in it.

    Attributes
    ----------
    title : str
    caption : str
        How to read it.
    svg : str
    header : tuple of str
    rows : sequence of sequence
        The numbers, or some of them: strings, numbers, and None for what is not there.
    note : str
        What a reader must not miss.
    """

    title: str
    caption: str
    svg: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    note: str = ""


def thinned(count: int, most: int = _MOST_ROWS) -> list[int]:
    """Evenly spread positions, the first and the last among them.

    Examples
    --------
    >>> thinned(4), thinned(100, 5)
    ([0, 1, 2, 3], [0, 25, 50, 74, 99])
    """
    if count <= most:
        return list(range(count))
    return [int(i) for i in np.round(np.linspace(0, count - 1, most)).astype(int)]
