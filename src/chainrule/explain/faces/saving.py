"""A lesson in a file; its ending says in which form."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from chainrule.errors import StructureError
from chainrule.explain.lesson import Lesson

__all__ = ["ENDINGS", "save_lesson"]

#: What each ending of a file stands for.
ENDINGS: dict[str, Callable[[Lesson], str | bytes]] = {
    ".html": Lesson.to_html,
    ".svg": Lesson.to_svg,
    ".tex": Lesson.to_latex,
    ".md": Lesson.to_markdown,
    ".json": Lesson.to_json,
    ".txt": Lesson.to_text,
    ".png": Lesson.to_png,
}


def save_lesson(lesson: Lesson, path: str | PathLike[str]) -> None:
    """Write a lesson to a file, as a whole or not at all.

    Parameters
    ----------
    lesson : Lesson
    path : str or path
        Ends in .html, .svg, .tex, .md, .json, .txt or .png. A file that is there already is replaced.

    Raises
    ------
    StructureError
        If the ending is none of these.
    FileNotFoundError
        If there is no such folder.
    """
    target = Path(path)
    make = ENDINGS.get(target.suffix.lower())
    if make is None:
        what = f"no form of a lesson has the ending {target.suffix!r}" if target.suffix else "the file has no ending"
        raise StructureError(
            f"cannot save the lesson of {lesson.title} as {target.name!r}: {what}",
            fix=f"use one of {', '.join(ENDINGS)}, such as lesson.save({f'{target.stem}.html'!r})",
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot save the lesson of {lesson.title} as {target.name!r}: there is no folder {str(target.parent)!r}; "
            "make it first, with pathlib.Path.mkdir(parents=True), or give another path"
        )
    content = make(lesson)
    _write(target, content if isinstance(content, bytes) else content.encode("utf-8"))


def _write(target: Path, content: bytes) -> None:
    """Through a file beside it, so that nobody ever sees half of a lesson."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
