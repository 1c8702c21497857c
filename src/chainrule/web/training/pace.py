"""How many epochs a run may do by now, if it is not to go as fast as it can."""

from __future__ import annotations

import math

__all__ = ["Pace"]

#: What a run did not manage within so many seconds, it does not catch up with.
_PATIENCE = 0.25


class Pace:
    """A steady number of epochs per second.

    Parameters
    ----------
    speed : float
        Epochs per second.
    now : float
        Seconds, by any clock: the first epoch is due at once.
    epoch : int
        Epochs that are done.

    Examples
    --------
    >>> pace = Pace(speed=2.0, now=100.0, epoch=10)
    >>> pace.due(now=100.0, epoch=10), pace.next(epoch=11)
    (1, 100.5)
    >>> pace.due(now=100.4, epoch=11), pace.due(now=100.5, epoch=11)
    (0, 1)
    """

    def __init__(self, speed: float, now: float, epoch: int) -> None:
        self._speed = speed
        self._start, self._first = now, epoch

    def due(self, now: float, epoch: int) -> int:
        """How many epochs to do now."""
        late = now - self.next(epoch)
        if late > _PATIENCE + 1 / self._speed:
            self._start, self._first = now, epoch
        return max(math.floor((now - self._start) * self._speed + 1e-9) + 1 - (epoch - self._first), 0)

    def next(self, epoch: int) -> float:
        """When the next epoch is due."""
        return self._start + (epoch - self._first) / self._speed
