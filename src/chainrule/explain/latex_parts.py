"""Formulas of a lesson in LaTeX: with local and upstream gradients pointed out, and shapes below the factors."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.explain.lines import Line
from chainrule.notation.latex import to_latex
from chainrule.notation.tree import Role

__all__ = ["formula_latex", "without_macros"]

#: What the printer writes around the parts that are pointed out.
_MACROS: dict[str, Role] = {r"\lgrad{": "local", r"\ugrad{": "upstream"}


def formula_latex(line: Line) -> str:
    r"""The formula of a line, with ``\underset{(4, 1)}{…}`` for the factors whose shapes are given."""
    text = to_latex(line.formula)
    place = 0
    for factor in line.factors:
        piece = to_latex(factor.formula)
        start = text.find(piece, place)
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
