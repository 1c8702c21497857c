"""``chainrule train``: data in, a trained model and its quality out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli.options import DATA, ENCODING, named_targets, settings_of, training_options

if TYPE_CHECKING:
    from chainrule.tables.sources import TableSource
    from chainrule.workflow.checkpointing import Checkpoints

__all__ = ["train"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("data", required=False, type=DATA)
@click.option("--target", help="Column of DATA to be predicted; several are separated by commas.")
@ENCODING
@training_options
@click.option(
    "--test-split",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,
    show_default=True,
    help="Share of the rows on which the model is scored.",
)
@click.option("--stream/--no-stream", default=None, help="Whether rows are read anew in each epoch; large tables are.")
@click.option("--out", type=_FILE, metavar="MODEL", help="Save the model, such as model.safetensors.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write a report, such as report.html.")
@click.option("--checkpoint", type=_FILE, metavar="FILE", help="Where the state of the run is saved.")
@click.option("--checkpoint-every", type=click.IntRange(min=1), metavar="N", help="Save it every N epochs.")
@click.option("--resume", is_flag=True, help="Go on from the state that was saved.")
@click.option("--check-gradients", is_flag=True, help="Compare the gradient with finite differences first.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train(
    data: str | None,
    target: str | None,
    encoding: str,
    test_split: float,
    stream: bool | None,
    out: Path | None,
    report: Path | None,
    checkpoint: Path | None,
    checkpoint_every: int | None,
    resume: bool,
    check_gradients: bool,
    as_json: bool,
    **model: Any,
) -> None:
    """Train a model on a table, and score it on rows that it has not seen.

    DATA is a CSV file (also .gz and .zst), a Parquet or Arrow file, a folder of these, or - for standard input. Without
    it, the breast-cancer data that scikit-learn bundles are used. Numbers are standardised, categories one-hot, missing
    values marked; all of that becomes a part of the model. Whether numbers or classes are to be predicted, the target
    decides.
    """
    if (data is None) != (target is None):
        raise click.UsageError("give DATA and --target together, or neither")
    for path in (out, report, checkpoint):
        if path is not None and not path.parent.is_dir():
            raise click.UsageError(f"there is no folder {path.parent} to write {path.name} in")
    settings = settings_of({**model, "test_split": test_split, "stream": stream})

    from chainrule.cli.telling import console, rate_lines, tell_json, tell_schema, tell_trained, tell_written
    from chainrule.tables.sources import open_table
    from chainrule.workflow.training import train_table

    table, column = _bundled() if data is None else (open_table(data, encoding=encoding), target or "")
    targets = named_targets(table, column)
    name = table.description
    screen = console()
    trained = train_table(
        table,
        targets,
        settings,
        title=name,
        checkpoints=_checkpoints(checkpoint, checkpoint_every, resume, out),
        gradient_check=check_gradients,
        progress=True,
        on_schema=None if as_json else lambda schema: tell_schema(screen, name, schema),
    )
    if as_json:
        tell_json(trained.to_json())
    else:
        if trained.gradient_check is not None:
            screen.print(f"gradients agree with finite differences\n{trained.gradient_check}\n", markup=False)
        if trained.learning_rate is not None:
            screen.print("\n".join(rate_lines(trained.learning_rate)) + "\n", markup=False)
        tell_trained(screen, trained)
    if out is not None:
        trained.model.save(out)
        tell_written(out)
    elif sys.stderr.isatty():
        click.echo("the model was not kept: --out model.safetensors would save it", err=True)
    if report is not None:
        from chainrule.storage.atomic import write_atomically

        page = trained.full_report(again=shlex.join(["chainrule", *sys.argv[1:]])).to_html()
        write_atomically(report, page.encode())
        tell_written(report)
    if trained.diverged:
        raise click.ClickException(f"the run diverged: {trained.training.message}")


def _bundled() -> tuple[TableSource, str]:
    """The table that is trained on where none is given, and its target."""
    from chainrule.tables.bundled import BUNDLED, bundled_table
    from chainrule.tables.sources import open_table

    columns, target = bundled_table("breast_cancer")
    return open_table(columns, name=f"{BUNDLED['breast_cancer'].title} (bundled with scikit-learn)"), target


def _checkpoints(path: Path | None, every: int | None, resume: bool, out: Path | None) -> Checkpoints:
    """Where states go; by default beside the model, so that Ctrl-C loses nothing."""
    from chainrule.workflow.checkpointing import Checkpoints

    if path is None:
        path = Path("chainrule.checkpoint.safetensors") if out is None else out.with_suffix(".checkpoint.safetensors")
    return Checkpoints(path, every or 0, resume, on_resume=lambda message: click.echo(message, err=True))
