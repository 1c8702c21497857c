"""Gradients written in the notation of matrix calculus: each operation as a term of those of its operands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.explain.building.forms import operation_form, opposite
from chainrule.explain.building.terms import Part, Term, add_terms, chained, divided, multiplied
from chainrule.explain.building.writing import Known, bottom_up, in_order, is_array, keeps_lengths, transposed
from chainrule.graph.node import Node
from chainrule.notation.numbers import preview
from chainrule.notation.tree import (
    INDEX_LETTERS,
    Expression,
    Fence,
    Item,
    Number,
    Ones,
    Power,
    Reduction,
    Transpose,
    Verbatim,
    call,
)
from chainrule.ops.indexing import getitem

__all__ = ["GradientWriter"]


class GradientWriter:
    """Writes gradients down to nodes that have a name, with numbers and scalars in front.

    Parameters
    ----------
    known : mapping of Node to Known
    row_vectors : bool
        Whether arrays with one axis are rows, and not columns.
    is_one : callable, optional
        Whether the sum of a factor over some axes is 1, so that it need not be written.
    """

    def __init__(
        self,
        known: Mapping[Node, Known],
        row_vectors: bool,
        is_one: Callable[[Part, tuple[int, ...]], bool] = lambda operand, axis: False,
    ) -> None:
        self._known = known
        self._row_vectors = row_vectors
        self._is_one = is_one

    def term(self, node: Node) -> Term:
        """A gradient; if it has a name of its own, that is how it is written."""
        return self._complete(bottom_up(node, self._named, self._combined))

    def _named(self, node: Node) -> Term | None:
        known = self._known.get(node)
        if known is not None and known.is_divisor:
            return Term((), divisors=(Part(known.expression, (), known.rank),))
        if known is not None:
            return _single(Part(known.expression, node.shape, known.rank))
        return None if node.inputs else self._number(node)

    def _number(self, node: Node) -> Term:
        """A number or array in the code; an array of equal numbers is written as that number."""
        value = np.asarray(node._value)
        if value.dtype.kind in "fiub" and value.size and (value == value.flat[0]).all():
            return Term(node.shape, float(value.flat[0]))
        expression = Verbatim(preview(value), is_array=True) if value.size != 1 else Number(value.item())
        return _single(Part(expression, node.shape, 0.0))

    def _combined(self, node: Node, terms: list[Term]) -> Term:
        rule = _RULES.get(node.op.name)
        found = rule(self, node, *terms) if rule is not None else None
        return self._other(node, terms) if found is None else found

    def _other(self, node: Node, terms: list[Term]) -> Term:
        """An operation without a form of its own: as its record writes it."""
        expression = replace(operation_form(node, [self._in_full(term) for term in terms]), is_array=is_array(node))
        return _single(
            Part(expression, () if node.is_tuple else node.shape, max((term.rank for term in terms), default=0.0))
        )

    def _in_full(self, term: Term) -> Expression:
        """A term as an operand of something that does not repeat a single number along axes by itself."""
        if term.factors or math.prod(term.shape) == 1:
            return term.expression()
        return replace(term, factors=(self._ones(term.shape),)).expression()

    def _body(self, term: Term) -> Part:
        return self._complete(term).body() or self._ones(term.shape)

    def _complete(self, term: Term) -> Term:
        """A row or column that is repeated, with the vector of ones that repeats it."""
        body = term.body()
        if body is None or len(term.shape) != 2 or math.prod(body.shape) == math.prod(term.shape):
            return term
        rows, columns = self._ones(term.shape[:1]), self._ones(term.shape[1:])
        if body.shape == (term.shape[0], 1):
            repeated = chained(body, columns if self._row_vectors else _transposed(columns), term.shape)
        elif body.shape == (1, term.shape[1]):
            repeated = chained(_transposed(rows) if self._row_vectors else rows, body, term.shape)
        elif body.shape == term.shape[1:]:
            ones, row = (_transposed(rows), body) if self._row_vectors else (rows, _transposed(body))
            repeated = chained(ones, row, term.shape)
        else:
            return term
        return replace(term, factors=(repeated,))

    def _ones(self, shape: tuple[int, ...]) -> Part:
        """An array of ones; a matrix of ones is a column of ones times a row of ones."""
        ones = [Part(Ones(length, is_array=True), (length,), -1.0) for length in shape]
        if len(ones) == 1:
            return ones[0]
        if len(ones) == 2:
            first, second = ones
            column, row = (_transposed(first), second) if self._row_vectors else (first, _transposed(second))
            return chained(column, row, shape)
        return Part(replace(call("ones", *shape), is_array=True), shape, -1.0)

    def _multiply(self, node: Node, left: Term, right: Term) -> Term | None:
        one, other = node.inputs
        if one.ndim and other.ndim and left.factors and right.factors:
            for (a, x), (b, y) in (((one, left), (other, right)), ((other, right), (one, left))):
                if _is_column(a) and (b.ndim == 1 or (b.ndim == 2 and b.shape[0] == 1)) and node.ndim == 2:
                    return self._outer(node, a, x, b, y)
        return multiplied(self._beside(node, one, left), self._beside(node, other, right), node.shape)

    def _beside(self, node: Node, operand: Node, term: Term) -> Term:
        """A vector with a new axis, next to a matrix, is written as the code does: ``x``, and ``x[:, None]``."""
        if not (node.ndim == operand.ndim == 2 and _was_vector(operand)) or node.shape == operand.shape:
            return term
        is_column = operand.shape[1] == 1
        was_turned = is_column == self._row_vectors

        def write(part: Part) -> Part:
            vector = transposed(part.expression) if was_turned else part.expression
            if is_column:
                return replace(part, expression=Item(vector, ":, None", is_array=True))
            return Part(vector, operand.shape[1:], part.rank)

        return _mapped(term, term.shape, write)

    def _outer(self, node: Node, a: Node, left: Term, b: Node, right: Term) -> Term:
        """A column times a row: every product of two elements."""
        column, row = self._body(left), self._body(right)
        if b.ndim == 1 and not self._row_vectors:
            row = _transposed(row)
        return _scaled(left, right, chained(column, row, node.shape), node.shape)

    def _matmul(self, node: Node, left: Term, right: Term) -> Term | None:
        if max(source.ndim for source in node.inputs) > 2:
            return None
        a, b = in_order(node, self._body(left), self._body(right), _transposed, row_vectors=self._row_vectors)
        product = chained(a, b, node.shape)
        return _scaled(left, right, replace(product, expression=_as(product.expression, node)), node.shape)

    def _add(self, node: Node, left: Term, right: Term) -> Term:
        one, other = node.inputs
        left, right = self._beside(node, one, left), self._beside(node, other, right)
        if replace(left, number=1.0) == replace(right, number=1.0):
            return replace(left, number=left.number + right.number)
        return add_terms([left, right], node.shape)

    def _subtract(self, node: Node, left: Term, right: Term) -> Term:
        return self._add(node, left, replace(right, number=-right.number))

    def _divide(self, node: Node, left: Term, right: Term) -> Term | None:
        if right.number == 0:
            return None  # x/0 stays what it is
        left, right = self._beside(node, node.inputs[0], left), self._beside(node, node.inputs[-1], right)
        if right.factors and node.size > 1:
            bottom = right.body()
            assert bottom is not None
            inverse = replace(Number(1) / bottom.expression, is_array=True)
            part = Part(inverse, bottom.shape, bottom.rank, below=bottom.expression)
            return divided(replace(left, factors=(*left.factors, part)), right.coefficient, node.shape)
        plain = replace(right, scalars=right.scalars + right.factors, factors=())
        return divided(left, plain, node.shape)

    def _negative(self, node: Node, operand: Term) -> Term:
        return replace(operand, number=-operand.number)

    def _power(self, node: Node, base: Term, exponent: Term) -> Term | None:
        if exponent.parts or exponent.divisors or exponent.number in (0.5, -0.5):
            return None
        return self._raised(node, base, exponent.number)

    def _square(self, node: Node, base: Term) -> Term:
        return self._raised(node, base, 2)

    def _raised(self, node: Node, base: Term, exponent: float) -> Term:
        whole = int(exponent) if float(exponent).is_integer() else exponent
        root = base.expression()
        if isinstance(root, Power) and isinstance(root.exponent, Number) and type(whole) is int:
            whole *= root.exponent.value  # (x²)² is x⁴
            root = root.base
        return _single(Part(_as(root**whole, node), node.shape, base.rank))

    def _cast(self, node: Node, operand: Term) -> Term:
        """To a real variable goes the real part of a complex gradient."""
        if node.inputs[0].dtype.kind == "c" and node.dtype.kind != "c":
            return _single(Part(_as(call("Re", operand.expression()), node), node.shape, operand.rank))
        return self._same(node, operand)

    def _same(self, node: Node, operand: Term) -> Term:
        return replace(operand, shape=node.shape)

    def _reshape(self, node: Node, operand: Term) -> Term | None:
        """A column of a matrix laid out as a row is its transpose; a new axis of length 1 changes nothing."""
        source = node.inputs[0]
        if 1 not in (*source.shape, *node.shape) and source.ndim != node.ndim:
            return None
        if source.ndim == node.ndim == 2 and source.shape == node.shape[::-1] and source.shape != node.shape:
            return _mapped(operand, node.shape, _turned)
        if not keeps_lengths(node):
            return None
        return _mapped(operand, node.shape, lambda part: self._laid_out(part, node.shape))

    def _laid_out(self, part: Part, shape: tuple[int, ...]) -> Part:
        """A part with axes of length 1 more, or fewer.

        A vector laid out the other way is its transpose, and that transpose as a vector has no sign again. Any other
        matrix of one row is a vector as it stands: a bias that is added to the rows of a matrix has no sign either.
        """
        if len(shape) == 2 and len(part.shape) == 1:
            is_turned = (shape[1] == 1) == self._row_vectors and max(shape) > 1
        else:
            is_turned = len(shape) == 1 and len(part.shape) == 2 and isinstance(part.expression, Transpose)
        return Part(transposed(part.expression) if is_turned else part.expression, shape, part.rank)

    def _transpose(self, node: Node, operand: Term) -> Term | None:
        if node.ndim > 2 and node.params["axes"] != (*range(node.ndim - 2), node.ndim - 1, node.ndim - 2):
            return None
        return operand if node.ndim < 2 else _mapped(self._complete(operand), node.shape, _turned)

    def _sum(self, node: Node, operand: Term) -> Term:
        return self._summed(node, operand, node.params["axis"])

    def _sum_to(self, node: Node, operand: Term) -> Term:
        extra = node.inputs[0].ndim - node.ndim
        lengths = (1,) * extra + node.shape
        axis = [i for i, length in enumerate(node.inputs[0].shape) if i < extra or length != lengths[i]]
        return self._summed(node, operand, tuple(axis))

    def _summed(self, node: Node, operand: Term, axis: tuple[int, ...]) -> Term:
        body, shape = operand.body(), node.inputs[0].shape
        if body is None:
            return replace(operand, number=operand.number * math.prod(shape[i] for i in axis), shape=node.shape)
        lengths = (1,) * (len(shape) - len(body.shape)) + body.shape
        repeated = [i for i in axis if lengths[i] < shape[i]]
        axis = tuple([i for i in axis if i not in repeated])
        operand = replace(operand, number=operand.number * math.prod(shape[i] for i in repeated))
        if axis and lengths == shape and self._is_one(body, axis):
            return replace(operand.coefficient, shape=node.shape)
        if not axis:
            return _scaled(operand, Term(()), self._laid_out(body, node.shape), node.shape)
        index = "" if len(axis) == len(body.shape) else "".join(INDEX_LETTERS[i] for i in axis)
        total = Reduction("Σ", index, body.expression, is_array=node.size > 1)
        return _scaled(operand, Term(()), Part(total, node.shape, body.rank), node.shape)

    def _scatter(self, node: Node, operand: Term, *indices: Term) -> Term | None:
        """Elements put in reverse order are read in reverse order."""
        if indices or node.shape != node.inputs[0].shape or not _only_turns(node.params["index"]):
            return None
        return self._other(getitem(node.inputs[0], index=node.params["index"]), [operand])

    def _where(self, node: Node, condition: Term, value: Term, otherwise: Term) -> Term | None:
        """[z > 0] ⊙ x, where one of both values is 0."""
        test = condition.expression()
        if _is_zero(otherwise):
            kept, holds = value, test
        elif _is_zero(value):
            kept, holds = otherwise, opposite(test)
        else:
            return None
        part = Part(Fence("[", holds, "]", is_array=node.inputs[0].size > 1), node.inputs[0].shape, condition.rank)
        if part in kept.factors or part in kept.scalars:  # 0 and 1 are their own squares
            return replace(kept, shape=node.shape)
        return multiplied(_single(part), kept, node.shape)


def _transposed(part: Part) -> Part:
    return Part(transposed(part.expression), part.shape[::-1], part.rank)


def _turned(part: Part) -> Part:
    """The transpose with fewer signs: Aᵀ x for (xᵀ A)ᵀ, but (A x)ᵀ as it is."""
    signs = sum(isinstance(factor.expression, Transpose) for factor in part.chain)
    if not part.chain or len(part.chain) - signs > signs:
        return _transposed(part)
    shape = part.shape[::-1]
    first, *others = [_transposed(factor) for factor in reversed(part.chain)]
    for other in others:
        first = chained(first, other, shape)
    return replace(first, expression=replace(first.expression, is_array=part.expression.is_array))


def _as(expression: Expression, node: Node) -> Expression:
    return replace(expression, is_array=node.size > 1)


def _single(part: Part) -> Term:
    return Term(part.shape, factors=(part,)) if part.shape else Term((), scalars=(part,))


def _scaled(left: Term, right: Term, part: Part, shape: tuple[int, ...]) -> Term:
    front = multiplied(left.coefficient, right.coefficient, ())
    if shape:
        return replace(front, shape=shape, factors=(part,))
    return replace(front, scalars=(*front.scalars, part))


def _mapped(term: Term, shape: tuple[int, ...], change: Callable[[Part], Part]) -> Term:
    """A change of each factor, such as transposing all of an elementwise product."""
    body = term.body()
    return replace(term, shape=shape, factors=() if body is None else (change(body),))


def _only_turns(index: Any) -> bool:
    """Whether an index takes whole axes, forwards or backwards."""
    return set(repr(index)[1:-1].split(", ")) <= {"...", ":", "::-1"}


def _is_zero(term: Term) -> bool:
    return term.number == 0


def _is_column(node: Node) -> bool:
    return node.ndim == 2 and node.shape[1] == 1


def _was_vector(node: Node) -> bool:
    """Whether a column or row is a vector with a new axis."""
    return node.op.name == "reshape" and node.inputs[0].ndim == 1 and node.size > 1


_RULES: dict[str, Callable[..., Term | None]] = {
    "multiply": GradientWriter._multiply,
    "matmul": GradientWriter._matmul,
    "add": GradientWriter._add,
    "subtract": GradientWriter._subtract,
    "divide": GradientWriter._divide,
    "reciprocal": lambda writer, node, x: writer._divide(node, Term(()), x),
    "negative": GradientWriter._negative,
    "positive": GradientWriter._same,
    "power": GradientWriter._power,
    "square": GradientWriter._square,
    "cast": GradientWriter._cast,
    "input": GradientWriter._same,
    "broadcast_to": GradientWriter._same,
    "reshape": GradientWriter._reshape,
    "transpose": GradientWriter._transpose,
    "sum": GradientWriter._sum,
    "sum_to": GradientWriter._sum_to,
    "scatter": GradientWriter._scatter,
    "where": GradientWriter._where,
}
