"""``chainrule predict``: predictions of a saved model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chainrule.cli.options import DATA, ENCODING

__all__ = ["predict"]


@click.command()
@click.argument("model", type=click.Path(dir_okay=False))
@click.argument("data", type=DATA)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to FILE, whose ending is .csv or .parquet; otherwise CSV goes to standard output.",
)
@ENCODING
@click.option("--proba", is_flag=True, help="Add the probability of each class.")
def predict(model: str, data: str, output: Path | None, encoding: str, proba: bool) -> None:
    """Predict the target of each row of DATA by MODEL, which `chainrule train --out` saved."""
    from chainrule.cli.telling import tell_written
    from chainrule.storage.model import TableModel
    from chainrule.tables.sources import open_table
    from chainrule.workflow.predicting import ENDINGS, write_predictions

    if output is not None and output.suffix.lower() not in ENDINGS:
        raise click.UsageError(f"{output}: predictions are written as {' or '.join(ENDINGS)}")
    loaded = TableModel.load(model)
    table = open_table(data, missing=loaded.schema.missing, encoding=encoding)
    write_predictions(loaded, table, sys.stdout.buffer if output is None else output, probabilities=proba)
    if output is not None:
        tell_written(output)
