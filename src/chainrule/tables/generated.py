"""Tables that are made up: two features that can be drawn, and classes or a surface to learn from them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError

__all__ = ["FEWEST_ROWS", "GENERATED", "MOST_ROWS", "GeneratedTable", "generated_table"]

Array = np.ndarray[Any, Any]

FEWEST_ROWS, MOST_ROWS = 10, 100_000
_LARGEST_SEED = 2**32 - 1  # what scikit-learn's generators take

_CLASSES = ("A", "B", "C")
#: Spirals: turns of each arm, and the radius at which it ends; arms lie 1 apart.
_TURNS, _RADIUS = 1.5, 3.0
#: Blobs: how far the three centres are from the origin, and the standard deviation without noise.
_DISTANCE, _SPREAD = 1.5, 0.4
#: Hills: height, centre and width of each.
_HILLS = ((2.0, (-1.0, -1.0), 1.0), (1.0, (1.5, 1.0), 0.7), (-1.5, (1.2, -1.4), 0.9))


@dataclass(frozen=True)
class GeneratedTable:
    """What there is to know about a table that is made up.

    Attributes
    ----------
    name : str
        For `generated_table`.
    title : str
        As reports call it.
    task : {"binary", "multiclass", "regression"}
    target : str
        The column to be predicted from ``x1`` and ``x2``.
    classes : tuple of str
        Values of the target; none for numbers.
    shows : str
        What can be learnt from it.

    Examples
    --------
    >>> GENERATED["moons"].title, GENERATED["moons"].target, GENERATED["moons"].classes
    ('Two moons', 'label', ('A', 'B'))
    """

    name: str
    title: str
    task: str
    target: str
    classes: tuple[str, ...]
    shows: str


def generated_table(name: str, *, rows: int = 200, noise: float = 0.1, seed: int = 0) -> dict[str, Any]:
    """Make a table up.

    Parameters
    ----------
    name : str
        One of `GENERATED`.
    rows : int, default 200
        From 10 to 100,000; classes have equally many, give or take one.
    noise : float, default 0.1
        Standard deviation of what is added to each coordinate of a point; of a surface, to its height.
    seed : int, default 0
        The same seed gives the same table.

    Returns
    -------
    dict
        ``x1`` and ``x2``: arrays of shape (rows,), float64. ``label``: list of text; or ``y``: array of shape (rows,).

    Raises
    ------
    DataError
        If there is no such table, or a number is out of range.

    Examples
    --------
    >>> table = generated_table("xor", rows=20)
    >>> list(table), table["x1"].shape, sorted(set(table["label"]))
    (['x1', 'x2', 'label'], (20,), ['A', 'B'])
    """
    _check(name, rows, noise, seed)
    points, target = _MAKERS[name](rows, float(noise), seed)
    record = GENERATED[name]
    shown = [record.classes[place] for place in target.tolist()] if record.classes else target
    return {"x1": points[:, 0].copy(), "x2": points[:, 1].copy(), record.target: shown}


def _check(name: str, rows: int, noise: float, seed: int) -> None:
    if name not in GENERATED:
        near = difflib.get_close_matches(str(name), GENERATED, 1)
        raise DataError(
            f"there is no table {name!r} to be made up; there are {', '.join(GENERATED)}",
            fix=f"write {near[0] if near else next(iter(GENERATED))!r}",
        )
    for what, value, least, most in (("rows", rows, FEWEST_ROWS, MOST_ROWS), ("seed", seed, 0, _LARGEST_SEED)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not least <= value <= most:
            raise DataError(
                f"{what} is a whole number from {least:,} to {most:,}, not {value!r:.60}",
                fix=f"write {what}={max(least, 200 if what == 'rows' else 0)}",
            )
    is_number = isinstance(noise, (int, float, np.integer, np.floating)) and not isinstance(noise, bool)
    if not is_number or not math.isfinite(noise) or noise < 0:
        raise DataError(
            f"noise is a standard deviation, a number from 0, not {noise!r:.60}", fix="write noise=0.1, or 0 for none"
        )


# How each is made: rows, noise and seed to points (rows, 2) and classes or heights ------------------------------------


def _xor(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    quadrant = rng.permutation(np.arange(rows) % 4)  # around the origin: neighbours have different classes
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])[quadrant]
    points = signs * rng.uniform(0, 1, (rows, 2)) + noise * rng.normal(size=(rows, 2))
    return points, quadrant % 2


def _moons(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_moons

    points, classes = make_moons(rows, noise=noise, random_state=seed)
    return points - [0.5, 0.25], classes  # around the origin


def _circles(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_circles

    points, classes = make_circles(rows, noise=noise, factor=0.5, random_state=seed)
    return points, classes


def _spirals(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(rows) % 2)
    along = np.sqrt(rng.uniform(0, 1, rows))  # the outer turns are longer, so that points lie equally dense
    angle = 2 * np.pi * _TURNS * along + np.pi * arm
    points = (_RADIUS * along)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + noise * rng.normal(size=(rows, 2)), arm


def _blobs(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_blobs

    angle = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    centres = _DISTANCE * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points, classes = make_blobs(rows, centers=centres, cluster_std=math.hypot(_SPREAD, noise), random_state=seed)
    return points, classes


def _plane(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (rows, 2))
    return points, 2 * points[:, 0] - points[:, 1] + 0.5 + noise * rng.normal(size=rows)


def _hills(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-3, 3, (rows, 2))
    heights = noise * rng.normal(size=rows)
    for height, centre, width in _HILLS:
        heights += height * np.exp(-np.sum((points - centre) ** 2, axis=1) / (2 * width**2))
    return points, heights


_MAKERS: dict[str, Callable[[int, float, int], tuple[Array, Array]]] = {
    "xor": _xor,
    "moons": _moons,
    "circles": _circles,
    "spirals": _spirals,
    "blobs": _blobs,
    "plane": _plane,
    "hills": _hills,
}

_TWO = _CLASSES[:2]

#: Tables that can be made up, by name.
GENERATED = {
    record.name: record
    for record in (
        GeneratedTable(
            "xor", "XOR", "binary", "label", _TWO, "no straight line parts the classes; a hidden layer does"
        ),
        GeneratedTable("moons", "Two moons", "binary", "label", _TWO, "classes that reach into each other"),
        GeneratedTable("circles", "Two circles", "binary", "label", _TWO, "a class that is enclosed by the other"),
        GeneratedTable("spirals", "Two spirals", "binary", "label", _TWO, "a winding border, which needs many units"),
        GeneratedTable(
            "blobs", "Three blobs", "multiclass", "label", _CLASSES, "three classes: softmax draws the borders"
        ),
        GeneratedTable("plane", "Plane", "regression", "y", (), "a surface that linear regression finds"),
        GeneratedTable("hills", "Hills", "regression", "y", (), "a curved surface: two hills and a hollow"),
    )
}
