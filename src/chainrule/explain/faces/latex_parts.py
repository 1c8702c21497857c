"""Formulas of a lesson in LaTeX: with local and upstream gradients pointed out, and shapes below the factors."""

from __future__ import annotations

import re
from collections.abc import Callable

from chainrule.explain.faces.cells import text_width
from chainrule.explain.faces.lines import Line
from chainrule.notation.latex import to_latex
from chainrule.notation.text import to_text
from chainrule.notation.tree import Expression, Negative, Role, Sum

__all__ = ["formula_latex", "sum_in_rows", "without_macros"]

#: What the printer writes around the parts that are pointed out.
_MACROS: dict[str, Role] = {r"\lgrad{": "local", r"\ugrad{": "upstream"}
#: A command, with the name that it sets upright.
_WORD = re.compile(r"\\(?:(?:mathrm|operatorname\*?|text|mathit)\{[^{}]*\}|[A-Za-z]+)")


def formula_latex(line: Line) -> str:
    r"""The formula of a line, with ``\underset{(4, 1)}{…}`` for the factors whose shapes are given."""
    text = to_latex(line.formula)
    place = 0
    for factor in line.factors:
        piece = to_latex(factor.formula)
        start = _find(piece, text, place)
        if start < 0:
            continue
        end = start + len(piece)
        if text[:start].endswith(tuple(_MACROS)) and text[end : end + 1] == "}":
            start, end = text.rindex("\\", 0, start), end + 1
        label = f"{{{factor.shape}}}" if factor.shape else r"{\text{scalar}}"
        replacement = rf"\underset{label}{{{text[start:end]}}}"
        text = text[:start] + replacement + text[end:]
        place = start + len(replacement)
    return text


def _find(piece: str, text: str, place: int) -> int:
    r"""Where a factor stands at or after `place`, or -1: not in a word, as the g in ``\lgrad`` or ``\mathrm{lag}``."""
    words = [match.span() for match in _WORD.finditer(text)]
    start = text.find(piece, place)
    while start >= 0:
        end = start + len(piece)
        if not any(first < start < last or first < end < last for first, last in words):
            return start
        start = text.find(piece, start + 1)
    return -1


def sum_in_rows(formula: Expression, width: int) -> list[str]:
    """A sum in rows of terms that are not wider, as text, than `width`; another formula is one row."""
    if not isinstance(formula, Sum) or text_width(to_text(formula)) <= width:
        return [to_latex(formula)]
    rows: list[list[Expression]] = []
    for term in formula.terms:
        if rows and text_width(to_text(Sum((*rows[-1], term)))) <= width:
            rows[-1].append(term)
        else:
            rows.append([term])
    return [_terms_latex(terms, is_first=index == 0) for index, terms in enumerate(rows)]


def _terms_latex(terms: list[Expression], *, is_first: bool) -> str:
    text = to_latex(terms[0] if len(terms) == 1 else Sum(tuple(terms)))
    return text if is_first or isinstance(terms[0], Negative) else f"{{}} + {text}"


def without_macros(latex: str, around: Callable[[str, Role], str]) -> str:
    r"""A formula in which ``\lgrad{…}`` and ``\ugrad{…}`` are replaced by what `around` makes of their inside."""
    for macro, role in _MACROS.items():
        while (start := latex.find(macro)) >= 0:
            inside = start + len(macro)
            end = _closing(latex, inside)
            latex = latex[:start] + around(latex[inside:end], role) + latex[end + 1 :]
    return latex


def _closing(latex: str, start: int) -> int:
    """Where the brace is closed that was opened before `start`."""
    depth = 1
    place = start
    while depth:
        if latex[place] == "\\":
            place += 1
        else:
            depth += {"{": 1, "}": -1}.get(latex[place], 0)
        place += 1
    return place - 1
