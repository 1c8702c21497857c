"""A lesson as one page of HTML that needs nothing else: no network, no fonts, no build."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from xml.etree import ElementTree

from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.drawing.table import table_twin
from chainrule.explain.lesson import Lesson
from chainrule.explain.page import sections
from chainrule.explain.page.formulas import typeset
from chainrule.explain.page.markup import Markup, element, join

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
    style, script = _resource("lesson.css"), _resource("lesson.js")
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
    main = element("main", _stage(lesson), _text(lesson, folded))
    body = element("body", _header(lesson), main, _player(lesson), element("script", Markup(script)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _resource(name: str) -> str:
    return files("chainrule.explain.page").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Only this script, styles of this page, images that are part of it; nothing from anywhere else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"


def _header(lesson: Lesson) -> Markup:
    return element(
        "header",
        element("p", f"Backpropagation, step by step · {_LEVELS[lesson.level]}", class_="kicker"),
        element("h1", lesson.title),
        sections.inputs(lesson, typeset),
    )


def _stage(lesson: Lesson) -> Markup:
    """The picture of the graph, and the same as a table."""
    svg = diagram_svg(lesson.diagram, is_inline=True)
    root = ElementTree.fromstring(svg)
    size = f"--width: {root.get('width')}; --height: {root.get('height')}"
    picture = element("div", Markup(svg), class_="picture scroll", style=size)
    summary = element("summary", "The graph as a table")
    return join([picture, element("details", summary, Markup(table_twin(lesson.diagram)), class_="twin")])


def _text(lesson: Lesson, folded: bool) -> Markup:
    """Both passes, side by side where there is room."""
    forward = [
        sections.fault_section(lesson.fault, typeset) if lesson.fault else None,
        sections.forward_section(lesson, typeset, folded=folded),
        sections.local_section(lesson, typeset, folded=folded),
    ]
    backward = [
        sections.backward_section(lesson, typeset, is_open=True, folded=folded),
        sections.result_section(lesson, typeset),
    ]
    columns = [column for column in (join(forward), join(backward)) if column]
    return element("div", [element("div", column) for column in columns], class_="text")


def _player(lesson: Lesson) -> Markup:
    """Buttons and slider; the script brings them out, since without it they do nothing."""
    total = len(lesson.forward) + len(lesson.backward)

    def button(name: str, sign: str, label: str) -> Markup:
        sign_part = element("span", sign, aria_hidden="true")
        return element("button", sign_part, type="button", data_go=name, aria_label=label, title=label)

    slider = element("input", type="range", min=0, max=total, value=0, step=1, aria_label="Step")
    return element(
        "div",
        element("p", class_="said", aria_live="polite"),
        element(
            "div",
            button("previous", "←", "Previous step (left arrow key)"),
            button("play", "▶", "Play"),
            button("next", "→", "Next step (right arrow key)"),
            slider,
            element("span", f"0 / {total}", class_="count", aria_hidden="true"),
            class_="controls",
        ),
        class_="player",
        role="group",
        aria_label="Steps of the lesson",
        data_forward=len(lesson.forward),
        hidden=True,
    )
