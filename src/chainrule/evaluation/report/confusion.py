"""The confusion matrix as a table whose cells are shaded by their share of the row."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.evaluation.checks import Array
from chainrule.evaluation.report.parts import table
from chainrule.evaluation.scores import Scores
from chainrule.explain.page.markup import Markup, element
from chainrule.notation.numbers import number_text

__all__ = ["confusion_parts"]

#: A larger matrix is folded, below the mistakes that are made most often.
_MOST_CLASSES = 12
#: A matrix of more classes is wider than a figure.
_NARROW = 4
#: More cells than this make a page that no browser opens gladly.
_MOST_DRAWN = 60
_WORST = 10


def confusion_parts(scores: Scores) -> list[Markup]:
    """The matrix, and for more than four classes what is mistaken for what most often."""
    counts = scores.confusion
    if counts is None or counts.ndim != 2:
        return []
    parts = []
    if len(counts) <= _MOST_DRAWN:
        matrix: Markup = _matrix(counts, scores.classes)
        if len(counts) > _MOST_CLASSES:
            matrix = element("details", element("summary", f"All {len(counts)} classes"), matrix)
        caption = element("figcaption", "Rows are true classes, columns what was predicted; shares are of the row.")
        wide = "wide" if len(counts) > _NARROW else None
        parts.append(element("figure", element("h3", "Confusion matrix"), matrix, caption, class_=wide))
    mistakes = _mistakes(counts, scores.classes) if len(counts) > _NARROW else None
    if mistakes is not None:
        parts.append(element("figure", element("h3", "Most frequent mistakes"), mistakes))
    return parts


def _matrix(counts: Array, classes: tuple[str, ...]) -> Markup:
    totals = counts.sum(axis=1)
    head = [element("td"), *(element("th", name, scope="col") for name in classes)]
    body = []
    for i, (name, row) in enumerate(zip(classes, counts, strict=True)):
        cells = [_cell(count, totals[i], is_right=i == j) for j, count in enumerate(row)]
        body.append(element("tr", element("th", name, scope="row"), cells))
    inner = [element("thead", element("tr", head)), element("tbody", body)]
    return element(
        "div",
        element("table", inner, class_="confusion small" if len(counts) < _NARROW else "confusion"),
        class_="scroll",
        tabindex=0,
    )


def _cell(count: Any, total: Any, *, is_right: bool) -> Markup:
    share = float(count) / float(total) if total else 0.0
    return element(
        "td",
        element("span", number_text(count), class_="count"),
        element("small", f"{100 * share:.0f} %") if count else None,
        class_=("right" if is_right else "wrong") + ("" if count else " none"),
        style=f"--share: {100 * share:.0f}%",
    )


def _mistakes(counts: Array, classes: tuple[str, ...]) -> Markup | None:
    wrong = counts.astype(np.float64)
    np.fill_diagonal(wrong, 0.0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_WORST]
    rows = [
        [classes[i], classes[j], counts[i, j]]
        for i, j in (np.unravel_index(place, wrong.shape) for place in order)
        if wrong[i, j] > 0
    ]
    return table(["Is", "Predicted as", "Rows"], rows) if rows else None
