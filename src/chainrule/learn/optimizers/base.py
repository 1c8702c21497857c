"""What all optimisers share: a learning rate that may follow a schedule, and the numbers of their state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from chainrule.errors import ConfigError

__all__ = ["Rated", "fitting", "new_state", "squared"]


@dataclass(frozen=True)
class Rated:
    """An optimiser with a learning rate.

    Its state is a dict with ``"count"``, the number of steps taken, ``"lr_scale"``, by which the learning rate is
    multiplied (`ReduceOnPlateau` lowers it between two epochs), and arrays.

    Parameters
    ----------
    lr : float or callable
        Learning rate; or a schedule, which gives it for the number of steps taken.
    """

    lr: float | Callable[[Any], Any]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):  # a float64 of NumPy would not adapt to the dtype of the parameters
                value = value.item()
                object.__setattr__(self, field.name, value)
            if field.name == "lr" and callable(value):
                continue
            if not isinstance(value, (bool, int, float)) or not 0 <= value < float("inf"):
                raise ConfigError(
                    f"{field.name} of {type(self).__name__} is a number from 0, not {value!r}",
                    fix=f"write {type(self).__name__}({field.name}={getattr(type(self), field.name, 0.1)!r})",
                )

    def learning_rate(self, state: Any) -> Any:
        """The learning rate of the next step.

        Parameters
        ----------
        state : dict
            As `init` and `update` return it.

        Returns
        -------
        float
        """
        lr = self.lr(state["count"]) if callable(self.lr) else self.lr
        return lr * state["lr_scale"]


def new_state(**arrays: list[Any]) -> dict[str, Any]:
    """The state before the first step."""
    return {"count": 0, "lr_scale": 1.0, **arrays}


def fitting(number: Any, array: Any) -> Any:
    """A number that leaves the dtype of an array as it is when both are multiplied.

    A Python number does so already; a schedule may give a float64 of NumPy, with which float32 would become float64.
    """
    dtype = getattr(array, "dtype", None)
    if dtype is None or not hasattr(number, "astype"):
        return number
    return number.astype(np.finfo(dtype).dtype)


def squared(gradient: Any) -> Any:
    """|g|², which is real for a complex parameter as well."""
    return np.real(gradient * np.conj(gradient)) if np.iscomplexobj(gradient) else gradient * gradient
