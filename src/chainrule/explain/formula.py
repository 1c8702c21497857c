"""Formulas typed as text, parsed by an allow-list and never evaluated as Python.

``parse("q = x + y; q * z")`` gives a `Formula`, a function of its free names that works on arrays and on traced values,
so that `trace`, `grad` and `explain` take it like any other function. Only what is listed here is understood: numbers,
names, arithmetic, and calls of known operations. Length, depth, size and exponents are bounded.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import functions
from chainrule.errors import ChainRuleError, FormulaError
from chainrule.graph.op import OPS
from chainrule.trace.tracer import Tracer

__all__ = ["CONSTANTS", "Formula", "parse", "parse_value"]

_LONGEST = 2_000
_MOST_NODES = 500
_DEEPEST = 60
_LARGEST_EXPONENT = 1_000
_MOST_NUMBERS = 10_000
_LARGEST_RESULT = 1_000_000
#: Longer lines are shown around the column in question.
_SHOWN = 76

#: Beside every elementwise operation: functions whose results are not larger than their arguments.
_NUMPY_FUNCTIONS = (
    "sum mean prod max min var std dot vdot inner matmul transpose trace where clip cumsum sort median".split()
)
CONSTANTS = {"pi": np.pi, "e": np.e}

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.MatMult: lambda a, b: a @ b,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


@functools.cache
def _known_functions() -> dict[str, Callable[..., Any]]:
    known: dict[str, Callable[..., Any]] = {name: getattr(functions, name) for name in functions.__all__}
    for name in (*_NUMPY_FUNCTIONS, *(op.name for op in OPS.values() if op.domain and op.serves)):
        if hasattr(np, name):
            known[name] = getattr(np, name)
    known["abs"] = np.abs
    return known


class Formula:
    """A parsed formula: a function of its free names.

    Attributes
    ----------
    text : str
    names : tuple of str
        The free names, in order of appearance: the arguments of the function.

    Examples
    --------
    >>> formula = parse("(x + y) * z")
    >>> formula.names
    ('x', 'y', 'z')
    >>> formula(5.0, -2.0, -4.0)
    -12.0
    """

    def __init__(self, text: str, statements: list[tuple[str | None, ast.expr]], names: tuple[str, ...]) -> None:
        self.text = text
        self.names = names
        self._statements = statements
        self.__name__ = statements[-1][0] or "f"
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
        )

    def __call__(self, *values: Any) -> Any:
        """The value of the last statement."""
        scope: dict[str, Any] = dict(zip(self.names, values, strict=True))
        result: Any = None
        for name, expression in self._statements:
            result = _Evaluator(self.text, scope).visit(expression)
            if name is not None:
                scope[name] = result
                if type(result) is Tracer and result._node.name is None:
                    result._node.name = name
        return result


def parse(text: str) -> Formula:
    """Parse a formula, or several statements separated by ``;``.

    Parameters
    ----------
    text : str
        Python's arithmetic (``+ - * / ** @``, comparisons, parentheses), names, numbers, and calls of operations
        by their NumPy names or chainrule's (``sigmoid``, ``bce``, ...). ``name = expression`` names a partial result.

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
    >>> parse("2x + 1")
    Traceback (most recent call last):
        ...
    chainrule.errors.FormulaError: this is no formula
      2x + 1
       ^
      fix write 2*x
    """
    if len(text) > _LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters; {_LONGEST} are allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on its own code, such as "invalid decimal literal"
            module = ast.parse("\n".join(_statements(text)))
    except SyntaxError as error:
        raise _failure(text, "this is no formula", (error.offset or 1) - 1, error.lineno or 1) from None
    except ValueError:
        raise FormulaError("the formula holds characters that have no meaning", fix="type it again") from None
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply", fix="split it into statements: q = ...; q * z") from None
    return _checked(text, module)


def _statements(text: str) -> list[str]:
    """One statement a line, whether separated by semicolons or line breaks."""
    return [statement.strip() for statement in re.split("[;\n]", text.strip())]


def _checked(text: str, module: ast.Module) -> Formula:
    count = sum(1 for _ in ast.walk(module))
    if count > _MOST_NODES:
        raise FormulaError(f"the formula has {count} parts; {_MOST_NODES} are allowed", fix="leave parts out")
    if not module.body:
        raise FormulaError("the formula is empty", fix="write something like (x + y) * z")
    statements: list[tuple[str | None, ast.expr]] = []
    checker = _Checker(text)
    for statement in module.body:
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
            raise checker.refuse(statement, "only formulas and assignments are understood", "write q = x + y; q * z")
    return Formula(text, statements, tuple(checker.free))


class _Checker:
    """Walks the parsed text once, before anything is computed: refuses what is not listed, collects free names."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.free: dict[str, None] = {}
        self.assigned: set[str] = set()
        self.functions = _known_functions()

    def check(self, node: ast.AST, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise self.refuse(node, "this is nested too deeply", "split it into statements: q = ...; q * z")
        if isinstance(node, ast.Call):
            self._check_call(node)
            children: list[ast.AST] = [*node.args]
        elif isinstance(node, ast.Name):
            self.check_name(node)
            if node.id not in self.assigned and node.id not in CONSTANTS:
                self.free[node.id] = None
            return
        elif isinstance(node, ast.Constant):
            if not isinstance(node.value, (int, float)) or isinstance(node.value, bool):
                raise self.refuse(node, "only numbers are understood here", "leave quotes and words out")
            if not _is_finite(node.value):
                raise self.refuse(node, "this number is too large", "use a smaller one")
            return
        elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            self._check_exponent(node)
            children = [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            children = [node.operand]
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
            children = [node.left, node.comparators[0]]
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            children = [node.value]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            raise self.refuse(node.left, "^ is no power here", "write ** for a power", after=True)
        else:
            raise self.refuse(node, "this is not understood in a formula", "use + - * / ** @, names, numbers and calls")
        for child in children:
            self.check(child, depth + 1)

    def _check_call(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Name):
            raise self.refuse(node, "only plain function names can be called", "write exp(x), not np.exp(x)")
        if node.func.id not in self.functions:
            close = difflib.get_close_matches(node.func.id, self.functions, 1)
            raise self.refuse(
                node, f"{node.func.id} is no known function", f"did you mean {close[0]}?" if close else "see the docs"
            )
        function = self.functions[node.func.id]
        if isinstance(function, np.ufunc) and len(node.args) != function.nin:  # a further one would be written into
            wanted = ", ".join("xyz"[: function.nin])
            raise self.refuse(
                node,
                f"{node.func.id} needs other values: {function.nin}, not {len(node.args)}",
                f"write {node.func.id}({wanted})",
            )
        for keyword in node.keywords:
            if keyword.arg not in ("axis", "keepdims"):
                what = f"the argument {keyword.arg}=" if keyword.arg else "**"
                raise self.refuse(keyword, f"{what} is not understood", "only axis= and keepdims= are")
            if _setting(keyword.value) is None:
                raise self.refuse(
                    keyword.value, f"{keyword.arg}= needs a fixed setting", "write axis=0, axis=(0, 1) or keepdims=True"
                )

    def check_name(self, node: ast.Name) -> None:
        if node.id.startswith("__"):
            raise self.refuse(node, f"{node.id} is no name for a value", "use a name like x or w1")

    def _check_exponent(self, node: ast.BinOp) -> None:
        if not isinstance(node.op, ast.Pow):
            return
        for part in ast.walk(node.right):
            value = part.value if isinstance(part, ast.Constant) else None
            if isinstance(value, (int, float)) and abs(value) > _LARGEST_EXPONENT:
                raise self.refuse(part, f"an exponent may be at most {_LARGEST_EXPONENT}", "use a smaller one")

    def refuse(self, node: ast.AST, what: str, fix: str, *, after: bool = False) -> FormulaError:
        return _failure(self.text, what, *_place(self.text, node, after=after), fix)


class _Evaluator:
    """Computes a checked expression, on arrays or traced values."""

    def __init__(self, text: str, scope: dict[str, Any]) -> None:
        self._text = text
        self._scope = scope
        self._functions = _known_functions()

    def visit(self, node: ast.expr) -> Any:
        try:
            result = self._compute(node)
        except ChainRuleError:
            raise
        except ZeroDivisionError:
            raise self._failed(node, "this divides by zero", "choose other numbers") from None
        except ArithmeticError:
            raise self._failed(node, "this number is too large", "choose other numbers") from None
        except (TypeError, ValueError) as error:
            hidden = error.__cause__ or error.__context__
            if isinstance(hidden, ChainRuleError):
                raise hidden from None
            raise self._failed(node, f"this cannot be computed: {error}", "give NumPy's arguments") from None
        if isinstance(result, complex):
            raise self._failed(node, "a negative number has no such real power", "use cbrt or abs")
        if getattr(result, "size", 1) > _LARGEST_RESULT:
            raise self._failed(node, f"this has more than {_LARGEST_RESULT} numbers", "use smaller arrays")
        return result

    def _failed(self, node: ast.expr, what: str, fix: str) -> FormulaError:
        return _failure(self._text, what, *_place(self._text, node), fix)

    def _compute(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self._scope[node.id] if node.id in self._scope else CONSTANTS[node.id]
        if isinstance(node, ast.UnaryOp):
            operand = self.visit(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp):
            right = self._exponent(node) if isinstance(node.op, ast.Pow) else self.visit(node.right)
            return _BINARY[type(node.op)](self.visit(node.left), right)
        if isinstance(node, ast.Compare):
            return _COMPARISONS[type(node.ops[0])](self.visit(node.left), self.visit(node.comparators[0]))
        if isinstance(node, ast.Attribute):
            return np.transpose(self.visit(node.value))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        keywords = {str(keyword.arg): _setting(keyword.value) for keyword in node.keywords}
        return self._functions[node.func.id](*[self.visit(argument) for argument in node.args], **keywords)

    def _exponent(self, node: ast.BinOp) -> Any:
        """A whole number stays whole: x ** 2 also has a meaning for negative x."""
        exponent = node.right
        return exponent.value if isinstance(exponent, ast.Constant) else self.visit(exponent)


def _setting(node: ast.expr) -> bool | int | tuple[int, ...] | None:
    """The value of ``axis=`` or ``keepdims=``: whole numbers, tuples of them, or True and False; None for all else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    parts = value if isinstance(value, tuple) else (value,)
    return value if all(isinstance(part, int) for part in parts) else None


def _is_finite(number: float) -> bool:
    try:
        return bool(np.isfinite(float(number)))
    except OverflowError:
        return False


def _place(text: str, node: ast.AST, *, after: bool = False) -> tuple[int, int]:
    """Column and line of a parsed part; Python counts its columns in bytes."""
    line = getattr(node, "end_lineno" if after else "lineno", 1)
    column = getattr(node, "end_col_offset" if after else "col_offset", 0)
    return len(_statements(text)[line - 1].encode()[:column].decode(errors="ignore")), line


def _failure(text: str, what: str, column: int, line: int, fix: str | None = None) -> FormulaError:
    """An error with the formula and a caret under the column."""
    statements = _statements(text)
    whole = statements[min(line, len(statements)) - 1]
    column = max(0, min(column, len(whole)))
    start = max(0, column - _SHOWN // 2) if len(whole) > _SHOWN else 0
    before, shown = "…" if start else "", whole[start : start + _SHOWN]
    after = "…" if start + _SHOWN < len(whole) else ""
    caret = " " * (column - start + len(before))
    return FormulaError(f"{what}\n  {before}{shown}{after}\n  {caret}^", fix=fix or _hint(whole))


def _hint(text: str) -> str:
    times = re.search(r"(?<![\w.])(\d+(?:\.\d+)?)\s*([A-Za-z_(]\w*)", text)
    if times:
        return f"write {times.group(1)}*{times.group(2)}"
    if text.count("(") != text.count(")"):
        return "close every parenthesis that you open"
    return "write it as in Python: (x + y) * z, x ** 2, exp(x)"


def parse_value(text: str) -> Any:
    """Parse the value of a name: a number, or a vector or matrix such as ``[[1, 2], [3, 4]]``.

    Raises
    ------
    FormulaError
        If it is anything else.

    Examples
    --------
    >>> parse_value("-4"), parse_value("[[1, 2], [3, 4]]").shape
    (-4.0, (2, 2))
    """
    if len(text) > 20 * _MOST_NUMBERS:
        raise FormulaError(f"a value of {len(text)} characters is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text.strip())
        array = np.asarray(value)
        is_numeric = array.dtype.kind in "if" and array.size > 0
        array = array.astype(float) if is_numeric else array
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        is_numeric = False
    if not is_numeric or not np.isfinite(array).all():
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise FormulaError(
            f"{shown!r} is no number, vector or matrix", fix="write 5, -0.5, [1, 2] or [[1, 2], [3, 4]]"
        ) from None
    if array.size > _MOST_NUMBERS:
        raise FormulaError(f"a value of {array.size} numbers is too large; {_MOST_NUMBERS} are allowed")
    return float(array) if array.ndim == 0 else array
