"""A lesson as plain text: what ``print(lesson)`` shows."""

from __future__ import annotations

from chainrule.explain.faces.cells import row_text
from chainrule.explain.faces.layout import lesson_rows
from chainrule.explain.lesson import Lesson

__all__ = ["lesson_text"]


def lesson_text(lesson: Lesson, *, folded: bool = True) -> str:
    """Heading, forward pass, graph, local gradients, backward pass and result.

    Parameters
    ----------
    lesson : Lesson
    folded : bool, default True
        Show one of several repeated steps, and say how many there are.

    Returns
    -------
    str
    """
    return "\n".join([row_text(row) for row in lesson_rows(lesson, folded=folded)])
