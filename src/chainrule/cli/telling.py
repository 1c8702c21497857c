"""Schema, run and scores as a terminal shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from chainrule.evaluation.learning_rate import LearningRateTest
    from chainrule.evaluation.scores import Scores
    from chainrule.tables.schema import Schema
    from chainrule.workflow.training import TrainedTable

__all__ = ["console", "rate_lines", "tell_json", "tell_schema", "tell_scores", "tell_trained", "tell_written"]

#: A table with more columns is summed up.
_SHOWN_COLUMNS = 12
_PLOT_WIDTH = 60
_PLOT_HEIGHT = 5
_BARS = "▁▂▃▄▅▆▇█"


def console() -> Console:
    """Where results go: standard output, without colours where that is no terminal."""
    from rich.console import Console

    return Console(highlight=False)


def tell_json(value: Mapping[str, Any]) -> None:
    """Print a result for machines."""
    from chainrule.storage.plain import plain

    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def tell_written(path: Any) -> None:
    """Say that a file was written."""
    click.echo(f"wrote {path}", err=True)


def tell_schema(out: Console, name: str, schema: Schema) -> None:
    """Rows and columns; each of them where they are not too many, else how many there are of each kind."""
    from rich.text import Text

    features = len(schema.features)
    columns = f"{features:,} column{'s' * (features != 1)} to learn from"
    out.print(Text.assemble((name, "bold"), f"\n{schema.rows:,} rows, {columns}, target {', '.join(schema.targets)}"))
    if len(schema.columns) <= _SHOWN_COLUMNS:
        out.print()
        out.print(schema)
        out.print()
        return
    if schema.note:
        out.print(Text(schema.note))
    kinds: dict[str, int] = {}
    for column in schema.features:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    shown = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    missing = sum(column.missing for column in schema.columns)
    out.print(f"columns by kind: {shown}" + (f"; {missing:,} cells are missing" if missing else ""))
    for column in schema.columns:
        if not column.is_feature:
            out.print(Text(f"left out: {column.name} ({column.note or column.kind})", style="dim"))


def tell_trained(out: Console, trained: TrainedTable) -> None:
    """What was trained and how, and the short table of scores."""
    from rich.text import Text

    from chainrule.evaluation.report.words import verdict

    model, training = trained.report.model, trained.report.training
    activation = f", {model['Activation']}" if "Activation" in model else ""
    out.print(f"{model['Model']} {model['Layers']}{activation}, {model['Loss']}, {model['Parameters']:,} parameters")
    unit = ("iteration" if trained.recipe.is_lbfgs else "epoch") + "s" * (trained.training.epochs != 1)
    how = training.get("Optimiser", "L-BFGS")
    batches = "" if trained.recipe.is_lbfgs else f", batches of {trained.recipe.batch_size}"
    out.print(Text(f"{how}{batches}, {trained.training.epochs} {unit}: {trained.training.message}"))
    if trained.note:
        out.print(Text(f"note: {trained.note}"))
    tell_scores(out, trained.scores, trained.baselines)
    last = list(trained.scores.values())[-1]
    said = verdict(last, trained.baselines, trained.comparison)
    if said:
        out.print(Text(said))


def tell_scores(out: Console, scores: Mapping[str, Scores], baselines: Any = ()) -> None:
    """The short table, the confusion matrix of the last part, and why numbers are missing."""
    from rich.text import Text

    from chainrule.evaluation.text import confusion_table, notes, scores_table, shown_metrics

    out.print(scores_table(scores, baselines))
    last = list(scores.values())[-1]
    confusion = confusion_table(last)
    if confusion is not None:
        out.print(Text(f"confusion matrix: {list(scores)[-1]}"))
        out.print(confusion)
    shown = set(shown_metrics(last.task))
    for line in notes({key: reason for key, reason in last.reasons.items() if key in shown}):
        out.print(Text(line, style="dim"))


def rate_lines(test: LearningRateTest) -> list[str]:
    """The range test as bars: the loss over the learning rate, whose scale is logarithmic, with a mark.

    Losses above the first one are cut off: how far the last steps diverge says nothing.

    Examples
    --------
    >>> from chainrule.evaluation.learning_rate import LearningRateTest
    >>> lrs, losses = (0.001, 0.01, 0.1, 1.0), (3.0, 2.0, 1.0, 4.0)
    >>> for line in rate_lines(LearningRateTest(0.01, lrs, losses, losses, "where the loss falls most steeply")):
    ...     print(line.rstrip())
    loss over the learning rate
           3 ┤█  █
             │█  █
             │█▄ █
             │██ █
           1 ┤██▁█
              ↑ 0.01
    from 0.001 to 1; 0.01: where the loss falls most steeply
    """
    losses = test.smoothed or test.losses
    if not losses:
        return [f"learning rate {test.lr:.3g}: {test.reason}"]
    low, high = min(losses), losses[0]
    count = min(_PLOT_WIDTH, len(losses))
    places = [round(i * (len(losses) - 1) / max(count - 1, 1)) for i in range(count)]
    most = len(_BARS) * _PLOT_HEIGHT
    heights = [min(max(round((losses[place] - low) / ((high - low) or 1.0) * most), 1), most) for place in places]
    mark = min(range(count), key=lambda i: abs(math.log(test.lrs[places[i]] / test.lr)))
    lines = ["loss over the learning rate"]
    for row in reversed(range(_PLOT_HEIGHT)):
        label = {_PLOT_HEIGHT - 1: f"{high:.4g} ┤", 0: f"{low:.4g} ┤"}.get(row, "│")
        lines.append(f"{label:>10}" + "".join(_bar(height - row * len(_BARS)) for height in heights))
    margin = " " * 10
    return [
        *lines,
        margin + " " * mark + f"↑ {test.lr:.3g}",
        f"from {test.lrs[0]:.1g} to {test.lrs[-1]:.1g}; {test.lr:.3g}: {test.reason}",
    ]


def _bar(height: int) -> str:
    """What a bar shows in one line, of which it fills so many eighths."""
    return _BARS[min(height, len(_BARS)) - 1] if height > 0 else " "
