"""The lesson of one row of a table: both passes of the model's loss there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.errors import DataError
from chainrule.explain.explaining import explain
from chainrule.explain.formulas.typing import MOST_NUMBERS, typed_statements
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Level
from chainrule.learn.models.network import Network
from chainrule.storage.model import TableModel
from chainrule.tables.reading import read_batches
from chainrule.tables.sources import open_table

__all__ = ["TypedRow", "explain_row", "explain_typed_row", "row_of_table", "typed_row"]


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
    ['L', 'penalty', 'loss', 'losses', 'y_hat', 'z1', 'b1', 'W1']
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


@dataclass(frozen=True)
class TypedRow:
    """The loss of a network at one row, as a formula that can be typed.

    Attributes
    ----------
    statements : str
        One a line.
    values : dict of str to str
        Of each free name: the row ``x``, its target ``y``, and the parameters.
    wrt : tuple of str
        The free names that are trained.
    """

    statements: str
    values: dict[str, str]
    wrt: tuple[str, ...]


def typed_row(
    network: Network, params: Mapping[str, Any], x: Any, y: Any, *, most_numbers: int = MOST_NUMBERS
) -> TypedRow:
    """The loss of a network at one row, penalty included, as statements and values for `parse` and `parse_value`.

    They compute the same loss and the same gradients as the network does.

    Parameters
    ----------
    network : Network
    params : mapping of str to array
        Finished, where there is batch normalisation.
    x : array of shape (inputs,)
        A row of the design matrix.
    y : array-like of shape () or (outputs,)
        Its target, as tables give it: a number, the number of a class, zeros and ones.
    most_numbers : int, default 10,000
        That an array of parameters may have, to be typed.

    Returns
    -------
    TypedRow

    Raises
    ------
    FormulaError
        If a layer is too large to be typed.

    Examples
    --------
    >>> from chainrule.learn.models.architecture import Architecture
    >>> network = Network(Architecture("binary", inputs=2, hidden=(2,), activation="tanh"))
    >>> params = network.init(np.random.default_rng(0), np.zeros((1, 2)))
    >>> typed = typed_row(network, params, np.array([1.0, 2.0]), 1)
    >>> print(typed.statements)
    z1 = x @ W1 + b1
    a1 = tanh(z1)
    z2 = a1 @ W2 + b2
    y_hat = sigmoid(z2)
    L = -(y * log(y_hat) + (1 - y) * log(1 - y_hat))
    >>> typed.values["x"], typed.values["y"], typed.wrt
    ('[1.0, 2.0]', '1.0', ('W1', 'W2', 'b1', 'b2'))
    """

    def loss(params: Mapping[str, Any], x: Any, y: Any) -> Any:
        return network.loss_of_row(dict(params), x, y)

    x = np.asarray(x)
    target = network.encode(np.asarray(y)[None], x.dtype)[0]
    trained = network.trainable(dict(params))
    lesson = explain(loss, dict(params), x, target, wrt=tuple(trained))
    statements, values = typed_statements(lesson, limit=most_numbers)
    return TypedRow(statements, values, tuple(name for name in values if name in trained))
