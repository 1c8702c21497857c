"""The command line: ``chainrule train`` and ``chainrule explain``.

Results go to standard output, errors and progress to standard error. Exit codes: 0, 1 for a failed run, 2 for wrong
usage. Each command imports what it needs when it runs, so that ``chainrule --help`` is quick.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import click

from chainrule.errors import ChainRuleError, FormulaError

__all__ = ["main"]


class _Group(click.Group):
    """Shows chainrule's own errors without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except FormulaError as error:
            raise _Failure(error, 2) from None
        except ChainRuleError as error:
            raise _Failure(error, 1) from None


class _Failure(click.ClickException):
    """An error with an exit code of its own."""

    def __init__(self, error: ChainRuleError, exit_code: int) -> None:
        # Without the line of code: it is ours, as the user wrote none.
        super().__init__(f"{error.what}\n  fix {error.fix}" if error.fix else error.what)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class


def _finite(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuses nan and inf, which click takes for numbers of any range."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no finite number")
    return value


@click.group(cls=_Group)
@click.version_option(package_name="chainrule")
def main() -> None:
    """Backpropagation for plain NumPy code."""


@main.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", help="Column of FILE that is to be predicted; it has two distinct values.")
@click.option("--model", type=click.Choice(["logistic", "mlp"]), default="mlp", show_default=True)
@click.option("--hidden", type=click.IntRange(min=1), default=16, show_default=True, help="Hidden units of the mlp.")
@click.option(
    "--lr",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    default=0.3,
    show_default=True,
    help="Learning rate.",
)
@click.option("--steps", type=click.IntRange(min=1), default=1000, show_default=True, help="Gradient-descent steps.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the split and the initial weights.",
)
def train(file: Path | None, target: str | None, model: str, hidden: int, lr: float, steps: int, seed: int) -> None:
    """Train a classifier by gradient descent.

    On FILE, a CSV file with a header and numbers in every column but the target; without a file, on the breast-cancer
    data that scikit-learn bundles. Shows loss, accuracy and confusion matrix of held-out rows.
    """
    from chainrule.cli.training import run_training

    if (file is None) != (target is None):
        raise click.UsageError("give FILE and --target together, or neither")
    run_training(file, target, model=model, hidden=hidden, lr=lr, steps=steps, seed=seed)


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


@main.command(cls=_FormulaCommand, no_args_is_help=False)
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
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.")
def explain(
    formula: str, values: tuple[str, ...], wrt: str | None, level: str, format: str | None, output: Path | None
) -> None:
    """Explain the backward pass of a formula, step by step.

    Such as: chainrule explain "(x + y) * z" x=5 y=-2 z=-4

    Statements are separated by semicolons: "z = w*x + b; y_hat = sigmoid(z)". Values may be vectors and matrices:
    "W=[[1, 2], [3, 4]]".

    Or of a function in a Python file, which is run: chainrule explain model.py:loss x=5. Values that are not given are
    taken from the lines "name = value" below "chainrule-example:" in its docstring.
    """
    from chainrule.cli.explaining import run_explaining

    run_explaining(formula, values, wrt=wrt, level=level, format=format, output=output)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
