"""A lesson as a widget of a notebook: the page's own script and styles, and a step that Python and browser share."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

from chainrule.errors import MissingPackageError
from chainrule.explain.lesson import Lesson
from chainrule.explain.page.fragment import lesson_fragment

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingPackageError(
        "a lesson as a widget is shown by anywidget", fix="pip install 'chainrule[notebook]'"
    ) from error

__all__ = ["LessonWidget"]


def _resources(*names: str) -> str:
    return "\n".join([files("chainrule.explain.page").joinpath(name).read_text(encoding="utf-8") for name in names])


def _style() -> str:
    """The page's styles; its colours are set on the widget alone, not on the notebook around it."""
    return _resources("tokens.css", "lesson.css", "widget.css").replace(":root", ".chainrule-widget")


class LessonWidget(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """A lesson that is stepped through in a notebook.

    Parameters
    ----------
    lesson : Lesson

    Attributes
    ----------
    lesson : Lesson
        What is shown; set by `show`.
    step : int
        The step that is shown, from 0, which shows all, to the number of steps of both passes; others become the
        nearest of these. It follows the reader, and the widget follows it: ``widget.observe(…, "step")`` listens,
        ``widget.step = 4`` moves.
    html : str
        The lesson as a fragment of HTML.

    Examples
    --------
    >>> import chainrule as cr
    >>> widget = LessonWidget(cr.explain(lambda x, y: x * y, 3.0, 2.0))
    >>> widget.step = 2
    >>> widget.lesson.backward[widget.step - 2].symbol.name
    'f'
    """

    _esm = _resources("lesson.js", "widget.js")
    _css = _style()
    html = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(self, lesson: Lesson, **traits: Any) -> None:
        self.lesson = lesson
        super().__init__(html=_fragment(lesson), **traits)

    def show(self, lesson: Lesson) -> None:
        """Show another lesson in this one's place, at the same step if it has as many.

        Parameters
        ----------
        lesson : Lesson
        """
        self.lesson = lesson
        self.html = _fragment(lesson)
        self.step = min(self.step, _steps(lesson))

    @traitlets.validate("step")
    def _within(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), _steps(self.lesson))


def _steps(lesson: Lesson) -> int:
    return len(lesson.forward) + len(lesson.backward)


def _fragment(lesson: Lesson) -> str:
    """The lesson with ids of its own: other cells may show other lessons."""
    digest = hashlib.sha256(lesson.to_svg().encode()).hexdigest()[:8]
    return str(lesson_fragment(lesson, prefix=f"cr-{digest}-"))
