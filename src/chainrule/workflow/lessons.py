"""The lesson of one row of a table: both passes of the model's loss there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from chainrule.errors import DataError
from chainrule.explain.explaining import explain
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Level
from chainrule.storage.model import TableModel
from chainrule.tables.reading import read_batches
from chainrule.tables.sources import open_table

__all__ = ["explain_row", "explain_typed_row", "row_of_table"]


def explain_row(
    model: TableModel, source: Any, row: int, *, wrt: Sequence[str] | None = None, level: Level = "statement"
) -> Lesson:
    """Explain the loss of a model on one row, step by step.

    Parameters
    ----------
    model : TableModel
    source : whatever `open_table` takes
        With the target.
    row : int
        Counted from 1, without the header.
    wrt : sequence of str, optional
        Parameters whose gradients are wanted; by default all that are trained.
    level : {"statement", "operation"}, default "statement"

    Returns
    -------
    Lesson

    Raises
    ------
    DataError
        If there is no such row, or it does not fit the schema.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule.workflow.settings import TrainingSettings
    >>> from chainrule.workflow.training import train_table
    >>> data = load_iris(as_frame=True).frame
    >>> trained = train_table(data, "target", TrainingSettings(model="logistic"))
    >>> [step.symbol.name for step in explain_row(trained.model, data, 3).backward]
    ['L', 'total', 'mean', 'losses', 'y_hat', 'z1', 'b1', 'W1']
    """
    return explain_typed_row(model, row_of_table(model, source, row), wrt=wrt, level=level)


def row_of_table(model: TableModel, source: Any, row: int) -> pa.Table:
    """One row of a table, in the types of the model's schema."""
    table = open_table(source, missing=model.schema.missing)
    if row < 1:
        raise DataError(f"there is no row {row}: rows are counted from 1", fix="give row=1 for the first one")
    before = 0
    for batch in read_batches(table, model.schema):
        if row <= before + batch.num_rows:
            return pa.Table.from_batches([batch.slice(row - 1 - before, 1)])
        before += batch.num_rows
    raise DataError(f"{table.name} has {before:,} rows, so there is no row {row:,}", fix=f"give 1 to {before}")


def explain_typed_row(
    model: TableModel, row: pa.Table, *, wrt: Sequence[str] | None = None, level: Level = "statement"
) -> Lesson:
    """The lesson of a row that is in the types of the schema already."""
    network, params = model.network, model.params
    X, y = model.preprocessing.arrays(row, params["W1"].dtype)
    wanted = tuple(network.trainable(params)) if wrt is None else wrt
    return explain(network.loss, params, X, network.encode(y, X.dtype), wrt=wanted, level=level)
