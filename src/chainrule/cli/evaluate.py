"""``chainrule evaluate``: how good a saved model is on other data."""

from __future__ import annotations

import click

from chainrule.cli.options import DATA, ENCODING

__all__ = ["evaluate"]


@click.command()
@click.argument("model", type=click.Path(dir_okay=False))
@click.argument("data", type=DATA)
@ENCODING
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def evaluate(model: str, data: str, encoding: str, as_json: bool) -> None:
    """Score MODEL, which `chainrule train --out` saved, on DATA with its target."""
    from chainrule.cli.telling import console, tell_json, tell_scores
    from chainrule.storage.model import TableModel
    from chainrule.tables.sources import open_table
    from chainrule.workflow.predicting import evaluate_model

    loaded = TableModel.load(model)
    table = open_table(data, missing=loaded.schema.missing, encoding=encoding)
    scores = evaluate_model(loaded, table)
    if as_json:
        tell_json(scores.to_json())
    else:
        tell_scores(console(), {table.name: scores})
