"""Gradient norms of a run that goes on without end, thinned out to a few hundred moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.evaluation.gradient_flow import LayerGradient, gradient_flow

__all__ = ["Norms"]

Array = np.ndarray[Any, Any]


class Norms:
    """The first epoch, and of as many others in a row as it takes the largest norms, so that no peak is lost.

    Parameters
    ----------
    names : sequence of str
        Of the parameters.
    most : int, default 400
        Moments that are kept, an even number.

    Attributes
    ----------
    count : int
        Epochs that were added.

    Examples
    --------
    >>> norms = Norms(["W1", "W2"], most=2)
    >>> for epoch in range(6):
    ...     norms.add([5e3 if epoch == 3 else 1.0, 1.0])
    >>> norms.marks()["layer 1"].reason
    '5,000 times as large as at first'
    """

    def __init__(self, names: Sequence[str], most: int = 400) -> None:
        self._names, self._most = names, most
        self._moments: list[tuple[int, Array]] = []  # with the epochs that they begin with; the first stands alone
        self._every = 1
        self.count = 0

    def add(self, norms: Sequence[float]) -> None:
        """Those of the next epoch, one number for each parameter."""
        now = np.asarray(norms, np.float64)
        self.count += 1
        is_new = (self.count - 2) % self._every == 0 or not np.isfinite(now).all()
        if is_new or len(self._moments) < 2:
            self._moments.append((self.count, now))
        else:
            epoch, before = self._moments[-1]
            self._moments[-1] = (epoch, np.maximum(before, now))
        if len(self._moments) > self._most:
            self._halve()

    def _halve(self) -> None:
        first, *rest = self._moments
        pairs = zip(rest[::2], rest[1::2], strict=True)
        self._moments = [first, *[(epoch, np.maximum(one, other)) for (epoch, one), (_, other) in pairs]]
        self._every *= 2

    def marks(self) -> dict[str, LayerGradient]:
        """What `gradient_flow` says of each layer, by its name."""
        if not self._moments:
            return {}
        epochs, norms = zip(*self._moments, strict=True)
        columns = np.stack(norms, axis=1)
        found = gradient_flow(dict(zip(self._names, columns, strict=True)), epochs=epochs)
        return {layer.name: layer for layer in found}
