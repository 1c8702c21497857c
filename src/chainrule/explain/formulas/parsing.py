"""Formulas typed as text, parsed by an allow-list and never evaluated as Python.

``parse("q = x + y; q * z")`` gives a `Formula`, a function of its free names that works on arrays and on traced values,
so that `trace`, `grad` and `explain` take it like any other function. Only what is listed in `known` is understood:
numbers, names, arithmetic, and calls of known operations. Length, depth, size and exponents are bounded.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

from chainrule.errors import FormulaError
from chainrule.explain.formulas.checking import Checker, place
from chainrule.explain.formulas.evaluating import Evaluator
from chainrule.explain.formulas.hints import statement_failure, syntax_failure
from chainrule.explain.formulas.naming import unified
from chainrule.explain.formulas.syntax import python_syntax
from chainrule.explain.formulas.typed import TypedText
from chainrule.trace.naming import named
from chainrule.trace.tracer import Tracer

__all__ = ["Formula", "parse"]

_LONGEST = 2_000
_MOST_NODES = 500


class Formula:
    """A parsed formula: a function of its free names.

    Attributes
    ----------
    text : str
    names : tuple of str
        The free names, in order of appearance: the arguments of the function.
    statements : tuple of (str or None, ast.expr)
        Checked expressions, with the names that they are assigned to.

    Examples
    --------
    >>> formula = parse("(x + y) * z")
    >>> formula.names
    ('x', 'y', 'z')
    >>> formula(5.0, -2.0, -4.0)
    -12.0
    """

    def __init__(
        self,
        text: str,
        typed: TypedText,
        statements: list[tuple[str | None, ast.expr]],
        names: tuple[str, ...],
        most_numbers: int | None = None,
    ):
        self.text = text
        self.names = names
        self._typed = typed
        self.statements = tuple(statements)
        self._most_numbers = most_numbers
        self.__name__ = statements[-1][0] or "f"
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
        )

    def __call__(self, *values: Any) -> Any:
        """The value of the last statement."""
        scope: dict[str, Any] = {name: named(value, name) for name, value in zip(self.names, values, strict=True)}
        evaluator = Evaluator(self._typed, scope, self._most_numbers)
        result: Any = None
        for name, expression in self.statements:
            result = evaluator.visit(expression)
            if name is not None:
                scope[name] = result
                if type(result) is Tracer and result._node.name is None:
                    result._node.name = name
        return result

    def failure(self, what: str, fix: str) -> FormulaError:
        """The error to raise for a result that is not what was wanted, with a caret under the last statement."""
        return self._typed.failure(what, *place(self._typed, self.statements[-1][1]), fix)


def parse(text: str, *, most_numbers: int | None = None) -> Formula:
    """Parse a formula, or several statements separated by ``;``.

    Parameters
    ----------
    text : str
        Python's arithmetic (``+ - * / ** @``, comparisons, parentheses), names, numbers, and calls of operations
        by their NumPy names or chainrule's (``sigmoid``, ``bce``, ...). ``name = expression`` names a partial result.
        What a lesson prints is understood where it means one thing only: ``−``, ``·``, ``⊙``, ``²``, ``ᵀ``, ``√``,
        ``σ(z)``, ``x₁``, and ``ŷ`` for ``y_hat``.
    most_numbers : int, optional
        That all results of a call together may have. One alone may have a million.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        With a caret under the column, and a hint.

    Examples
    --------
    >>> parse("q = x + y; q * z").names
    ('x', 'y', 'z')
    >>> parse("−ŷ² + σ(z)").names
    ('y_hat', 'z')
    >>> parse("2x + 1")
    Traceback (most recent call last):
        ...
    chainrule.errors.FormulaError: this is no formula
      2x + 1
       ^
      fix write 2*x
    """
    if len(text) > _LONGEST:
        raise FormulaError(
            f"the formula has {len(text):,} characters; {_LONGEST:,} are allowed",
            fix="write many terms as arrays: sum(w * x) or w @ x, with w and x as values",
        )
    typed = TypedText(text)
    try:
        with python_syntax():
            module = ast.parse(typed.python)
    except SyntaxError as error:
        if "too many nested" in error.msg:
            raise _too_deep() from None
        raise syntax_failure(typed, error) from None
    except ValueError:
        raise FormulaError("the formula holds characters that have no meaning", fix="type it again") from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    count = sum(1 for _ in ast.walk(module))
    if count > _MOST_NODES:
        raise FormulaError(
            f"the formula has {count:,} parts; {_MOST_NODES:,} are allowed",
            fix="leave parts out, or write many terms as arrays: sum(w * x) or w @ x, with w and x as values",
        )
    _unify_names(module)
    return _checked(text, typed, module.body, most_numbers)


def _too_deep() -> FormulaError:
    return FormulaError("the formula is nested too deeply", fix="split it into statements: q = ...; q * z")


def _unify_names(module: ast.Module) -> None:
    names = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    one_for_each = unified(node.id for node in names)
    for node in names:
        node.id = one_for_each[node.id]


def _checked(text: str, typed: TypedText, body: list[ast.stmt], most_numbers: int | None) -> Formula:
    if not body:
        raise FormulaError("the formula is empty", fix="write something like (x + y) * z")
    statements: list[tuple[str | None, ast.expr]] = []
    checker = Checker(typed)
    for statement in body:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and len(statement.targets) == 1
        ):
            checker.check(statement.value)
            name = statement.targets[0].id
            checker.check_name(statement.targets[0])
            checker.assigned.add(name)
            statements.append((name, statement.value))
        elif isinstance(statement, ast.Expr):
            checker.check(statement.value)
            statements.append((None, statement.value))
        else:
            failure = statement_failure(typed, statement.lineno)
            what = "only formulas and assignments are understood"
            raise failure or checker.refuse(statement, what, "write q = x + y; q * z")
    return Formula(text, typed, statements, tuple(checker.free), most_numbers)
