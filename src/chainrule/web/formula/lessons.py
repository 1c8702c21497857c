"""The lesson of a typed formula, as the formula view shows it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import FormulaError, NonScalarOutputError
from chainrule.explain.explaining import explain
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import Level
from chainrule.explain.page.fragment import lesson_fragment
from chainrule.notation.names import name_text
from chainrule.notation.text import to_text
from chainrule.web.formula.records import value_records
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
    except FormulaError as error:
        if typed.too_large:
            raise _too_large(typed) from None
        if typed.misfits:
            raise FormulaError(error.what, fix=_give_shapes(typed.misfits)) from None
        raise


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
        "output": _output(typed, lesson),
        "loss": _loss(lesson),
        "values": value_records(typed),
        "unused": list(typed.unused),
        "steps": {"forward": len(lesson.forward), "backward": len(lesson.backward)},
        "html": lesson_fragment(lesson),
    }


def _output(typed: Typed, lesson: Lesson) -> str:
    """The name of the result. ``L = w`` computes nothing: it is L that was asked for."""
    name = typed.formula.statements[-1][0]
    return to_text(lesson.output) if lesson.forward or name is None else name_text(name)


def _loss(lesson: Lesson) -> float | None:
    """The value of the output: of the last step, or of an input if there is none."""
    values = [step.value for step in lesson.forward if step.symbol == lesson.output]
    values += [operand.value for operand in lesson.operands if operand.symbol == lesson.output]
    loss = float(np.asarray(values[0]).item()) if values else math.nan  # it may be an array of one number
    return loss if math.isfinite(loss) else None


def _too_large(typed: Typed) -> FormulaError:
    """The error where shapes fit that nobody wants to see filled with made up numbers."""
    name, shape = next(iter(typed.too_large.items()))
    lengths = " × ".join(map(str, shape))
    what = f"{name_text(name)} has no value yet, and the shape that it needs, {lengths}, is too large to guess"
    others = [other for other in typed.formula.names if other in typed.given and np.ndim(typed.values[other])]
    shorter = f", or fewer to {' and '.join(map(name_text, others))}" if others else ""
    return FormulaError(what, fix=f"give its {math.prod(shape):,} numbers{shorter}")


def _give_shapes(names: tuple[str, ...]) -> str:
    """What to do where no shapes were found for values that nobody gave."""
    first = next((name for name in names if name[:1].isupper()), names[0])
    example = "[[0.1, -0.2, 0.3], [0.4, -0.5, 0.6]]" if first[:1].isupper() else "[0.1, -0.2, 0.3]"
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    others = ", and the others shapes that fit" if len(names) > 1 else ""
    has = "has" if len(names) == 1 else "have"
    return f"{listed} {has} no value yet: give {first} a shape, such as {example}{others}"
