"""Forward and backward passes that share no code with chainrule: NumPy by hand, and finite differences of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: The statements of a formula in order: the name that each gives, and how NumPy computes it from the names before.
Statements = list[tuple[str, Callable[[Mapping[str, Any]], Any]]]

_STEP = 1e-5


def values(statements: Statements, given: Mapping[str, Any], shifted: str = "", by: Any = 0.0) -> dict[str, Array]:
    """All values of a formula; `shifted` names one to which `by` is added as soon as it is there."""
    found = {name: np.asarray(value, dtype=float) + (by if name == shifted else 0.0) for name, value in given.items()}
    for name, compute in statements:
        found[name] = np.asarray(compute(found)) + (by if name == shifted else 0.0)
    return found


def gradient(statements: Statements, given: Mapping[str, Any], name: str) -> Array:
    """The gradient of the last statement with respect to a value, whether given or computed, by central differences."""
    output = statements[-1][0]
    shape = values(statements, given)[name].shape
    result = np.zeros(shape)
    for place in np.ndindex(shape):
        by = np.zeros(shape)
        by[place] = _STEP
        above, below = (values(statements, given, name, sign * by)[output] for sign in (1, -1))
        result[place] = (above - below) / (2 * _STEP)
    return result
