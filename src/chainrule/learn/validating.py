"""Data and settings of a training run that would fail later, or train nothing, are refused at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigError, StructureError
from chainrule.learn.feeding import RowChunks
from chainrule.learn.training_state import TrainingState
from chainrule.structure import flatten

__all__ = ["check_chunks", "check_start", "require_count", "require_optimizer", "row_arrays"]


def require_optimizer(optimizer: Any) -> None:
    """Refuse what is no optimiser."""
    if isinstance(optimizer, type):
        raise ConfigError(
            f"optimizer is the class {optimizer.__name__}, not an optimiser",
            fix=f"make one: optimizer={optimizer.__name__}()",
        )
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        raise ConfigError(
            f"optimizer is {optimizer!r}, which has no init and no update",
            fix="give chainrule.GradientDescent(lr=0.1), chainrule.Adam(), or an object with these two methods",
        )


def require_count(name: str, count: Any, least: int | None = None) -> None:
    """Refuse what is no whole number, or too small a one."""
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or (least is not None and count < least):
        raise ConfigError(f"{name} is a whole number, not {count!r}", fix=f"give {name} as an int, such as 100")


def row_arrays(name: str, data: Any) -> tuple[tuple[Any, ...], int]:
    """Data as a tuple of arrays, and their number of rows."""
    data = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    data = tuple(
        [
            np.ascontiguousarray(part) if isinstance(part, (list, np.ndarray)) and np.ndim(part) else part
            for part in data
        ]
    )
    leaves, _ = flatten(data)
    if not leaves or not all(hasattr(leaf, "dtype") and np.ndim(leaf) for leaf in leaves):
        raise StructureError(
            f"{name} is a tuple of arrays with a row axis, but holds {'nothing' if not leaves else 'a single value'}",
            fix="give (X, y); take other values from a closure: loss=lambda params, *rows: f(params, *rows, value)",
        )
    counts = [len(leaf) for leaf in leaves]
    if len(set(counts)) > 1 or not counts[0]:
        raise StructureError(
            f"the arrays in {name} have {', '.join(map(str, counts))} rows",
            fix="give arrays whose first axis is the row axis, with at least one row",
        )
    return data, counts[0]


def check_chunks(source: RowChunks, batch_size: int | None, noise: Any) -> None:
    """Refuse what needs all rows at once."""
    require_count("rows", source.rows, 1)
    if batch_size is None:
        raise ConfigError("data in chunks are trained on in mini-batches", fix="give batch_size=1000")
    if noise is not None:
        raise ConfigError(
            "noise cannot be made for data in chunks", fix="let chunks(epoch, rng) yield the noise as further arrays"
        )


def check_start(start: TrainingState, leaves: list[Any], optimizer_leaves: list[Any], seed: int) -> None:
    """Refuse a state that belongs to another run."""
    if start.seed != seed:
        raise ConfigError(f"start comes from a run with seed {start.seed}, not {seed}", fix=f"give seed={start.seed}")
    shapes = [[np.shape(leaf) for leaf in one] for one in (start.params, leaves)]
    if shapes[0] != shapes[1]:
        raise StructureError(
            f"start has parameters of shapes {shapes[0]}, but params has {shapes[1]}",
            fix="give the parameters of the same model: their numbers are taken from start",
        )
    shapes = [[np.shape(leaf) for leaf in one] for one in (start.optimizer, optimizer_leaves)]
    if shapes[0] != shapes[1]:
        raise ConfigError(
            "start comes from a run with another optimiser: its state has other arrays",
            fix="give the same optimizer, or leave start out and begin from start.params",
        )
