"""The step of a node as an equation."""

from __future__ import annotations

from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, Fault, ForwardStep
from chainrule.notation.tree import Expression, Relation

__all__ = ["equation_at"]


def equation_at(lesson: Lesson, fault: Fault) -> Expression | None:
    """The equation of the step at which numbers stop being finite.

    Parameters
    ----------
    lesson : Lesson
    fault : Fault
        Of this lesson.

    Returns
    -------
    Expression or None
        Such as ``z1 = X W1 + b1``; None if no step computes it.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> from chainrule.notation.text import to_text
    >>> def f(x):
    ...     p = 1 - x
    ...     return np.log(p)
    >>> lesson = cr.explain(f, 1.0)
    >>> to_text(equation_at(lesson, lesson.fault))
    'f = log(p)'
    """
    steps: tuple[ForwardStep | BackwardStep, ...] = lesson.backward if fault.in_backward else lesson.forward
    for step in steps:
        if step.symbol == fault.symbol:
            left = step.gradient if isinstance(step, BackwardStep) else step.symbol
            return Relation("=", (left, step.formula))
    return None
