"""Expressions printed as code: parentheses where Python needs them, and nowhere else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.notation.program import to_program
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

x, y, z = Symbol("x"), Symbol("y"), Symbol("z")
A, B, C = (Symbol(name, is_array=True) for name in "ABC")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x + y + z, "x + y + z"),
        (x + (y + z), "x + y + z"),
        (x - (y + z), "x - (y + z)"),
        (x - (y - z), "x - (y - z)"),
        (-x + y, "-x + y"),
        (-(x + y), "-(x + y)"),
        (-(x * y), "-(x * y)"),
        (-x * y, "-x * y"),
        (x * -y, "x * -y"),
        (x + Number(-2), "x - 2"),
        (x - Number(-2), "x - -2"),
        ((x + y) * z, "(x + y) * z"),
        (x * (y * z), "x * y * z"),
        (x * (y / z), "x * (y / z)"),
        (x / y * z, "x / y * z"),
        (x * y / z, "x * y / z"),
        (x / (y * z), "x / (y * z)"),
        (x / (y / z), "x / (y / z)"),
        (A @ B @ C, "A @ B @ C"),
        (A * (B @ C), "A * (B @ C)"),
        ((A * B) @ C, "A * B @ C"),
        (A @ (B * C), "A @ (B * C)"),
        ((A + B) @ C, "(A + B) @ C"),
        (x**y, "x ** y"),
        ((x**y) ** z, "(x ** y) ** z"),
        (x ** (y**z), "x ** (y ** z)"),
        ((-x) ** y, "(-x) ** y"),
        (-(x**y), "-x ** y"),
        (2**x, "2 ** x"),
        (x**-1, "x ** (-1)"),
        ((x * y) ** z, "(x * y) ** z"),
    ],
)
def test_arithmetic_has_the_parentheses_that_python_needs(expression: Expression, text: str) -> None:
    assert to_program(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x**2, "x²"),
        (x**3, "x³"),
        (x ** Verbatim("2"), "x ** 2"),
        ((x + y) ** 2, "(x + y)²"),
        ((x**2) ** 3, "(x²)³"),
        ((x**2) ** y, "(x²) ** y"),
        (call("σ", x) ** 2, "σ(x)²"),
        (-(x**2), "-x²"),
        (Root(x), "√x"),
        (Root(x + y), "√(x + y)"),
        (Root(x**2), "√(x²)"),
        (Root(x) ** 2, "(√x)²"),
        (Root(Root(x)), "√√x"),
        (2 / Root(x), "2 / √x"),
        (Root(x, 3), "∛x"),
        (Root(x, 12), "¹²√x"),
        (Transpose(A), "Aᵀ"),
        (Transpose(A @ B), "(A @ B)ᵀ"),
        (Transpose(A) @ B, "Aᵀ @ B"),
        (Transpose(Root(A)), "(√A)ᵀ"),
        (Root(Transpose(A)), "√Aᵀ"),
        (Item(A, "0, 1:"), "A[0, 1:]"),
        (Item(A + B, "0"), "(A + B)[0]"),
        (Item(A, "0") ** 2, "A[0]²"),
        (Item(call("f", A), "1"), "f(A)[1]"),
    ],
)
def test_what_binds_tightly_is_written_with_the_signs_of_mathematics(expression: Expression, text: str) -> None:
    assert to_program(expression) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (call("tanh", x + y), "tanh(x + y)"),
        (call("max", x, 0), "max(x, 0)"),
        (Call("softmax", (A,), ("axis=1",)), "softmax(A, axis=1)"),
        (call("log₂", x), "log2(x)"),
        (call("Γ", x), "gamma(x)"),
        (call("J₁", x), "j1(x)"),
        (call("mod", x + y, z), "(x + y) % z"),
        (call("¬", Relation("&", (x, y))), "~(x & y)"),
        (Reduction("Σ", "", A), "sum(A)"),
        (Reduction("Σ", "i", A), "sum(A, axis=0)"),
        (Reduction("Σ", "ik", A), "sum(A, axis=(0, 2))"),
        (Reduction("Π", "j", A, ("keepdims=True",)), "prod(A, axis=1, keepdims=True)"),
        (Cases(Relation(">", (x, Number(0))), x, -x), "where(x > 0, x, -x)"),
        (Fence("|", x - y, "|"), "|x - y|"),
        (Fence("⌊", x, "⌋"), "⌊x⌋"),
        (Fence("⌊", x * y / (y * z), "⌋") + 1, "x * y // (y * z) + 1"),
        (Fence("[", Relation(">", (x, Number(0))), "]") * y, "[x > 0] * y"),
        (Relation("=", (x, y + z)), "x == y + z"),
        (Relation("≠", (x, y)), "x != y"),
        (Relation("∧", (Relation("≤", (x, y)), Relation("≥", (y, z)))), "(x <= y) ∧ (y >= z)"),
        (Relation("←", (x, x - Symbol("lr") * Derivative(y, x))), "x ← x - lr * (∂y/∂x)"),
        (Marked(x + y, "local") * z, "(x + y) * z"),
    ],
)
def test_functions_relations_and_cases(expression: Expression, text: str) -> None:
    assert to_program(expression) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (2.0, "2"),
        (1 / 3, "0.333333"),
        (-0.5, "-0.5"),
        (True, "True"),
        (1 + 2j, "(1+2j)"),
        (np.float32(0.25), "0.25"),
        (np.array(7), "7"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_short(value: object, text: str) -> None:
    assert to_program(Number(value)) == text


def test_names_stand_as_they_are_in_the_code() -> None:
    assert to_program(Symbol("y_hat")) == "y_hat"
    assert to_program(Symbol("h", 12)) == "h⁽¹²⁾"
    assert to_program(Symbol("h", 2) * Verbatim("-1.0")) == "h⁽²⁾ * -1.0"
