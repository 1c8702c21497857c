"""Expressions as code: ``x * y``, ``X @ W``, ``z ** 3``, ``sum(a, axis=0)``, as printed programs show them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np

from chainrule.notation.tree import (
    INDEX_LETTERS,
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
    Ones,
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

__all__ = ["Printed", "ProgramPrinter", "Strength", "plain_number", "to_program"]


class Strength(IntEnum):
    """How strongly the parts of a printed expression hold together; what holds more weakly is put in parentheses."""

    RELATION = 0
    SUM = 1
    PRODUCT = 2
    SIGN = 3
    POWER = 4
    ROOT = 5
    POSTFIX = 6
    ATOM = 7


_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_ROOTS = {2: "√", 3: "∛", 4: "∜"}
_SIGNS = {"=": "==", "≠": "!=", "≤": "<=", "≥": ">="}
_REDUCTIONS = {"Σ": "sum", "Π": "prod"}
#: Functions that mathematics writes with a letter, by their names in NumPy and SciPy.
_NAMES = {
    "log₂": "log2",
    "log₁₀": "log10",
    "Γ": "gamma",
    "ψ": "digamma",
    "B": "beta",
    "Φ": "ndtr",
    "Φ⁻¹": "ndtri",
    "Ei": "expi",
    "E₁": "exp1",
} | {f"{letter}{'₀₁'[order]}": f"{letter.lower()}{order}" for letter, order in itertools.product("JYIK", (0, 1))}

#: What is printed, and how strongly it holds together.
Printed = tuple[str, Strength]


def to_program(expression: Expression) -> str:
    """An expression as code.

    Parameters
    ----------
    expression : Expression

    Returns
    -------
    str

    Examples
    --------
    >>> from chainrule.notation.tree import Reduction, Symbol, call
    >>> x, y, z = Symbol("x"), Symbol("y"), Symbol("z")
    >>> to_program((x + y) * z)
    '(x + y) * z'
    >>> to_program(-y * call("log", 1 - z) / 2)
    '-y * log(1 - z) / 2'
    >>> to_program(Reduction("Σ", "i", x @ y))
    'sum(x @ y, axis=0)'
    """
    return _PRINTER.text(expression)


class ProgramPrinter:
    """Prints expressions as code; a method for each kind of part, which another dialect may say differently."""

    def text(self, expression: Expression) -> str:
        """An expression as code."""
        return self.printed(expression)[0]

    def printed(self, expression: Expression) -> Printed:
        """The code, and how strongly it holds together."""
        found: Printed = getattr(self, self._METHODS[type(expression)])(expression)
        return found

    def at_least(self, expression: Expression, strength: int) -> str:
        """The expression as a part of another one: in parentheses where it holds more weakly than it has to."""
        text, own = self.printed(expression)
        return text if own >= strength else f"({text})"

    # Leaves ---------------------------------------------------------------------------------------------------------

    def symbol(self, symbol: Symbol) -> Printed:
        occurrence = "" if symbol.occurrence is None else f"⁽{str(symbol.occurrence).translate(_SUPERSCRIPTS)}⁾"
        return symbol.name + occurrence, Strength.ATOM

    def number(self, number: Number) -> Printed:
        value = plain_number(number)
        return self.signed(f"{value:g}" if isinstance(value, float) else str(value))

    def verbatim(self, verbatim: Verbatim) -> Printed:
        return self.signed(verbatim.text)

    def signed(self, text: str) -> Printed:
        """A text that may begin with a sign."""
        return text, Strength.SIGN if text.startswith(("-", "−")) else Strength.ATOM

    def ones(self, ones: Ones) -> Printed:
        return f"ones({ones.length})", Strength.ATOM

    def derivative(self, derivative: Derivative) -> Printed:
        return f"∂{self.text(derivative.of)}/∂{self.text(derivative.wrt)}", Strength.PRODUCT

    # Arithmetic -----------------------------------------------------------------------------------------------------

    def sum(self, expression: Sum) -> Printed:
        text = self.at_least(expression.terms[0], Strength.SUM)
        for term in expression.terms[1:]:
            magnitude = _subtracted(term)
            if magnitude is None:
                text += f" + {self.at_least(term, Strength.SUM)}"
            else:
                text += f" - {self.at_least(magnitude, Strength.SUM + 1)}"
        return text, Strength.SUM

    def product(self, expression: Product) -> Printed:
        sign = _times(expression)
        first, *others = expression.factors
        texts = [self.at_least(first, Strength.PRODUCT)]
        for factor in others:
            # x * (y * z) needs no parentheses, x * (y / z) and x * (y @ z) do
            is_same = isinstance(factor, Product) and _times(factor) == sign
            texts.append(self.at_least(factor, Strength.PRODUCT if is_same else Strength.PRODUCT + 1))
        return f" {sign} ".join(texts), Strength.PRODUCT

    def fraction(self, expression: Fraction) -> Printed:
        return self.divided(expression, "/"), Strength.PRODUCT

    def divided(self, expression: Fraction, sign: str) -> str:
        """A quotient of any sort: ``/``, ``//``, ``%``."""
        numerator = self.at_least(expression.numerator, Strength.PRODUCT)
        return f"{numerator} {sign} {self.at_least(expression.denominator, Strength.PRODUCT + 1)}"

    def negative(self, expression: Negative) -> Printed:
        return f"-{self.at_least(expression.operand, Strength.SIGN + 1)}", Strength.SIGN

    def power(self, expression: Power) -> Printed:
        exponent = expression.exponent
        if isinstance(exponent, Number) and plain_number(exponent) in (2, 3):
            small = str(int(plain_number(exponent).real)).translate(_SUPERSCRIPTS)
            return self.at_least(expression.base, Strength.POSTFIX) + small, Strength.POWER
        base = self.at_least(expression.base, Strength.POWER + 1)
        return f"{base} ** {self.at_least(exponent, Strength.POWER + 1)}", Strength.POWER

    def root(self, expression: Root) -> Printed:
        sign = _ROOTS.get(expression.degree) or f"{str(expression.degree).translate(_SUPERSCRIPTS)}√"
        return sign + self.at_least(expression.operand, Strength.ROOT), Strength.ROOT

    # Functions ------------------------------------------------------------------------------------------------------

    def call(self, expression: Call) -> Printed:
        arguments = expression.arguments
        if expression.function == "mod" and len(arguments) == 2:
            return self.divided(Fraction(*arguments), "%"), Strength.PRODUCT
        if expression.function == "¬" and len(arguments) == 1:
            return f"~{self.at_least(arguments[0], Strength.SIGN)}", Strength.SIGN
        name = _NAMES.get(expression.function, expression.function)
        return self.called(name, arguments, expression.settings)

    def called(self, name: str, arguments: Sequence[Expression], settings: tuple[str, ...] = ()) -> Printed:
        """A function and its arguments."""
        return f"{name}({', '.join([*map(self.text, arguments), *settings])})", Strength.ATOM

    def reduction(self, expression: Reduction) -> Printed:
        axes = tuple([INDEX_LETTERS.index(letter) for letter in expression.index])
        along = (f"axis={axes[0] if len(axes) == 1 else axes}",) if axes else ()
        name = _REDUCTIONS.get(expression.sign, expression.sign)
        return self.called(name, [expression.operand], along + expression.settings)

    def cases(self, expression: Cases) -> Printed:
        return self.called("where", expression.children)

    def fence(self, expression: Fence) -> Printed:
        if expression.left == "⌊" and isinstance(expression.operand, Fraction):
            return self.divided(expression.operand, "//"), Strength.PRODUCT
        return f"{expression.left}{self.text(expression.operand)}{expression.right}", Strength.ATOM

    # Everything else ------------------------------------------------------------------------------------------------

    def transpose(self, expression: Transpose) -> Printed:
        return self.at_least(expression.operand, Strength.POSTFIX) + "ᵀ", Strength.POSTFIX

    def item(self, expression: Item) -> Printed:
        return f"{self.at_least(expression.operand, Strength.POSTFIX)}[{expression.index}]", Strength.POSTFIX

    def relation(self, expression: Relation) -> Printed:
        sign = _SIGNS.get(expression.sign, expression.sign)
        operands = [self.at_least(operand, Strength.RELATION + 1) for operand in expression.operands]
        return f" {sign} ".join(operands), Strength.RELATION

    def marked(self, expression: Marked) -> Printed:
        return self.printed(expression.operand)

    _METHODS: ClassVar[dict[type[Expression], str]] = {
        kind: kind.__name__.lower()
        for kind in (
            *(Symbol, Number, Verbatim, Ones, Derivative),
            *(Sum, Product, Fraction, Negative, Power, Root),
            *(Call, Reduction, Cases, Fence),
            *(Transpose, Item, Relation, Marked),
        )
    }


def plain_number(number: Number) -> Any:
    """Python's number, also where an array holds it."""
    return np.asarray(number.value).item()


def _subtracted(term: Expression) -> Expression | None:
    """What is subtracted, if the term is."""
    if isinstance(term, Negative):
        return term.operand
    if isinstance(term, Number) and isinstance(plain_number(term), (int, float)) and plain_number(term) < 0:
        return Number(-plain_number(term))
    return None


def _times(expression: Product) -> str:
    return "@" if expression.kind == "matrix" else "*"


_PRINTER = ProgramPrinter()
