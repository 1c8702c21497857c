"""How wide a text will be: an estimate that any font a reader may have stays below, or close to.

Pictures are laid out without knowing the font they will be shown in. The widths are those of DejaVu Sans, in parts of
the font size; it is wider than Arial, Inter, Georgia, STIX and Computer Modern, and is what matplotlib and most Linux
desktops have.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["SCRIPT_SIZE", "Run", "runs_of", "width_of"]

#: The size of subscripts, in parts of the text's.
SCRIPT_SIZE = 0.7

_WIDTHS = {
    **dict.fromkeys("ijlI.,:;'|!·′", 0.34),
    **dict.fromkeys(" ()[]{}ftr/-", 0.41),
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻⁺ᵀ₀₁₂₃₄₅₆₇₈₉", 0.45),
    **dict.fromkeys("abcdeghknopqsuvxyz0123456789", 0.64),
    **dict.fromkeys("+−=<>±×←→↦≤≥≈∂∇⊙", 0.84),
    **dict.fromkeys("mwMW%@…∞", 1.0),
}
_CAPITAL, _OTHER, _IDEOGRAPH = 0.76, 0.68, 1.0
_BOLD = 1.1

#: A letter with digits behind it, or a word behind an underscore, is a variable with a subscript: W1, h_prev. A
#: coefficient stands in front: 2x. What is raised behind it is no part of its name: W2ᵀ, a1².
_SUBSCRIPT = re.compile(r"(?<![^\W\d_])([^\W\d_][\u0300-\u036f]?)(?:(\d+)|_([^\W_ᵀ⁰¹²³⁴-⁹⁽]+))(?!\.|(?![ᵀ⁰¹²³⁴-⁹⁽])\w)")


@dataclass(frozen=True)
class Run:
    """A piece of text that is set on the line, or as a subscript."""

    text: str
    is_subscript: bool = False


def runs_of(text: str) -> tuple[Run, ...]:
    """Take mathematics in Unicode apart into what stands on the line and what stands below it.

    Examples
    --------
    >>> [(run.text, run.is_subscript) for run in runs_of("W1 x + b1")]
    [('W', False), ('1', True), (' x + b', False), ('1', True)]
    >>> [len(runs_of(text)) for text in ("log2(3x)", "0.5", "batch_size", "h_prev", "a1 W2ᵀ", "a1²")]
    [1, 1, 1, 2, 5, 3]
    """
    runs: list[Run] = []
    end = 0
    for match in _SUBSCRIPT.finditer(text):
        runs += [Run(text[end : match.end(1)]), Run(match.group(2) or match.group(3), is_subscript=True)]
        end = match.end()
    if end < len(text) or not runs:
        runs.append(Run(text[end:]))
    return tuple(runs)


def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """Width of a text, subscripts included.

    Parameters
    ----------
    text : str
    size : float
        Of the font.
    is_bold : bool

    Returns
    -------
    float
        In the unit of `size`.

    Examples
    --------
    >>> round(width_of("0.5", 10), 1), round(width_of("W1", 10), 1)
    (16.2, 14.5)
    """
    total = 0.0
    for run in runs_of(text):
        total += sum([_width(character) for character in run.text]) * (SCRIPT_SIZE if run.is_subscript else 1.0)
    return total * size * (_BOLD if is_bold else 1.0)


def _width(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return _IDEOGRAPH
    return _CAPITAL if character.isupper() else _OTHER
