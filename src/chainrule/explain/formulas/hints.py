"""Where a text stops being a formula, and what was probably meant."""

from __future__ import annotations

import itertools
import keyword
import re

from chainrule.errors import FormulaError
from chainrule.explain.formulas.known import known_functions
from chainrule.explain.formulas.typed import TypedText

__all__ = ["statement_failure", "syntax_failure"]

#: Signs of mathematics that could mean several things.
_SIGNS = {
    "√": "write √(…), with parentheses around what the root is of",
    "Σ": "write sum(x), or sum(x, axis=0) for the sum over rows",
    "∑": "write sum(x), or sum(x, axis=0) for the sum over rows",
    "∂": "write the function itself: its gradients are what is explained",
    "∇": "write the function itself: its gradients are what is explained",
    "←": "write = between a name and its formula",
    "‖": "write sqrt(sum(x ** 2)) for a norm",
    "|": "write abs(x)",
    "÷": "write /",
    "∞": "only finite numbers are understood",
    "“": "leave quotes out",
    "”": "leave quotes out",
}
_TOKEN = re.compile(r"(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<other>\S)")
#: What stands for the rest of a factor of which only the beginning is shown.
_REST = {"(": "…)", "√": "…"}
_CONDITION = "write where(condition, a, b)"
_LOOP = "write one statement for each step, or a sum: sum(w * x)"
_OTHER = "write statements such as z = w*x + b"
#: Words that statements of Python begin with, and what a formula has instead.
_STATEMENTS = {
    **dict.fromkeys(("if", "elif", "else", "assert"), _CONDITION),
    **dict.fromkeys(("for", "while", "break", "continue"), _LOOP),
    **dict.fromkeys(("def", "class"), "write what it computes as statements: z = w*x + b; a = tanh(z)"),
    "return": "leave it out: the last statement is the result",
    **dict.fromkeys(("import", "from"), "leave it out: exp, tanh, sigmoid and others are there"),
    **dict.fromkeys(("with", "try", "except", "finally", "raise", "del", "pass", "global", "nonlocal"), _OTHER),
    **dict.fromkeys(("async", "await", "yield"), _OTHER),
}
#: At the beginning of a line, and not as a name: ``if = 3`` and ``if * x`` want another one.
_STATEMENT = re.compile(rf"({'|'.join(_STATEMENTS)})\b(?!\s*(=(?!=)|[*/@<>.,)]))")
#: Python's words that may stand where a name stands.
_VALUES = ("True", "False", "None")


def syntax_failure(text: TypedText, error: SyntaxError) -> FormulaError:
    """The error to raise for a text that Python cannot parse."""
    line = max(1, min(error.lineno or 1, len(text.lines)))
    if (failure := statement_failure(text, line)) is not None:
        return failure
    found = _sign(text, line) or _word(text, line) or _missing_sign(text, line) or _target(text, line)
    if found:
        return text.failure("this is no formula", line, *found)
    column = (error.offset or 1) - 1
    whole = text.lines[line - 1]
    if whole.count("(") != whole.count(")"):
        return text.failure("this is no formula", line, column, "close every parenthesis that you open")
    return text.failure("this is no formula", line, column, "write it as in Python: (x + y) * z, x ** 2, exp(x)")


def statement_failure(text: TypedText, most: int) -> FormulaError | None:
    """The error to raise for the first statement of Python that is none of a formula, in one of the first lines.

    Parameters
    ----------
    text : TypedText
    most : int
        Up to which line to look. Python complains of the line after ``if w > 0:``.
    """
    for line in range(1, most + 1):
        found = _STATEMENT.match(text.python_line(line))
        if found:
            word = found.group()
            return text.failure(f"'{word}' is not understood here", line, 0, _STATEMENTS[word])
    return None


def _tokens(text: TypedText, line: int) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text.python_line(line).partition("#")[0]))


def _sign(text: TypedText, line: int) -> tuple[int, str] | None:
    """A sign that formulas do not understand."""
    found = [(token.start(), _SIGNS[token.group()]) for token in _tokens(text, line) if token.group() in _SIGNS]
    return found[0] if found else None


def _word(text: TypedText, line: int) -> tuple[int, str] | None:
    """A name that is a word of Python."""
    for token in _tokens(text, line):
        word = token.group()
        if keyword.iskeyword(word) and word not in _VALUES:
            other = "λ or lambda_" if word == "lambda" else f"{word}_"
            return token.start(), f"{word} is a word of Python: write {other} for the name"
    return None


def _missing_sign(text: TypedText, line: int) -> tuple[int, str] | None:
    """Two factors without a sign between them, such as ``2x`` and ``w x``."""
    tokens = _tokens(text, line)
    functions = known_functions()
    for left, right in itertools.pairwise(tokens):
        ends = left.lastgroup in ("number", "name") or left.group() == ")"
        begins = right.lastgroup in ("number", "name") or (right.group() == "(" and left.lastgroup != "name")
        if ends and begins:
            first, second = (text.typed(line, *token.span()) for token in (left, right))
            if left.group() in functions:
                inner = f"{second}(…)" if right.group() in functions else second
                return right.start(), f"write {first}({inner})"
            if left.lastgroup == "number":
                return right.start(), f"write {first}*{second}{_REST.get(second, '')}"
            return right.start(), "write a sign between them: * for a product, @ for a product of matrices"
    return None


def _target(text: TypedText, line: int) -> tuple[int, str] | None:
    """An assignment to something else than a name."""
    found = re.match(r"[^=(]*[^=(\s<>!]\s*=(?!=)", text.python_line(line))
    if found and not re.fullmatch(r"[^\W\d]\w*\s*=", found.group()):
        return 0, "write a name to the left of =, and the formula to the right: z = w*x + b"
    return None
