"""The allow-list: walks a parsed formula before anything is computed, and refuses what is not on it."""

from __future__ import annotations

import ast
import difflib

import numpy as np

from chainrule.errors import FormulaError
from chainrule.explain.formulas.known import BINARY, COMPARISONS, CONSTANTS, argument_counts, known_functions
from chainrule.explain.formulas.typed import TypedText

__all__ = ["Checker", "place", "setting"]

_DEEPEST = 60
_LARGEST_EXPONENT = 1_000
_UNDERSTOOD = "use + - * / ** @, names, numbers and calls"
_INSTEAD: dict[type[ast.AST], str] = {
    ast.IfExp: "write where(condition, x, y)",
    ast.BoolOp: "write where(x > 0, where(y > 0, 1, 0), 0) for a condition on two values",
    ast.Subscript: "elements and slices are not understood: give the part that you need as a value of its own",
    ast.List: "give arrays as values, such as x=[1, 2], and write where(z > 0, 1, 0) for a condition [z > 0]",
    ast.Tuple: "give arrays as values, such as x=[1, 2]",
    ast.BitOr: "write abs(x) for |x|",
    ast.FloorDiv: "write floor(x / y)",
    ast.GeneratorExp: "functions take whole arrays: write sum(w * x)",
    ast.ListComp: "operations take whole arrays: write w * x",
    ast.NamedExpr: "write statements: q = x + y; q * z",
    ast.Lambda: "write λ or lambda_ for the name, as lambda is a word of Python",
}


class Checker:
    """Collects the free names of a formula on the way.

    Parameters
    ----------
    text : TypedText

    Attributes
    ----------
    free : dict of str
        Its keys are the names that need values, in order of appearance.
    assigned : set of str
        Names of the statements so far.
    """

    def __init__(self, text: TypedText) -> None:
        self.text = text
        self.free: dict[str, None] = {}
        self.assigned: set[str] = set()
        self._functions = known_functions()

    def check(self, node: ast.AST, depth: int = 0) -> None:
        """Check an expression and all its parts.

        Raises
        ------
        FormulaError
            With a caret under the part that is not understood.
        """
        if depth > _DEEPEST:
            raise self.refuse(node, "this is nested too deeply", "split it into statements: q = ...; q * z")
        children = self._checked_children(node)
        rights: list[ast.AST] = []
        while isinstance(node, ast.BinOp):  # x + y + z is a sum of three to a reader, and nested to Python
            node, right = children
            rights.append(right)
            children = self._checked_children(node)
        for child in (*children, *reversed(rights)):
            self.check(child, depth + 1)

    def _checked_children(self, node: ast.AST) -> list[ast.AST]:
        if isinstance(node, ast.Call):
            self._check_call(node)
            return [*node.args]
        if isinstance(node, ast.Name):
            self.check_name(node)
            if node.id not in self.assigned and node.id not in CONSTANTS:
                self.free[node.id] = None
            return []
        if isinstance(node, ast.Constant):
            self._check_number(node)
            return []
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            self._check_exponent(node)
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return [node.operand]
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
            return [node.left, node.comparators[0]]
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return [node.value]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            raise self.refuse(node.left, "^ is no power here", "write ** for a power", after=True)
        kind = type(node.op) if isinstance(node, ast.BinOp) else type(node)
        raise self.refuse(node, "this is not understood in a formula", _INSTEAD.get(kind, _UNDERSTOOD))

    def check_name(self, node: ast.Name) -> None:
        """Refuse Python's own names."""
        if node.id.startswith("__"):
            raise self.refuse(node, f"{node.id} is no name for a value", "use a name like x or w1")

    def _check_number(self, node: ast.Constant) -> None:
        if not isinstance(node.value, (int, float)) or isinstance(node.value, bool):
            raise self.refuse(node, "only numbers are understood here", "leave quotes and words out")
        if not _is_finite(node.value):
            raise self.refuse(node, "this number is too large", "use a smaller one")

    def _check_call(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Name):
            what = "only plain function names can be called"
            if isinstance(node.func, ast.Attribute) and node.func.attr != "T":
                raise self.refuse(node, what, "write exp(x), not np.exp(x)")
            raise self.refuse(node.func, what, "write * for a product: 2 * (x + y)", after=True)
        name = node.func.id
        if name not in self._functions:
            raise self.refuse(node, f"{name} is no known function", self._instead_of_call(name))
        least, most = argument_counts(name)
        if not least <= len(node.args) <= most:  # NumPy would write into one too many
            number = f"{least}" if least == most else f"{least} or {most}"
            raise self.refuse(
                node,
                f"{name} needs other values: {number}, not {len(node.args)}",
                f"write {name}({', '.join('xyz'[:most])})",
            )
        for keyword in node.keywords:
            self._check_keyword(keyword)

    def _instead_of_call(self, name: str) -> str:
        if name in self.free or name in self.assigned or len(name) == 1:
            return f"write {name} * (…) for a product"
        if name in ("norm", "norm2"):
            return "write sqrt(sum(x ** 2))"
        close = difflib.get_close_matches(name, self._functions, 1)
        return f"did you mean {close[0]}?" if close else "known are exp, log, sum, sigmoid, relu and more: see the docs"

    def _check_keyword(self, keyword: ast.keyword) -> None:
        if keyword.arg not in ("axis", "keepdims"):
            what = f"the argument {keyword.arg}=" if keyword.arg else "**"
            raise self.refuse(keyword, f"{what} is not understood", "only axis= and keepdims= are")
        if setting(keyword.value) is None:
            raise self.refuse(
                keyword.value, f"{keyword.arg}= needs a fixed setting", "write axis=0, axis=(0, 1) or keepdims=True"
            )

    def _check_exponent(self, node: ast.BinOp) -> None:
        if not isinstance(node.op, ast.Pow):
            return
        for part in ast.walk(node.right):
            value = part.value if isinstance(part, ast.Constant) else None
            if isinstance(value, (int, float)) and abs(value) > _LARGEST_EXPONENT:
                raise self.refuse(part, f"an exponent may be at most {_LARGEST_EXPONENT}", "use a smaller one")

    def refuse(self, node: ast.AST, what: str, fix: str, *, after: bool = False) -> FormulaError:
        """The error to raise, with a caret under a part, or right after it."""
        return self.text.failure(what, *place(self.text, node, after=after), fix)


def place(text: TypedText, node: ast.AST, *, after: bool = False) -> tuple[int, int]:
    """Line and column where a parsed part begins, or where it has ended."""
    line = getattr(node, "end_lineno" if after else "lineno", 1)
    return line, text.column_of_bytes(line, getattr(node, "end_col_offset" if after else "col_offset", 0))


def setting(node: ast.expr) -> bool | int | tuple[int, ...] | None:
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
