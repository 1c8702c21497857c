"""Formulas in one line of Unicode: ``x(ŷ − y)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from chainrule.notation.layout import Layout
from chainrule.notation.names import name_text, script_text
from chainrule.notation.pieces import Joint
from chainrule.notation.tree import Expression, Role, Symbol

__all__ = ["to_text"]

#: Exponents that are written as small characters.
_SMALL = re.compile(r"−?\d{1,2}")
_ROOTS = {2: "√", 3: "∛", 4: "∜"}
_JOINTS = {Joint.TIGHT: "", Joint.NEAR: " ", Joint.APART: " ", Joint.DOT: " · ", Joint.CIRCLE: " ⊙ "}


def to_text(expression: Expression, *, mark: Callable[[str, Role], str] | None = None) -> str:
    """An expression as text.

    Parameters
    ----------
    expression : Expression
    mark : callable, optional
        Called with the text and the role of each part that is pointed out, such as a local gradient; what it returns
        stands in its place, such as the text in a colour. Without it nothing is pointed out.

    Returns
    -------
    str

    Examples
    --------
    >>> from chainrule.notation.tree import Number, Symbol, call
    >>> x, y, y_hat = Symbol("x"), Symbol("y"), Symbol("y_hat")
    >>> to_text(x * (y_hat - y))
    'x(ŷ − y)'
    >>> to_text(-y * call("log", y_hat) / 2)
    '−y log(ŷ)/2'
    >>> to_text(Number(5) + Number(-2) * Number(0.5))
    '5 + (−2) · 0.5'
    """
    return (_PLAIN if mark is None else _Text(mark)).print(expression)


class _Text(Layout):
    is_one_line = True

    def __init__(self, mark: Callable[[str, Role], str] | None) -> None:
        self._mark = mark or (lambda text, role: text)
        self.kept_as = "text" if mark is None else None

    def set_symbol(self, symbol: Symbol) -> str:
        return name_text(symbol.name, symbol.occurrence)

    def set_number(self, digits: str, exponent: str) -> str:
        power = f"10{script_text(exponent, raised=True)}" if exponent else ""
        return f"{digits}·{power}" if power and digits != "1" else power or digits

    def set_verbatim(self, text: str) -> str:
        return text

    def set_ones(self, length: int) -> str:
        return f"𝟏{script_text(str(length), raised=False)}"

    def set_derivative(self, of: str, wrt: str) -> str:
        return f"∂{of}/∂{wrt}"

    def set_brackets(self, body: str) -> str:
        return f"({body})"

    def set_marked(self, body: str, role: Role) -> str:
        return self._mark(body, role)

    def set_negative(self, body: str) -> str:
        return f"−{body}"

    def set_sum(self, first: str, terms: Sequence[tuple[bool, str]]) -> str:
        return first + "".join([f" {'−' if is_subtracted else '+'} {term}" for is_subtracted, term in terms])

    def set_product(self, factors: Sequence[str], between: Sequence[Joint]) -> str:
        rest = [_JOINTS[joint] + factor for joint, factor in zip(between, factors[1:], strict=True)]
        return factors[0] + "".join(rest)

    def set_fraction(self, numerator: str, denominator: str) -> str:
        return f"{numerator}/{denominator}"

    def set_power(self, base: str, exponent: str) -> str:
        small = script_text(exponent, raised=True) if _SMALL.fullmatch(exponent) else None
        return f"{base}^({exponent})" if small is None else f"{base}{small}"

    def set_transpose(self, base: str) -> str:
        return f"{base}ᵀ"

    def set_root(self, operand: str, degree: int) -> str:
        return f"{_ROOTS.get(degree) or f'{script_text(str(degree), raised=True)}√'}{operand}"

    def set_call(self, function: str, arguments: Sequence[str], settings: Sequence[str]) -> str:
        return f"{function}({', '.join([*arguments, *settings])})"

    def set_fence(self, left: str, body: str, right: str) -> str:
        return f"{left}{body}{right}"

    def set_reduction(self, sign: str, index: str, body: str) -> str:
        small = script_text(index, raised=False)
        return f"{sign}{f'_{index}' if small is None else small} {body}"

    def set_relation(self, sign: str, operands: Sequence[str]) -> str:
        return f" {sign} ".join(operands)

    def set_item(self, body: str, index: str) -> str:
        return f"{body}[{index}]"

    def set_cases(self, condition: str, value: str, otherwise: str) -> str:
        return f"{{{value} if {condition}, else {otherwise}}}"


_PLAIN = _Text(None)
