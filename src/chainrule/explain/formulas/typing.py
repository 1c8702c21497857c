"""A lesson's forward pass as text that can be typed again: statements and values that compute the same."""

from __future__ import annotations

import ast
import inspect
import keyword
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import FormulaError
from chainrule.explain.formulas.known import CONSTANTS, known_functions
from chainrule.explain.formulas.parsing import parse
from chainrule.explain.formulas.values import parse_value
from chainrule.explain.lesson import Lesson
from chainrule.explain.model import ForwardStep, Operand
from chainrule.notation.program import Printed, ProgramPrinter, Strength, plain_number
from chainrule.notation.tree import (
    Call,
    Derivative,
    Expression,
    Fence,
    Item,
    Number,
    Ones,
    Power,
    Root,
    Symbol,
    Transpose,
    Verbatim,
)
from chainrule.simplify.stabilise import stable
from chainrule.transforms.graphs import trace

__all__ = ["MOST_NUMBERS", "typed_statements"]

#: That a typed value may have, as `parse_value` has it.
MOST_NUMBERS = 10_000
#: What mathematics calls otherwise than the functions of a formula; of max and min, those of two values.
_FUNCTIONS = {"σ": "sigmoid", "log₂": "log2", "log₁₀": "log10", "conj": "conjugate", "Re": "real", "Im": "imag"} | {
    "¬": "logical_not",
    "mod": "remainder",
}
_OF_TWO = {"max": "maximum", "min": "minimum"}
_FENCES = {"|": "abs", "⌊": "floor", "⌈": "ceil"}
#: Settings that may be typed.
_TYPED_SETTINGS = ("axis", "keepdims")
#: How closely what was typed computes the same, for arrays of either precision.
_TOLERANCE = {"f": {4: 1e-4, 8: 1e-9}}


def typed_statements(lesson: Lesson, *, limit: int = MOST_NUMBERS) -> tuple[str, dict[str, str]]:
    """Text that `parse` reads back, and that computes what the lesson computes.

    Parameters
    ----------
    lesson : Lesson
    limit : int, default 10,000
        Numbers that a value may have.

    Returns
    -------
    statements : str
        One a line, ``name = expression``; a name that is assigned several times is numbered.
    values : dict of str to str
        For each free name what `parse_value` reads, with all digits.

    Raises
    ------
    FormulaError
        If a formula cannot say something, such as a slice, or a value is too large to be typed.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def neuron(w, x, y):
    ...     y_hat = cr.sigmoid(w @ x)
    ...     return -y * np.log(y_hat)
    >>> statements, values = typed_statements(cr.explain(neuron, np.array([0.5, -1.0]), np.array([2.0, 3.0]), 1.0))
    >>> print(statements)
    y_hat = sigmoid(w @ x)
    neuron = -y * log(y_hat)
    >>> values
    {'w': '[0.5, -1.0]', 'x': '[2.0, 3.0]', 'y': '1.0'}
    """
    names = _names(lesson)
    printer = _TypedPrinter(names, _vectors(lesson))
    lines = [f"{names[step.symbol]} = {printer.text(step.formula)}" for step in lesson.forward]
    if not lines:
        raise FormulaError("the lesson has no statement to be typed", fix="explain a function that computes something")
    if lesson.fault is None and lesson.forward[-1].symbol != lesson.output:
        lines.append(names[lesson.output])
    statements = "\n".join(lines)
    used = set(parse(statements).names)
    values = {
        names[operand.symbol]: _typed_value(names[operand.symbol], operand.value, limit)
        for operand in lesson.operands
        if names[operand.symbol] in used
    }
    _check(lesson, statements, values)
    return statements, values


def _check(lesson: Lesson, statements: str, values: dict[str, str]) -> None:
    """Hold the result against the lesson: arrays may be brought into shape by operations that no formula shows."""
    formula = parse(statements)
    missing = [name for name in formula.names if name not in values]
    if missing:
        raise FormulaError(f"{missing[0]} has no value in this lesson", fix="give it to the function as an argument")
    if lesson.fault is not None:
        return
    expected = np.asarray(lesson.graph.outputs[0].value)
    with np.errstate(all="ignore"):
        graph = trace(formula, *[parse_value(values[name]) for name in formula.names])
        found = np.asarray(stable(graph.outputs[0]).value)  # as the lesson has it: log(1 − ŷ) where ŷ is rounded to 1
    rtol = _TOLERANCE.get(expected.dtype.kind, {}).get(expected.dtype.itemsize, 1e-9)
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=rtol, atol=rtol):
        raise FormulaError(
            f"{lesson.title} cannot be typed: it brings arrays into other shapes or types, which no formula says",
            fix="explain it at the level of operations to see where, and give the arrays in the shape that they need",
        )


# Names --------------------------------------------------------------------------------------------------------------


def _names(lesson: Lesson) -> dict[Symbol, str]:
    """A name for each symbol that a formula can have, and that no other one has."""
    symbols = [*(operand.symbol for operand in lesson.operands), *(step.symbol for step in lesson.forward)]
    names: dict[Symbol, str] = {}
    for symbol in dict.fromkeys([*symbols, lesson.output]):
        name = re.sub(r"\W+", "_", symbol.name).strip("_") or "x"
        if name[0].isdigit():
            name = f"x_{name}"
        if symbol.occurrence is not None:
            name = f"{name}_{symbol.occurrence}"
        while name in CONSTANTS or keyword.iskeyword(name) or name in names.values():
            name += "_"
        names[symbol] = name
    return names


