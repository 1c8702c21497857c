"""Totals of reductions: what they begin with, and how two of them are joined."""

from __future__ import annotations

import math

import numpy as np

from chainrule.native.assembly.emitter import Emitter
from chainrule.native.assembly.values import Value

__all__ = ["joined", "neutral_number"]

#: Which instruction joins two totals of a reduction.
_JOINS = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum", "all": "and_", "any": "or_"}


def neutral_number(name: str, dtype: np.dtype[np.generic]) -> float | int:
    """What a total begins with: it changes nothing. Anything but a reduction of a loop nest is a sum."""
    if name in ("max", "min"):
        if dtype.kind == "f":
            return -math.inf if name == "max" else math.inf
        limits = np.iinfo(dtype)  # type: ignore[type-var]
        return int(limits.min if name == "max" else limits.max)
    return 1 if name in ("prod", "all") else 0


def joined(e: Emitter, name: str, x: Value, y: Value) -> Value:
    """The total of two totals."""
    return getattr(e, _JOINS.get(name, "add"))(x, y)
