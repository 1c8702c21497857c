"""``chainrule explain``: from a formula, or a function of a file, and its values to a lesson that is shown or saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from chainrule import explain
from chainrule.cli.arguments import TypedValue, call_of, typed_values, value_of
from chainrule.cli.files import function_of, loaded, split_target, told_briefly
from chainrule.cli.formats import check_folder, chosen_format, write_lesson
from chainrule.errors import ChainRuleError, FormulaError
from chainrule.explain.formulas import CONSTANTS, Formula, parse
from chainrule.explain.formulas.naming import same_name
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Level

__all__ = ["run_explaining"]


def run_explaining(
    subject: str, values: Sequence[str], *, wrt: str | None, level: Level, format: str | None, output: Path | None
) -> None:
    """Explain a formula or ``file.py:function``.

    Parameters
    ----------
    subject : str
    values : sequence of str
        ``name=value``.
    wrt : str or None
        Names, separated by commas.
    level : {"statement", "operation"}
    format : str or None
        A key of `chainrule.cli.formats.FORMATS`.
    output : Path or None
        Standard output, if None.
    """
    format = chosen_format(format, output)
    check_folder(output)
    target = split_target(subject)
    given = typed_values(values)
    if target is None:
        lesson = _of_formula(parse(subject), given, wrt, level)
    else:
        lesson = _of_file(*target, given, wrt, level)
    write_lesson(lesson, format, output)


def _of_formula(formula: Formula, typed: Mapping[str, TypedValue], wrt: str | None, level: Level) -> Lesson:
    given: dict[str, Any] = {}
    for typed_name, text in typed.items():
        name = same_name(typed_name, formula.names)
        if name in CONSTANTS and name not in formula.names:
            raise click.UsageError(f"{name} is the number {CONSTANTS[name]:.4g} in formulas: choose another name")
        if name in given:
            raise click.UsageError(f"{name} is given twice")
        given[name] = value_of(typed_name, text)
    missing = [name for name in formula.names if name not in given]
    if missing:
        raise click.UsageError(
            f"the formula needs values: {' '.join(f'{name}=…' for name in missing)}{_product(missing[0], given)}"
        )
    unused = [name for name in given if name not in formula.names]
    if unused:
        raise click.UsageError(f"{', '.join(unused)} does not occur in the formula")
    return explain(formula, *[given[name] for name in formula.names], wrt=_wanted(wrt, formula.names), level=level)


def _product(name: str, given: Collection[str]) -> str:
    """A hint, if a name consists of others: ``wx`` may mean ``w*x``."""
    for position in range(1, len(name)):
        if name[:position] in given and name[position:] in given:
            return f"\n  {name} is one name: write {name[:position]}*{name[position:]} for a product"
    return ""


def _of_file(path: Path, name: str, typed: Mapping[str, TypedValue], wrt: str | None, level: Level) -> Lesson:
    with loaded(path) as module:
        function, arguments = call_of(function_of(module, name, path), name, typed)
        wanted = _wanted(wrt, arguments)
        try:
            return explain(function, *arguments.values(), wrt=wanted, level=level)
        except FormulaError:
            raise
        except ChainRuleError as error:  # with the line, which is the user's own here
            raise click.ClickException(str(error)) from None
        except (Exception, SystemExit) as error:
            raise click.ClickException(f"{name} raised an exception\n{told_briefly(error, path)}") from None


def _wanted(wrt: str | None, names: Collection[str]) -> list[str] | None:
    """The inputs whose gradients are wanted."""
    if not wrt:
        return None
    wanted = [same_name(name.strip(), names) for name in wrt.split(",")]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise click.UsageError(f"--wrt: {', '.join(unknown)} is none of the inputs {', '.join(names)}")
    return wanted
