"""A lesson in the terminal: in colours, and a page at a time where it is longer than the screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.explain.faces.cells import Role, Row, Span
from chainrule.explain.faces.layout import lesson_rows
from chainrule.explain.faces.text import lesson_text
from chainrule.explain.lesson import Lesson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["lesson_markup", "show_lesson"]

#: Readable on light and on dark screens. Local and upstream gradients also differ in the line below them.
_BLUE = "#1677bd"
_ORANGE = "#cd5a0e"
_STYLES: dict[Role, str] = {
    "plain": "",
    "title": "bold",
    "value": _BLUE,
    "gradient": _ORANGE,
    "local": f"{_BLUE} underline",
    "upstream": f"{_ORANGE} underline2",
    "faint": "dim",
    "good": "green",
    "bad": "bold red",
}
_LEGEND: Row = (
    Span("Read: "),
    Span("value", "value"),
    Span(", "),
    Span("gradient", "gradient"),
    Span(", "),
    Span("local gradient", "local"),
    Span(" (one line), "),
    Span("upstream gradient", "upstream"),
    Span(" (two lines)"),
)
_HINT = '\n(Colours and pages: pip install "chainrule[train]", which brings rich.)'


def show_lesson(lesson: Lesson, *, folded: bool = True) -> None:
    """Show a lesson in the terminal.

    Parameters
    ----------
    lesson : Lesson
    folded : bool, default True
        Show one of several repeated steps, and say how many there are.
    """
    try:
        from rich.console import Console
    except ImportError:
        print(lesson_text(lesson, folded=folded))
        print(_HINT)
        return
    console = Console(highlight=False)
    markup = lesson_markup(lesson, folded=folded)
    lines = markup.plain.count("\n") + 1
    pager = _pager() if console.is_terminal and lines >= console.size.height else None
    if pager is None:
        console.print(markup, soft_wrap=True)
    else:
        _page(pager, markup, console)


def lesson_markup(lesson: Lesson, *, folded: bool = True) -> Text:
    """The lesson with colours and lines, as a text of rich."""
    from rich.text import Text

    rows = lesson_rows(lesson, folded=folded)
    rows.insert(rows.index(()) if () in rows else len(rows), _LEGEND)
    text = Text()
    for row in rows:
        for span in row:
            text.append(span.text, style=_STYLES[span.role])
        text.append("\n")
    text.rstrip()
    return text


def _pager() -> list[str] | None:
    """The command that shows a page at a time: the user's own, or less."""
    command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    return command if shutil.which(command[0]) else None


def _page(pager: list[str], markup: Text, console: Console) -> None:
    """Hand the lesson to a pager, with colours where it is known to show them."""
    is_less = Path(pager[0]).stem == "less"
    with console.capture() as capture:
        console.print(markup if is_less else markup.plain, soft_wrap=True)
    environment = {**os.environ, "LESS": os.environ.get("LESS", "-R"), "LESSCHARSET": "utf-8"}
    subprocess.run(pager, input=capture.get(), env=environment, encoding="utf-8", check=False)
