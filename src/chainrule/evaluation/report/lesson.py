"""The lesson of one row, as a part of a report: the sections of `explain`, without its script."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from chainrule.evaluation.report.parts import Section, cell
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.drawing.table import table_twin
from chainrule.explain.lesson import Lesson
from chainrule.explain.page import sections
from chainrule.explain.page.formulas import typeset
from chainrule.explain.page.markup import Markup, element

__all__ = ["instructive_row", "lesson_section"]

#: Which row a lesson is about, from the smallest loss (0) to the largest (1): the gradient of a row that is predicted
#: well is all but zero, and the worst one may be an error in the data.
_QUANTILE = 0.9


def instructive_row(losses: Any) -> int:
    """The number of a row that has something to teach: with a larger loss than 90 % of the others.

    Examples
    --------
    >>> instructive_row([0.01, 0.02, 0.7, 0.03, 9.0, 0.01, 0.02, 0.01, 0.02, 0.01, 0.02])
    2
    """
    values = np.asarray(losses, np.float64)
    order = np.argsort(values, kind="stable")
    return int(order[int(_QUANTILE * (len(values) - 1))])


def lesson_section(lesson: Lesson | None, row: Mapping[str, object]) -> Section | None:
    """Both passes for one row of the data, and that row."""
    if lesson is None:
        return None
    said = (
        "Forward, the network computes its prediction for one row of the data and the loss of that; backward, the "
        "gradient of the loss by each parameter: what one step of training begins with."
    )
    content = [element("p", said, class_="lead"), _row(row), _lesson(lesson)]
    return Section("lesson", "One row, step by step", content)


def _row(row: Mapping[str, object]) -> Markup | None:
    if not row:
        return None
    pairs = [element("div", element("dt", name), element("dd", cell(value))) for name, value in row.items()]
    return element("details", element("summary", "The row"), element("dl", pairs, class_="facts"))


def _lesson(lesson: Lesson) -> Markup:
    style = files("chainrule.explain.page").joinpath("notebook.css").read_text(encoding="utf-8")
    picture = element(
        "div", Markup(diagram_svg(lesson.diagram, prefix="graph-", is_inline=True)), class_="picture", tabindex=0
    )
    table = element("div", Markup(table_twin(lesson.diagram)), class_="scroll", tabindex=0)
    twin = element("details", element("summary", "The graph as a table"), table)
    return element(
        "div",
        element("style", Markup(style)),
        sections.inputs(lesson, typeset),
        picture,
        twin,
        sections.fault_section(lesson.fault, typeset) if lesson.fault else None,
        sections.forward_section(lesson, typeset),
        sections.local_section(lesson, typeset),
        sections.backward_section(lesson, typeset, is_open=True),
        sections.result_section(lesson, typeset),
        class_="chainrule-lesson",
    )
