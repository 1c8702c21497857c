"""Random formulas and random text: computed as Python computes, or refused with a `FormulaError`."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ChainRuleError, FormulaError
from chainrule.explain.formulas import parse, parse_value

NUMBERS = st.floats(0.1, 9, allow_nan=False).map(lambda number: f"{number:.3f}")


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        st.tuples(inner, st.sampled_from([" + ", "-", " *", "/ "]), NUMBERS).map("".join),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda p: f"({p[0]}) ** {p[1]}"),
    )


@given(st.recursive(st.one_of(NUMBERS, st.sampled_from(["x", "y"])), _combined, max_leaves=8))
@settings(max_examples=150, deadline=None)
def test_random_arithmetic_is_computed_as_python_computes_it(text: str) -> None:
    given_values = {"x": 1.5, "y": -0.75}
    try:
        expected = eval(compile(text, "formula", "eval"), {"__builtins__": {}}, dict(given_values))
    except ArithmeticError:
        formula = parse(text)
        with pytest.raises(cr.errors.FormulaError):
            formula(*[given_values[name] for name in formula.names])
        return
    formula = parse(text)
    found = formula(*[given_values[name] for name in formula.names])
    assert found == pytest.approx(expected, rel=1e-12)


FORMULAS = [
    "z = w*x + b; p = sigmoid(z); L = bce(p, y)",
    "q = x + y; q * z",
    "-y*log(σ(z)) - (1-y)*log(1-σ(z))",
    "½x",
    "h = tanh(W1 @ x + b1); sum((W2 @ h - y) ** 2) / 2",
    "sum(where(x > 0, x, exp(x) - 1), axis=0, keepdims=True)",
    "√(x² + y²) · σ(ŷ₁ − x̂) ⊙ Wᵀ",
    "mean(relu(X @ W) + 1e-3*sum(W ** 2)) # ridge",
    "max(x, axis=(0, 1))\n -log10(pi * e ** -x)",
]
FRAGMENTS = [
    *"x y z_1 ŷ 2 1.5 .5 0x1 1_0 1e9 e pi + - − * · / // % ** @ ^ ² ⁻¹ ᵀ .T √ Σ ∂ ( ) [ ] { } = == ≠ < > ;".split(),
    *", : ! | & ~ ' \" \\ # exp σ sum where axis= keepdims= lambda for if else in not True None __a__ 変 😀 Ⅷ".split(),
    *" \n\r\t\0\x0c\x1b\u0302\ud800\u2028",
]


@st.composite
def mutated_formulas(draw: st.DrawFn) -> str:
    """A valid formula with pieces left out, put in, repeated and exchanged."""
    text = draw(st.sampled_from(FORMULAS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        piece = draw(st.one_of(st.sampled_from([*FRAGMENTS, text[start:end] * 2, ""]), st.characters()))
        text = text[:start] + piece + text[end:]
    return text


RANDOM_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("xyz012+-*/()., =;<>\n'\"\\#:[]{}!@%&|~", max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.tuples(
        st.sampled_from(["(", "-", "exp(", "[", "x**", "√(", "lambda:", "x if x else "]), st.integers(1, 1900)
    ).map(lambda pair: pair[0] * pair[1]),
    mutated_formulas(),
)


@given(RANDOM_TEXTS)
@settings(max_examples=600, deadline=None)
def test_random_text_is_a_formula_or_a_formula_error(text: str) -> None:
    try:
        formula = parse(text)
    except FormulaError as error:
        _assert_caret_is_under_the_text(str(error))
        return
    assert all(name.isidentifier() for name in formula.names)
    values = [np.array([0.5, 2.0]) for _ in formula.names]
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.suppress(ChainRuleError):
        warnings.simplefilter("ignore")
        formula(*values)
        cr.trace(formula, *values)


def _assert_caret_is_under_the_text(message: str) -> None:
    lines = message.split("\n")
    assert all(line.isprintable() for line in lines)
    if "  fix " in lines[-1] and len(lines) == 4:
        assert lines[2].strip() == "^"
        assert len(lines[2]) <= 80


@given(RANDOM_TEXTS)
@settings(max_examples=200, deadline=None)
def test_random_text_is_a_value_or_a_formula_error(text: str) -> None:
    with contextlib.suppress(FormulaError):
        assert np.isfinite(parse_value(text)).all()
