"""The text of a formula: as it was typed, as Python reads it, and the way from a place in one to the other.

Beside Python's arithmetic, the signs of mathematics are understood where they mean one thing only, so that most of what
a lesson prints can be typed again: ``−`` ``·`` ``×`` ``⊙`` ``²`` ``⁻¹`` ``ᵀ`` ``√`` ``≤`` ``≥`` ``≠`` ``x₁``.
``3.2·10⁻⁸`` without spaces is one number, as it is printed, so that ``x / 3.2·10⁻⁸`` divides by all of it.
Which names mean the same, such as ``ŷ`` and ``y_hat``, is said in `naming`.
"""

from __future__ import annotations

import re
import unicodedata

from chainrule.errors import FormulaError

__all__ = ["TypedText", "number_in_python", "shown_briefly"]

#: Longer lines are shown around the column in question.
_SHOWN = 76

_SUPERSCRIPTS, _SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
_SAME_WIDTH = str.maketrans(f"⁻⁺{_SUPERSCRIPTS}{_SUBSCRIPTS}", "-+01234567890123456789")
_SIGNS = {"−": "-", "·": "*", "⋅": "*", "×": "*", "⊙": "*", "ᵀ": ".T", "≤": "<=", "≥": ">=", "≠": "!="}
_NO_NAME = f"{_SUPERSCRIPTS}{_SUBSCRIPTS}ᵀ"  # digits and letters to Python's regular expressions
_TRANSLATED = re.compile(
    rf"""
    (?<![\w.]) (?<! [eE][-+−] ) (?P<scientific>
        (?P<size> \d+(?:\.\d*)? | \.\d+ ) [·⋅×] 10 (?P<tens> [⁻⁺]? [{_SUPERSCRIPTS}]+ ) (?! [\w.] ) )
    | (?P<power> [⁻⁺]? [{_SUPERSCRIPTS}]+ )
    | (?P<index> [{_SUBSCRIPTS}]+ )
    | √ \s* (?: (?P<group> (?=\() )
        | (?P<radicand> [^\W\d{_NO_NAME}][^\W{_NO_NAME}]* | \d+(?:\.\d+)? ) (?! [\w.⁻⁺{_NO_NAME}] | \s*\( ) )
    | (?P<sign> [{"".join(_SIGNS)}] )
    """,
    re.VERBOSE,
)
#: x**2·10³ is a thousand times x².
_AFTER_POWER = re.compile(r"\*\*[-+−\s]*$")
#: Of a value, where there is no arithmetic that it could be instead.
_NUMBER = re.compile(rf"(?<![\w.])(?:(?P<size>\d+(?:\.\d*)?|\.\d+)[·⋅×])?10(?P<tens>[⁻⁺]?[{_SUPERSCRIPTS}]+)(?![\w.])")


class TypedText:
    r"""A typed formula, one statement a line.

    Parameters
    ----------
    text : str
        Statements separated by semicolons or line breaks.

    Attributes
    ----------
    lines : list of str
        As typed, without the space around them.
    python : str
        As Python reads them.

    Raises
    ------
    FormulaError
        If there are characters that cannot be shown.

    Examples
    --------
    >>> TypedText("z = −x²; √(z)").python
    'z = -x**2\nsqrt(z)'
    """

    def __init__(self, text: str) -> None:
        self.lines = [re.sub(r"\s", " ", line.strip()) for line in re.split(r"\r\n|[;\n\r]", text.strip())]
        for number, line in enumerate(self.lines, 1):
            for column, character in enumerate(line):
                if not character.isprintable():
                    self.lines = [_printable(typed) for typed in self.lines]
                    raise self._failure("there is a character without meaning here", column, number, "type it again")
        translations = [_translated(line) for line in self.lines]
        self._python_lines = [line for line, _ in translations]
        self._columns = [columns for _, columns in translations]
        self.python = "\n".join(self._python_lines)

    def python_line(self, line: int) -> str:
        """A line, counted from 1, as Python reads it."""
        return self._python_lines[line - 1]

    def typed(self, line: int, start: int, end: int) -> str:
        """What was typed for a part of a line of Python."""
        columns = self._columns[line - 1]
        first = columns[start]
        return self.lines[line - 1][first : max(columns[end], first + 1)]

    def column_of_bytes(self, line: int, offset: int) -> int:
        """The column in Python's line; `ast` counts in bytes."""
        return len(self._python_lines[line - 1].encode()[:offset].decode(errors="ignore"))

    def failure(self, what: str, line: int, column: int, fix: str) -> FormulaError:
        """An error that shows the line as it was typed, with a caret under a column of Python's line."""
        line = max(1, min(line, len(self.lines)))
        columns = self._columns[line - 1]
        return self._failure(what, columns[max(0, min(column, len(columns) - 1))], line, fix)

    def _failure(self, what: str, column: int, line: int, fix: str) -> FormulaError:
        whole = self.lines[line - 1]
        start = max(0, column - _SHOWN // 2) if len(whole) > _SHOWN else 0
        before, shown = "…" if start else "", whole[start : start + _SHOWN]
        after = "…" if start + _SHOWN < len(whole) else ""
        caret = " " * (_width(whole[start:column]) + len(before))
        return FormulaError(f"{what}\n  {before}{shown}{after}\n  {caret}^", fix=fix)


def number_in_python(text: str) -> str:
    """Numbers as Python writes them: ``3.2·10⁻⁸`` and ``10⁻⁴``, and the sign −.

    Examples
    --------
    >>> number_in_python("[−3.2·10⁻⁸, 10⁴]")
    '[-3.2e-8, 1e4]'
    """
    return _NUMBER.sub(_in_python, text).replace("−", "-")


def _in_python(number: re.Match[str]) -> str:
    return f"{number['size'] or 1}e{number['tens'].translate(_SAME_WIDTH)}"


def shown_briefly(text: str) -> str:
    """A typed text, fit for a message."""
    return _printable(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _translated(line: str) -> tuple[str, list[int]]:
    """A line of Python, and for each of its columns, and its end, the column of what was typed."""
    pieces: list[str] = []
    columns: list[int] = []
    position = 0
    for match in _TRANSLATED.finditer(line):
        pieces.append(line[position : match.start()])
        columns += range(position, match.start())
        piece, sources = _replacement(match)
        pieces.append(piece)
        columns += sources
        position = match.end()
    pieces.append(line[position:])
    columns += range(position, len(line) + 1)
    return "".join(pieces), columns


def _replacement(match: re.Match[str]) -> tuple[str, list[int]]:
    start, found = match.start(), match.group()
    piece: str
    match match.lastgroup:
        case "scientific":
            factors = f"{match['size']}*10**({match['tens'].translate(_SAME_WIDTH)})"
            piece = factors if _AFTER_POWER.search(match.string[:start]) else _in_python(match)
        case "power":
            exponent = found.translate(_SAME_WIDTH)
            piece = f"**{exponent}" if exponent.isdigit() else f"**({exponent})"
        case "index":
            return found.translate(_SAME_WIDTH), list(range(start, match.end()))
        case "group":
            piece = "sqrt"
        case "radicand":
            radicand = match.group("radicand")
            first = match.start("radicand")
            return f"sqrt({radicand})", [start] * 5 + list(range(first, first + len(radicand))) + [match.end()]
        case _:
            piece = _SIGNS[found]
    return piece, [start] * len(piece)


def _printable(text: str) -> str:
    return "".join([c if c.isprintable() else " " if c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for c in text])


def _width(text: str) -> int:
    """Columns that a terminal needs: none for a combining accent, two for wide characters."""
    return sum([0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text])
