"""Curves that grow without end, thinned out to a few hundred points."""

from __future__ import annotations

from typing import Any

from chainrule.web.training.numbers import rounded_or_none

__all__ = ["Curve"]


class Curve:
    """Points of several series over the epochs: the first, then each second, fourth, … one, and the last.

    Parameters
    ----------
    *names : str
        Of the series.
    most : int
        Points that are kept.

    Examples
    --------
    >>> curve = Curve("training", most=4)
    >>> for epoch in range(1, 8):
    ...     curve.add(epoch, 1 / epoch)
    >>> curve.columns()
    {'epoch': [1, 5, 7], 'training': [1.0, 0.2, 0.142857]}
    """

    def __init__(self, *names: str, most: int) -> None:
        self._names = names
        self._most = most
        self._kept: list[list[Any]] = []
        self._every = 1
        self._count = 0
        self._last: tuple[Any, ...] = ()

    def add(self, epoch: float, *values: float | None) -> None:
        """The next point; one of the same epoch replaces the one before."""
        if self._last and self._last[0] == epoch:
            self._count -= 1
            if self._kept and self._kept[-1][0] == epoch:
                self._kept.pop()
        self._last = (epoch, *values)
        if self._count % self._every == 0:
            self._kept.append(self._rounded(self._last))
            if len(self._kept) >= self._most:
                self._kept = self._kept[::2]
                self._every *= 2
        self._count += 1

    def _rounded(self, point: tuple[Any, ...]) -> list[Any]:
        return [point[0], *map(rounded_or_none, point[1:])]

    def columns(self) -> dict[str, list[Any]]:
        """Epochs and values, each as a list."""
        points = list(self._kept)
        if self._last and (not points or points[-1][0] != self._last[0]):
            points.append(self._rounded(self._last))
        return {name: [point[place] for point in points] for place, name in enumerate(("epoch", *self._names))}
