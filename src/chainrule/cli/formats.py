"""What a lesson is written as, and where to."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chainrule.explain.faces.saving import ENDINGS
from chainrule.explain.lesson import Lesson

__all__ = ["FORMATS", "check_folder", "chosen_format", "write_lesson"]

#: The formats by name, and the endings that stand for them.
FORMATS = {
    "text": ".txt",
    "latex": ".tex",
    "svg": ".svg",
    "html": ".html",
    "json": ".json",
    "markdown": ".md",
    "png": ".png",
}
_FORMAT_OF = {ending: name for name, ending in FORMATS.items()}


def chosen_format(format: str | None, output: Path | None) -> str:
    """The format that was asked for, by name or by the ending of the file.

    Raises
    ------
    click.UsageError
        If the ending says nothing, or pixels would go to a terminal.
    """
    if format is None and output is not None:
        format = _FORMAT_OF.get(output.suffix.lower())
        if format is None:
            raise click.UsageError(
                f"{output}: written as what? Name the file with one of {' '.join(_FORMAT_OF)}, or add --format"
            )
    if format == "png" and output is None and sys.stdout.isatty():
        raise click.UsageError("a picture in pixels cannot be shown in a terminal: add -o lesson.png")
    return format or "text"


def check_folder(output: Path | None) -> None:
    """Refuse a file in a folder that is not there, before anything is computed."""
    if output is not None and not output.parent.is_dir():
        raise click.UsageError(f"there is no folder {output.parent} to write {output.name} in")


def write_lesson(lesson: Lesson, format: str, output: Path | None) -> None:
    """Write a lesson to a file, or to standard output; as text in a terminal with colours, a page at a time."""
    if output is None and format == "text" and sys.stdout.isatty():
        lesson.show()
        return
    content = ENDINGS[FORMATS[format]](lesson)
    # As bytes: whatever the encoding of this terminal or pipe is, the symbols of mathematics arrive as UTF-8.
    data = content if isinstance(content, bytes) else f"{content.rstrip()}\n".encode()
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {output}", err=True)
