"""Mini-batches: which rows of the data each step sees."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import StructureError
from chainrule.learn.recording import data_arrays, data_shapes
from chainrule.structure import Structure, flatten

__all__ = ["Batches", "Span", "first_steps"]


@dataclass
class Span:
    """Steps that follow each other and see the same number of rows.

    Attributes
    ----------
    steps : int
    rows : array of int64, shape (steps, rows), or None
        Which rows each step sees; None for all data.
    """

    steps: int
    rows: np.ndarray[Any, Any] | None = None


class Batches:
    """The data of a training run, step by step.

    Parameters
    ----------
    data : tuple
    batch_size : int or None
        Rows for each step; None for all.
    seed : int
        Of the order of rows.
    """

    def __init__(self, data: tuple[Any, ...], batch_size: int | None, seed: int) -> None:
        self.data = data
        self._batch_size = batch_size
        self._seed = seed
        self._leaves: list[Any] = []
        self._structure: Structure | None = None
        self._count = 0
        if self._batch_size is not None and data:
            self._leaves, self._structure = flatten(
                tuple([np.asarray(part) if isinstance(part, list) else part for part in data])
            )
            self._count = _row_count(self._leaves, self._batch_size)

    @property
    def leaves(self) -> list[Any]:
        """The arrays from which rows are picked."""
        return self._leaves

    @property
    def are_numbers(self) -> bool:
        """Whether a graph with the rows' numbers as inputs stands for all steps: text differs from batch to batch."""
        return len(data_arrays(tuple(self._leaves))) == len(self._leaves)

    def spans(self, steps: int) -> Iterator[Span]:
        """The run, cut where an epoch or its last, smaller batch begins."""
        if self._batch_size is None or not self.data:
            yield Span(steps)
            return
        rng = np.random.default_rng(self._seed)
        orders = (rng.permutation(self._count) for _ in itertools.count())
        yield from first_steps((span for order in orders for span in self.epoch(order)), steps)

    def epoch(self, order: np.ndarray[Any, Any], skip: int = 0) -> Iterator[Span]:
        """The batches of rows in an order: whole ones, then a smaller one if any rows are left.

        Parameters
        ----------
        order : array of int
        skip : int, default 0
            How many batches are done.
        """
        size = self._batch_size
        assert size is not None, "without batch_size there are no rows to pick"
        order = order.astype(np.int64)
        whole = len(order) // size
        for first, count, width in ((0, whole, size), (whole, 1, len(order) - whole * size)):
            done = min(max(skip - first, 0), count)
            if done < count and width:
                start = (first + done) * size
                yield Span(count - done, order[start : start + (count - done) * width].reshape(-1, width))

    def renew(self, data: tuple[Any, ...]) -> None:
        """Other data."""
        self.data = data
        if self._batch_size is not None:
            self._leaves, self._structure = flatten(data)

    def shapes(self, span: Span) -> tuple[Any, ...]:
        """Shapes and dtypes of what a step of a span sees."""
        if span.rows is None:
            return data_shapes(self.data)
        width = span.rows.shape[1]
        return tuple([((width, *leaf.shape[1:]), leaf.dtype) for leaf in data_arrays(tuple(self._leaves))])

    def of_step(self, span: Span, step: int) -> tuple[Any, ...]:
        """The data of one step of a span."""
        if span.rows is None or self._structure is None:
            return self.data
        picked: tuple[Any, ...] = self._structure.unflatten([leaf[span.rows[step]] for leaf in self._leaves])
        return picked


def first_steps(spans: Iterator[Span], steps: int) -> Iterator[Span]:
    """The first steps of spans; what comes after them is not asked for.

    Examples
    --------
    >>> [span.steps for span in first_steps(iter([Span(3), Span(3), Span(3)]), 5)]
    [3, 2]
    """
    if steps < 1:
        return
    for span in spans:
        taken = min(span.steps, steps)
        yield span if taken == span.steps else Span(taken, None if span.rows is None else span.rows[:taken])
        steps -= taken
        if not steps:
            return


def _row_count(leaves: list[Any], batch_size: int) -> int:
    """How many rows there are to pick from."""
    if not all(hasattr(leaf, "dtype") and np.ndim(leaf) for leaf in leaves):
        raise StructureError(
            "with batch_size every array in data must have a row axis, but one is a single value",
            fix="take it from a closure: loss=lambda params, *rows: f(params, *rows, value)",
        )
    counts = {len(leaf) for leaf in leaves}
    if len(counts) > 1:
        raise StructureError(
            f"the arrays in data have different numbers of rows: {', '.join(str(len(leaf)) for leaf in leaves)}",
            fix="give arrays whose first axis is the row axis, or leave batch_size out",
        )
    (count,) = counts
    if batch_size < 1 or count < 1:
        raise StructureError(
            f"batches of {batch_size} rows cannot be drawn from {count} rows", fix="give batch_size >= 1 and some rows"
        )
    return count
