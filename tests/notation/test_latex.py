from __future__ import annotations

import pytest

from chainrule.notation.latex import escape, to_latex
from chainrule.notation.tree import Cases, Fence, Reduction, Relation, Symbol, call

x = Symbol("x")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("100 % of d_model & more", r"100 \% of d\_model \& more"),
        ("{#1} costs $2", r"\{\#1\} costs \$2"),
        ("a^b ~ c\\d", r"a\textasciicircum{}b \textasciitilde{} c\textbackslash{}d"),
        ("∂L/∂z = ŷ − y", r"$\partial$L/$\partial$z = ŷ $-$ y"),
        ("no a\u0327 cedilla", "no a cedilla"),
        ("x̄ and θ̃", r"$\bar{x}$ and $\tilde{\theta}$"),
        ("W2ᵀ, x², h₁", r"W2$^{T}$, x$^{2}$, h$_{1}$"),
        ("a < b | c > d", r"a $<$ b $|$ c $>$ d"),
        ("relu′", r"relu$^{\prime}$"),
        ("two\nlines\u00a0more\x00", "two lines more?"),
    ],
)
def test_any_text_can_stand_outside_of_formulas(text: str, latex: str) -> None:
    assert escape(text) == latex


def test_only_high_formulas_have_parentheses_that_grow() -> None:
    assert to_latex(call("log", 1 + x)) == r"\log(1 + x)"
    assert to_latex(call("log", 1 / x)) == r"\log\left( \frac{1}{x} \right)"
    assert to_latex(call("σ", Reduction("Σ", "i", x))) == r"\sigma\left( \sum_{i} x \right)"


def test_a_bracket_after_a_line_break_is_no_length() -> None:
    assert r"\\ {[x]}" in to_latex(Cases(x, x, Fence("[", x, "]")))


def test_a_table_of_cases_is_closed_by_parentheses() -> None:
    table = r"\begin{cases} x & \text{if } x \\ {x} & \text{otherwise} \end{cases}"
    assert to_latex(Relation("=", (x, Cases(x, x, x)))) == f"x = {table}"
    assert to_latex(Cases(x, x, x) * x) == rf"\left( {table} \right) x"


def test_unknown_signs_become_text() -> None:
    assert to_latex(Fence("<<", 1 / x, ">>")) == r"\text{$<$$<$} \frac{1}{x} \text{$>$$>$}"
