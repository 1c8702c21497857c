"""Euclidean norms of numbers whose squares no float can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["scaled_norm"]


def scaled_norm(values: Any, axis: int | None = None) -> Any:
    """The square root of the sum of squares, of huge and of tiny numbers as well.

    Numbers are divided by the largest of them before they are squared, so that the squares neither overflow nor all
    round to zero (on why: Blue 1978, "A portable Fortran program to find the Euclidean norm of a vector").

    Parameters
    ----------
    values : array_like of real numbers
    axis : int, optional
        Along which; all numbers together if not given.

    Returns
    -------
    float or array of float64
        Infinite or not a number where any of the numbers is, and infinite where the norm itself is too large for a
        float64.

    Examples
    --------
    >>> print(f"{scaled_norm([3e200, 4e200]):.3g} {scaled_norm([3e-200, 4e-200]):.3g}")
    5e+200 5e-200
    >>> scaled_norm([[3.0, np.inf], [4.0, 1.0]], axis=0).tolist()
    [5.0, inf]
    """
    sizes = np.abs(np.asarray(values, np.float64))
    largest = np.max(sizes, axis=axis, keepdims=True, initial=0.0)
    is_scaled = (largest > 0) & np.isfinite(largest)
    scale = np.where(is_scaled, largest, 1.0)
    shares = np.where(is_scaled, sizes, 0.0) / scale
    with np.errstate(over="ignore"):
        norms = scale * np.sqrt(np.sum(shares**2, axis=axis, keepdims=True))
    return np.squeeze(np.where(is_scaled, norms, largest), axis=axis)[()]
