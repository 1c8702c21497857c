"""What a typed formula may not hold, and how the refusal reads."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import FormulaError
from chainrule.explain.formulas import parse, parse_value


@pytest.mark.parametrize(
    "text",
    [
        "x.__class__",
        "x.real",
        "().__class__.__bases__",
        "x[0]",
        "lambda: 1",
        "(lambda: 1)()",
        "[i for i in x]",
        "{i for i in x}",
        "[1, 2]",
        "{}",
        "'text'",
        "b'bytes'",
        "f'{x}'",
        "import os",
        "from os import path",
        "__import__('os')",
        "__import__",
        "__builtins__",
        "x = __name__",
        "__x = 1; x",
        "(y := x)",
        "exp(*x)",
        "exp(**x)",
        "*x",
        "x if x else y",
        "x and y",
        "not x",
        "x is y",
        "x in y",
        "x < y < z",
        "x // 2",
        "x % 2",
        "x << 2",
        "~x",
        "x, y",
        "True",
        "None",
        "...",
        "1j * x",
        "x = y = 2",
        "x, y = z",
        "x.T = y",
        "x += 1",
        "del x",
        "def f(): pass",
        "class A: pass",
        "assert x",
        "raise x",
        "await x",
        "yield x",
        "print(x)",
        "open(x)",
        "eval(x)",
        "exec(x)",
        "getattr(x, y)",
        "np.exp(x)",
        "exp(x)(y)",
        "sum(x, out=y)",
        "sum(x, axis=y)",
        "sum(x, axis=1.5)",
        "sum(x, axis=exp(1))",
        "exp()",
        "exp(x, y)",
        "load(x)",
        "fromfile(x)",
        "random(x)",
    ],
)
def test_everything_beside_formulas_is_refused_before_anything_is_computed(text: str) -> None:
    with pytest.raises(FormulaError, match=r"\n +\^"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 3000, "3000 characters; 2000 are allowed"),
        ("+".join("x" * 900), "parts; 500 are allowed"),
        ("(" * 70 + "x" + ")" * 70, None),
        ("exp(" * 70 + "x" + ")" * 70, "nested too deeply"),
        ("-" * 100 + "x", "nested too deeply"),
        ("(" * 900 + "x" + ")" * 900, "this is no formula|nested"),
        ("x ** 100000", "an exponent may be at most 1000"),
        ("x ** -100000", "an exponent may be at most 1000"),
        ("x ** (1 + 2000)", "an exponent may be at most 1000"),
        ("9" * 400, "this number is too large"),
        ("1e999 * x", "this number is too large"),
    ],
)
def test_what_is_too_large_is_refused(text: str, message: str | None) -> None:
    if message is None:  # parentheses alone are no depth
        assert parse(text).names == ("x",)
        return
    with pytest.raises(FormulaError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2x + 1", "this is no formula\n  2x + 1\n  ^\n  fix write 2*x"),
        ("x ^ 2", "^ is no power here\n  x ^ 2\n   ^\n  fix write ** for a power"),
        ("θ*ξ^2", "^ is no power here\n  θ*ξ^2\n     ^\n  fix write ** for a power"),
        ("x + snh(x)", "snh is no known function\n  x + snh(x)\n      ^\n  fix did you mean sinh?"),
        ("x + qqqq(x)", "qqqq is no known function\n  x + qqqq(x)\n      ^\n  fix see the docs"),
        ("3 * (x + 1", "this is no formula\n  3 * (x + 1\n      ^\n  fix close every parenthesis that you open"),
        ("q = x + y; 2 * q[0]", "this is not understood in a formula\n  2 * q[0]\n      ^"),
        ("q = x; r = q; import os", "only formulas and assignments are understood\n  import os\n  ^"),
        ("", "the formula is empty\n  fix write something like (x + y) * z"),
        (" ; \n", "the formula is empty"),
        ("# nothing", "the formula is empty"),
        ("np.exp(x)", "only plain function names can be called\n  np.exp(x)\n  ^\n  fix write exp(x), not np.exp(x)"),
        ("sum(x, out=y)", "the argument out= is not understood\n  sum(x, out=y)\n         ^"),
    ],
)
def test_a_refusal_shows_the_place_and_a_way_out(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


def test_a_long_formula_is_shown_around_the_mistake() -> None:
    text = "first_of_many_names + " * 6 + "y[0]" + " + last_of_many_names" * 6
    with pytest.raises(FormulaError) as caught:
        parse(text)
    _, shown, caret, _ = str(caught.value).splitlines()
    assert len(shown) <= 80
    assert shown[caret.index("^")] == "y"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0 * x", "divides by zero\n  1 / 0 * x\n  ^"),
        ("x ** 10 ** 10", "too large"),
        ("(-8) ** (1 / 3) * x", "no such real power"),
        ("sum(x, axis=3)", "cannot be computed: axis 3 is out of bounds"),
        ("sum()", "cannot be computed"),
        ("x @ x", "cannot be computed"),
    ],
)
def test_what_cannot_be_computed_shows_the_place(text: str, message: str) -> None:
    formula = parse(text)
    with pytest.raises(FormulaError, match=r"\n +\^") as caught:
        formula(*[2.0 for _ in formula.names])
    assert message in str(caught.value)


def test_results_do_not_grow_without_bound() -> None:
    column, row = parse_value(str([[1]] * 2000)), parse_value(str([[1] * 2000]))
    with pytest.raises(FormulaError, match="more than 1000000 numbers"):
        parse("x + y")(column, row)


@pytest.mark.parametrize(
    "text",
    [
        *"|x|nan|inf|1e999|'5'|True|None|[None]|1j|{}|{1: 2}|[]|5;|[[1, 2], [3]]|[1, '2']|open('f')|1if 2|1 2".split(
            "|"
        ),
        "9" * 400,
        "[" * 70 + "]" * 70,
        "[" * 3000,
    ],
)
def test_a_value_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="is no number, vector or matrix"):
        parse_value(text)


def test_a_value_that_is_too_long_is_refused() -> None:
    with pytest.raises(FormulaError, match="20000 numbers is too large"):
        parse_value(str([1] * 20_000))
    with pytest.raises(FormulaError, match="characters is too long"):
        parse_value("1" * 300_000)


FRAGMENTS = [
    "x",
    "y",
    "2",
    "1.5",
    "+",
    "-",
    "*",
    "/",
    "**",
    "@",
    "^",
    "(",
    ")",
    "[",
    "]",
    "exp",
    "sum",
    "=",
    ";",
    ",",
    " ",
]


@given(
    st.one_of(
        st.text(max_size=40),
        st.text("xyz012+-*/()., =;<>\n'\"\\#:[]{}!@%&|~", max_size=40),
        st.lists(st.sampled_from([*FRAGMENTS, "axis", "lambda", "for", "if", ".T", "__a__", "e", "0x1", "1_0"])).map(
            "".join
        ),
    )
)
@settings(max_examples=400, deadline=None)
def test_random_text_raises_nothing_but_formula_errors(text: str) -> None:
    for read in (parse, parse_value):
        with contextlib.suppress(FormulaError):
            read(text)
