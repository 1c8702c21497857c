"""What is printed means what the tree says: random formulas are read back, by the rules by which people read them.

Text, LaTeX and MathML are split into the same tokens, and one reader of these evaluates them. Numbers are exact;
functions and exponents are made-up polynomials that tell different arguments apart, so that nothing is equal by chance,
or by a law of arithmetic that the printers do not rely on.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fractions import Fraction as Exact
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule.notation.latex import to_latex
from chainrule.notation.mathml import to_mathml
from chainrule.notation.text import to_text
from chainrule.notation.tree import (
    Call,
    Cases,
    Derivative,
    Expression,
    Fence,
    Fraction,
    Item,
    Marked,
    Negative,
    Number,
    Power,
    Product,
    Reduction,
    Relation,
    Root,
    Sum,
    Symbol,
    Transpose,
    Verbatim,
)

VALUES = {"x": Exact(2, 3), "y": Exact(-5, 7), "w": Exact(11, 13), "b": Exact(17, 19), "W1": Exact(-23, 29)}
EULER = Exact(31, 37)
FUNCTIONS = {"log": 3, "tanh": 7, "√": 11, "Σ": 13}


def applied(function: str, argument: Exact) -> Exact:
    return FUNCTIONS[function] * argument * argument - argument + 1


def raised(base: Exact, exponent: Exact) -> Exact:
    return 5 * base * base + 3 * exponent * exponent + base - exponent


# What a tree means.


def meaning(part: Expression) -> Exact:
    inner = [meaning(child) for child in part.children]
    match part:
        case Symbol(name=name):
            return VALUES[name]
        case Number(value=value):
            return Exact(value)
        case Sum():
            return sum(inner, Exact(0))
        case Negative():
            return -inner[0]
        case Product():
            result = Exact(1)
            for factor in inner:
                result *= factor
            return result
        case Fraction():
            return inner[0] / inner[1]
        case Power():
            return raised(inner[0], inner[1])
        case Root():
            return applied("√", inner[0])
        case Reduction():
            return applied("Σ", inner[0])
        case Marked():
            return inner[0]
        case Call(function="exp"):
            return raised(EULER, inner[0])
        case Call(function=function):
            return applied(function, inner[0])
    raise AssertionError(part)


# What a reader makes of tokens. Braces group, and are seen: a bar of a fraction, small characters above the line.


class Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = [*tokens, "end"]

    def take(self, *expected: str) -> str:
        token = self.tokens.pop(0)
        assert not expected or token in expected, (token, self.tokens)
        return token

    def read(self) -> Exact:
        value = self.sum()
        self.take("end")
        return value

    def sum(self) -> Exact:
        total = -self.product() if self.tokens[0] == "−" and self.take() else self.product()
        while self.tokens[0] in ("+", "−"):
            total += self.product() if self.take() == "+" else -self.product()
        return total

    def product(self) -> Exact:
        value = self.power()
        while self.tokens[0] not in ("+", "−", ")", "}", "end"):
            token = self.tokens[0]
            if token in ("·", "/"):
                self.take()
            value = value / self.power() if token == "/" else value * self.power()
        return value

    def power(self) -> Exact:
        base = self.atom()
        while self.tokens[0] == "^":
            self.take()
            base = raised(base, self.group())
        return base

    def group(self) -> Exact:
        opening = self.take("(", "{")
        value = self.sum()
        self.take(")" if opening == "(" else "}")
        return value

    def atom(self) -> Exact:
        token = self.tokens[0]
        if token in ("(", "{"):
            return self.group()
        self.take()
        if token == "frac":
            return self.group() / self.group()
        if token == "√":
            return applied("√", self.atom())
        if token == "Σ":
            return applied("Σ", self.product())
        if token == "exp":
            return raised(EULER, self.group())
        if token in FUNCTIONS:
            return applied(token, self.group())
        return EULER if token == "e" else VALUES[token] if token in VALUES else Exact(token)


SMALL = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−", strict=True))


def text_tokens(text: str) -> list[str]:
    found = []
    for token in re.findall(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+|log|tanh|exp|W1|\S", text):
        if token[0] in SMALL:
            digits = "".join([SMALL[character] for character in token])
            found += ["^", "{", *re.findall(r"−|\d+", digits), "}"]
        else:
            found.append(token)
    return found


LATEX_NAMES = {"\\frac": "frac", "\\cdot": "·", "\\sum": "Σ", "\\sqrt": "√", "-": "−", "W_{1}": "W1"}


def latex_tokens(text: str) -> list[str]:
    bare = re.sub(r"\\left|\\right|\\,|\\[lu]grad", "", text)
    tokens = re.findall(r"W_\{1\}|\\[a-z]+|\d+|\S", bare)
    return [LATEX_NAMES.get(token, token.removeprefix("\\")) for token in tokens]


def mathml_tokens(text: str) -> list[str]:
    return [token for child in ET.fromstring(text) for token in _element_tokens(child)]


def _element_tokens(element: ET.Element) -> Iterator[str]:
    tag = element.tag.partition("}")[2]
    children = [list(_element_tokens(child)) for child in element]
    if tag in ("mi", "mn", "mo"):
        word = (element.text or "").replace("∑", "Σ").strip("\u2061\u2062")
        yield from [word] if word else []
    elif tag == "msub":
        yield "".join(children[0] + children[1])
    elif tag in ("msup", "msubsup"):
        *base, exponent = children
        yield from ["".join(base[0] + base[1])] if tag == "msubsup" else base[0]
        yield from ["^", "{", *exponent, "}"]
    elif tag in ("mfrac", "msqrt"):
        yield "frac" if tag == "mfrac" else "√"
        for child in children:
            yield from ["{", *child, "}"]
    else:
        assert tag == "mrow"
        for child in children:
            yield from child


# Random trees.

leaves = st.one_of(
    st.sampled_from([Symbol(name) for name in VALUES]), st.integers(-12, 12).map(Number), st.just(Symbol("x"))
)


def grown(part: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(part, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(Sum),
        part.map(Negative),
        st.builds(Product, several, st.sampled_from(["scalar", "matrix"])),
        st.builds(Fraction, part, part),
        st.builds(Power, part, st.one_of(part, st.integers(-3, 9).map(Number))),
        part.map(Root),
        st.builds(Reduction, st.just("Σ"), st.just(""), part),
        st.builds(
            lambda function, argument: Call(function, (argument,)), st.sampled_from(["log", "tanh", "exp"]), part
        ),
        st.builds(Marked, part, st.sampled_from(["local", "upstream"])),
    )


arithmetic = st.recursive(leaves, grown, max_leaves=12)


@pytest.mark.parametrize(
    ("printer", "tokens"), [(to_text, text_tokens), (to_latex, latex_tokens), (to_mathml, mathml_tokens)]
)
@settings(max_examples=400, deadline=None)
@given(formula=arithmetic)
def test_a_formula_can_be_read_back(printer: Any, tokens: Any, formula: Expression) -> None:
    try:
        expected = meaning(formula)
    except ZeroDivisionError:
        assume(False)
    assert Reader(tokens(printer(formula))).read() == expected, printer(formula)


# Everything else is held to the grammar of LaTeX and XML.

names = st.one_of(
    st.sampled_from(["x", "y_hat", "W1", "params['W_1']", "_a", "lambda_", "z′", "ß²"]), st.text(max_size=6)
)
symbols = st.builds(Symbol, names.filter(bool), st.none() | st.integers(1, 30))
any_leaf = st.one_of(
    symbols,
    st.builds(Derivative, symbols, symbols),
    st.one_of(st.floats(), st.complex_numbers(), st.integers(), st.booleans()).map(Number),
    st.text(max_size=8).map(Verbatim),
)


def grown_freely(part: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(part, min_size=1, max_size=3).map(tuple)
    fences = st.sampled_from([("|", "|"), ("‖", "‖₂"), ("⌊", "⌋"), ("[", "]"), ("{", "}"), ("«", "»")])
    return st.one_of(
        grown(part),
        st.builds(Product, several, st.just("elementwise")),
        st.builds(lambda signs, inner: Fence(signs[0], inner, signs[1]), fences, part),
        part.map(Transpose),
        st.builds(Root, part, st.integers(2, 12)),
        st.builds(
            Call, st.sampled_from(["σ", "log₂", "Φ⁻¹", "relu′", "leaky_relu", "¬", "f"]), several, st.just(("a_b=1",))
        ),
        st.builds(Reduction, st.sampled_from(["Σ", "Π", "max"]), st.sampled_from(["", "i", "ijw"]), part),
        st.builds(Relation, st.sampled_from(["=", "<", "&", "←", "mod"]), several),
        st.builds(Item, part, st.sampled_from(["0", "1:-1", "i_1, ::2"])),
        st.builds(Cases, part, part, part),
    )


@settings(max_examples=500, deadline=None)
@given(formula=st.recursive(any_leaf, grown_freely, max_leaves=12))
def test_latex_is_balanced(formula: Expression) -> None:
    latex = re.sub(r"\\[\\{}$_&#%]", "", to_latex(formula))
    depth = 0
    for character in latex:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex))
    assert latex.count("$") % 2 == 0
    assert latex.count(r"\begin{cases}") == latex.count(r"\end{cases}")
    assert not re.search(r"\^\{[^{}]*\}\^", latex), "two exponents of the same base"


CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2, "mroot": 2, "msqrt": 1}


@settings(max_examples=500, deadline=None)
@given(formula=st.recursive(any_leaf, grown_freely, max_leaves=12))
def test_mathml_is_well_formed(formula: Expression) -> None:
    for element in ET.fromstring(to_mathml(formula)).iter():
        tag = element.tag.partition("}")[2]
        assert tag not in CHILDREN or len(element) == CHILDREN[tag]
        assert len(element) == 0 or tag not in ("mi", "mn", "mo", "mtext")


@settings(max_examples=300, deadline=None)
@given(formula=st.recursive(any_leaf, grown_freely, max_leaves=12))
def test_parentheses_of_text_are_balanced(formula: Expression) -> None:
    text = to_text(formula.replaced(lambda part: Symbol("x") if isinstance(part, (Verbatim, Symbol)) else None))
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
