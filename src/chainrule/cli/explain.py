"""``chainrule explain``: the backward pass of a formula, of a function of a file, or of a model at one row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from chainrule.cli.options import DATA, ENCODING

__all__ = ["explain"]


def _value_of(option: str, rest: Iterator[str], ctx: click.Context) -> str:
    value = next(rest, None)
    if value is None:
        raise click.BadOptionUsage(option, f"Option {option!r} requires an argument.", ctx)
    return value


class _FormulaCommand(click.Command):
    """A command whose arguments may begin with a minus: ``-cos(x)`` is a formula, and no ``-c -o s(x)``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {name: option for option in self.get_params(ctx) for name in option.opts if name.startswith("-")}
        ours: list[str] = []
        others: list[str] = []
        rest = iter(args)
        for argument in rest:
            if argument == "--":
                others += rest
            elif argument in options:
                ours.append(argument)
                if isinstance(option := options[argument], click.Option) and not option.is_flag:
                    ours.append(_value_of(argument, rest, ctx))
            elif re.fullmatch(r"--[a-z][a-z-]+(=.*)?", argument):
                ours.append(argument)
            else:
                others.append(argument)
        return super().parse_args(ctx, [*ours, "--", *others])


@click.command(cls=_FormulaCommand, no_args_is_help=False)
@click.argument("formula")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--wrt", help="Names of the inputs whose gradients are wanted, separated by commas.")
@click.option(
    "--level",
    type=click.Choice(["statement", "operation"]),
    default="statement",
    show_default=True,
    help="One step for each assignment, or for each elementary operation.",
)
@click.option(
    "--format",
    type=click.Choice(["text", "latex", "svg", "html", "json", "markdown", "png"]),
    help="Of the result; by default the ending of FILE says it, and text goes to the terminal.",
)
@click.option("--data", type=DATA, help="Of a model: the table with the row.")
@click.option("--row", type=click.IntRange(min=1), help="Of a model: which row of DATA, counted from 1.")
@ENCODING
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.")
def explain(
    formula: str,
    values: tuple[str, ...],
    wrt: str | None,
    level: str,
    format: str | None,
    data: str | None,
    row: int | None,
    encoding: str,
    output: Path | None,
) -> None:
    """Explain the backward pass of a formula, step by step.

    Such as: chainrule explain "(x + y) * z" x=5 y=-2 z=-4

    Statements are separated by semicolons: "z = w*x + b; y_hat = sigmoid(z)". Values may be vectors and matrices:
    "W=[[1, 2], [3, 4]]".

    Or of a function in a Python file, which is run: chainrule explain model.py:loss x=5. Values that are not given are
    taken from the lines "name = value" below "chainrule-example:" in its docstring.

    Or of the loss of a trained model on one row of a table: chainrule explain model.safetensors --row 3 --data
    people.csv.
    """
    if data is not None or row is not None or formula.endswith(".safetensors"):
        from chainrule.cli.explaining_model import run_explaining_model

        if values:
            raise click.UsageError(f"{formula} is a model: its values come from --data and --row")
        run_explaining_model(
            formula,
            data,
            row,
            encoding=encoding,
            wrt=wrt,
            level=level,  # type: ignore[arg-type]
            format=format,
            output=output,
        )
        return
    from chainrule.cli.explaining import run_explaining

    run_explaining(formula, values, wrt=wrt, level=level, format=format, output=output)  # type: ignore[arg-type]
