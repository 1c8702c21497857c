"""What the printers of mathematical notation decide alike: parentheses, signs, and what joins factors.

An expression is printed from the inside to the outside without recursion, so that a formula may be nested as deeply as
it likes. Each part becomes a `Piece`; a printer is a `Layout` that says how pieces are set.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from chainrule.notation.names import parse_name
from chainrule.notation.numbers import preview, real_parts
from chainrule.notation.pieces import Edge, Joint, Piece, Strength, joints
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
    Ones,
    Power,
    Product,
    Reduction,
    Relation,
    Role,
    Root,
    Sum,
    Symbol,
    Transpose,
    Verbatim,
)

__all__ = ["Layout"]

#: Letters that often name functions: in front of a parenthesis they would be read as a call.
_FUNCTION_LETTERS = frozenset("fgσΓ")


class Layout(ABC):
    """A printer of expressions; subclasses say how each kind of part is set.

    The methods that take a part and the pieces of its children decide on parentheses and signs. They hand what they
    found, as texts, to the ``set_…`` methods of the subclass.
    """

    #: Whether all is set in one line: a/b, √(a + b), exp(x). Two lines need fewer parentheses.
    is_one_line: ClassVar[bool]
    #: What pieces are kept under for the next formula with the same part; None for a printer that differs from others
    #: of its class.
    kept_as: str | None = None

    def print(self, expression: Expression) -> str:
        """The expression as text."""
        kept_as = self.kept_as
        known = expression.kept(kept_as)
        if known is not None:
            return self.shown(known)
        waiting: list[tuple[Expression, int | None]] = [(expression, None)]
        printed: list[Piece] = []
        while waiting:
            part, count = waiting.pop()
            if count is None:
                kept = part.kept(kept_as)
                if kept is not None:
                    printed.append(kept)
                    continue
                children = part.children
                waiting.append((part, len(children)))
                waiting += [(child, None) for child in reversed(children)]
            else:
                start = len(printed) - count
                piece = _WRITERS[type(part)](self, part, printed[start:])
                printed[start:] = [piece]
                if kept_as is not None:
                    part.keep(kept_as, piece)
        return self.shown(printed[0])

    # Pieces in their places.

    def shown(self, piece: Piece) -> str:
        """The piece with its mark."""
        return self.set_marked(piece.body, piece.role) if piece.role else piece.body

    def placed(self, piece: Piece, strength: Strength) -> Piece:
        """The piece where something of at least a given strength belongs."""
        if piece.strength >= strength:
            return piece
        if piece.guarded is not None and piece.guarded.strength >= strength:
            return piece.guarded
        return Piece(self.set_brackets(piece.body), begins=Edge.BRACKET, ends=Edge.BRACKET, role=piece.role)

    def fitted(self, piece: Piece, strength: Strength) -> str:
        """The text of a piece in its place."""
        return self.shown(self.placed(piece, strength))

    def minus(self, piece: Piece) -> Piece:
        """A piece with a minus sign in front."""
        body = self.set_negative(self.shown(piece))
        return Piece(body, Strength.NEGATIVE, piece.begins, piece.ends, unsigned=piece)

    # Leaves.

    def symbol(self, part: Symbol, pieces: Sequence[Piece]) -> Piece:
        """A name."""
        name = parse_name(part.name)
        is_raised = part.occurrence is not None or name.primes > 0
        body = self.set_symbol(part)
        strength = Strength.RAISED if is_raised else Strength.ATOM
        if not name.is_letter:
            return Piece(body, strength, Edge.WORD, Edge.WORD)
        is_function = name.base in _FUNCTION_LETTERS
        if name.subscripts or is_raised:
            is_word = any(len(text) > 1 and not text.isdecimal() for text in name.subscripts)
            return Piece(body, strength, ends=Edge.WORD if is_word else Edge.FUNCTION if is_function else Edge.NAME)
        edge = Edge.FUNCTION if is_function else Edge.TENSOR if part.is_array else Edge.LETTER
        return Piece(body, strength, edge, edge)

    def number(self, part: Number, pieces: Sequence[Piece]) -> Piece:
        """A number; a negative one is put into parentheses behind something else."""
        value = part.value.item() if np.ndim(part.value) == 0 and hasattr(part.value, "item") else part.value
        if isinstance(value, complex):
            return self._complex(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            return self._verbatim(preview(value))
        return self._real(value)

    def _complex(self, value: complex) -> Piece:
        imaginary = self._real(abs(value.imag))
        part_i = self.set_product([imaginary.body, self.set_symbol(Symbol("i"))], [Joint.TIGHT])
        body = self.set_sum(self._real(value.real).body, [(math.copysign(1.0, value.imag) < 0, part_i)])
        return Piece(body, Strength.SUM, Edge.NUMERAL, Edge.NUMERAL)

    def _real(self, value: float) -> Piece:
        digits, exponent = real_parts(value)
        size = digits.removeprefix("−")
        is_plain = not exponent and size != "∞"
        edge = Edge.NUMERAL if is_plain else Edge.ODD_NUMBER
        strength = Strength.ATOM if is_plain else Strength.RAISED
        if self.is_one_line and exponent and size != "1":
            strength = Strength.PRODUCT  # x/(3.2·10⁻⁸)
        positive = Piece(self.set_number(size, exponent), strength, edge, edge)
        return replace(self._guarded(positive), unsigned=None) if digits != size else positive

    def _guarded(self, positive: Piece) -> Piece:
        """Minus a number: in parentheses behind something else, where it still counts as a number: ``3 · (−4)``."""
        negative = self.minus(positive)
        guarded = Piece(self.set_brackets(negative.body), begins=positive.begins, ends=positive.ends)
        return replace(negative, guarded=guarded)

    def ones(self, part: Ones, pieces: Sequence[Piece]) -> Piece:
        """𝟏₄"""
        return Piece(self.set_ones(part.length), Strength.ATOM, Edge.WORD, Edge.WORD)

    def verbatim(self, part: Verbatim, pieces: Sequence[Piece]) -> Piece:
        """A text that stands for itself."""
        return self._verbatim(part.text)

    def _verbatim(self, text: str) -> Piece:
        edge = Edge.ODD_NUMBER if text[:1] in "[({" else Edge.WORD
        strength = Strength.ATOM if text.isalnum() else Strength.COMPOUND
        return Piece(self.set_verbatim(text), strength, edge, edge)

    def derivative(self, part: Derivative, pieces: Sequence[Piece]) -> Piece:
        """∂L/∂z."""
        body = self.set_derivative(pieces[0].body, pieces[1].body)
        strength = Strength.QUOTIENT if self.is_one_line else Strength.COMPOUND
        return Piece(body, strength, Edge.DERIVATIVE, Edge.DERIVATIVE)

    # Arithmetic.

    def sum(self, part: Sum, pieces: Sequence[Piece]) -> Piece:
        """Terms; what begins with a minus sign is subtracted."""
        first, *others = pieces
        terms = []
        for piece in others:
            is_subtracted = piece.unsigned is not None
            term = piece.unsigned if piece.unsigned is not None else piece
            terms.append((is_subtracted, self.fitted(term, Strength.REDUCTION)))
        body = self.set_sum(self.fitted(first, Strength.SUM), terms)
        return Piece(body, Strength.SUM, first.begins, pieces[-1].ends)

    def negative(self, part: Negative, pieces: Sequence[Piece]) -> Piece:
        """−x."""
        operand = self.placed(pieces[0], Strength.REDUCTION)
        is_number = operand.begins is operand.ends and operand.begins in (Edge.NUMERAL, Edge.ODD_NUMBER)
        return self._guarded(operand) if is_number else self.minus(operand)

    def product(self, part: Product, pieces: Sequence[Piece]) -> Piece:
        """Factors; a minus sign of the first one stands in front of the whole."""
        first, *others = pieces
        if first.unsigned is not None:
            return self.minus(self.product(part, [first.unsigned, *others]))
        factors = [self._factor(piece, is_last=place == len(others)) for place, piece in enumerate(pieces)]
        is_elementwise = part.kind == "elementwise"
        between = [Joint.CIRCLE] * len(others) if is_elementwise else joints(factors, apart=part.kind == "matrix")
        strength = _product_strength(factors, between)
        product = self._joined(factors, between, strength)
        if first.guarded is None:
            return product
        return replace(self._joined([first, *factors[1:]], between, Strength.NEGATIVE), guarded=product)

    def _factor(self, piece: Piece, *, is_last: bool) -> Piece:
        """A factor in its place; ∂L/∂z keeps its form, and so does Σ x at the end."""
        if piece.begins is piece.ends is Edge.DERIVATIVE:
            return self.placed(piece, Strength.QUOTIENT)
        return self.placed(piece, Strength.REDUCTION if is_last and piece.begins is Edge.SIGN else Strength.PRODUCT)

    def _joined(self, factors: Sequence[Piece], between: Sequence[Joint], strength: Strength) -> Piece:
        body = self.set_product([self.shown(factor) for factor in factors], between)
        return Piece(body, strength, factors[0].begins, factors[-1].ends)

    def fraction(self, part: Fraction, pieces: Sequence[Piece]) -> Piece:
        """A quotient; a minus sign of the numerator stands in front of the whole."""
        above, below = pieces
        if above.unsigned is not None:
            return self.minus(self.fraction(part, [above.unsigned, below]))
        if not self.is_one_line:
            body = self.set_fraction(self.shown(above), self.shown(below))
            return Piece(body, Strength.COMPOUND, Edge.FRACTION, Edge.FRACTION)
        divisor = self.fitted(below, Strength.RAISED)
        quotient = Piece(self.set_fraction(self.fitted(above, Strength.PRODUCT), divisor), Strength.QUOTIENT)
        if above.guarded is None:
            return quotient
        return Piece(self.set_fraction(self.shown(above), divisor), Strength.NEGATIVE, guarded=quotient)

    def power(self, part: Power, pieces: Sequence[Piece]) -> Piece:
        """A base with an exponent."""
        base = self.placed(pieces[0], Strength.CALL)
        return Piece(self.set_power(self.shown(base), self.shown(pieces[1])), Strength.RAISED, base.begins)

    def transpose(self, part: Transpose, pieces: Sequence[Piece]) -> Piece:
        """xᵀ."""
        base = self.placed(pieces[0], Strength.CALL)
        return Piece(self.set_transpose(self.shown(base)), Strength.RAISED, base.begins)

    def root(self, part: Root, pieces: Sequence[Piece]) -> Piece:
        """A square root, or another one."""
        operand = self.fitted(pieces[0], Strength.ATOM) if self.is_one_line else self.shown(pieces[0])
        body = self.set_root(operand, part.degree)
        return Piece(body, Strength.RAISED, ends=Edge.ROOT if self.is_one_line else Edge.NAME)

    # Functions and the like.

    def call(self, part: Call, pieces: Sequence[Piece]) -> Piece:
        """A function and its arguments."""
        arguments = [self.shown(piece) for piece in pieces]
        if part.function == "exp" and len(arguments) == 1 and not part.settings and not self.is_one_line:
            return Piece(self.set_power(self.set_symbol(Symbol("e")), *arguments), Strength.RAISED)
        body = self.set_call(part.function, arguments, part.settings)
        return Piece(body, Strength.CALL, Edge.CALL, Edge.CALL)

    def fence(self, part: Fence, pieces: Sequence[Piece]) -> Piece:
        """|x|, ‖x‖, [z > 0]."""
        edge = Edge.SQUARE if part.left == "[" else Edge.NAME
        return Piece(self.set_fence(part.left, self.shown(pieces[0]), part.right), begins=edge, ends=edge)

    def reduction(self, part: Reduction, pieces: Sequence[Piece]) -> Piece:
        """Σ x."""
        operand = self.placed(pieces[0], Strength.REDUCTION)
        body = self.set_reduction(part.sign, part.index, self.shown(operand))
        return Piece(body, Strength.REDUCTION, Edge.SIGN, operand.ends)

    def relation(self, part: Relation, pieces: Sequence[Piece]) -> Piece:
        """a = b = c."""
        body = self.set_relation(part.sign, [self.fitted(piece, Strength.SUM) for piece in pieces])
        return Piece(body, Strength.RELATION)

    def item(self, part: Item, pieces: Sequence[Piece]) -> Piece:
        """x[0]."""
        operand = self.placed(pieces[0], Strength.CALL)
        return Piece(self.set_item(self.shown(operand), part.index), begins=operand.begins, ends=Edge.CALL)

    def cases(self, part: Cases, pieces: Sequence[Piece]) -> Piece:
        """One value where a condition holds, another one elsewhere."""
        condition, value, otherwise = (self.shown(piece) for piece in pieces)
        # a table has no sign at its right that would close it
        strength = Strength.ATOM if self.is_one_line else Strength.SUM
        return Piece(self.set_cases(condition, value, otherwise), strength)

    def marked(self, part: Marked, pieces: Sequence[Piece]) -> Piece:
        """A part that is pointed out; parentheses are marked with it, and its minus sign stays with it."""
        (piece,) = pieces
        guarded = self.marked(part, [piece.guarded]) if piece.guarded is not None else None
        return replace(piece, body=self.shown(piece), role=part.role, unsigned=None, guarded=guarded)

    # What a kind of text has to say.

    @abstractmethod
    def set_symbol(self, symbol: Symbol) -> str: ...
    @abstractmethod
    def set_number(self, digits: str, exponent: str) -> str: ...
    @abstractmethod
    def set_verbatim(self, text: str) -> str: ...
    @abstractmethod
    def set_ones(self, length: int) -> str: ...
    @abstractmethod
    def set_derivative(self, of: str, wrt: str) -> str: ...
    @abstractmethod
    def set_brackets(self, body: str) -> str: ...
    @abstractmethod
    def set_marked(self, body: str, role: Role) -> str: ...
    @abstractmethod
    def set_negative(self, body: str) -> str: ...
    @abstractmethod
    def set_sum(self, first: str, terms: Sequence[tuple[bool, str]]) -> str: ...
    @abstractmethod
    def set_product(self, factors: Sequence[str], between: Sequence[Joint]) -> str: ...
    @abstractmethod
    def set_fraction(self, numerator: str, denominator: str) -> str: ...
    @abstractmethod
    def set_power(self, base: str, exponent: str) -> str: ...
    @abstractmethod
    def set_transpose(self, base: str) -> str: ...
    @abstractmethod
    def set_root(self, operand: str, degree: int) -> str: ...
    @abstractmethod
    def set_call(self, function: str, arguments: Sequence[str], settings: Sequence[str]) -> str: ...
    @abstractmethod
    def set_fence(self, left: str, body: str, right: str) -> str: ...
    @abstractmethod
    def set_reduction(self, sign: str, index: str, body: str) -> str: ...
    @abstractmethod
    def set_relation(self, sign: str, operands: Sequence[str]) -> str: ...
    @abstractmethod
    def set_item(self, body: str, index: str) -> str: ...
    @abstractmethod
    def set_cases(self, condition: str, value: str, otherwise: str) -> str: ...


def _product_strength(factors: Sequence[Piece], between: Sequence[Joint]) -> Strength:
    if factors[-1].strength is Strength.REDUCTION:
        return Strength.REDUCTION
    if Joint.CIRCLE in between:
        return Strength.ELEMENTWISE
    return Strength.QUOTIENT if Joint.DOT in between else Strength.PRODUCT


_Writer = Callable[[Layout, Any, Sequence[Piece]], Piece]
_WRITERS: Mapping[type[Expression], _Writer] = {
    Symbol: Layout.symbol,
    Number: Layout.number,
    Verbatim: Layout.verbatim,
    Ones: Layout.ones,
    Derivative: Layout.derivative,
    Sum: Layout.sum,
    Negative: Layout.negative,
    Product: Layout.product,
    Fraction: Layout.fraction,
    Power: Layout.power,
    Transpose: Layout.transpose,
    Root: Layout.root,
    Call: Layout.call,
    Fence: Layout.fence,
    Reduction: Layout.reduction,
    Relation: Layout.relation,
    Item: Layout.item,
    Cases: Layout.cases,
    Marked: Layout.marked,
}
