"""Formulas in presentation MathML, which browsers draw and screen readers read.

The elements are put together as text: the serialiser of the standard library is recursive, and formulas may be nested
more deeply than it can go.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from chainrule.notation.layout import Layout
from chainrule.notation.names import parse_name, split_scripts
from chainrule.notation.pieces import Joint
from chainrule.notation.tree import Expression, Role, Symbol

__all__ = ["to_mathml"]

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}
_SIGNS = {"Σ": "∑", "Π": "∏"}
#: Signs that are read aloud, but not seen.
_TIMES, _APPLIED = "\u2062", "\u2061"
#: What is higher than a line. Round anything else, browsers make more room than there should be for signs that stretch.
_TALL = re.compile("<m(?:frac|under|table|sqrt|root)")
#: What XML cannot hold, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_mathml(expression: Expression, *, display: bool = False) -> str:
    """An expression as an element ``math``.

    Local and upstream gradients are put into ``<mrow class="local">`` and ``<mrow class="upstream">``, for the style
    sheet of the page.

    Parameters
    ----------
    expression : Expression
    display : bool
        Whether the formula stands on a line of its own.

    Returns
    -------
    str
        Well-formed XML, with the namespace of MathML.

    Examples
    --------
    >>> from chainrule.notation.tree import Symbol
    >>> print(to_mathml(Symbol("W1") / Symbol("n")))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><msub><mi>W</mi><mn>1</mn></msub><mi>n</mi></mfrac></math>
    """
    attributes = {"display": "block"} if display else {}
    return _element("math", _MathML().print(expression), xmlns=_NAMESPACE, **attributes)


def _element(tag: str, *content: str, **attributes: str) -> str:
    given = "".join([f" {name}={quoteattr(value)}" for name, value in attributes.items()]) if attributes else ""
    return f"<{tag}{given}>{''.join(content)}</{tag}>"


@functools.lru_cache(maxsize=1024)
def _text(tag: str, text: str, **attributes: str) -> str:
    """An element with a text in it: signs and names, most of which come again and again."""
    return _element(tag, escape(_FORBIDDEN.sub("\ufffd", text)), **attributes)


def _operator(sign: str, **attributes: str) -> str:
    return _text("mo", sign, **attributes)


def _letters(text: str) -> str:
    """A number, a name, or a text such as ``params[0].W``."""
    return _text("mn" if text.isdecimal() else "mi" if text.isidentifier() else "mtext", text)


def _row(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else _element("mrow", *parts)


def _scripts(base: str, below: Sequence[str], above: Sequence[str]) -> str:
    """A base with what stands at its lower and upper right, if anything does."""
    if below and above:
        return _element("msubsup", base, _row(below), _row(above))
    if below or above:
        return _element("msub" if below else "msup", base, _row(below or above))
    return base


def _raised(base: str, exponent: str) -> str:
    """A base with an exponent, which stands above its subscript."""
    if base.startswith("<msub>"):
        return base.removesuffix("</msub>").replace("<msub>", "<msubsup>", 1) + exponent + "</msubsup>"
    return _element("msup", base, exponent)


def _signed(number: str) -> str:
    """What small characters stand for: a number, or a letter."""
    digits = _letters(number.removeprefix("-"))
    return _element("mrow", _operator("−"), digits) if number.startswith("-") else digits


def _listed(parts: Sequence[str]) -> list[str]:
    """The parts with commas between them."""
    return [text for part in parts for text in (_operator(","), part)][1:]


_JOINTS = {
    Joint.TIGHT: _operator(_TIMES),
    Joint.NEAR: _operator(_TIMES, lspace="0", rspace="0.08em"),
    Joint.APART: _operator(_TIMES, lspace="0", rspace="0.17em"),
    Joint.DOT: _operator("·"),
    Joint.CIRCLE: _operator("⊙"),
}


class _MathML(Layout):
    """Every text that it makes is one element."""

    is_one_line = False
    kept_as = "MathML"

    def set_symbol(self, symbol: Symbol) -> str:
        name = parse_name(symbol.name)
        base = _letters(name.base)
        if name.accent:
            base = _element("mover", base, _operator(_ACCENTS[name.accent], stretchy="false"), accent="true")
        below = _listed([_letters(text) for text in name.subscripts])
        above = [_operator("′" * name.primes)] if name.primes else []
        if symbol.occurrence is not None:
            above.append(self.set_brackets(_text("mn", str(symbol.occurrence))))
        return _scripts(base, below, above)

    def set_number(self, digits: str, exponent: str) -> str:
        number = _text("mi" if digits == "∞" else "mn", digits)
        if not exponent:
            return number
        size = _text("mn", exponent.removeprefix("−"))
        power = _element("msup", _text("mn", "10"), self.set_negative(size) if exponent.startswith("−") else size)
        return power if digits == "1" else _element("mrow", number, _operator("·"), power)

    def set_verbatim(self, text: str) -> str:
        return _text("mtext", text)

    def set_ones(self, length: int) -> str:
        return _element("msub", _text("mi", "𝟏"), _text("mn", str(length)))

    def set_derivative(self, of: str, wrt: str) -> str:
        above, below = (_element("mrow", _operator("∂"), body) for body in (of, wrt))
        return _element("mfrac", above, below)

    def set_brackets(self, body: str) -> str:
        return self.set_fence("(", body, ")")

    def set_marked(self, body: str, role: Role) -> str:
        return _element("mrow", body, **{"class": role})

    def set_negative(self, body: str) -> str:
        return _element("mrow", _operator("−"), body)

    def set_sum(self, first: str, terms: Sequence[tuple[bool, str]]) -> str:
        signed = [_operator("−" if is_subtracted else "+") + term for is_subtracted, term in terms]
        return _element("mrow", first, *signed)

    def set_product(self, factors: Sequence[str], between: Sequence[Joint]) -> str:
        rest = [_JOINTS[joint] + factor for joint, factor in zip(between, factors[1:], strict=True)]
        return _element("mrow", factors[0], *rest)

    def set_fraction(self, numerator: str, denominator: str) -> str:
        return _element("mfrac", numerator, denominator)

    def set_power(self, base: str, exponent: str) -> str:
        return _raised(base, exponent)

    def set_transpose(self, base: str) -> str:
        return _raised(base, _text("mi", "T", mathvariant="normal"))

    def set_root(self, operand: str, degree: int) -> str:
        return _element("msqrt", operand) if degree == 2 else _element("mroot", operand, _text("mn", str(degree)))

    def set_call(self, function: str, arguments: Sequence[str], settings: Sequence[str]) -> str:
        inside = _listed([*arguments, *[_text("mtext", setting) for setting in settings]])
        return _element("mrow", _function(function), _operator(_APPLIED), self.set_brackets("".join(inside)))

    def set_fence(self, left: str, body: str, right: str) -> str:
        closing, below, above = split_scripts(right)
        stretchy = "true" if _TALL.search(body) else "false"
        begin = _operator(left, form="prefix", fence="true", stretchy=stretchy)
        end = _operator(closing, form="postfix", fence="true", stretchy=stretchy)
        scripts = [[_signed(text)] if text else [] for text in (below, above)]
        return _element("mrow", begin, body, _scripts(end, *scripts))

    def set_reduction(self, sign: str, index: str, body: str) -> str:
        operator = _operator(_SIGNS.get(sign, sign), form="prefix")
        indices = _row([_letters(letter) for letter in index]) if index else ""
        return _element("mrow", _element("munder", operator, indices) if index else operator, body)

    def set_relation(self, sign: str, operands: Sequence[str]) -> str:
        return _element("mrow", operands[0], *[_operator(sign) + operand for operand in operands[1:]])

    def set_item(self, body: str, index: str) -> str:
        return _element("mrow", body, _text("mtext", f"[{index}]"))

    def set_cases(self, condition: str, value: str, otherwise: str) -> str:
        rows = [(value, _text("mtext", "if\u00a0") + condition), (otherwise, _text("mtext", "otherwise"))]
        cells = [[_element("mtd", part, columnalign="left") for part in row] for row in rows]
        table = _element("mtable", *[_element("mtr", *row) for row in cells])
        return _element("mrow", _operator("{", form="prefix", fence="true"), table)


def _function(name: str) -> str:
    """The name of a function; small characters at its end go below and above."""
    bare, below, above = split_scripts(name)
    letters = bare.rstrip("′")
    primes = [_operator("′" * (len(bare) - len(letters)))] if letters != bare else []
    tag = "mi" if letters.isidentifier() else "mo"
    under, over = ([_signed(text)] if text else [] for text in (below, above))
    return _scripts(_text(tag, letters), under, primes + over)
