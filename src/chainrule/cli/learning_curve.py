"""``chainrule learning-curve``: whether more rows would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chainrule.cli.options import DATA, ENCODING, named_targets, settings_of, training_options

if TYPE_CHECKING:
    from rich.table import Table

    from chainrule.evaluation.learning_curve import LearningCurve

__all__ = ["learning_curve"]

_SIZES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@click.command("learning-curve")
@click.argument("data", type=DATA)
@click.option("--target", required=True, help="Column to be predicted; several are separated by commas.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True)
@ENCODING
@training_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def learning_curve(data: str, target: str, folds: int, encoding: str, as_json: bool, **model: Any) -> None:
    """Train on growing parts of the rows of DATA, and score each time on rows that were kept back."""
    from chainrule.cli.progress import counting
    from chainrule.cli.telling import console, tell_json
    from chainrule.tables.sources import open_table
    from chainrule.workflow.validating import learning_curve_of_table

    settings = settings_of(model)
    table = open_table(data, encoding=encoding)
    with counting("models", folds * len(_SIZES)) as advance:
        curve = learning_curve_of_table(
            table,
            named_targets(table, target),
            settings,
            folds=folds,
            sizes=_SIZES,
            progress=lambda done, total: advance(done),
        )
    if as_json:
        tell_json(curve.to_json())
        return
    screen = console()
    screen.print(_table(curve))
    for reason in curve.reasons:
        screen.print(reason, markup=False, style="dim")


def _table(curve: LearningCurve) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from chainrule.evaluation.scores import METRICS

    metric = METRICS[curve.metric]

    def cell(mean: float | None, sd: float | None) -> str:
        return metric.text(mean) + (f" ± {metric.text(sd)}" if sd is not None else "")

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"{metric.label}, mean ± sd over folds", title_justify="left")
    for name in ("rows to learn from", "on these rows", "on rows kept back"):
        table.add_column(name, justify="right")
    columns = (curve.rows, curve.train, curve.train_sd, curve.test, curve.test_sd)
    for rows, train, train_sd, test, test_sd in zip(*columns, strict=True):
        table.add_row(f"{rows:,}", cell(train, train_sd), cell(test, test_sd))
    return table
