"""``chainrule explain MODEL``: from a model file and a row to the lesson of the loss there."""

from __future__ import annotations

from pathlib import Path

import click

from chainrule.cli.formats import check_folder, chosen_format, write_lesson
from chainrule.explain.model import Level
from chainrule.storage.model import TableModel
from chainrule.tables.sources import open_table
from chainrule.workflow.lessons import explain_row

__all__ = ["run_explaining_model"]


def run_explaining_model(
    model: str,
    data: str | None,
    row: int | None,
    *,
    encoding: str,
    wrt: str | None,
    level: Level,
    format: str | None,
    output: Path | None,
) -> None:
    """Explain the loss of a model on one row.

    Parameters
    ----------
    model : str
        Path of the model.
    data : str or None
        Path of the table.
    row : int or None
        Counted from 1; the first one, if None.
    encoding : str
        Of the table.
    wrt, level, format, output
        As in `run_explaining`.
    """
    if data is None:
        raise click.UsageError(f"which row is the loss of {model} explained on? Add --data people.csv --row 3")
    format = chosen_format(format, output)
    check_folder(output)
    wanted = [name.strip() for name in wrt.split(",")] if wrt else None
    loaded = TableModel.load(model)
    table = open_table(data, missing=loaded.schema.missing, encoding=encoding)
    write_lesson(explain_row(loaded, table, row or 1, level=level, wrt=wanted), format, output)
