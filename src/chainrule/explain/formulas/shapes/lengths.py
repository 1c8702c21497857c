"""Lengths of axes that are not known yet, and what is found to be equal."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Length", "Misfit", "Shape", "broadcast", "known", "unify"]


class Misfit(Exception):  # noqa: N818  # nothing went wrong: something else is assumed then
    """Shapes that do not fit each other."""


class Length:
    """A length that may become known."""

    def __init__(self) -> None:
        self._is: Length | int | None = None

    def found(self) -> Length | int:
        """What it has been found to be: a number, or the length that stands for all that are equal to it."""
        here: Length | int = self
        while isinstance(here, Length) and here._is is not None:
            here = here._is
        return here

    def become(self, other: Length | int) -> None:
        """Be equal to another length from now on."""
        self._is = other


Shape = tuple[Length | int, ...]


def known(length: Length | int) -> Length | int:
    """A length as far as it is known."""
    return length.found() if isinstance(length, Length) else length


def unify(left: Length | int, right: Length | int) -> None:
    """Make two lengths equal.

    Raises
    ------
    Misfit
        If they are two numbers.
    """
    left, right = known(left), known(right)
    if left == right:
        return
    if isinstance(left, Length):
        left.become(right)
    elif isinstance(right, Length):
        right.become(left)
    else:
        raise Misfit


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape of what is computed elementwise. Lengths that are not known are taken to be equal.

    Raises
    ------
    Misfit
        If two numbers differ, and neither is 1.
    """
    rank = max(map(len, shapes), default=0)
    result: list[Length | int] = []
    for axis in range(-rank, 0):
        lengths = [known(shape[axis]) for shape in shapes if len(shape) >= -axis]
        longer = [length for length in lengths if length != 1]
        for other in longer[1:]:
            unify(longer[0], other)
        result.append(known(longer[0]) if longer else 1)
    return tuple(result)
