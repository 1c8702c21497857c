"""Values as JSON can hold them, for records that only people and reports read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """Numbers of NumPy as Python's, arrays and tuples as lists, all else as text.

    JSON has no NaN and no infinity: these become the texts ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``.

    Parameters
    ----------
    value : object

    Returns
    -------
    None, bool, int, float, str, or lists and dicts of them

    Examples
    --------
    >>> plain({"loss": np.array([1.0, np.nan]), "hidden": (64, 32), "rows": np.int64(7), 3: None})
    {'loss': [1.0, 'NaN'], 'hidden': [64, 32], 'rows': 7, '3': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
