"""Reads formulas as lessons print them, and computes them: an oracle that knows nothing of how they were made.

The text is read as a person reads matrix calculus: factors side by side are a product of matrices, ⊙ is elementwise,
ᵀ transposes, Σᵢ sums over rows and Σⱼ over columns, 𝟏₄ is a vector of four ones, and an array with one axis is
a column, or a row where the code multiplies vectors from the left. ∂L/∂z is a name like any other. Only names that are
given are known: ``wx`` is w times x where there is no ``wx``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

__all__ = ["Reader", "ReadingError", "is_gradient"]

Array = np.ndarray[Any, Any]


class ReadingError(ValueError):
    """The text has no meaning as a formula, or its shapes do not fit."""


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "σ": scipy.special.expit,
    "sigmoid": scipy.special.expit,
    "log": np.log,
    "log₂": np.log2,
    "log₁₀": np.log10,
    "exp": np.exp,
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * scipy.special.expit(x),
    "softplus": _softplus,
    "erf": scipy.special.erf,
    "Φ": scipy.special.ndtr,
    "max": lambda *x: np.maximum(*x) if len(x) == 2 else np.max(*x),
    "min": lambda *x: np.minimum(*x) if len(x) == 2 else np.min(*x),
    "mean": np.mean,
    "var": np.var,
    "std": np.std,
    "not": lambda x: 1.0 - x,
    "softmax": scipy.special.softmax,
    "log_softmax": scipy.special.log_softmax,
    "logsumexp": scipy.special.logsumexp,
    **{name: getattr(np, name) for name in "sin cos tan sinh cosh tanh arcsin arccos arctan arctan2".split()},
    **{name: getattr(np, name) for name in "arcsinh arccosh arctanh sign cumsum sinc".split()},
}
RELATIONS: dict[str, Callable[..., Any]] = {
    ">": np.greater,
    "<": np.less,
    "≥": np.greater_equal,
    "≤": np.less_equal,
    "=": np.equal,
    "≠": np.not_equal,
}
FENCES: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "|": ("|", np.abs),
    "‖": ("‖", np.linalg.norm),
    "⌊": ("⌋", np.floor),
    "⌈": ("⌉", np.ceil),
}
ROOTS: dict[str, Callable[[Array], Any]] = {"√": np.sqrt, "∛": np.cbrt, "∜": lambda x: x**0.25}
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?·)?10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+(?:\.\d+)?|∞")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_ONES = re.compile("𝟏[₀₁₂₃₄₅₆₇₈₉]+")
_POWER = re.compile(r"⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SETTING = re.compile(r"\s*(\w+)=(−?\w+)")


@dataclass
class Reader:
    """Computes formulas.

    Parameters
    ----------
    values : dict
        What each printed name stands for, ``∂L/∂z`` included.
    rows : bool
        Whether arrays with one axis are rows.
    """

    values: Mapping[str, Any]
    rows: bool = False

    def __post_init__(self) -> None:
        self._names = sorted((_normal(name) for name in self.values), key=len, reverse=True)
        self._values = {_normal(name): np.asarray(value, float) for name, value in self.values.items()}
        self._functions = sorted(FUNCTIONS, key=len, reverse=True)
        self._text = ""
        self._at = 0
        #: What ends the innermost |x|: the sign that begins one, too.
        self._closing = ""

    def read(self, text: str) -> Array:
        """The value of a formula."""
        self._text, self._at, self._closing = _normal(text), 0, ""
        value = self._sum()
        self._skip_space()
        if self._at != len(self._text):
            raise self._error("the rest is not understood")
        return value

    # Characters

    def _error(self, what: str) -> ReadingError:
        return ReadingError(f"{what}\n  {self._text}\n  {' ' * self._at}^")

    def _skip_space(self) -> None:
        while self._text[self._at : self._at + 1] == " ":
            self._at += 1

    def _peek(self) -> str:
        self._skip_space()
        return self._text[self._at : self._at + 1]

    def _take(self, text: str) -> bool:
        self._skip_space()
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._error(f"{text} is missing")

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found.group() if found else None

    # From the weakest to the strongest

    def _relation(self) -> Array:
        left = self._sum()
        for sign, compare in RELATIONS.items():
            if self._take(sign):
                return np.asarray(compare(*self._fitted(left, self._sum())), float)
        return left

    def _sum(self) -> Array:
        total = self._signed()
        while self._peek() in ("+", "−"):
            sign = 1.0 if self._take("+") else -1.0 if self._take("−") else 0.0
            left, right = self._fitted(total, self._term())
            total = left + sign * right
        return total

    def _signed(self) -> Array:
        return -self._term() if self._take("−") else self._term()

    def _term(self) -> Array:
        """Elementwise products; what stands between two ⊙ belongs together."""
        value = self._quotient()
        while self._take("⊙"):
            left, right = self._fitted(value, self._quotient())
            value = left * right
        return value

    def _quotient(self) -> Array:
        value = self._product()
        while self._peek() in ("/", "·"):
            if self._take("/"):
                left, right = self._fitted(value, self._factor())
                value = left / right
            else:
                self._need("·")
                value = self._multiplied(value, self._product())
        return value

    def _product(self) -> Array:
        value = self._factor()
        while self._begins_factor():
            value = self._multiplied(value, self._factor())
        return value

    def _begins_factor(self) -> bool:
        following = self._peek()
        if not following or following in ")]}⌋⌉,+−/·⊙><≥≤=≠" or following == self._closing:
            return False
        return not self._text.startswith(("if ", "else "), self._at)

    def _factor(self) -> Array:
        if self._peek() in "ΣΠ" and self._name() is None:
            return self._reduction()
        value = self._atom()
        while True:
            if self._text.startswith("ᵀ", self._at):
                self._at += 1
                value = self._transposed(value)
            elif self._text.startswith("^(", self._at):
                self._at += 2
                value = self._power(value, self._sum())
                self._need(")")
            elif exponent := self._match(_POWER):
                value = self._power(value, np.asarray(float(exponent.translate(SUPERSCRIPTS))))
            else:
                return value

    def _reduction(self) -> Array:
        total = np.sum if self._take("Σ") else np.prod
        if total is np.prod:
            self._need("Π")
        axis = {"ᵢ": 0, "ⱼ": 1}.get(self._text[self._at : self._at + 1])
        if axis is not None:
            self._at += 1
        operand = self._term()
        if axis is None:
            return np.asarray(total(operand))
        if operand.ndim != 2:
            raise self._error(f"a sum over one of two axes of an array with {operand.ndim}")
        return np.asarray(total(operand, axis=axis, keepdims=axis == 1))

    def _atom(self) -> Array:
        following = self._peek()
        if self._take("("):
            outside, self._closing = self._closing, ""
            value = self._sum()
            self._need(")")
            self._closing = outside
            return value
        if following in ROOTS:
            self._at += 1
            return np.asarray(ROOTS[following](self._atom()))
        if following in FENCES:
            return self._fence(following)
        if self._take("["):
            value = self._relation()
            self._need("]")
            return np.asarray(value != 0, float)
        if self._take("{"):
            return self._cases()
        if ones := self._match(_ONES):
            return np.ones(int(ones[1:].translate(SUBSCRIPTS)))
        number = self._match(_NUMBER)
        if number:
            size, power, exponent = number.replace("∞", "inf").partition("·10")
            if not power and ord(number[-1]) in SUPERSCRIPTS:
                size, exponent = "1", number.removeprefix("10")
            return np.asarray(float(f"{size}e{exponent.translate(SUPERSCRIPTS)}" if exponent else size))
        return self._call() if self._function() else self._variable()

    def _fence(self, left: str) -> Array:
        right, function = FENCES[left]
        outside, self._closing = self._closing, right
        self._need(left)
        value = self._sum()
        self._need(right)
        self._closing = outside
        return np.asarray(function(value))

    def _cases(self) -> Array:
        value = self._sum()
        self._need("if ")
        condition = self._relation()
        self._need(",")
        self._need("else ")
        otherwise = self._sum()
        self._need("}")
        return np.where(condition != 0, value, otherwise)

    def _name(self) -> str | None:
        return next((name for name in self._names if self._text.startswith(name, self._at)), None)

    def _function(self) -> str | None:
        """The function that is called here; a longer name that is a variable goes before."""
        function = next((name for name in self._functions if self._text.startswith(f"{name}(", self._at)), None)
        name = self._name()
        return None if function is None or (name is not None and len(name) >= len(function)) else function

    def _call(self) -> Array:
        function = self._function()
        assert function is not None
        self._need(function)
        self._need("(")
        arguments: list[Array] = []
        settings: dict[str, Any] = {}
        while not self._take(")"):
            setting = _SETTING.match(self._text, self._at)
            if setting:
                self._at = setting.end()
                settings[setting.group(1)] = int(setting.group(2).replace("−", "-"))
            else:
                arguments.append(self._relation())
            self._take(",")
        return np.asarray(FUNCTIONS[function](*arguments, **settings), float)

    def _variable(self) -> Array:
        name = self._name()
        if name is None:
            raise self._error("no name that is known")
        self._at += len(name)
        return self._values[name]

    # Meaning

    def _multiplied(self, left: Array, right: Array) -> Array:
        """The product of matrices; numbers scale."""
        if left.ndim == 0 or right.ndim == 0:
            return left * right
        a, b = self._as_matrix(left), self._as_matrix(right)
        if a.shape[1] != b.shape[0]:
            if left.size == 1 or right.size == 1:
                return left.reshape(()) * right if left.size == 1 else left * right.reshape(())
            raise self._error(f"a product of shapes {a.shape} and {b.shape}")
        product = a @ b
        if product.size == 1 and left.size > 1:
            return product.reshape(())
        is_vector = (left.ndim if self.rows else right.ndim) == 1
        return product.reshape(-1) if is_vector else product

    def _power(self, base: Array, exponent: Array) -> Array:
        left, right = self._fitted(base, exponent)
        return np.asarray(left**right)

    def _transposed(self, value: Array) -> Array:
        return self._as_matrix(value).T if value.ndim else value

    def _as_matrix(self, value: Array) -> Array:
        """Vectors are columns, or rows."""
        if value.ndim == 1:
            return value[None, :] if self.rows else value[:, None]
        return value

    def _fitted(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Two arrays for an elementwise operation: a vector meets its own kind of matrix as a vector."""
        for one, other in ((left, right), (right, left)):
            if one.ndim == 1 and other.shape == self._as_matrix(one).shape:
                return left.reshape(-1), right.reshape(-1)
        try:
            np.broadcast_shapes(left.shape, right.shape)
        except ValueError:
            raise self._error(f"shapes {left.shape} and {right.shape} side by side") from None
        return left, right


def is_gradient(found: Array, gradient: Any, *, rows: bool = False, rtol: float = 1e-6) -> bool:
    """Whether a computed formula is a gradient: in its numbers, and in its shape.

    A number stands for an array that is filled with it; a vector is a column, or a row.
    """
    wanted = np.asarray(gradient, float)
    shapes = {wanted.shape}
    if wanted.ndim == 1:
        shapes.add((1, wanted.size) if rows else (wanted.size, 1))
    if wanted.ndim == 2 and 1 in wanted.shape:
        shapes.add((wanted.size,))
    if found.size > 1 and found.shape not in shapes:
        return False
    if found.size == 1 and wanted.size > 1:
        found = np.full(wanted.shape, found.reshape(()))
    scale = float(np.max(np.abs(wanted), initial=0.0))
    return bool(np.allclose(found.reshape(wanted.shape), wanted, rtol=rtol, atol=max(rtol * scale, 1e-9)))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
