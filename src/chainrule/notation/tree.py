"""Mathematical expressions as a tree: how a person writes ``x(ŷ − y)``, apart from any way of printing it.

The records of operations say with these classes how they are written; the lesson builds its formulas of them; and the
printers (`text`, `program`, `latex`, `mathml`) each know these few classes and nothing else.

Expressions can be combined with Python's operators, so a record reads like mathematics::

    notation=lambda x, y: x * call("log", y)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

__all__ = [
    "INDEX_LETTERS",
    "Call",
    "Cases",
    "Derivative",
    "Expression",
    "Fence",
    "Fraction",
    "Item",
    "Marked",
    "Negative",
    "Number",
    "Ones",
    "Power",
    "Product",
    "Reduction",
    "Relation",
    "Root",
    "Sum",
    "Symbol",
    "Transpose",
    "Verbatim",
    "as_expression",
    "call",
    "matrix_product",
]

ProductKind = Literal["scalar", "elementwise", "matrix"]
#: Parts of a step of backpropagation that are pointed out: the local and the upstream gradient.
Role = Literal["local", "upstream"]

#: The indices of a `Reduction`: i along axis 0, j along axis 1, ...
INDEX_LETTERS = "ijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A part of a formula.

    Attributes
    ----------
    is_array : bool
        Whether it stands for an array: then its product with another array is written with ⊙.
    """

    is_array: bool = False

    def __add__(self, other: Any) -> Expression:
        return _sum(self, as_expression(other))

    def __radd__(self, other: Any) -> Expression:
        return _sum(as_expression(other), self)

    def __sub__(self, other: Any) -> Expression:
        return _sum(self, negated(as_expression(other)))

    def __rsub__(self, other: Any) -> Expression:
        return _sum(as_expression(other), negated(self))

    def __mul__(self, other: Any) -> Expression:
        return _product(self, as_expression(other))

    def __rmul__(self, other: Any) -> Expression:
        return _product(as_expression(other), self)

    def __matmul__(self, other: Expression) -> Expression:
        return matrix_product(self, other)

    def __truediv__(self, other: Any) -> Expression:
        divisor = as_expression(other)
        return Fraction(self, divisor, is_array=self.is_array or divisor.is_array)

    def __rtruediv__(self, other: Any) -> Expression:
        return as_expression(other) / self

    def __pow__(self, exponent: Any) -> Expression:
        power = as_expression(exponent)
        return Power(self, power, is_array=self.is_array or power.is_array)

    def __rpow__(self, base: Any) -> Expression:
        return as_expression(base) ** self

    def __neg__(self) -> Expression:
        return negated(self)

    @property
    def children(self) -> tuple[Expression, ...]:
        """The parts that this expression is directly made of."""
        found: list[Expression] = []
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, Expression):
                found.append(value)
            elif isinstance(value, tuple):
                for item in value:
                    found += [item] if isinstance(item, Expression) else []
        return tuple(found)

    def walk(self) -> Iterator[Expression]:
        """Go through the expression and all its parts, from the outside to the inside, from left to right."""
        stack: list[Expression] = [self]
        while stack:
            part = stack.pop()
            yield part
            stack += reversed(part.children)

    def replaced(self, find: Callable[[Expression], Expression | None]) -> Expression:
        """A copy in which every part for which `find` returns something is replaced by that."""
        found = find(self)
        if found is not None:
            return found
        changes: dict[str, Any] = {}
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, Expression):
                changes[part.name] = value.replaced(find)
            elif isinstance(value, tuple) and any(isinstance(item, Expression) for item in value):
                changes[part.name] = tuple([v.replaced(find) if isinstance(v, Expression) else v for v in value])
        return replace(self, **changes) if changes else self

    def substituted(self, values: Mapping[Expression, Expression]) -> Expression:
        """A copy with symbols, or other parts, replaced by what a mapping says."""
        return self.replaced(values.get)


@dataclass(frozen=True)
class Symbol(Expression):
    """A variable, by its name in the code: ``y_hat`` is printed as ŷ, ``W1`` in LaTeX as W₁.

    Attributes
    ----------
    name : str
    occurrence : int, optional
        Which of several assignments to the same name it is, written as h⁽²⁾.
    """

    name: str
    occurrence: int | None = None


@dataclass(frozen=True)
class Number(Expression):
    """A number; printed with at most four significant digits, a negative one in parentheses inside of formulas."""

    value: Any


@dataclass(frozen=True)
class Verbatim(Expression):
    """A text that stands for itself, such as the first elements of an array: ``[0, 1, …]``."""

    text: str


