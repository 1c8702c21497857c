"""What is no formula: the message stands where the mistake is, and says what to write instead."""

from __future__ import annotations

import pytest

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse


def refused(text: str) -> tuple[str, str, int, str]:
    """What the message says, the line that it shows, the column of its caret, and what to write instead."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    what, line, caret = caught.value.what.split("\n")
    assert caught.value.fix is not None
    return what, line[2:], caret.index("^") - 2, caught.value.fix


@pytest.mark.parametrize(
    ("text", "word", "line", "fix"),
    [
        ("if w > 0:\n  L = w\nelse:\n  L = -w", "if", 0, "write where(condition, a, b)"),
        ("L = x\nif w > 0: L = w", "if", 1, "write where(condition, a, b)"),
        ("L = 0\nfor k in n:\n  L = L + w", "for", 1, "write one statement for each step, or a sum: sum(w * x)"),
        ("while w > 0: w = w - 1", "while", 0, "write one statement for each step, or a sum: sum(w * x)"),
        ("def f(x):\n  return x**2\nf(w)", "def", 0, "write what it computes as statements: z = w*x + b; a = tanh(z)"),
        ("import numpy as np\nL = w", "import", 0, "leave it out: exp, tanh, sigmoid and others are there"),
        ("from numpy import exp; exp(w)", "from", 0, "leave it out: exp, tanh, sigmoid and others are there"),
        ("L = w*x\nreturn -L", "return", 1, "leave it out: the last statement is the result"),
        ("return", "return", 0, "leave it out: the last statement is the result"),
        ("with w: x", "with", 0, "write statements such as z = w*x + b"),
    ],
)
def test_statements_of_python_are_named_where_they_stand(text: str, word: str, line: int, fix: str) -> None:
    shown = text.replace(";", "\n").split("\n")[line].strip()
    assert refused(text) == (f"'{word}' is not understood here", shown, 0, fix)


@pytest.mark.parametrize("name", ["if", "for", "import", "lambda"])
def test_a_word_of_python_as_a_name_gets_another_one(name: str) -> None:
    assert refused(f"{name} = 3\n2*x")[3].startswith(f"{name} is a word of Python: write ")


def test_the_first_mistake_is_told_first() -> None:
    assert refused("L = 2x\nif w > 0: L") == ("this is no formula", "L = 2x", 5, "write 2*x")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("sum(w*x for w in v)", "functions take whole arrays: write sum(w * x)"),
        ("L = w if w > 0 else 0", "write where(condition, x, y)"),
    ],
)
def test_python_inside_of_a_formula_has_a_counterpart(text: str, fix: str) -> None:
    assert refused(text)[3] == fix
