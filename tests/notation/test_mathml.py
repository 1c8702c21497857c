from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from chainrule.notation.mathml import to_mathml
from chainrule.notation.tree import (
    Call,
    Cases,
    Derivative,
    Expression,
    Fence,
    Item,
    Marked,
    Number,
    Reduction,
    Relation,
    Root,
    Symbol,
    Transpose,
    Verbatim,
    call,
)

x, y, z, W = Symbol("x"), Symbol("y"), Symbol("z"), Symbol("W1", is_array=True)


def outline(expression: Expression) -> str:
    """The elements with their texts, without attributes: ``mrow(x + y)`` for a row, ``mi x`` as x."""
    root = ET.fromstring(to_mathml(expression))
    return " ".join(_outlined(child) for child in root)


def _outlined(element: ET.Element) -> str:
    tag = element.tag.partition("}")[2]
    if tag in ("mi", "mo", "mn"):
        return element.text or ""
    if tag == "mtext":
        return f"'{element.text}'"
    return f"{tag.removeprefix('m')}({' '.join(_outlined(child) for child in element)})"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Symbol("y_hat"), "over(y ^)"),
        (Symbol("W1"), "sub(W 1)"),
        (Symbol("h", 2), "sup(h row(( 2 )))"),
        (Symbol("W1", 2), "subsup(W 1 row(( 2 )))"),
        (Symbol("x_i_j"), "sub(x row(i , j))"),
        (Symbol("loss"), "loss"),
        (Symbol("z′"), "sup(z ′)"),
        (Symbol("params[0].W"), "'params[0].W'"),
        (Number(-4), "row(− 4)"),
        (Number(3.2e-8), "row(3.2 · sup(10 row(− 8)))"),
        (Number(float("inf")), "∞"),
        (Number(2 - 1j), "row(2 − row(1 \u2062 i))"),
        (x - y + 1, "row(x − y + 1)"),
        (x * y, "row(x \u2062 y)"),
        (x * (1 - y), "row(x \u2062 row(( row(1 − y) )))"),
        (W * Symbol("X", is_array=True), "row(sub(W 1) ⊙ X)"),
        (Number(3) * Number(-4), "row(3 · row(( row(− 4) )))"),
        (-x / y, "row(− frac(x y))"),
        (Derivative(x, y), "frac(row(∂ x) row(∂ y))"),
        (x**2, "sup(x 2)"),
        (W**2, "subsup(W 1 2)"),
        (Transpose(W), "subsup(W 1 T)"),
        ((x + y) ** 2, "sup(row(( row(x + y) )) 2)"),
        (Root(x + y), "sqrt(row(x + y))"),
        (Root(x, 3), "root(x 3)"),
        (call("log", x), "row(log \u2061 row(( x )))"),
        (call("log₁₀", x), "row(sub(log 10) \u2061 row(( x )))"),
        (call("Φ⁻¹", x), "row(sup(Φ row(− 1)) \u2061 row(( x )))"),
        (call("relu′", x), "row(sup(relu ′) \u2061 row(( x )))"),
        (call("exp", -x), "sup(e row(− x))"),
        (Call("softmax", (x, y), ("axis=0",)), "row(softmax \u2061 row(( x , y , 'axis=0' )))"),
        (Fence("‖", x, "‖₂"), "row(‖ x sub(‖ 2))"),
        (Reduction("Σ", "", x), "row(∑ x)"),
        (Reduction("Σ", "ij", x), "row(under(∑ row(i j)) x)"),
        (Reduction("max", "i", x), "row(under(max i) x)"),
        (Relation("=", (x, y, z)), "row(x = y = z)"),
        (Item(x, "0"), "row(x '[0]')"),
        (
            Cases(Relation(">", (x, y)), x, y),
            "row({ table(tr(td(x) td('if\u00a0' row(x > y))) tr(td(y) td('otherwise'))))",
        ),
        (Verbatim("a < b & c"), "'a < b & c'"),
    ],
)
def test_a_formula_has_the_elements_of_mathml(expression: Expression, expected: str) -> None:
    assert outline(expression) == expected


def test_what_is_marked_has_a_class() -> None:
    root = ET.fromstring(to_mathml(Marked(x, "local") * Marked(Derivative(y, x), "upstream")))
    marked = [element for element in root.iter() if element.get("class")]
    assert [element.get("class") for element in marked] == ["local", "upstream"]
    assert marked[0][0].text == "x"


def test_a_formula_stands_in_a_line_or_alone() -> None:
    assert ET.fromstring(to_mathml(x)).attrib == {}
    assert ET.fromstring(to_mathml(x, display=True)).attrib == {"display": "block"}


def test_signs_stretch_only_round_what_is_high() -> None:
    def stretchy(expression: Expression) -> set[str | None]:
        root = ET.fromstring(to_mathml(expression))
        return {element.get("stretchy") for element in root.iter() if element.get("fence")}

    assert stretchy(call("log", x)) == {"false"}
    assert stretchy(call("log", x / y)) == {"true"}


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert outline(Verbatim("a\x00b")) == "'a\ufffdb'"