# Values -------------------------------------------------------------------------------------------------------------


def _typed_value(name: str, value: Any, limit: int) -> str:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise FormulaError(f"{name} is an array of {array.dtype}, and values are real numbers", fix="give real numbers")
    if array.size > limit:
        raise FormulaError(
            f"{name} has {array.size:,} numbers, and a typed value may have {limit:,}",
            fix="use a smaller array: fewer inputs, or fewer units in the layer",
        )
    if not np.isfinite(array).all():
        raise FormulaError(f"{name} is not finite, and a typed value is", fix="give finite numbers")
    return repr(array.astype(np.float64).tolist() if array.dtype.kind in "bf" else array.tolist())


# Expressions --------------------------------------------------------------------------------------------------------


class _TypedPrinter(ProgramPrinter):
    """Code in the words that formulas know."""

    def __init__(self, names: dict[Symbol, str], vectors: set[tuple[str, int | None]]) -> None:
        self._names = {_identity(symbol): name for symbol, name in names.items()}
        self._vectors = vectors
        self._functions = known_functions()

    def symbol(self, symbol: Symbol) -> Printed:
        name = self._names.get(_identity(symbol))
        if name is None:
            raise FormulaError(
                f"{symbol.name} has no value in this lesson", fix="give it to the function as an argument"
            )
        return name, Strength.ATOM

    def number(self, number: Number) -> Printed:
        value = plain_number(number)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            raise FormulaError(f"{value} is no number that can be typed", fix="give it to the function as an argument")
        return self.signed(repr(value))

    def power(self, expression: Power) -> Printed:
        base = self.at_least(expression.base, Strength.POWER + 1)
        return f"{base} ** {self.at_least(expression.exponent, Strength.SIGN)}", Strength.POWER

    def root(self, expression: Root) -> Printed:
        if expression.degree in (2, 3):
            return self.called("sqrt" if expression.degree == 2 else "cbrt", [expression.operand])
        base = self.at_least(expression.operand, Strength.POWER + 1)
        return f"{base} ** (1 / {expression.degree})", Strength.POWER

    def call(self, expression: Call) -> Printed:
        name = _FUNCTIONS.get(expression.function, expression.function)
        if len(expression.arguments) == 2:
            name = _OF_TWO.get(name, name)
        if name not in self._functions:
            raise FormulaError(
                f"{expression.function} is no function that a formula knows",
                fix="known are exp, log, sum, sigmoid, relu and more: see the docs",
            )
        settings = [one for one in expression.settings if not self._is_default(name, one)]
        self._check_settings(name, settings)
        return self.called(name, expression.arguments, tuple(settings))

    def called(self, name: str, arguments: Sequence[Expression], settings: tuple[str, ...] = ()) -> Printed:
        self._check_settings(name, settings)
        return super().called(name, arguments, settings)

    def _is_default(self, name: str, setting: str) -> bool:
        """Whether a setting says what the function does anyway: ``negative_slope=0.01``."""
        what, _, value = setting.partition("=")
        try:
            parameter = inspect.signature(self._functions[name]).parameters.get(what)
            return parameter is not None and bool(parameter.default == ast.literal_eval(value))
        except (ValueError, TypeError, SyntaxError):
            return False

    def _check_settings(self, name: str, settings: Sequence[str]) -> None:
        for setting in settings:
            if setting.partition("=")[0] not in _TYPED_SETTINGS:
                raise FormulaError(
                    f"{name}(…, {setting}) cannot be typed", fix=f"only {' and '.join(_TYPED_SETTINGS)} can be set"
                )

    def fence(self, expression: Fence) -> Printed:
        if expression.left in _FENCES:
            return self.called(_FENCES[expression.left], [expression.operand])
        if expression.left == "[":
            return self.called("where", [expression.operand, Number(1), Number(0)])
        if expression.left == "‖" and expression.right == "‖":
            return self.called("sqrt", [Call("sum", (expression.operand**2,))])
        return super().fence(expression)

    def transpose(self, expression: Transpose) -> Printed:
        if isinstance(expression.operand, Symbol) and _identity(expression.operand) in self._vectors:
            return self.printed(expression.operand)  # to NumPy, a vector is a row and a column
        return f"{self.at_least(expression.operand, Strength.POSTFIX)}.T", Strength.POSTFIX

    def item(self, expression: Item) -> Printed:
        raise FormulaError(
            f"{self.text(expression.operand)}[{expression.index}] cannot be typed: formulas have no slices",
            fix="give the part that is needed as an argument of its own",
        )

    def verbatim(self, verbatim: Verbatim) -> Printed:
        raise FormulaError(f"{verbatim.text} cannot be typed", fix="give the array to the function as an argument")

    def ones(self, ones: Ones) -> Printed:
        raise FormulaError("a vector of ones cannot be typed", fix="give it to the function as an argument")

    def derivative(self, derivative: Derivative) -> Printed:
        raise FormulaError("a derivative cannot be typed", fix="type the function, and take its derivative")


def _identity(symbol: Symbol) -> tuple[str, int | None]:
    """The same symbol may be marked as an array in one place, and not in another."""
    return symbol.name, symbol.occurrence


def _vectors(lesson: Lesson) -> set[tuple[str, int | None]]:
    """What has less than two axes."""
    parts: list[Operand | ForwardStep] = [*lesson.operands, *lesson.forward]
    return {_identity(part.symbol) for part in parts if np.ndim(part.value) < 2}
