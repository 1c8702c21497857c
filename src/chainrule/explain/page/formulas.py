"""Formulas and numbers of a lesson in HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from chainrule.explain.faces.lines import Line, unmarked
from chainrule.explain.page.markup import Markup, element, join
from chainrule.notation.mathml import to_mathml
from chainrule.notation.numbers import number_text, preview
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression

__all__ = ["Formula", "said", "shape_text", "typeset", "typeset_or_text", "value_text"]

#: What the style sheets say as well: a page's policy may forbid that its markup does.
_ALIGNED = ' style="text-align: left"'
#: How a page or a notebook writes a formula.
Formula = Callable[[Expression], Markup]


def typeset(expression: Expression) -> Markup:
    """A formula in MathML, with Unicode text for those who cannot have it."""
    alternative = escape(to_text(expression))
    written = to_mathml(expression).replace("<math", f'<math alttext="{alternative}"', 1)
    return Markup(written.replace(_ALIGNED, ""))


def typeset_or_text(expression: Expression) -> Markup:
    """A formula that survives a sanitiser: Unicode text, and MathML that only the fragment's own styles bring out."""
    text = element("span", to_text(expression), class_="plain")
    return join([text, element("span", typeset(expression), class_="rich", hidden=True)])


def value_text(value: Any) -> str:
    """A number, or the first elements of an array and its shape."""
    return number_text(value) if np.ndim(value) == 0 else preview(np.asarray(value))


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as it stands under a factor.

    Examples
    --------
    >>> shape_text((3, 4)), shape_text((5,)), shape_text(())
    ('3 × 4', '5', 'scalar')
    """
    return " × ".join(map(str, shape)) or "scalar"


def said(left: Expression, lines: Sequence[Line]) -> str:
    """A step in one line of text: ``∂L/∂z = ŷ − y = −0.5``."""
    symbols = [line.formula for line in lines if line.kind not in ("numbers", "value")][-1:]
    values = [line.formula for line in lines if line.kind == "value"]
    return " = ".join([to_text(unmarked(side)) for side in (left, *symbols, *values)])
