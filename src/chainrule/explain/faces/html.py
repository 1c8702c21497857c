"""A lesson as one page of HTML that needs nothing else: no network, no fonts, no build."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from chainrule.explain.lesson import Lesson
from chainrule.explain.page.fragment import lesson_fragment
from chainrule.explain.page.markup import Markup, element

__all__ = ["lesson_html"]

_LEVELS = {"statement": "one node for each assignment", "operation": "one node for each operation"}


def lesson_html(lesson: Lesson, *, folded: bool = True) -> str:
    """The page of a lesson, to be stepped through with ← and →.

    Parameters
    ----------
    lesson : Lesson
    folded : bool, default True
        Fold repeated steps; where they are many, each is one line of text then.

    Returns
    -------
    str
        A whole document. Its content security policy lets nothing be loaded and no other script run than its own.
    """
    style, script = _resources("tokens.css", "lesson.css", "document.css"), _resources("lesson.js", "document.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{lesson.title}: backpropagation step by step"),
        element("style", Markup(style)),
    )
    main = element("main", lesson_fragment(lesson, folded=folded))
    body = element("body", _header(lesson), main, element("script", Markup(script), type="module"))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _resources(*names: str) -> str:
    return "\n".join([files("chainrule.explain.page").joinpath(name).read_text(encoding="utf-8") for name in names])


def _policy(script: str) -> str:
    """Only this script, styles of this page, images that are part of it; nothing from anywhere else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"


def _header(lesson: Lesson) -> Markup:
    return element(
        "header",
        element("p", f"Backpropagation, step by step · {_LEVELS[lesson.level]}", class_="kicker"),
        element("h1", lesson.title),
    )
