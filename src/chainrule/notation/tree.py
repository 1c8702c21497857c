"""Mathematical expressions as a tree: how a person writes ``x(ŷ − y)``, apart from any way of printing it.

The records of operations say with these classes how they are written; the lesson builds its formulas of them; and the
printers (`text`, `program`, `latex`, `mathml`) each know these few classes and nothing else.

Expressions can be combined with Python's operators, so a record reads like mathematics::

    notation=lambda x, y: x * call("log", y)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

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


_Kind = TypeVar("_Kind")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _part(kind: type[_Kind]) -> type[_Kind]:
    """A frozen dataclass that takes its methods from `Expression`.

    All operations need these classes, so they are made at each ``import chainrule``; `dataclass` would write and
    compile six methods for each of the twenty, which takes longer than everything else in this file.
    """
    return dataclass(init=False, repr=False, eq=False)(kind)


@_part
class Expression:
    """A part of a formula.

    Attributes
    ----------
    is_array : bool
        Whether it stands for an array: then its product with another array is written with ⊙.
    """

    __slots__ = ("__dict__", "_hash", "_kept")
    __match_args__: ClassVar[tuple[str, ...]]

    is_array: bool = field(default=False, kw_only=True)

    def __init__(self, *values: Any, **named: Any) -> None:
        names, held = self.__match_args__, self.__dict__
        held.update(zip(names, values, strict=False))
        if len(values) != len(names) or named.keys() - {"is_array"}:
            held.update(self._completed(values, named))
        held["is_array"] = named.get("is_array", False)

    def _completed(self, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Fields that are given by name, and those that have their defaults."""
        kind, names = type(self), self.__match_args__
        missing = [name for name in names[len(values) :] if name not in named and not hasattr(kind, name)]
        unknown = named.keys() - set(names[len(values) :]) - {"is_array"}
        if missing or unknown or len(values) > len(names):
            raise TypeError(f"{kind.__name__} takes {', '.join(names)}, and is_array by name")
        return {name: named[name] if name in named else getattr(kind, name) for name in names[len(values) :]}

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be deleted")

    def __repr__(self) -> str:
        held = [f"{name}={getattr(self, name)!r}" for name in (*self.__match_args__, "is_array")]
        return f"{type(self).__name__}({', '.join(held)})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Kept: in a formula that is looked up part by part, a part lies in many others."""
        found: int | None = getattr(self, "_hash", None)
        if found is None:
            found = hash((type(self), *[getattr(self, name) for name in self.__match_args__], self.is_array))
            object.__setattr__(self, "_hash", found)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Without the hash, which is another one in another process, and without what is kept."""
        return dict(self.__dict__)

    def kept(self, name: str | None) -> Any:
        """What `keep` has put here under a name, or None."""
        found: dict[str, Any] | None = getattr(self, "_kept", None)
        return None if found is None else found.get(name)  # type: ignore[arg-type]

    def keep(self, name: str, made: Any) -> None:
        """Keep what was made of this part alone: a lesson prints the same parts over and over."""
        found: dict[str, Any] | None = getattr(self, "_kept", None)
        if found is None:
            object.__setattr__(self, "_kept", {name: made})
        else:
            found[name] = made

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
        for name in self.__match_args__:
            value = getattr(self, name)
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
        for name in self.__match_args__:
            value = getattr(self, name)
            if isinstance(value, Expression):
                new = value.replaced(find)
                if new is not value:
                    changes[name] = new
            elif isinstance(value, tuple):
                items = [v.replaced(find) if isinstance(v, Expression) else v for v in value]
                if any(item is not v for item, v in zip(items, value, strict=True)):
                    changes[name] = tuple(items)
        return replace(self, **changes) if changes else self

    def substituted(self, values: Mapping[Expression, Expression]) -> Expression:
        """A copy with symbols, or other parts, replaced by what a mapping says."""
        return self.replaced(values.get)


@_part
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


@_part
class Number(Expression):
    """A number; printed with at most four significant digits, a negative one in parentheses inside of formulas."""

    value: Any


@_part
class Verbatim(Expression):
    """A text that stands for itself, such as the first elements of an array: ``[0, 1, …]``."""

    text: str


@_part
class Ones(Expression):
    """A vector of ones, 𝟏₄: its product with a matrix is a sum of columns."""

    length: int


@_part
class Derivative(Expression):
    """∂L/∂z."""

    of: Symbol
    wrt: Symbol


@_part
class Sum(Expression):
    """Two or more terms; one that is `Negative` is subtracted, a negative number is not: ``5 + (−2)``."""

    terms: tuple[Expression, ...]


@_part
class Negative(Expression):
    """−x."""

    operand: Expression


@_part
class Product(Expression):
    """Two or more factors: ``2x`` (scalar), ``x ⊙ y`` (elementwise), ``W x`` (matrix; the order counts)."""

    factors: tuple[Expression, ...]
    kind: ProductKind


@_part
class Fraction(Expression):
    """A quotient."""

    numerator: Expression
    denominator: Expression


@_part
class Power(Expression):
    """A base with an exponent; the base ``Symbol("e")`` is Euler's number only in `Call` ``exp``."""

    base: Expression
    exponent: Expression


@_part
class Root(Expression):
    """The square root, or a root of a higher degree."""

    operand: Expression
    degree: int = 2


@_part
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


@_part
class Fence(Expression):
    """Something between two signs: |x|, ‖x‖, ⌊x⌋, and [z > 0], which is 1 where the condition holds and else 0."""

    left: str
    operand: Expression
    right: str


@_part
class Transpose(Expression):
    """xᵀ."""

    operand: Expression


@_part
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


@_part
class Relation(Expression):
    """Operands with a sign between them: ``a = b = c``, ``z > 0``, ``W ← W − lr · ∂L/∂W``, ``G ↦ Wᵀ G``."""

    sign: str
    operands: tuple[Expression, ...]


@_part
class Item(Expression):
    """An element or a part: ``x[0]``, ``u[1:-1]``; the index is Python's."""

    operand: Expression
    index: str


@_part
class Cases(Expression):
    """One value where a condition holds, another one elsewhere."""

    condition: Expression
    value: Expression
    otherwise: Expression


@_part
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
