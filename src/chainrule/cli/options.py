"""The options by which a model is described, shared by the commands that train."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from chainrule.tables.sources import TableSource
    from chainrule.workflow.settings import TrainingSettings

__all__ = ["DATA", "ENCODING", "named_targets", "settings_of", "training_options"]

#: A file, a folder, or ``-`` for standard input.
DATA = click.Path(exists=True, allow_dash=True)

#: Of a file that is text and not in UTF-8.
ENCODING = click.option(
    "--encoding", default="utf-8", show_default=True, help="Of DATA that is text, such as windows-1252 or utf-16."
)


def _finite(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuses nan and inf, which click takes for numbers of any range."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no finite number")
    return value


def _widths(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """``64,32`` as numbers."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{value!r} is no list of numbers of units: write 64, or 64,32 for two layers")
    return tuple(map(int, parts))


def _rate(context: click.Context, parameter: click.Parameter, value: str | None) -> float | str | None:
    """A number, or ``auto``."""
    if value is None or value == "auto":
        return value
    try:
        number = float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number: write 0.01, or auto to have one found") from None
    if not math.isfinite(number) or number <= 0:
        raise click.BadParameter(f"{value} is no learning rate: write a number above 0, or auto")
    return number


def _kinds(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """``zip=category`` as a name and a kind."""
    found = {}
    for value in values:
        name, sign, kind = value.rpartition("=")
        if not sign or not name or not kind:
            raise click.BadParameter(f"{value!r}: write column=kind, such as zip=category")
        found[name] = kind
    return found


def _number(least: float = 0.0, most: float | None = None, *, is_open: bool = False) -> dict[str, Any]:
    return {"type": click.FloatRange(least, most, min_open=is_open, max_open=most is not None), "callback": _finite}


_COUNT = click.IntRange(min=1)

_OPTIONS = (
    click.option(
        "--model",
        type=click.Choice(["auto", "linear", "logistic", "mlp"]),
        default="auto",
        show_default=True,
        help="linear for numbers, logistic for classes, mlp for a multilayer perceptron, which is what auto takes.",
    ),
    click.option("--hidden", metavar="N,N,…", callback=_widths, help="Units of each hidden layer, such as 64,32."),
    click.option(
        "--activation",
        type=click.Choice(["identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu"]),
        default="relu",
        show_default=True,
        help="Of the hidden layers.",
    ),
    click.option(
        "--loss",
        type=click.Choice(["auto", "cross_entropy", "squared_error", "absolute_error", "huber"]),
        default="auto",
        show_default=True,
        help="cross_entropy or squared_error for classes; squared_error, absolute_error or huber for numbers.",
    ),
    click.option(
        "--optimizer",
        type=click.Choice(["adam", "adamw", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "lbfgs"]),
        help="Default adam; lbfgs for linear and logistic.",
    ),
    click.option("--lr", metavar="NUMBER|auto", callback=_rate, help="Learning rate; auto finds one."),
    click.option(
        "--schedule",
        type=click.Choice(["constant", "step", "cosine", "warmup", "plateau"]),
        default="constant",
        show_default=True,
        help="How the learning rate changes.",
    ),
    click.option("--epochs", type=_COUNT, help="At most; by default the size of the data decides."),
    click.option("--batch-size", type=_COUNT, help="Rows for each step; by default the size of the data decides."),
    click.option("--l1", **_number(), default=0.0, help="Penalty of absolute weights."),
    click.option("--l2", **_number(), help="Penalty of squared weights; by default the number of rows decides."),
    click.option("--dropout", **_number(most=1.0), default=0.0, help="Probability of leaving a hidden unit out."),
    click.option("--batch-norm", is_flag=True, help="Normalise hidden layers over the batch."),
    click.option("--clip", **_number(is_open=True), help="Largest norm of the gradient."),
    click.option(
        "--class-weight",
        type=click.Choice(["balanced"]),
        help="Let rows of rare classes count as much as those of frequent ones.",
    ),
    click.option(
        "--early-stopping/--no-early-stopping",
        default=True,
        show_default=True,
        help="End when the loss of the validation rows no longer falls, and take the best parameters.",
    ),
    click.option("--patience", type=_COUNT, help="Epochs without an improvement; by default 10 to 60."),
    click.option(
        "--validation-split", **_number(most=1.0), default=0.15, show_default=True, help="Share of the rows to watch."
    ),
    click.option(
        "--task",
        type=click.Choice(["regression", "binary", "multiclass", "multilabel"]),
        help="Of the target, where its values do not tell.",
    ),
    click.option(
        "--type",
        "types",
        metavar="COLUMN=KIND",
        multiple=True,
        callback=_kinds,
        help="What a column is: number, integer, boolean, category, date, text or ignored.",
    ),
    click.option(
        "--decimal",
        type=click.Choice(["auto", ".", ","]),
        default="auto",
        show_default=True,
        help="What stands before the decimals of numbers; auto finds out whether it is a comma.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=0,
        show_default=True,
        help="Of the split, the first weights, the order of rows and dropout.",
    ),
)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a model; it takes them as ``**model``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(model: dict[str, Any]) -> TrainingSettings:
    """The settings that the options say."""
    from chainrule.workflow.settings import TrainingSettings

    return TrainingSettings(**model)


def named_targets(table: TableSource, target: str) -> str | tuple[str, ...]:
    """``a`` or ``a,b``: one column, even if there is a comma in its name, or several."""
    if target in table.columns or "," not in target:
        return target
    return tuple(name.strip() for name in target.split(","))
