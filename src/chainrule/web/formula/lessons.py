"""The lesson of a typed formula, as the formula view shows it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import NonScalarOutputError
from chainrule.explain.explaining import explain
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Level
from chainrule.explain.page.fragment import lesson_fragment
from chainrule.notation.names import name_text
from chainrule.notation.text import to_text
from chainrule.web.formula.statements import Typed

__all__ = ["lesson_of", "lesson_payload"]


def lesson_of(typed: Typed, level: Level, *, closed_forms: bool = True) -> Lesson:
    """The lesson of a typed formula.

    Parameters
    ----------
    typed : Typed
    level : {"statement", "operation"}
    closed_forms : bool, default True

    Returns
    -------
    Lesson

    Raises
    ------
    FormulaError
        With a caret, if the formula cannot be computed with these values, or does not end in one real number.
    """
    try:
        return explain(typed.formula, *typed.values.values(), wrt=typed.wrt, level=level, closed_forms=closed_forms)
    except NonScalarOutputError:
        with np.errstate(all="ignore"):
            result = np.asarray(typed.formula(*typed.values.values()))
        if result.ndim:
            what = f"this has the shape {result.shape}, and the backward pass begins at one number"
            raise typed.formula.failure(what, "write sum(…) or mean(…) around it") from None
        raise typed.formula.failure("this is true or false, which has no gradient", "end with a number") from None


def lesson_payload(typed: Typed, level: Level, *, closed_forms: bool = False) -> dict[str, Any]:
    """The lesson with what the view needs beside it.

    Parameters
    ----------
    typed : Typed
    level : {"statement", "operation"}
    closed_forms : bool, default False
        They are asked for by those who want to see them: one can find them oneself.

    Returns
    -------
    dict
        ``title``, ``level``, ``output`` (a name), ``loss`` (None where it is not finite), ``values`` (a record for each
        name), ``unused``, ``steps`` (how many there are of both passes) and ``html``, the lesson as a fragment.
    """
    lesson = lesson_of(typed, level, closed_forms=closed_forms)
    return {
        "title": lesson.title,
        "level": level,
        "output": to_text(lesson.output),
        "loss": _loss(lesson),
        "values": [_value(typed, name) for name in typed.formula.names],
        "unused": list(typed.unused),
        "steps": {"forward": len(lesson.forward), "backward": len(lesson.backward)},
        "html": lesson_fragment(lesson),
    }


def _loss(lesson: Lesson) -> float | None:
    """The value of the output: of the last step, or of an input if there is none."""
    values = [step.value for step in lesson.forward if step.symbol == lesson.output]
    values += [operand.value for operand in lesson.operands if operand.symbol == lesson.output]
    loss = float(np.asarray(values[0]).item()) if values else math.nan  # it may be an array of one number
    return loss if math.isfinite(loss) else None


def _value(typed: Typed, name: str) -> dict[str, Any]:
    shape = np.shape(typed.values[name])
    return {
        "name": name,
        "label": name_text(name),
        "text": typed.texts[name],
        "shape": list(shape),
        "is_scalar": not shape,
        "is_given": name in typed.given,
    }
