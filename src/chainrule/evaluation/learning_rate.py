"""A learning rate from a short range test: it grows at each step until the loss blows up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.evaluation.checks import Array
from chainrule.learn.minimize import minimize

__all__ = ["Growing", "LearningRateTest", "find_learning_rate", "range_test"]

#: Steps over which the loss is averaged before its slope is taken.
_WINDOW = 11
#: A loss this many times as large as the first one has diverged.
_DIVERGED = 4.0
#: The loss must fall by this share, and by more than it varies from step to step, for its slope to mean something.
_LEAST_FALL = 0.01
#: Steps at the beginning whose learning rates are too small to change anything: they show how the loss varies.
_QUIET = 20
#: Where the loss has fallen by this share of the whole fall, learning has begun; slopes before that are noise.
_BEGUN = 0.1


@dataclass(frozen=True)
class Growing:
    """A learning rate that grows by the same factor at each step.

    Parameters
    ----------
    low, high : float
        The first and the last one.
    steps : int

    Examples
    --------
    >>> growing = Growing(1e-4, 1.0, steps=5)
    >>> [round(float(growing(count)), 4) for count in range(5)]
    [0.0001, 0.001, 0.01, 0.1, 1.0]
    """

    low: float
    high: float
    steps: int

    def __call__(self, count: Any) -> Any:
        return self.low * np.exp(count * (np.log(self.high / self.low) / (self.steps - 1)))


@dataclass(frozen=True)
class LearningRateTest:
    """What a range test found.

    Attributes
    ----------
    lr : float
        Where the loss falls most steeply.
    lrs, losses : tuple of float
        The learning rate of each step, and the loss after it, up to where it diverged.
    smoothed : tuple of float
        The losses averaged over neighbours.
    reason : str
        How it was chosen.
    """

    lr: float
    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Everything, for `json.dumps`."""
        return asdict(self)


def range_test(
    run: Callable[[Growing, int], Any],
    *,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 100,
    default: float = 1e-3,
) -> LearningRateTest:
    """Take `steps` steps with a growing learning rate, and find where the loss falls most steeply.

    The smallest learning rates change nothing, and the largest ones are too large. In between, the slope of the loss
    over the logarithm of the learning rate says which ones learn fastest (L. N. Smith, 2017, arXiv:1506.01186).

    Parameters
    ----------
    run : callable
        ``run(schedule, steps)`` gives the loss before each step, with a learning rate of ``schedule(count)``.
    low, high : float
        Where it begins and ends.
    steps : int, default 100
    default : float
        The result where the loss does not fall.

    Returns
    -------
    LearningRateTest

    Examples
    --------
    >>> def run(schedule, steps):
    ...     w, losses = 1.0, []
    ...     for count in range(steps):
    ...         losses.append(w * w)
    ...         w -= schedule(count) * 2 * w
    ...     return losses
    >>> 0.01 < range_test(run).lr < 1
    True
    """
    if not (0 < low < high and steps > _WINDOW):
        raise ConfigError(
            f"no range test has learning rates from {low:g} to {high:g} in {steps} steps",
            fix=f"choose 0 < low < high and more than {_WINDOW} steps",
        )
    schedule = Growing(low, high, steps)
    before = np.asarray(run(schedule, steps), np.float64)
    # the loss before step k + 1 is what the learning rate of step k has led to
    losses = before[1:]
    lrs = np.asarray(schedule(np.arange(len(losses))), np.float64)
    end = _divergence(before)
    losses, lrs = losses[:end], lrs[:end]
    if len(losses) < _WINDOW:
        return _result(default, lrs, losses, losses, "the loss diverged within a few steps; the default is kept")
    smoothed = _smoothed(losses)
    quiet = losses[:_QUIET]
    start, lowest = float(np.median(quiet)), int(smoothed.argmin())
    fall, noise = start - smoothed[lowest], float(quiet.std()) / np.sqrt(_WINDOW)
    if fall < max(_LEAST_FALL * abs(start), 2 * noise):
        return _result(default, lrs, losses, smoothed, "the loss did not fall; the default is kept")
    begun = int(np.flatnonzero(smoothed[: lowest + 1] > start - _BEGUN * fall)[-1:].sum())
    if lowest - begun < 2:
        return _result(float(lrs[lowest] / 10), lrs, losses, smoothed, "a tenth of where the loss is lowest")
    slope = np.gradient(_smoothed(smoothed)[begun : lowest + 1], np.log(lrs[begun : lowest + 1]))
    return _result(float(lrs[begun + slope.argmin()]), lrs, losses, smoothed, "where the loss falls most steeply")


def find_learning_rate(
    loss: Callable[..., Any],
    params: Any,
    data: tuple[Any, ...],
    make_optimizer: Callable[[Growing], Any],
    *,
    batch_size: int | None = None,
    seed: int = 0,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 100,
    default: float = 1e-3,
) -> LearningRateTest:
    """The range test for a loss, its first parameters and data; nothing is changed by it.

    Parameters
    ----------
    loss, params, data, batch_size, seed
        As in `chainrule.minimize`.
    make_optimizer : callable
        ``make_optimizer(lr)``, such as ``lambda lr: cr.Adam(lr=lr)``.
    low, high, steps, default
        As in `range_test`.

    Returns
    -------
    LearningRateTest
    """

    def run(schedule: Growing, count: int) -> Array:
        optimizer = make_optimizer(schedule)
        found = minimize(
            loss,
            params,
            data,
            optimizer=optimizer,
            steps=count,
            batch_size=batch_size,
            seed=seed,
            check_finite=False,
        )
        return found.history["loss"]

    with np.errstate(all="ignore"):  # it ends in numbers that are too large: that is its purpose
        return range_test(run, low=low, high=high, steps=steps, default=default)


def _divergence(before: Array) -> int:
    """How many of the losses after a step are usable."""
    usable = np.isfinite(before[1:]) & (before[1:] <= _DIVERGED * abs(before[0]) + np.finfo(float).tiny)
    return int(np.argmin(usable)) if not usable.all() else len(usable)


def _smoothed(losses: Array) -> Array:
    """Means over neighbours; at the ends over those there are."""
    kernel = np.ones(_WINDOW)
    return np.convolve(losses, kernel, "same") / np.convolve(np.ones(len(losses)), kernel, "same")


def _result(lr: float, lrs: Array, losses: Array, smoothed: Array, reason: str) -> LearningRateTest:
    columns = [tuple(map(float, part)) for part in (lrs, losses, smoothed)]
    return LearningRateTest(lr, columns[0], columns[1], columns[2], reason)
