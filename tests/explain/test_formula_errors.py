"""What a typed formula may not hold, and how the refusal reads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
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
        ("x" * 3000, "3,000 characters; 2,000 are allowed"),
        ("+".join("x" * 900), "parts; 500 are allowed"),
        ("(" * 70 + "x" + ")" * 70, None),
        ("exp(" * 70 + "x" + ")" * 70, "nested too deeply"),
        ("-" * 100 + "x", "nested too deeply"),
        ("(" * 900 + "x" + ")" * 900, "nested too deeply"),
        (" ** ".join("x" * 70), "nested too deeply"),
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
        ("2x + 1", "this is no formula\n  2x + 1\n   ^\n  fix write 2*x"),
        ("x ^ 2", "^ is no power here\n  x ^ 2\n   ^\n  fix write ** for a power"),
        ("θ*ξ^2", "^ is no power here\n  θ*ξ^2\n     ^\n  fix write ** for a power"),
        ("x + snh(x)", "snh is no known function\n  x + snh(x)\n      ^\n  fix did you mean sinh?"),
        ("x + qqqq(x)", "qqqq is no known function\n  x + qqqq(x)\n      ^\n  fix known are exp, log, "),
        ("2 * sin x", "this is no formula\n  2 * sin x\n          ^\n  fix write sin(x)"),
        ("sin sqrt(x)", "this is no formula\n  sin sqrt(x)\n      ^\n  fix write sin(sqrt(…))"),
        ("3 * (x + 1", "this is no formula\n  3 * (x + 1\n      ^\n  fix close every parenthesis that you open"),
        ("q = x + y; 2 * q[0]", "this is not understood in a formula\n  2 * q[0]\n      ^"),
        ("q = x; r = q; q += r", "only formulas and assignments are understood\n  q += r\n  ^"),
        ("q = x; r = q; import os", "'import' is not understood here\n  import os\n  ^\n  fix leave it out"),
        ("", "the formula is empty\n  fix write something like (x + y) * z"),
        (" ; \n", "the formula is empty"),
        ("# nothing", "the formula is empty"),
        ("np.exp(x)", "only plain function names can be called\n  np.exp(x)\n  ^\n  fix write exp(x), not np.exp(x)"),
        ("sum(x, out=y)", "the argument out= is not understood\n  sum(x, out=y)\n         ^"),
        ("z = w x", "this is no formula\n  z = w x\n        ^\n  fix write a sign between them: * for a product, @"),
        ("2 (x + 1)", "only plain function names can be called\n  2 (x + 1)\n   ^\n  fix write * for a product"),
        ("3√(x)", "this is no formula\n  3√(x)\n   ^\n  fix write 3*√…"),
        ("1 + 2(", "this is no formula\n  1 + 2(\n       ^\n  fix write 2*(…)"),
        ("a(x + 1)", "a is no known function\n  a(x + 1)\n  ^\n  fix write a * (…) for a product"),
        ("lambda * x", "this is no formula\n  lambda * x\n  ^\n  fix lambda is a word of Python: write λ or lambda_"),
        ("x + in", "this is no formula\n  x + in\n      ^\n  fix in is a word of Python: write in_ for the name"),
        ("a + b = c", "this is no formula\n  a + b = c\n  ^\n  fix write a name to the left of ="),
        ("x if y else z", "this is not understood in a formula\n  x if y else z\n  ^\n  fix write where("),
        ("y * |x|", "this is no formula\n  y * |x|\n      ^\n  fix write abs(x)"),
        ("y * x[0]", "this is not understood in a formula\n  y * x[0]\n      ^\n  fix elements and slices"),
        ("Σ x", "this is no formula\n  Σ x\n  ^\n  fix write sum(x)"),
        ("y = ∂L/∂z", "this is no formula\n  y = ∂L/∂z\n      ^\n  fix write the function itself"),
        ("√x²", "this is no formula\n  √x²\n  ^\n  fix write √(…)"),
        ("norm(x)", "norm is no known function\n  norm(x)\n  ^\n  fix write sqrt(sum(x ** 2))"),
        ("x +\x00 y", "there is a character without meaning here\n  x +\N{REPLACEMENT CHARACTER} y\n     ^"),
    ],
)
def test_a_refusal_shows_the_place_and_a_way_out(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "caret"),
    [
        ("x² · y⁻¹ ^ 2", 8),
        ("√x ⊙ W.real", 5),
        ("y ≥ Wᵀ.real", 4),
        ("x₁₀ − q[0]", 6),
        ("(√(x)) × q[0]", 9),
        ("x\N{COMBINING CIRCUMFLEX ACCENT} + q[0]", 4),  # the accent takes no column of its own
        ("変数 + q[0]", 7),  # each of these characters takes two
    ],
)
def test_the_caret_stands_under_what_was_typed(text: str, caret: int) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    _, shown, line, _ = str(caught.value).splitlines()
    assert shown == f"  {text}"
    assert line == "  " + " " * caret + "^"


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
        ("x @ x", "cannot be computed"),
    ],
)
def test_what_cannot_be_computed_shows_the_place(text: str, message: str) -> None:
    formula = parse(text)
    with pytest.raises(FormulaError, match=r"\n +\^") as caught:
        formula(*[2.0 for _ in formula.names])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", ["x + y", "x @ y", "x > y", "maximum(x, y)", "dot(x, y)", "bce(x, y)", "where(x, y, 1)", "inner(x, y.T)"]
)
def test_results_do_not_grow_without_bound(text: str) -> None:
    column, row = np.ones((2000, 1)), np.ones((1, 2000))
    with pytest.raises(FormulaError, match="more than 1,000,000 numbers"):
        parse(text)(column, row)


def test_products_that_sum_are_no_larger_than_their_results() -> None:
    assert parse("x @ y + dot(x, y) + inner(x, y)")(np.ones(10_000), np.ones(10_000)) == 30_000


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


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("[1 2]", "put commas between numbers"),
        ("[1, 2", "close every bracket"),
        ("1,5;2", "write 5, -0.5, [1, 2] or [[1, 2], [3, 4]]"),
    ],
)
def test_a_wrong_value_comes_with_a_way_out(text: str, fix: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_value(text)
    assert caught.value.fix is not None
    assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "@"])
def test_a_flat_sum_of_many_terms_is_not_nested(sign: str) -> None:
    names = [f"x{place}" for place in range(100)]
    formula = parse(sign.join(names))
    assert formula.names == tuple(names)
    if sign == "+":
        assert formula(*range(100)) == sum(range(100))
        assert cr.grad(formula, argnums=99)(*map(float, range(100))) == 1.0


def test_what_is_wrong_within_a_long_sum_is_where_the_caret_is() -> None:
    many = " + ".join("x" * 70)
    with pytest.raises(FormulaError, match=r"\n {10}\^"):
        parse(f"x + x + f[0] + {many}")
    with pytest.raises(FormulaError, match=r"cannot be computed.*\n.*\n {10}\^"):
        parse(f"x + x + x @ y + {many}")(np.ones(3), np.ones(4))


@pytest.mark.parametrize(
    "call", [lambda: parse("x" * 3000), lambda: parse("+".join("x" * 900)), lambda: parse_value(str([1] * 20_000))]
)
def test_what_is_too_large_comes_with_a_way_out(call: Callable[[], object]) -> None:
    with pytest.raises(FormulaError, match=r",000 are allowed|500 are allowed") as caught:
        call()
    assert caught.value.fix


def test_a_value_that_is_too_long_is_refused() -> None:
    with pytest.raises(FormulaError, match="20,000 numbers is too large"):
        parse_value(str([1] * 20_000))
    with pytest.raises(FormulaError, match="5 axes is too deep"):
        parse_value("[[[[[1]]]]]")
    with pytest.raises(FormulaError, match="characters is too long"):
        parse_value("1" * 300_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 * sum()", "sum needs other values: 1, not 0"),
        ("exp(x, y)", "exp needs other values: 1, not 2"),
        ("2 * dot(x, y, z)", "dot needs other values: 2, not 3"),
        ("isneginf(x, y)", "isneginf needs other values: 1, not 2"),
        ("clip(x, 0, 1, y)", "clip needs other values: 3, not 4"),
        ("where(x > 0)", "where needs other values: 3, not 1"),
        ("leaky_relu(x, y, z)", "leaky_relu needs other values: 1 or 2, not 3"),
    ],
)
def test_nothing_is_written_into_one_value_too_many(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    what, line, caret = caught.value.what.split("\n")
    assert what == message
    assert line[caret.index("^") :].startswith(message.split(" ")[0])
