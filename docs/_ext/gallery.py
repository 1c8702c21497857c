"""The gallery of lessons: code, picture, formulas and text of each are made when the documentation is built.

``{lesson} attention``, ``{lesson-picture} attention``, ``{lesson-gradients} attention`` and ``{lesson-text} attention``
show parts of a lesson of ``docs/gallery/lessons.py``, ``{lessons}`` shows a list of all. Beside the pages stand the
lessons as files.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from chainrule.explain.drawing.palette import DARK, LIGHT, Colour
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.page.formulas import typeset
from chainrule.explain.page.markup import Markup, element

sys.path.insert(0, str(Path(__file__).parent.parent / "gallery"))

import making

#: Files of each lesson, by the words of the link to them.
FILES = {
    "a page to step through": "html",
    "the picture (SVG)": "svg",
    "LaTeX": "tex",
    "Markdown": "md",
    "JSON": "json",
}
FOLDER = "gallery/lessons"
STYLE = "lesson.css"


class LessonDirective(SphinxDirective):
    """A part of one lesson; a subclass says which."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in making.functions():
            raise self.error(f"docs/gallery/lessons.py has no lesson {name}")
        self.env.note_dependency(str(making.HERE / "lessons.py"))
        return self.part(name)

    def part(self, name: str) -> list[nodes.Node]:
        raise NotImplementedError


class Code(LessonDirective):
    """``{lesson} attention``: code, command, picture, and links to the lesson as files."""

    def part(self, name: str) -> list[nodes.Node]:
        return [
            nodes.literal_block(text=making.code(name), language="python"),
            nodes.literal_block(text=making.command(name), language="bash"),
            _raw(_picture(name)),
            _raw(_links(name)),
        ]


class PictureOnly(LessonDirective):
    """``{lesson-picture} attention``: the picture, on a page of the guide."""

    def part(self, name: str) -> list[nodes.Node]:
        return [_raw(_picture(name))]


class Gradients(LessonDirective):
    """``{lesson-gradients} attention``: the closed forms."""

    def part(self, name: str) -> list[nodes.Node]:
        return [_raw(_closed_forms(name))]


class Text(LessonDirective):
    """``{lesson-text} attention``: what ``print`` shows."""

    def part(self, name: str) -> list[nodes.Node]:
        return [nodes.literal_block(text=making.lesson(name).to_text(), language="none", classes=["lesson-text"])]


class Lessons(SphinxDirective):
    """``{lessons}``: all lessons with their pictures."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(making.HERE / "lessons.py"))
        cards = []
        for name, (function, _) in making.functions().items():
            svg = diagram_svg(making.lesson(name).diagram, prefix=f"{name.replace('_', '-')}-", is_inline=True)
            picture = element("div", Markup(svg.replace(' tabindex="0"', "")), aria_hidden="true")
            title = element("strong", _title(name))
            words = element("span", (function.__doc__ or "").strip().splitlines()[0])
            cards.append(element("a", title, words, picture, href=f"{name}.html"))
        return [_raw(element("div", cards, class_="lessons"))]


def _raw(markup: str) -> nodes.raw:
    return nodes.raw(text=markup, format="html")


def _title(name: str) -> str:
    """The first heading of the lesson's page."""
    lines = Path(making.HERE, f"{name}.md").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def _width(name: str) -> int:
    return round(float(making.lesson(name).to_svg().partition(' width="')[2].partition('"')[0]))


def _picture(name: str) -> Markup:
    svg = diagram_svg(making.lesson(name).diagram, prefix=f"{name.replace('_', '-')}-", is_inline=True)
    return element("div", Markup(svg), class_="lesson-picture", style=f"--width: {_width(name)}")


def _links(name: str) -> Markup:
    links = [element("a", words, href=f"lessons/{name}.{ending}") for words, ending in FILES.items()]
    parts: list[Markup | str] = ["This lesson as "]
    for place, link in enumerate(links):
        parts += [link, "." if place == len(links) - 1 else " or " if place == len(links) - 2 else ", "]
    return element("p", parts)


def _closed_forms(name: str) -> Markup:
    """The gradients in the order of the backward pass; where no closed form is known, by the gradients before."""
    rows = []
    for step in making.lesson(name).backward[1:]:
        formula = step.formula if step.closed is None else step.closed.formula
        rows.append(
            element(
                "tr",
                element("td", typeset(step.gradient)),
                element("td", "="),
                element("td", typeset(formula)),
                element("td", f"as {step.closed.condition}" if step.closed and step.closed.condition else ""),
            )
        )
    return element("div", element("table", element("tbody", rows), class_="closed-forms"), class_="lesson-formulas")


def _colours() -> str:
    """The colours of pictures for furo's switch between light and dark, which may differ from the system's."""

    def rules(where: str, palette: dict[Colour, str]) -> str:
        return "".join(
            [
                f"{where} .cr-picture .cr-{what}-{colour}{{{what}:{value}}}"
                for colour, value in palette.items()
                for what in ("fill", "stroke")
            ]
        )

    return rules('body[data-theme="light"]', LIGHT) + rules('body[data-theme="dark"]', DARK)


def write_style(app: Any) -> None:
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    Path(static, STYLE).write_text(_colours(), encoding="utf-8")


def write_files(app: Any, exception: Exception | None) -> None:
    """Put the files of all lessons beside their pages, once these are built."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for name in making.functions():
        for ending in FILES.values():
            making.lesson(name).save(folder / f"{name}.{ending}")


def check_pages(app: Any, env: Any) -> None:
    """Every lesson has a page of its name."""
    missing = [name for name in making.functions() if f"gallery/{name}" not in env.found_docs]
    if missing:
        raise ExtensionError(f"docs/gallery has no page {missing[0]}.md for the lesson of that name")


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("lesson", Code)
    app.add_directive("lesson-picture", PictureOnly)
    app.add_directive("lesson-gradients", Gradients)
    app.add_directive("lesson-text", Text)
    app.add_directive("lessons", Lessons)
    app.add_css_file(STYLE)
    app.connect("builder-inited", write_style)
    app.connect("env-updated", check_pages)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True}
