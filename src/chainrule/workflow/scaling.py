"""Targets of a regression in units of their standard deviation, and parameters back in the units of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.learn.models.network import Network
from chainrule.tables.moments import Moments

__all__ = ["TargetScale"]

Array = np.ndarray[Any, Any]


class TargetScale:
    """Mean and standard deviation of the targets; of classes and labels nothing is changed.

    A network learns numbers around zero with the same learning rate, whatever their unit is.

    Parameters
    ----------
    task : str

    Examples
    --------
    >>> scale = TargetScale("regression")
    >>> scale.add(np.array([10.0, 30.0]))
    >>> scale.to_units(np.array([10.0, 20.0, 30.0]))
    array([-1.,  0.,  1.])
    """

    def __init__(self, task: str) -> None:
        self._is_regression = task == "regression"
        self._moments: Moments | None = None

    def add(self, y: Array) -> None:
        """Take in targets, of shape (n,) or (n, k)."""
        if self._is_regression:
            block = y.reshape(len(y), -1).astype(np.float64)
            if self._moments is None:
                self._moments = Moments.empty(block.shape[1])
            self._moments.add(block)

    @property
    def mean_and_deviation(self) -> tuple[Array, Array]:
        """Of each target of a regression, arrays of shape (k,); a target that is constant counts as 1 wide."""
        assert self._moments is not None
        constant = self._moments.is_constant
        return self._moments.mean, np.where(constant, 1.0, self._moments.deviation)

    def to_units(self, y: Array) -> Array:
        """Targets as the network learns them."""
        if not self._is_regression:
            return y
        mean, deviation = self.mean_and_deviation
        scaled = (y.reshape(len(y), -1) - mean) / deviation
        return scaled.reshape(y.shape).astype(y.dtype if y.dtype.kind == "f" else np.float64)

    def in_table_units(self, params: dict[str, Any], network: Network) -> dict[str, Any]:
        """The parameters with a last layer that predicts targets as they stand in the table."""
        if not self._is_regression:
            return params
        mean, deviation = self.mean_and_deviation
        last = len(network.architecture.hidden) + 1
        W, b = params[f"W{last}"], params[f"b{last}"]
        flat = network.architecture.has_flat_output
        mean, deviation = (mean[0], deviation[0]) if flat else (mean, deviation)
        return params | {
            f"W{last}": (W * deviation).astype(W.dtype),
            f"b{last}": np.asarray(b * deviation + mean).astype(b.dtype),
        }
