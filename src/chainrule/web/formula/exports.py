"""A lesson as a file to take away, in every format that lessons have."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explain.drawing.picture import picture_of
from chainrule.explain.faces.saving import ENDINGS
from chainrule.explain.lesson import Lesson
from chainrule.web.fields import Refused

__all__ = ["FORMATS", "Export", "export_of"]

#: For each format the ending of its file, and what it is called in HTTP.
FORMATS = {
    "svg": (".svg", "image/svg+xml"),
    "latex": (".tex", "application/x-tex; charset=utf-8"),
    "html": (".html", "text/html; charset=utf-8"),
    "png": (".png", "image/png"),
    "markdown": (".md", "text/markdown; charset=utf-8"),
    "json": (".json", "application/json"),
    "text": (".txt", "text/plain; charset=utf-8"),
}

#: Pixels of a picture, of which a page of screens is made; larger ones take seconds to draw.
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True)
class Export:
    """A file.

    Attributes
    ----------
    name : str
    media_type : str
    content : bytes
    """

    name: str
    media_type: str
    content: bytes


def export_of(lesson: Lesson, format: str) -> Export:
    """Write a lesson in a format.

    Parameters
    ----------
    lesson : Lesson
    format : str
        A key of `FORMATS`.

    Returns
    -------
    Export

    Raises
    ------
    Refused
        422 for pixels of a picture that is too large for them.
    MissingPackageError
        For pixels without matplotlib.
    """
    ending, media_type = FORMATS[format]
    if format == "png":
        _check_pixels(lesson)
    content: str | bytes = ENDINGS[ending](lesson)
    data = content if isinstance(content, bytes) else f"{content.rstrip()}\n".encode()
    return Export(f"lesson{ending}", media_type, data)


def _check_pixels(lesson: Lesson) -> None:
    picture = picture_of(lesson.diagram)
    if 4 * picture.width * picture.height > _MOST_PIXELS:  # two pixels to a point in both directions
        raise Refused(422, "this picture is too large for pixels", "take it as SVG", "format")
