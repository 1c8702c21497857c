"""The generated tables in small: a few of their points, for a picture to choose by."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from chainrule.tables.generated import GENERATED, generated_table
from chainrule.web.training.numbers import rounded

__all__ = ["previews"]

_ROWS = 90
_NOISE = 0.1


@functools.cache
def previews() -> dict[str, dict[str, list[Any]]]:
    """Coordinates and targets of a few rows of each generated table; classes as numbers from 0.

    They are made once: the first call imports what makes them, which takes a second.

    Returns
    -------
    dict of str to dict
        By the table's name: ``x``, ``y`` and ``target``.

    Examples
    --------
    >>> found = previews()["xor"]
    >>> len(found["x"]) == len(found["y"]) == len(found["target"]), sorted(set(found["target"]))
    (True, [0, 1])
    """
    return {name: _preview(name) for name in GENERATED}


def _preview(name: str) -> dict[str, list[Any]]:
    record = GENERATED[name]
    table = generated_table(name, rows=_ROWS, noise=_NOISE, seed=0)
    target = table[record.target]
    shown = [record.classes.index(label) for label in target] if record.classes else _rounded(target)
    return {"x": _rounded(table["x1"]), "y": _rounded(table["x2"]), "target": shown}


def _rounded(values: np.ndarray[Any, Any]) -> list[float]:
    return [rounded(value) for value in values]
