"""What can be taken away from a run: the model file, the report, the program, and one row for the formula view."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from chainrule.learn.models.network import Network
from chainrule.web.fields import Refused
from chainrule.web.limits import Limits
from chainrule.web.training.runs import Run
from chainrule.web.training.uploads import short
from chainrule.workflow.lessons import typed_row
from chainrule.workflow.live import LiveTraining
from chainrule.workflow.program import program_of
from chainrule.workflow.rows import DividedRows

__all__ = ["Sample", "attachment", "model_file", "program_file", "row_of", "sample_of"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sample:
    """A row and the network that meets it, kept while the run goes on.

    Attributes
    ----------
    network : Network
    params : dict of str to array
    x : array of shape (d,)
    y : array of shape ()
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


def model_file(run: Run, limits: Limits) -> bytes:
    """The present model; with the scores of all rows, unless they would take long.

    Parameters
    ----------
    run : Run
    limits : Limits
    """
    live = run.live
    numbers = sum(map(len, live.rows.numbers.values())) * len(live.feature_names)
    return (live.trained().model if numbers <= limits.recorded_numbers else live.model).to_bytes()


def program_file(run: Run) -> bytes:
    """The program that trains as the run did, to the end of the last epoch that is finished.

    Parameters
    ----------
    run : Run
    """
    epoch, choice = run.live.epoch, run.choice
    note = ""
    if epoch == 0:
        note = "# No epoch was finished yet: this is the program for the first one.\n"
    elif run.live.step:
        note = f"# Epoch {epoch + 1:,} had begun: this is the program for the {epoch:,} before it.\n"
    return (note + program_of(choice.data, choice.target, choice.settings, max(epoch, 1))).encode()


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
    """A row of the table, and the present parameters.

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
    return Sample(live.network, live.params, X[0], y[0], note)
