"""Computing what a checked formula says, on arrays or traced values."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ChainRuleError, FormulaError
from chainrule.explain.formulas.checking import place, setting
from chainrule.explain.formulas.known import BINARY, COMPARISONS, CONSTANTS, known_functions
from chainrule.explain.formulas.typed import TypedText

__all__ = ["Evaluator"]

_LARGEST_RESULT = 1_000_000
_PRODUCTS = ("dot", "matmul", "inner")


class Evaluator:
    """Computes expressions.

    Parameters
    ----------
    text : TypedText
        For messages.
    scope : dict
        The values of names.
    most_numbers : int, optional
        That all results together may have.
    """

    def __init__(self, text: TypedText, scope: dict[str, Any], most_numbers: int | None = None) -> None:
        self._text = text
        self._scope = scope
        self._most_numbers = most_numbers
        self._numbers = 0
        self._functions = known_functions()

    def visit(self, node: ast.expr) -> Any:
        """The value of an expression.

        Raises
        ------
        FormulaError
            With a caret under the part that cannot be computed.
        """
        chain: list[tuple[ast.BinOp, Any]] = []
        while isinstance(node, ast.BinOp):  # a sum of many is nested in its left operands: a loop has no depth
            chain.append((node, self._right(node)))
            node = node.left
        leaf = node
        result = self._guarded(leaf, lambda: self._compute(leaf))
        for operation, right in reversed(chain):
            result = self._guarded(operation, functools.partial(self._operated, operation, result, right))
        return result

    def _guarded(self, node: ast.expr, compute: Callable[[], Any]) -> Any:
        """What is computed, with errors that point to the part of the formula, and within bounds."""
        try:
            result = compute()
        except FormulaError:
            raise
        except ChainRuleError as error:  # of the innermost part, such as a product of shapes that do not fit
            raise self._failed(node, error.what, error.fix or "") from None
        except ZeroDivisionError:
            raise self._failed(node, "this divides by zero", "choose other numbers") from None
        except ArithmeticError:
            raise self._failed(node, "this number is too large", "choose other numbers") from None
        except MemoryError:
            raise self._failed(node, "this has too many numbers", "use smaller arrays") from None
        except (TypeError, ValueError) as error:
            hidden = error.__cause__ or error.__context__
            if isinstance(hidden, ChainRuleError):
                raise self._failed(node, hidden.what, hidden.fix or "") from None
            raise self._failed(node, f"this cannot be computed: {error}", "give NumPy's arguments") from None
        if isinstance(result, complex):
            raise self._failed(node, "a negative number has no such real power", "use cbrt or abs")
        self._numbers += np.size(result)
        if self._most_numbers is not None and self._numbers > self._most_numbers:
            what = f"up to here, the formula computes more than {self._most_numbers:,} numbers"
            raise self._failed(node, what, "use smaller arrays, or fewer statements")
        return result

    def _failed(self, node: ast.expr, what: str, fix: str) -> FormulaError:
        return self._text.failure(what, *place(self._text, node), fix)

    def _compute(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self._scope[node.id] if node.id in self._scope else CONSTANTS[node.id]
        if isinstance(node, ast.UnaryOp):
            operand = self.visit(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Compare):
            operands = self.visit(node.left), self.visit(node.comparators[0])
            self._check_size(node, operands)
            return COMPARISONS[type(node.ops[0])](*operands)
        if isinstance(node, ast.Attribute):
            return np.transpose(self.visit(node.value))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(argument) for argument in node.args]
        self._check_size(node, arguments, node.func.id)
        keywords = {str(keyword.arg): setting(keyword.value) for keyword in node.keywords}
        return self._functions[node.func.id](*arguments, **keywords)

    def _operated(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        self._check_size(node, (left, right), "matmul" if isinstance(node.op, ast.MatMult) else "")
        return BINARY[type(node.op)](left, right)

    def _right(self, node: ast.BinOp) -> Any:
        """The right operand. A whole exponent stays whole: x ** 2 also has a meaning for negative x."""
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
            return node.right.value
        return self.visit(node.right)

    def _check_size(self, node: ast.expr, operands: Sequence[Any], function: str = "") -> None:
        """Refuse what would have too many numbers before it is computed."""
        shapes = [np.shape(operand) for operand in operands]
        if function in _PRODUCTS:
            size = np.prod([float(np.prod(shape)) for shape in _uncontracted(shapes, is_inner=function == "inner")])
        else:
            try:
                size = np.prod([float(length) for length in np.broadcast_shapes(*shapes)])
            except ValueError:  # what is computed says better what does not fit
                return
        if size > _LARGEST_RESULT:
            raise self._failed(node, f"this has more than {_LARGEST_RESULT:,} numbers", "use smaller arrays")


def _uncontracted(shapes: Sequence[tuple[int, ...]], *, is_inner: bool) -> list[tuple[int, ...]]:
    """Of the operands of a product, the axes that are not summed over."""
    left = [shape[:-1] for shape in shapes[:1]]
    right = [shape[:-1] if is_inner or len(shape) == 1 else shape[:-2] + shape[-1:] for shape in shapes[1:]]
    return left + right
