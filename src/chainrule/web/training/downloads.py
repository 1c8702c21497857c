"""What can be taken away from a run: the model file, the report, the program, and one row for the formula view."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from chainrule.storage.model import TableModel
from chainrule.web.fields import Refused
from chainrule.workflow.live import LiveTraining
from chainrule.workflow.rows import DividedRows

__all__ = ["attachment", "model_of", "row_of"]


def attachment(title: str, ending: str) -> dict[str, str]:
    """The header that lets a browser save a file.

    Parameters
    ----------
    title : str
        Of the table.
    ending : str
        With its dot.

    Examples
    --------
    >>> attachment("Two moons", ".html")
    {'content-disposition': 'attachment; filename="two_moons.html"'}
    """
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\.[a-z]{2,7}$", "", title.lower())).strip("_")[:60] or "table"
    return {"content-disposition": f'attachment; filename="{name}{ending}"'}


def model_of(live: LiveTraining) -> TableModel:
    """The model with the present parameters, and without its history.

    Raises
    ------
    StructureError
        If a parameter is not finite.
    """
    return TableModel(live.rows.preprocessing, live.network.architecture, live.params)


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
