"""What a notebook shows of a lesson: HTML without scripts, LaTeX that MathJax understands, text, a picture."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.explain.drawing.picture import picture_of
from chainrule.explain.drawing.svg import diagram_svg
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import BackwardStep, ForwardStep
from chainrule.explain.page import sections
from chainrule.explain.page.formulas import typeset_or_text
from chainrule.explain.page.markup import Markup, element, join
from chainrule.notation.latex import to_latex
from chainrule.notation.numbers import preview
from chainrule.notation.tree import Expression, Number, Verbatim

__all__ = ["mimebundle"]

#: Pixels of a picture that are still drawn for those who show neither HTML nor SVG: the strip that a long loop makes
#: takes a second to draw, and can be read only where it scrolls.
_WIDEST = 6_000


def mimebundle(lesson: Lesson) -> dict[str, Any]:
    """A lesson in all the forms that a notebook may choose from.

    Parameters
    ----------
    lesson : Lesson

    Returns
    -------
    dict
        ``text/html``, ``text/latex`` and ``text/plain``; ``image/png`` too, in base64, where matplotlib is installed
        and the picture is not too long to be looked at as a whole.
    """
    bundle: dict[str, Any] = {
        "text/plain": lesson.to_text(),
        "text/html": _html(lesson),
        "text/latex": _latex(lesson),
    }
    if find_spec("matplotlib") is not None and picture_of(lesson.diagram).width <= _WIDEST:
        bundle["image/png"] = base64.b64encode(lesson.to_png()).decode()
    return bundle


# HTML -----------------------------------------------------------------------------------------------------------------


def _html(lesson: Lesson) -> str:
    """A fragment whose parts come in pairs: a plain one that is shown, and a rich one that is ``hidden``.

    Its own styles turn that around. A notebook that is not trusted, and GitHub, take the styles out and with them the
    tags (but not the texts) of SVG and MathML: what is left is the plain one, complete and without fragments of text.
    """
    style = files("chainrule.explain.page").joinpath("notebook.css").read_text(encoding="utf-8")
    formula = typeset_or_text
    return element(
        "div",
        element("style", Markup(style)),
        element("p", element("strong", lesson.title), class_="title"),
        sections.inputs(lesson, formula),
        _picture(lesson),
        sections.fault_section(lesson.fault, formula) if lesson.fault else None,
        sections.forward_section(lesson, formula),
        sections.local_section(lesson, formula),
        sections.backward_section(lesson, formula, is_open=False),
        sections.result_section(lesson, formula),
        class_="chainrule-lesson",
    )


def _picture(lesson: Lesson) -> Markup:
    svg = diagram_svg(lesson.diagram)
    prefix = f"cr-{hashlib.sha256(svg.encode()).hexdigest()[:8]}-"  # other cells may show other pictures
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    words = f"{lesson.diagram.title}: {lesson.diagram.description}"
    image = element("div", element("img", src=source, alt=words), class_="plain picture")
    inline = Markup(diagram_svg(lesson.diagram, prefix=prefix))
    return join([image, element("div", inline, class_="rich picture", hidden=True)])


# LaTeX ----------------------------------------------------------------------------------------------------------------


def _latex(lesson: Lesson) -> str:
    """The formulas of both passes; whole documents are made by `lesson_latex`."""
    forward = [_aligned(step.symbol, _forward_sides(step)) for step in lesson.forward]
    backward = [_aligned(step.gradient, _backward_sides(step)) for step in lesson.backward]
    blocks = [_block("Forward pass", forward)] + ([_block("Backward pass", backward)] if backward else [])
    return "\n\n".join(blocks)


def _forward_sides(step: ForwardStep) -> Iterable[Expression]:
    yield step.formula
    if step.substituted is not None:
        yield step.substituted
    yield _value(step.value)


def _backward_sides(step: BackwardStep) -> Iterable[Expression]:
    if step.chain is not None:
        yield step.chain
    yield step.formula
    if step.closed is not None:
        yield step.closed.formula
    if step.substituted is not None:
        yield step.substituted
    yield _value(step.value)


def _value(value: Any) -> Expression:
    return Number(value) if np.ndim(value) == 0 else Verbatim(preview(np.asarray(value)))


def _aligned(left: Expression, sides: Iterable[Expression]) -> str:
    """``z &= wx + b = 0``; a side that says the same as the one before it is left out."""
    written = dict.fromkeys(to_latex(side, macros=False) for side in sides)
    return f"{to_latex(left, macros=False)} &= {' = '.join(written)}"


def _block(title: str, lines: Sequence[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"{title}\n\n$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"
