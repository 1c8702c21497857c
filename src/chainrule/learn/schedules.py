"""Learning-rate schedules: from the number of steps taken to a learning rate, in plain NumPy.

They count steps, not epochs, as optax does; an epoch has ``ceil(rows / batch_size)`` steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError

__all__ = ["Constant", "Cosine", "StepDecay", "WarmUp"]


@dataclass(frozen=True)
class Constant:
    """The same learning rate at each step.

    Parameters
    ----------
    lr : float

    Examples
    --------
    >>> Constant(0.1)(1000)
    0.1
    """

    lr: float

    def __call__(self, count: Any) -> Any:
        return self.lr


@dataclass(frozen=True)
class StepDecay:
    """A learning rate that falls by a factor every so many steps: lr · factor^⌊count / every⌋.

    Parameters
    ----------
    lr : float
        The first learning rate.
    every : int
        Number of steps between two falls.
    factor : float, default 0.1

    Examples
    --------
    >>> schedule = StepDecay(0.1, every=100, factor=0.5)
    >>> [float(schedule(count)) for count in (0, 99, 100, 250)]
    [0.1, 0.1, 0.05, 0.025]
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _require_steps(self, "every", self.every)

    def __call__(self, count: Any) -> Any:
        return self.lr * self.factor ** np.floor(count / self.every)


@dataclass(frozen=True)
class Cosine:
    """A learning rate that falls along half a cosine, and stays at its end.

    Parameters
    ----------
    lr : float
        The first learning rate.
    steps : int
        Number of steps until the end.
    end : float, default 0.0
        The last learning rate.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts.

    Examples
    --------
    >>> schedule = Cosine(0.1, steps=100)
    >>> [round(float(schedule(count)), 6) for count in (0, 50, 100, 200)]
    [0.1, 0.05, 0.0, 0.0]
    """

    lr: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        _require_steps(self, "steps", self.steps)

    def __call__(self, count: Any) -> Any:
        done = np.minimum(count / self.steps, 1.0)
        return self.end + (self.lr - self.end) * (1 + np.cos(np.pi * done)) / 2


@dataclass(frozen=True)
class WarmUp:
    """A learning rate that grows in a line to the one of another schedule, which begins after that.

    Parameters
    ----------
    schedule : float or callable
        What follows.
    steps : int
        Number of steps until then.
    start : float, default 0.0
        The first learning rate.

    Examples
    --------
    >>> schedule = WarmUp(Cosine(0.1, steps=100), steps=10)
    >>> [round(float(schedule(count)), 6) for count in (0, 5, 10, 60, 110)]
    [0.0, 0.05, 0.1, 0.05, 0.0]
    """

    schedule: float | Callable[[Any], Any]
    steps: int
    start: float = 0.0

    def __post_init__(self) -> None:
        _require_steps(self, "steps", self.steps)

    def __call__(self, count: Any) -> Any:
        follow = self.schedule if callable(self.schedule) else Constant(self.schedule)
        growing = self.start + (follow(0) - self.start) * (count / self.steps)
        return np.where(count < self.steps, growing, follow(np.maximum(count - self.steps, 0)))


def _require_steps(schedule: Any, name: str, count: Any) -> None:
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or count < 1:
        raise ConfigError(
            f"{name} of {type(schedule).__name__} is a number of steps from 1, not {count!r}",
            fix=f"write {name}=1000; an epoch has ceil(rows / batch_size) steps",
        )
