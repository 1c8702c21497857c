"""Expressions as code: ``x * y``, ``X @ W``, ``z ** 3``, ``sum(a, axis=0)``, as printed programs show them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

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

__all__ = ["to_program"]

# How strongly the parts of a printed expression hold together; what holds more weakly is put in parentheses.
_RELATION, _SUM, _PRODUCT, _SIGN, _POWER, _ROOT, _POSTFIX, _ATOM = range(8)

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
_Printed = tuple[str, int]


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
    return _printed(expression)[0]


def _printed(expression: Expression) -> _Printed:
    return _PRINTERS[type(expression)](expression)


def _at_least(expression: Expression, strength: int) -> str:
    """The expression as a part of another one: in parentheses where it holds more weakly than it has to."""
    text, own = _printed(expression)
    return text if own >= strength else f"({text})"


# Leaves -----------------------------------------------------------------------------------------------------------
def _symbol(symbol: Symbol) -> _Printed:
    occurrence = "" if symbol.occurrence is None else f"⁽{str(symbol.occurrence).translate(_SUPERSCRIPTS)}⁾"
    return symbol.name + occurrence, _ATOM


def _number(number: Number) -> _Printed:
    value = _value(number)
    return _signed(f"{value:g}" if isinstance(value, float) else str(value))


def _value(number: Number) -> Any:
    """Python's number, also where an array holds it."""
    return np.asarray(number.value).item()


def _verbatim(verbatim: Verbatim) -> _Printed:
    return _signed(verbatim.text)


def _signed(text: str) -> _Printed:
    return text, _SIGN if text.startswith(("-", "−")) else _ATOM


def _derivative(derivative: Derivative) -> _Printed:
    return f"∂{_printed(derivative.of)[0]}/∂{_printed(derivative.wrt)[0]}", _PRODUCT


# Arithmetic -------------------------------------------------------------------------------------------------------
def _sum(expression: Sum) -> _Printed:
    text = _at_least(expression.terms[0], _SUM)
    for term in expression.terms[1:]:
        magnitude = _subtracted(term)
        text += f" + {_at_least(term, _SUM)}" if magnitude is None else f" - {_at_least(magnitude, _SUM + 1)}"
    return text, _SUM


def _subtracted(term: Expression) -> Expression | None:
    """What is subtracted, if the term is."""
    if isinstance(term, Negative):
        return term.operand
    if isinstance(term, Number) and isinstance(_value(term), (int, float)) and _value(term) < 0:
        return Number(-_value(term))
    return None


def _product(expression: Product) -> _Printed:
    sign = _times(expression)
    first, *others = expression.factors
    # x * (y * z) needs no parentheses, x * (y / z) and x * (y @ z) do
    texts = [
        _at_least(factor, _PRODUCT if isinstance(factor, Product) and _times(factor) == sign else _PRODUCT + 1)
        for factor in others
    ]
    return f" {sign} ".join([_at_least(first, _PRODUCT), *texts]), _PRODUCT


def _times(expression: Product) -> str:
    return "@" if expression.kind == "matrix" else "*"


def _fraction(expression: Fraction) -> _Printed:
    return _divided(expression, "/"), _PRODUCT


def _divided(expression: Fraction, sign: str) -> str:
    return f"{_at_least(expression.numerator, _PRODUCT)} {sign} {_at_least(expression.denominator, _PRODUCT + 1)}"


def _negative(expression: Negative) -> _Printed:
    return f"-{_at_least(expression.operand, _SIGN + 1)}", _SIGN


def _power(expression: Power) -> _Printed:
    exponent = expression.exponent
    if isinstance(exponent, Number) and _value(exponent) in (2, 3):
        return _at_least(expression.base, _POSTFIX) + str(int(_value(exponent).real)).translate(_SUPERSCRIPTS), _POWER
    return f"{_at_least(expression.base, _POWER + 1)} ** {_at_least(exponent, _POWER + 1)}", _POWER


def _root(expression: Root) -> _Printed:
    sign = _ROOTS.get(expression.degree) or f"{str(expression.degree).translate(_SUPERSCRIPTS)}√"
    return sign + _at_least(expression.operand, _ROOT), _ROOT


# Functions --------------------------------------------------------------------------------------------------------
def _call(expression: Call) -> _Printed:
    arguments = expression.arguments
    if expression.function == "mod" and len(arguments) == 2:
        return _divided(Fraction(*arguments), "%"), _PRODUCT
    if expression.function == "¬" and len(arguments) == 1:
        return f"~{_at_least(arguments[0], _SIGN)}", _SIGN
    name = _NAMES.get(expression.function, expression.function)
    return _called(name, [_printed(argument)[0] for argument in arguments], expression.settings)


def _called(name: str, arguments: list[str], settings: tuple[str, ...] = ()) -> _Printed:
    return f"{name}({', '.join([*arguments, *settings])})", _ATOM


def _reduction(expression: Reduction) -> _Printed:
    axes = tuple([INDEX_LETTERS.index(letter) for letter in expression.index])
    along = (f"axis={axes[0] if len(axes) == 1 else axes}",) if axes else ()
    name = _REDUCTIONS.get(expression.sign, expression.sign)
    return _called(name, [_printed(expression.operand)[0]], along + expression.settings)


def _cases(expression: Cases) -> _Printed:
    return _called("where", [_printed(part)[0] for part in expression.children])


def _fence(expression: Fence) -> _Printed:
    if expression.left == "⌊" and isinstance(expression.operand, Fraction):
        return _divided(expression.operand, "//"), _PRODUCT
    return f"{expression.left}{_printed(expression.operand)[0]}{expression.right}", _ATOM


# Everything else --------------------------------------------------------------------------------------------------
def _transpose(expression: Transpose) -> _Printed:
    return _at_least(expression.operand, _POSTFIX) + "ᵀ", _POSTFIX


def _item(expression: Item) -> _Printed:
    return f"{_at_least(expression.operand, _POSTFIX)}[{expression.index}]", _POSTFIX


def _relation(expression: Relation) -> _Printed:
    sign = _SIGNS.get(expression.sign, expression.sign)
    return f" {sign} ".join([_at_least(operand, _RELATION + 1) for operand in expression.operands]), _RELATION


def _marked(expression: Marked) -> _Printed:
    return _printed(expression.operand)


_PRINTERS: dict[type[Expression], Callable[[Any], _Printed]] = {
    Symbol: _symbol,
    Number: _number,
    Verbatim: _verbatim,
    Ones: lambda ones: (f"ones({ones.length})", _ATOM),
    Derivative: _derivative,
    Sum: _sum,
    Negative: _negative,
    Product: _product,
    Fraction: _fraction,
    Power: _power,
    Root: _root,
    Call: _call,
    Reduction: _reduction,
    Cases: _cases,
    Fence: _fence,
    Transpose: _transpose,
    Item: _item,
    Relation: _relation,
    Marked: _marked,
}
