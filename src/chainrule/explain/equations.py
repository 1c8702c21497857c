"""The step of a node as a line of text."""

from __future__ import annotations

from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault, ForwardStep
from chainrule.notation.text import to_text

__all__ = ["equation_at"]


def equation_at(lesson: Lesson, fault: Fault) -> str:
    """The equation of the step at which numbers stop being finite.

    Parameters
    ----------
    lesson : Lesson
    fault : Fault
        Of this lesson.

    Returns
    -------
    str
        Such as ``z1 = X W1 + b1``; empty if no step computes it.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def f(x):
    ...     p = 1 - x
    ...     return np.log(p)
    >>> lesson = cr.explain(f, 1.0)
    >>> equation_at(lesson, lesson.fault)
    'f = log(p)'
    """
    steps: tuple[ForwardStep | BackwardStep, ...] = lesson.backward if fault.in_backward else lesson.forward
    for step in steps:
        if step.symbol == fault.symbol:
            left = step.gradient if isinstance(step, BackwardStep) else step.symbol
            return f"{to_text(left)} = {to_text(step.formula)}"
    return ""
