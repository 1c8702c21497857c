"""One row of a run's table, for the formula view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.learn.models.network import Network
from chainrule.notation.numbers import number_text
from chainrule.web.fields import Refused
from chainrule.web.training.texts import short
from chainrule.workflow.lessons import typed_row
from chainrule.workflow.live import LiveTraining
from chainrule.workflow.rows import DividedRows

__all__ = ["Sample", "in_table_units", "row_of", "sample_of"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sample:
    """A row and the network that meets it, kept while the run goes on.

    Attributes
    ----------
    network : Network
    params : dict of str to array
        As they are trained.
    x : array of shape (d,)
    y : array of shape ()
        In the units in which the network learns it.
    note : str
        What they are.
    """

    network: Network
    params: dict[str, Any]
    x: Array
    y: Array
    note: str

    def typed(self) -> dict[str, Any]:
        """Its loss as the formula view takes it, for JSON.

        Raises
        ------
        FormulaError
            If the network is too large to be typed.
        """
        found = typed_row(self.network, self.params, self.x, self.y)
        return {
            "statements": found.statements,
            "values": found.values,
            "level": "statement",
            "wrt": list(found.wrt),
            "note": self.note,
        }


def row_of(rows: DividedRows, number: int) -> tuple[pa.Table, str]:
    """A row of the table, in the types of its schema, and the part that it is in.

    Parameters
    ----------
    rows : DividedRows
    number : int
        Row of the table, counted from 1.

    Raises
    ------
    Refused
        422 if there is none.
    """
    for part, numbers in rows.numbers.items():
        found = np.flatnonzero(numbers == number - 1)
        if len(found):
            return rows.tables[part].slice(int(found[0]), 1), part
    count = sum(map(len, rows.numbers.values()))
    raise Refused(422, f"there is no row {number:,}: the table has {count:,}", "click a point of the picture", "row")


def sample_of(live: LiveTraining, number: int) -> Sample:
    """A row of the table and the present parameters, both as training has them.

    So its loss is one of those whose mean is the loss of the run, and its gradient one of those that the run follows.

    Parameters
    ----------
    live : LiveTraining
    number : int
        Row of the table, counted from 1.

    Raises
    ------
    Refused
        422 if there is none.
    """
    row, part = row_of(live.rows, number)
    X, y = live.rows.preprocessing.arrays(row, live.rows.dtype)
    names = live.rows.preprocessing.feature_names
    shown = ", ".join(map(short, names[:4])) + (", …" if len(names) > 4 else "")
    note = (
        f"row {number:,} of {live.title} ({part}) and the weights after epoch {live.epoch:,}; "
        f"x is {shown}, with 0 for the mean of a number and 1 for a standard deviation above it"
    )
    if live.target_scale is not None:
        note += (
            f"; y and ŷ are standardised as well: {in_table_units(*live.target_scale)} is the prediction in the table"
        )
    return Sample(live.network, live.raw_params, X[0], live.scaled_targets(y)[0], note)


def in_table_units(mean: float, deviation: float) -> str:
    """How a standardised prediction is read.

    Examples
    --------
    >>> in_table_units(-2.5, 3.0)
    'ŷ · 3 − 2.5'
    """
    return f"ŷ · {number_text(deviation)} {'−' if mean < 0 else '+'} {number_text(abs(mean))}"
