"""A formula as terms, each of which has a shape: a name that is assigned is the term that it stands for."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chainrule.explain.formulas.checking import setting
from chainrule.explain.formulas.known import CONSTANTS
from chainrule.explain.formulas.shapes.lengths import Shape

__all__ = ["Kind", "Term", "terms_of"]


class Kind(enum.Enum):
    """What the shape of a term has to do with those of its operands."""

    NUMBER = "a number"
    NAME = "a free name"
    ELEMENTWISE = "one shape, after broadcasting"
    SUM = "elementwise; what is added to a product may be a bias"
    SCALED = "elementwise; a free name in the exponent or below the line is a number"
    MAPPED = "each element for itself"
    PRODUCT = "a product of matrices"
    TRANSPOSED = "axes in reverse"
    ALONG = "along an axis, and nothing is gone"
    REDUCED = "some axes are gone"
    FLATTENED = "all elements in one axis"
    INNER = "a number for each pair of rows, along the last axes"
    PAIR = "a number, of two arrays of one shape"
    LABELLED = "a number, of two arrays of one shape, or of probabilities and whole numbers for classes"
    TRACE = "a number, of a matrix"


@dataclass(eq=False)
class Term:
    """A part of a formula.

    Attributes
    ----------
    kind : Kind
    operands : tuple of Term
    name : str
        Of a free name.
    settings : dict
        ``axis`` and ``keepdims``, where they are set.
    shape : Shape or None
        None as long as it is not known.
    """

    kind: Kind
    operands: tuple[Term, ...] = ()
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape | None = None


_BINARY = {ast.MatMult: Kind.PRODUCT, ast.Add: Kind.SUM, ast.Pow: Kind.SCALED, ast.Div: Kind.SCALED}
_FUNCTIONS = {
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "var", "std", "median", "logsumexp"), Kind.REDUCED),
    **dict.fromkeys(("softmax", "log_softmax", "sort"), Kind.ALONG),
    **dict.fromkeys(("dot", "matmul"), Kind.PRODUCT),
    **dict.fromkeys(("bce", "bce_with_logits", "mse", "vdot"), Kind.PAIR),
    **dict.fromkeys(("power", "float_power", "divide"), Kind.SCALED),
    "add": Kind.SUM,
    "cross_entropy": Kind.LABELLED,
    "cumsum": Kind.FLATTENED,
    "inner": Kind.INNER,
    "transpose": Kind.TRANSPOSED,
    "trace": Kind.TRACE,
}
#: These look at one axis, the last one, unless another is named.
_LAST_AXIS = ("softmax", "log_softmax", "sort")


def terms_of(statements: Sequence[tuple[str | None, ast.expr]], given: Mapping[str, tuple[int, ...]]) -> list[Term]:
    """The terms of checked statements, operands before what is computed from them.

    Parameters
    ----------
    statements : sequence of (name or None, expression)
    given : mapping of str to tuple of int
        Shapes of names that have values.
    """
    reader = _Reader(given)
    for name, expression in statements:
        term = reader.read(expression)
        if name is not None:
            reader.scope[name] = term
    return reader.terms


class _Reader:
    def __init__(self, given: Mapping[str, tuple[int, ...]]) -> None:
        self.terms: list[Term] = []
        self.scope: dict[str, Term] = {}
        self._given = given

    def read(self, node: ast.expr) -> Term:
        chain: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):  # a sum of many is nested in its left operands: a loop has no depth
            chain.append(node)
            node = node.left
        term = self._leaf(node)
        for operation in reversed(chain):
            kind = _BINARY.get(type(operation.op), Kind.ELEMENTWISE)
            term = self._add(kind, (term, self.read(operation.right)))
        return term

    def _leaf(self, node: ast.expr) -> Term:
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp):
            return self._add(Kind.MAPPED, [self.read(node.operand)])
        if isinstance(node, ast.Compare):
            return self._add(Kind.ELEMENTWISE, [self.read(node.left), self.read(node.comparators[0])])
        if isinstance(node, ast.Attribute):
            return self._add(Kind.TRANSPOSED, [self.read(node.value)])
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._add(Kind.NUMBER, shape=())

    def _name(self, name: str) -> Term:
        if name not in self.scope:
            if name in CONSTANTS:
                return self._add(Kind.NUMBER, shape=())
            self.scope[name] = self._add(Kind.NAME, name=name, shape=self._given.get(name))
        return self.scope[name]

    def _call(self, node: ast.Call) -> Term:
        assert isinstance(node.func, ast.Name)
        function = node.func.id
        settings: dict[str, Any] = {"axis": -1} if function in _LAST_AXIS else {}
        settings |= {str(keyword.arg): setting(keyword.value) for keyword in node.keywords}
        operands = [self.read(argument) for argument in node.args]
        kind = _FUNCTIONS.get(function, Kind.MAPPED if len(operands) == 1 else Kind.ELEMENTWISE)
        if kind is Kind.FLATTENED and "axis" in settings:
            kind = Kind.ALONG
        return self._add(kind, operands, settings=settings)

    def _add(self, kind: Kind, operands: Iterable[Term] = (), **more: Any) -> Term:
        self.terms.append(Term(kind, tuple(operands), **more))
        return self.terms[-1]