@dataclass(frozen=True)
class Ones(Expression):
    """A vector of ones, 𝟏₄: its product with a matrix is a sum of columns."""

    length: int


@dataclass(frozen=True)
class Derivative(Expression):
    """∂L/∂z."""

    of: Symbol
    wrt: Symbol


@dataclass(frozen=True)
class Sum(Expression):
    """Two or more terms; one that is `Negative` is subtracted, a negative number is not: ``5 + (−2)``."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Negative(Expression):
    """−x."""

    operand: Expression


@dataclass(frozen=True)
class Product(Expression):
    """Two or more factors: ``2x`` (scalar), ``x ⊙ y`` (elementwise), ``W x`` (matrix; the order counts)."""

    factors: tuple[Expression, ...]
    kind: ProductKind


@dataclass(frozen=True)
class Fraction(Expression):
    """A quotient."""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True)
class Power(Expression):
    """A base with an exponent; the base ``Symbol("e")`` is Euler's number only in `Call` ``exp``."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Root(Expression):
    """The square root, or a root of a higher degree."""

    operand: Expression
    degree: int = 2


@dataclass(frozen=True)
class Call(Expression):
    """A function and its arguments: ``tanh(x)``; ``exp(x)`` is printed as a power of e where that reads better.

    Attributes
    ----------
    function : str
        In Unicode: ``σ``, ``log₂``, ``tanh``. LaTeX and MathML are made of it.
    arguments : tuple of Expression
    settings : tuple of str
        Such as ``axis=0``.
    """

    function: str
    arguments: tuple[Expression, ...]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fence(Expression):
    """Something between two signs: |x|, ‖x‖, ⌊x⌋, and [z > 0], which is 1 where the condition holds and else 0."""

    left: str
    operand: Expression
    right: str


@dataclass(frozen=True)
class Transpose(Expression):
    """xᵀ."""

    operand: Expression


@dataclass(frozen=True)
class Reduction(Expression):
    """Σ x over an index, or over everything if `index` is empty; `sign` may also be Π.

    Attributes
    ----------
    index : str
        ``i`` runs over rows, ``j`` over columns; ``ik``: along axes 0 and 2.
    settings : tuple of str
        What code says beside the axis: ``keepdims=True``. Mathematics does not write it.
    """

    sign: str
    index: str
    operand: Expression
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation(Expression):
    """Operands with a sign between them: ``a = b = c``, ``z > 0``, ``W ← W − lr · ∂L/∂W``, ``G ↦ Wᵀ G``."""

    sign: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Item(Expression):
    """An element or a part: ``x[0]``, ``u[1:-1]``; the index is Python's."""

    operand: Expression
    index: str


@dataclass(frozen=True)
class Cases(Expression):
    """One value where a condition holds, another one elsewhere."""

    condition: Expression
    value: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Marked(Expression):
    """A part that is pointed out as the local or the upstream gradient."""

    operand: Expression
    role: Role


def as_expression(value: Any) -> Expression:
    """Expressions pass, Python's numbers become `Number`."""
    return value if isinstance(value, Expression) else Number(value)


def call(function: str, *arguments: Any) -> Call:
    """A function applied to arguments, elementwise: an array as soon as one of them is."""
    operands = tuple([as_expression(argument) for argument in arguments])
    return Call(function, operands, is_array=any(operand.is_array for operand in operands))


def matrix_product(left: Expression, right: Expression) -> Product:
    """A B; products of matrices are associative, so A (B C) is written without parentheses."""
    factors = (*_factors(left, "matrix"), *_factors(right, "matrix"))
    return Product(factors, "matrix", is_array=True)


def negated(operand: Expression) -> Expression:
    """−x, without a second sign where there is one."""
    if isinstance(operand, Negative):
        return operand.operand
    return Negative(operand, is_array=operand.is_array)


def _sum(left: Expression, right: Expression) -> Sum:
    terms = (*left.terms, right) if isinstance(left, Sum) else (left, right)
    return Sum(terms, is_array=left.is_array or right.is_array)


def _product(left: Expression, right: Expression) -> Product:
    kind: ProductKind = "elementwise" if left.is_array and right.is_array else "scalar"
    return Product((*_factors(left, kind), right), kind, is_array=left.is_array or right.is_array)


def _factors(operand: Expression, kind: ProductKind) -> tuple[Expression, ...]:
    return operand.factors if isinstance(operand, Product) and operand.kind == kind else (operand,)
