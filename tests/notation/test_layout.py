"""Formulas of lectures and their corner cases, as the printers have to write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chainrule.notation.latex import to_latex
from chainrule.notation.mathml import to_mathml
from chainrule.notation.text import to_text
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


def scalar(name: str) -> Symbol:
    return Symbol(name)


def array(name: str) -> Symbol:
    return Symbol(name, is_array=True)


def slope(of: str, wrt: str) -> Derivative:
    return Derivative(Symbol(of), Symbol(wrt))


w, x, y, z, b, n, y_hat = (scalar(name) for name in ("w", "x", "y", "z", "b", "n", "y_hat"))
W1, W2, a1, X, Y_hat, Y, v = (array(name) for name in ("W1", "W2", "a1", "X", "Y_hat", "Y", "v"))
five, two, minus_four = Number(5), Number(2), Number(-4)

#: Expression, in Unicode, in LaTeX.
LECTURE: list[tuple[Expression, str, str]] = [
    (w * x + b, "wx + b", "w x + b"),
    (y_hat * (1 - y_hat), "ŷ(1 − ŷ)", r"\hat{y} (1 - \hat{y})"),
    (x * (y_hat - y), "x(ŷ − y)", r"x (\hat{y} - y)"),
    (
        -y * call("log", y_hat) - (1 - y) * call("log", 1 - y_hat),
        "−y log(ŷ) − (1 − y) log(1 − ŷ)",
        r"-y \log(\hat{y}) - (1 - y) \log(1 - \hat{y})",
    ),
    (
        -y / y_hat + (1 - y) / (1 - y_hat),
        "−y/ŷ + (1 − y)/(1 − ŷ)",
        r"-\frac{y}{\hat{y}} + \frac{1 - y}{1 - \hat{y}}",
    ),
    (
        slope("y_hat", "z") * slope("L", "y_hat"),
        "∂ŷ/∂z · ∂L/∂ŷ",
        r"\frac{\partial \hat{y}}{\partial z} \cdot \frac{\partial L}{\partial \hat{y}}",
    ),
    (W1 @ v + array("b1"), "W1 v + b1", "W_{1} v + b_{1}"),
    ((Y_hat - Y) @ Transpose(a1), "(Ŷ − Y) a1ᵀ", r"(\hat{Y} - Y) a_{1}^{\top}"),
    (Transpose(W2) @ (Y_hat - Y), "W2ᵀ(Ŷ − Y)", r"W_{2}^{\top} (\hat{Y} - Y)"),
    (
        ((1 - a1**2) * (Transpose(W2) @ (Y_hat - Y))) @ Transpose(v),
        "((1 − a1²) ⊙ W2ᵀ(Ŷ − Y)) vᵀ",
        r"((1 - a_{1}^{2}) \odot W_{2}^{\top} (\hat{Y} - Y)) v^{\top}",
    ),
    (Transpose(X) @ (Y_hat - Y) / n, "Xᵀ(Ŷ − Y)/n", r"\frac{X^{\top} (\hat{Y} - Y)}{n}"),
    (1 / n * Reduction("Σ", "i", (Y - Y_hat) ** 2), "(1/n) Σᵢ (Y − Ŷ)²", r"\frac{1}{n} \sum_{i} (Y - \hat{Y})^{2}"),
    (scalar("lam") * Reduction("Σ", "", W1**2), "λ Σ W1²", r"\lambda \sum W_{1}^{2}"),
    (
        Relation("←", (W1, W1 - scalar("lr") * slope("L", "W1"))),
        "W1 ← W1 − lr · ∂L/∂W1",
        r"W_{1} \leftarrow W_{1} - \mathrm{lr} \cdot \frac{\partial L}{\partial W_{1}}",
    ),
    (Relation("↦", (array("G"), Transpose(W1) @ array("G"))), "G ↦ W1ᵀ G", r"G \mapsto W_{1}^{\top} G"),
    (Relation("=", (z, w * x + b, Number(0))), "z = wx + b = 0", "z = w x + b = 0"),
    (call("σ", z) * (1 - call("σ", z)), "σ(z) · (1 − σ(z))", r"\sigma(z) \cdot (1 - \sigma(z))"),
]

NUMBERS: list[tuple[Expression, str, str]] = [
    (minus_four, "−4", "-4"),
    (-Number(4), "−4", "-4"),
    (Number(0) * Number(50) + Number(0), "0 · 50 + 0", r"0 \cdot 50 + 0"),
    (five + Number(-2), "5 + (−2)", "5 + (-2)"),
    (Number(-2) + five, "−2 + 5", "-2 + 5"),
    (Number(0.5) - Number(1), "0.5 − 1", "0.5 - 1"),
    (five - Number(-2), "5 − (−2)", "5 - (-2)"),
    (Number(3) * minus_four, "3 · (−4)", r"3 \cdot (-4)"),
    (Number(3) * -Number(4), "3 · (−4)", r"3 \cdot (-4)"),
    (minus_four * 3, "−4 · 3", r"-4 \cdot 3"),
    (five + minus_four * 3, "5 + (−4) · 3", r"5 + (-4) \cdot 3"),
    (minus_four**2, "(−4)²", "(-4)^{2}"),
    (Number(-2) / n, "−2/n", r"\frac{-2}{n}"),
    (five + Number(-2) / n, "5 + (−2)/n", r"5 + \frac{-2}{n}"),
    (five * (Number(0.5) - 1), "5(0.5 − 1)", "5 (0.5 - 1)"),
    (two * x, "2x", "2 x"),
    (two * W1, "2 W1", "2 W_{1}"),
    (x * 3, "x · 3", r"x \cdot 3"),
    (Number(3.2e-8) * x, "3.2·10⁻⁸ · x", r"3.2 \cdot 10^{-8} \cdot x"),
    (Number(-3.2e-8), "−3.2·10⁻⁸", r"-3.2 \cdot 10^{-8}"),
    (Number(1e-8), "10⁻⁸", "10^{-8}"),
    (Number(-1e200) * Number(1e200), "−10²⁰⁰ · 10²⁰⁰", r"-10^{200} \cdot 10^{200}"),
    (x / Number(3.2e-8), "x/(3.2·10⁻⁸)", r"\frac{x}{3.2 \cdot 10^{-8}}"),
    (Number(3.2e-8) / x, "3.2·10⁻⁸/x", r"\frac{3.2 \cdot 10^{-8}}{x}"),
    (x / Number(1e-8), "x/10⁻⁸", r"\frac{x}{10^{-8}}"),
    (Number(3.2e-8) ** 2, "(3.2·10⁻⁸)²", r"(3.2 \cdot 10^{-8})^{2}"),
    (Number(1 - 2e-8j), "1 − 2·10⁻⁸i", r"1 - 2 \cdot 10^{-8} i"),
    (Number(float("inf")) * x, "∞ · x", r"\infty \cdot x"),
    (Number(float("-inf")) + x, "−∞ + x", r"-\infty + x"),
    (Number(float("nan")), "nan", r"\text{nan}"),
    (Number(1 - 2j) * x, "(1 − 2i) x", "(1 - 2 i) x"),
]

PARENTHESES: list[tuple[Expression, str, str]] = [
    (x - (y - z), "x − (y − z)", "x - (y - z)"),
    (x - y - z, "x − y − z", "x - y - z"),
    (x + (y + z), "x + (y + z)", "x + (y + z)"),
    (-(x + y), "−(x + y)", "-(x + y)"),
    (x - (-y), "x + y", "x + y"),
    (x * -y, "x(−y)", "x (-y)"),
    (x / (y / z), "x/(y/z)", r"\frac{x}{\frac{y}{z}}"),
    (x / y / z, "(x/y)/z", r"\frac{\frac{x}{y}}{z}"),
    (x / (y * z), "x/(yz)", r"\frac{x}{y z}"),
    (x * y / z, "xy/z", r"\frac{x y}{z}"),
    (x * (y / z), "x(y/z)", r"x \frac{y}{z}"),
    ((x + y) ** 2, "(x + y)²", "(x + y)^{2}"),
    ((x**2) ** 3, "(x²)³", "(x^{2})^{3}"),
    ((x / y) ** 2, "(x/y)²", r"\left( \frac{x}{y} \right)^{2}"),
    (x**-1, "x⁻¹", "x^{-1}"),
    (x**0.5, "x^(0.5)", "x^{0.5}"),
    (2**x, "2^(x)", "2^{x}"),
    (x ** (y + 1), "x^(y + 1)", "x^{y + 1}"),
    (Symbol("h", 2) ** 2, "(h⁽²⁾)²", "(h^{(2)})^{2}"),
    (Transpose(X) ** 2, "(Xᵀ)²", r"(X^{\top})^{2}"),
    (slope("L", "z") ** 2, "(∂L/∂z)²", r"\left( \frac{\partial L}{\partial z} \right)^{2}"),
    (slope("L", "z") / n, "(∂L/∂z)/n", r"\frac{\frac{\partial L}{\partial z}}{n}"),
    (Reduction("Σ", "i", v) * y, "(Σᵢ v) y", r"\left( \sum_{i} v \right) y"),
    (y * Reduction("Σ", "i", v), "y Σᵢ v", r"y \sum_{i} v"),
    (Reduction("Σ", "i", v) / n, "(Σᵢ v)/n", r"\frac{\sum_{i} v}{n}"),
    (Reduction("Σ", "", v - Y), "Σ (v − Y)", r"\sum (v - Y)"),
    (Reduction("Σ", "ij", -X), "Σᵢⱼ (−X)", r"\sum_{i j} (-X)"),
    (Root(x + y), "√(x + y)", r"\sqrt{x + y}"),
    (Root(x) * y, "√x · y", r"\sqrt{x} y"),
    (Root(x**2), "√(x²)", r"\sqrt{x^{2}}"),
    ((X * Y) @ v, "(X ⊙ Y) v", r"(X \odot Y) v"),
    (X * (Y @ v), "X ⊙ Y v", r"X \odot Y v"),
    (Item(x + y, "0"), "(x + y)[0]", r"(x + y)\texttt{[0]}"),
    (Relation("=", (x, y)) * z, "(x = y) z", "(x = y) z"),
]

#: A name in front of a parenthesis must not look like a function.
NEVER_A_CALL: list[tuple[Expression, str, str]] = [
    (scalar("loss") * (1 + x), "loss · (1 + x)", r"\mathrm{loss} \cdot (1 + x)"),
    (scalar("f") * (1 + x), "f · (1 + x)", r"f \cdot (1 + x)"),
    (scalar("sigma") * (1 + x), "σ · (1 + x)", r"\sigma \cdot (1 + x)"),
    (w * x * (1 + b), "wx · (1 + b)", r"w x \cdot (1 + b)"),
    (
        scalar("h_prev") * (1 - scalar("h_prev")),
        "h_prev · (1 − h_prev)",
        r"h_{\mathrm{prev}} \cdot (1 - h_{\mathrm{prev}})",
    ),
    (call("log", x) * (1 + b), "log(x) · (1 + b)", r"\log(x) \cdot (1 + b)"),
    (Item(x, "0") * (1 + b), "x[0] · (1 + b)", r"x\texttt{[0]} \cdot (1 + b)"),
]

FUNCTIONS: list[tuple[Expression, str, str]] = [
    (call("tanh", z) ** 2, "tanh(z)²", r"\tanh(z)^{2}"),
    (call("exp", -x), "exp(−x)", "e^{-x}"),
    (call("exp", x) ** 2, "exp(x)²", "(e^{x})^{2}"),
    (call("log₁₀", x), "log₁₀(x)", r"\log_{10}(x)"),
    (call("Φ⁻¹", x), "Φ⁻¹(x)", r"\Phi^{-1}(x)"),
    (call("relu′", z), "relu′(z)", r"\operatorname{relu}^{\prime}(z)"),
    (call("leaky_relu", z) * x, "leaky_relu(z) x", r"\operatorname{leaky\_relu}(z) \, x"),
    (call("max", x, y), "max(x, y)", r"\max(x, y)"),
    (call("log", x / y), "log(x/y)", r"\log\left( \frac{x}{y} \right)"),
    (Call("softmax", (z,), ("axis=0",)), "softmax(z, axis=0)", r"\operatorname{softmax}(z, \text{axis=0})"),
    (call("¬", x), "¬(x)", r"\neg(x)"),
]

SIGNS: list[tuple[Expression, str, str]] = [
    (Fence("|", -x, "|"), "|−x|", r"\lvert -x \rvert"),
    (Fence("‖", v, "‖₂") ** 2, "‖v‖₂²", r"\lVert v \rVert_{2}^{2}"),
    (Fence("⌊", x / y, "⌋"), "⌊x/y⌋", r"\left\lfloor \frac{x}{y} \right\rfloor"),
    (two * Fence("[", Relation(">", (z, Number(0))), "]"), "2[z > 0]", "2 [z > 0]"),
    (x * Fence("[", Relation(">", (z, Number(0))), "]"), "x · [z > 0]", r"x \cdot [z > 0]"),
    (Reduction("Π", "", v), "Π v", r"\prod v"),
    (Reduction("max", "i", v), "maxᵢ v", r"\operatorname*{max}_{i} v"),
    (Root(x, 3), "∛x", r"\sqrt[3]{x}"),
    (Root(x, 5), "⁵√x", r"\sqrt[5]{x}"),
    (Item(x, "1:-1"), "x[1:-1]", r"x\texttt{[1:-1]}"),
    (
        Cases(Relation(">", (z, Number(0))), z, Number(0.01) * z),
        "{z if z > 0, else 0.01z}",
        r"\begin{cases} z & \text{if } z > 0 \\ {0.01 z} & \text{otherwise} \end{cases}",
    ),
    (Relation("mod", (x, y)), "x mod y", r"x \mathrel{\text{mod}} y"),
    (Verbatim("[0, 1, …] (30,)") * x, "[0, 1, …] (30,) · x", r"\text{[0, 1, $\ldots$] (30,)} \cdot x"),
    (Number([1.0, -2.0]) * x, "[1, −2] (2,) · x", r"\text{[1, $-$2] (2,)} \cdot x"),
    (Verbatim("50% of x_1"), "50% of x_1", r"\text{50\% of x\_1}"),
]

FORMULAS = [*LECTURE, *NUMBERS, *PARENTHESES, *NEVER_A_CALL, *FUNCTIONS, *SIGNS]

local = Marked(-x / y + 1, "local")
upstream = Marked(slope("L", "z"), "upstream")


@pytest.mark.parametrize(("formula", "text", "latex"), FORMULAS, ids=[text for _, text, _ in FORMULAS])
def test_a_formula_is_written_as_mathematicians_do(formula: Expression, text: str, latex: str) -> None:
    assert to_text(formula) == text
    assert to_latex(formula) == latex


def test_what_is_marked_is_marked_with_its_parentheses() -> None:
    formula = local * upstream
    assert to_text(formula) == "(−x/y + 1) · ∂L/∂z"
    assert to_text(formula, mark=lambda text, role: f"<{role} {text}>") == "<local (−x/y + 1)> · <upstream ∂L/∂z>"
    assert to_latex(formula) == (r"\lgrad{\left( -\frac{x}{y} + 1 \right)} \cdot \ugrad{\frac{\partial L}{\partial z}}")
    assert to_latex(formula, macros=False) == (r"\left( -\frac{x}{y} + 1 \right) \cdot \frac{\partial L}{\partial z}")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (y + Marked(-x, "local"), "y + <(−x)>"),
        (Marked(-x, "local") * y, "<(−x)> y"),
        (Marked(Number(-2), "upstream") * y, "<−2>y"),
        (y * Marked(Number(-2), "upstream"), "y · <(−2)>"),
        (Marked(Marked(x, "upstream") + y, "local") ** 2, "<(<x> + y)>²"),
    ],
)
def test_a_minus_sign_stays_with_what_is_marked(formula: Expression, text: str) -> None:
    assert to_text(formula, mark=lambda part, role: f"<{part}>") == text


@pytest.mark.parametrize("printer", [to_text, to_latex, to_mathml])
def test_formulas_may_be_nested_deeper_than_python_can_call(printer: Callable[[Expression], str]) -> None:
    formula: Expression = x
    for _ in range(1000):
        formula = 1 - y * call("tanh", formula)
    assert printer(formula).count("tanh") == 1000
