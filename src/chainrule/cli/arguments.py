"""Values for a function's parameters: ``name=value`` on the command line, and the example in a docstring.

A docstring may hold an example of the arguments, one a line, indented::

    def loss(W, x, steps: int):
        '''Squared error after some steps.

        chainrule-example:
            W = [[1, 2],
                 [3, 4]]
            x = [0.5, -1]      # a comment
            steps = 3
        '''

Numbers are floating-point numbers, unless the parameter is annotated with ``int`` or ``bool``, or the line says so:
``labels: int = [0, 2, 1]``. The command line understands the same.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse_value
from chainrule.explain.formulas.naming import same_name

__all__ = ["TypedValue", "call_of", "docstring_example", "typed_values", "value_of"]

_HEADER = "chainrule-example:"
_TYPES: dict[str, Any] = {"float": np.float64, "float32": np.float32, "int": np.int64, "bool": np.bool_}


@dataclass(frozen=True)
class TypedValue:
    """A value as it was typed, and the type that was named with it, if any."""

    text: str
    type: str | None = None


def typed_values(lines: Iterable[str], source: str = "") -> dict[str, TypedValue]:
    """Take apart lines such as ``x = 5`` and ``labels: int = [0, 2, 1]``.

    Parameters
    ----------
    lines : iterable of str
    source : str
        Begins messages, such as ``"the example of loss: "``.

    Raises
    ------
    click.UsageError
        If a line is something else, or a name comes twice.
    """
    found: dict[str, TypedValue] = {}
    for line in lines:
        left, equals, text = line.partition("=")
        name, colon, type = (part.strip() for part in left.partition(":"))
        if not (equals and name.isidentifier()):
            raise click.UsageError(f"{source}{line!r} is no value: write name=value, such as x=5")
        if colon and type not in _TYPES:
            raise click.UsageError(f"{source}{name}: {type} is none of the types {', '.join(_TYPES)}")
        if name in found:
            raise click.UsageError(f"{source}{name} is given twice")
        found[name] = TypedValue(text, type if colon else None)
    return found


def value_of(name: str, typed: TypedValue, annotation: Any = None) -> Any:
    """The number or array that was typed.

    Parameters
    ----------
    name : str
        For messages.
    typed : TypedValue
    annotation : Any
        Of the parameter: ``int`` and ``bool`` count where no type was typed.

    Raises
    ------
    FormulaError
        If it is no number, vector or matrix, or not of its type.
    """
    kind = typed.type or _annotated(annotation)
    text = typed.text.strip()
    if kind == "bool" and text in ("True", "False"):
        return text == "True"
    try:
        value = parse_value(text)
    except FormulaError as error:
        raise FormulaError(f"{name}: {error.what}", fix=error.fix) from None
    array = np.asarray(value)
    if (kind == "int" and (array != np.floor(array)).any()) or (kind == "bool" and (array * array != array).any()):
        raise FormulaError(
            f"{name} = {text} is not of type {kind}",
            fix="write whole numbers" if kind == "int" else "write True or False, or 0 and 1",
        )
    if array.ndim == 0:
        return {"int": int, "bool": bool, "float": float, "float32": np.float32}[kind](value)
    return array.astype(_TYPES[kind])


def _annotated(annotation: Any) -> str:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return name if name in ("int", "bool") else "float"


def docstring_example(function: Callable[..., Any], name: str) -> dict[str, TypedValue]:
    """The example arguments in a function's docstring; empty if there are none.

    Parameters
    ----------
    function : callable
    name : str
        For messages.
    """
    return typed_values(_example_lines(inspect.getdoc(function) or ""), f"the example in the docstring of {name}: ")


def _example_lines(docstring: str) -> list[str]:
    """The lines below the header that are indented more than it; one that leaves a bracket open goes on in the next."""
    rows = docstring.splitlines()
    start = next((number for number, row in enumerate(rows) if row.strip().lower() == _HEADER), len(rows))
    inside = rows[start + 1 :]
    # The first line of a docstring has no indentation to compare with: there the example ends with a blank line.
    is_first = start == 0 and bool(inside) and not inside[0].startswith(" ")
    found: list[str] = []
    for row in inside:
        line = row.partition("#")[0].strip()
        if (not row.strip()) if is_first else (row.strip() and _indent(row) <= _indent(rows[start])):
            break
        if found and found[-1].count("[") > found[-1].count("]"):
            found[-1] += f" {line}"
        elif line:
            found.append(line)
    return found


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())


def call_of(
    function: Callable[..., Any], name: str, given: Mapping[str, TypedValue]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Find the arguments of a call, from typed values first, then from the docstring.

    Parameters
    ----------
    function : callable
    name : str
        For messages.
    given : dict of TypedValue
        From the command line.

    Returns
    -------
    callable
        The function; its parameters that can only be passed by name are filled in.
    dict
        The positional arguments, by name. What has a default and no value is left out at the end.

    Raises
    ------
    click.UsageError
        If values are missing, or belong to no parameter.
    """
    parameters = _parameters(function, name)
    example = docstring_example(function, name)
    values: dict[str, Any] = {}
    for source, typed in (("", given), (f"the example in the docstring of {name}: ", example)):
        for typed_name, value in typed.items():
            parameter = parameters.get(same_name(typed_name, parameters))
            if parameter is None:
                raise click.UsageError(f"{source}{_no_parameter(typed_name, name, list(parameters))}")
            if parameter.name not in values:
                values[parameter.name] = value_of(typed_name, value, parameter.annotation)
    missing = [p.name for p in parameters.values() if p.default is p.empty and p.name not in values]
    if missing:
        raise click.UsageError(_missing(name, missing))
    by_name = {p.name: values[p.name] for p in parameters.values() if p.kind is p.KEYWORD_ONLY and p.name in values}
    if by_name:
        function = functools.partial(function, **by_name)
        function.__name__ = name  # type: ignore[attr-defined]  # what lessons call it
    positional = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
    while positional and positional[-1].name not in values:
        positional.pop()
    return function, {p.name: values.get(p.name, p.default) for p in positional}


def _parameters(function: Callable[..., Any], name: str) -> dict[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise click.UsageError(f"{name} does not tell its parameters: write a function that calls it") from None
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {key: parameter for key, parameter in parameters.items() if parameter.kind not in several}


def _no_parameter(typed: str, function: str, parameters: list[str]) -> str:
    close = difflib.get_close_matches(typed, parameters, 1)
    hint = f": did you mean {close[0]}?" if close else ""
    return f"{typed} is no parameter of {function}({', '.join(parameters)}){hint}"


def _missing(name: str, missing: list[str]) -> str:
    lines = "\n".join([f"          {parameter} = …" for parameter in missing])
    typed = " ".join([f"{parameter}=…" for parameter in missing])
    return f"{name} needs values: {typed}\n  Write them behind it, or in its docstring:\n\n      {_HEADER}\n{lines}"
