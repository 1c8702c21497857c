"""A lesson as one piece of HTML that a page, a file and a notebook show alike, and that `lesson.js` steps through."""

from __future__ import annotations

from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.drawing.table import table_twin
from chainrule.explain.lesson import Lesson
from chainrule.explain.page import sections
from chainrule.explain.page.formulas import typeset
from chainrule.explain.page.markup import Markup, element, join

__all__ = ["lesson_fragment"]


def lesson_fragment(lesson: Lesson, *, folded: bool = True, prefix: str = "cr-") -> Markup:
    """A lesson as an element of the class ``lesson``, for a page that has ``tokens.css`` and ``lesson.css``.

    Parameters
    ----------
    lesson : Lesson
    folded : bool, default True
        Fold repeated steps; where they are many, each is one line of text then.
    prefix : str, default "cr-"
        What all ids begin with; two lessons in one page need different ones.

    Returns
    -------
    Markup
        It holds no script, no style and no ``style=""``, so that it can stand in a page whose content security policy
        allows none of them. ``data-forward`` is the number of steps of the forward pass; the ``data-step`` of what
        belongs to the backward pass counts on from there.

    Examples
    --------
    >>> import chainrule as cr
    >>> html = lesson_fragment(cr.explain(lambda x, y: x * y, 3.0, 2.0))
    >>> html.startswith('<div class="lesson" data-forward="1">'), ' style="' in html, "<script" in html
    (True, False, False)
    """
    return element(
        "div",
        sections.inputs(lesson, typeset),
        _stage(lesson, prefix),
        _text(lesson, folded),
        _player(lesson),
        class_="lesson",
        data_forward=len(lesson.forward),
    )


def _stage(lesson: Lesson, prefix: str) -> Markup:
    """The picture of the graph, and the same as a table."""
    picture = element(
        "div", Markup(diagram_svg(lesson.diagram, prefix=prefix, has_style=False)), class_="picture scroll"
    )
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
        hidden=True,
    )
