"""Numbers on their way to the page: short, and null where they are not finite."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

__all__ = ["in_bytes", "rounded", "rounded_or_none", "scaled_bytes"]

Array = np.ndarray[Any, Any]


def rounded(value: Any) -> float:
    """Six significant digits: more than a picture can show.

    Examples
    --------
    >>> rounded(1 / 3), rounded(2.0)
    (0.333333, 2.0)
    """
    return float(f"{value:.6g}")


def rounded_or_none(value: Any) -> float | None:
    """The same, and None for what JSON cannot say.

    Examples
    --------
    >>> rounded_or_none(float("nan")), rounded_or_none(None), rounded_or_none(0.25)
    (None, None, 0.25)
    """
    return rounded(value) if value is not None and math.isfinite(value) else None


def in_bytes(values: Array) -> tuple[float, float, str]:
    """Numbers as one byte each, 0 for the lowest and 255 for the highest.

    Parameters
    ----------
    values : array
        Finite.

    Returns
    -------
    low, high : float
    data : str
        The bytes in base64.

    Examples
    --------
    >>> in_bytes(np.array([-1.0, 0.0, 1.0]))
    (-1.0, 1.0, 'AID/')
    """
    low, high = float(values.min()), float(values.max())
    return rounded(low), rounded(high), scaled_bytes(values, low, high)


def scaled_bytes(values: Array, low: float, high: float) -> str:
    """The same between two given numbers.

    Examples
    --------
    >>> scaled_bytes(np.array([0.5, 1.0]), 0.0, 1.0)
    'gP8='
    """
    scale = 255.0 / (high - low) if high > low else 0.0
    codes = np.clip((values - low) * scale + 0.5, 0, 255).astype(np.uint8)
    return base64.b64encode(codes.tobytes()).decode("ascii")
