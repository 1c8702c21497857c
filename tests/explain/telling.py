"""What a lesson tells, as lines of text."""

from __future__ import annotations

from chainrule.explain.lesson import Lesson
from chainrule.notation.latex import to_latex
from chainrule.notation.text import to_text

__all__ = ["chain", "closed", "closed_latex", "formulas", "forward", "local", "order", "patterns", "put_in"]


def order(lesson: Lesson) -> list[str]:
    """The nodes in the order in which the backward pass visits them."""
    return [to_text(step.symbol) for step in lesson.backward]


def forward(lesson: Lesson) -> list[str]:
    """``z = wx + b = 0 · 50 + 0``, and without numbers where there are none to put in."""
    lines = []
    for step in lesson.forward:
        parts = [step.symbol, step.formula, *([step.substituted] if step.substituted is not None else [])]
        lines.append(" = ".join([to_text(part) for part in parts]))
    return lines


def local(lesson: Lesson) -> dict[str, str]:
    return {to_text(part.symbol): to_text(part.formula) for part in lesson.local}


def chain(lesson: Lesson) -> dict[str, str]:
    """The chain rule in symbols, of all steps but the first."""
    return {to_text(step.gradient): to_text(step.chain) for step in lesson.backward if step.chain is not None}


def formulas(lesson: Lesson) -> dict[str, str]:
    """With local gradients put in."""
    return {to_text(step.gradient): to_text(step.formula) for step in lesson.backward if step.chain is not None}


def closed(lesson: Lesson) -> dict[str, str]:
    return {to_text(step.gradient): to_text(step.closed.formula) for step in lesson.backward if step.closed}


def closed_latex(lesson: Lesson) -> dict[str, str]:
    return {to_latex(step.gradient): to_latex(step.closed.formula) for step in lesson.backward if step.closed}


def put_in(lesson: Lesson) -> dict[str, str]:
    """With numbers put in, where there are any to put in."""
    return {
        to_text(step.gradient): to_text(step.substituted) for step in lesson.backward if step.substituted is not None
    }


def patterns(lesson: Lesson) -> dict[str, str]:
    return {to_text(step.symbol): step.pattern for step in lesson.backward}
