"""How a table is read in another way: said for Python, for the command line and for the page."""

from __future__ import annotations

import shlex

from chainrule.advice import Advice

__all__ = ["kind_of", "left_out", "no_kind", "no_nul", "no_numbers", "with_decimal", "with_encoding"]

_SIGNS = {".": "point", ",": "comma"}


def kind_of(column: str, kind: str) -> Advice:
    """A column is taken as what the user says.

    Examples
    --------
    >>> advice = kind_of("top speed", "category")
    >>> advice.command, advice.page
    ("--type 'top speed=category'", "the kind 'category' for the column 'top speed'")
    """
    return Advice(
        f"types={{{column!r}: {kind!r}}}",
        command=f"--type {shlex.quote(f'{column}={kind}')}",
        page=f"the kind {kind!r} for the column {column!r}",
    )


def no_numbers(column: str) -> Advice:
    """Cells that look like numbers are labels."""
    said = kind_of(column, "category")
    return Advice.of(
        "if these are no numbers, ",
        Advice(
            f"say so: {said}",
            command=f"say so: {said.command}",
            page="leave the column out, and then choose the kind 'category' for it",
        ),
    )


def no_kind(column: str) -> Advice:
    """It is found out again what a column is."""
    return Advice(
        "leave its type out",
        command=f"leave its --type out: --type {shlex.quote(column + '=…')}",
        page="choose another kind",
    )


def left_out(column: str) -> Advice:
    """A table is used without one of its columns."""
    said = kind_of(column, "ignored")
    return Advice.of("leave the column out", Advice(f": {said}", command=f": {said.command}", page=""))


def with_decimal(sign: str) -> Advice:
    """Numbers of a text are read with this sign before the decimals.

    Examples
    --------
    >>> with_decimal(",").command, with_decimal(",").page
    ('--decimal ,', "choose 'decimal comma' beside 'Numbers'")
    """
    return Advice(
        f'decimal="{sign}"', command=f"--decimal {sign}", page=f"choose 'decimal {_SIGNS[sign]}' beside 'Numbers'"
    )


def with_encoding(encoding: str) -> Advice:
    """Text is read that is not in UTF-8.

    Examples
    --------
    >>> with_encoding("windows-1252").command, with_encoding("windows-1252").page
    ('--encoding windows-1252', "press 'Read as windows-1252'")
    """
    return Advice(
        f'open_table(…, encoding="{encoding}")',
        command=f"--encoding {encoding}",
        page=f"press 'Read as {encoding}'",
    )


def no_nul() -> Advice:
    """A file with NUL bytes is repaired."""
    return Advice("remove the NUL bytes", command="remove NUL bytes: tr -d '\\000' < old.csv > new.csv")
