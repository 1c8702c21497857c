"""``chainrule cv``: mean and spread of scores over folds."""

from __future__ import annotations

from typing import Any

import click

from chainrule.cli.options import DATA, ENCODING, named_targets, settings_of, training_options

__all__ = ["cv"]


@click.command()
@click.argument("data", type=DATA)
@click.option("--target", required=True, help="Column to be predicted; several are separated by commas.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True)
@ENCODING
@training_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def cv(data: str, target: str, folds: int, encoding: str, as_json: bool, **model: Any) -> None:
    """Cross-validate: train and test as many models as there are folds of the rows of DATA."""
    from chainrule.cli.progress import counting
    from chainrule.cli.telling import console, tell_json
    from chainrule.evaluation.text import cross_validation_table, notes
    from chainrule.tables.sources import open_table
    from chainrule.workflow.validating import cross_validate_table

    settings = settings_of(model)
    table = open_table(data, encoding=encoding)
    with counting("folds", folds) as advance:
        found = cross_validate_table(
            table,
            named_targets(table, target),
            settings,
            folds=folds,
            progress=lambda fold, scores: advance(fold + 1),
        )
    if as_json:
        tell_json(found.to_json())
        return
    screen = console()
    screen.print(cross_validation_table(found))
    for line in notes(found.reasons):
        screen.print(line, markup=False, style="dim")
