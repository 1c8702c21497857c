r"""Formulas in LaTeX: ``x(\hat{y} - y)``. They need the package amsmath, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from chainrule.notation.layout import Layout
from chainrule.notation.names import ACCENTS, GREEK, parse_name, split_scripts
from chainrule.notation.pieces import Joint
from chainrule.notation.tree import Expression, Role, Symbol

__all__ = ["escape", "to_latex"]

#: Letters and signs by their commands in formulas.
_COMMANDS = {
    **{letter: f"\\{name}" for name, letter in reversed(GREEK.items())},
    **dict(
        zip(
            "ε φ ∂ ∇ ∞ … ′".split(), r"\varepsilon \varphi \partial \nabla \infty \ldots ^{\prime}".split(), strict=True
        )
    ),
    **dict(zip("− · ⊙ × ⊗ ⊕ ∘ ±".split(), r"- \cdot \odot \times \otimes \oplus \circ \pm".split(), strict=True)),
    **dict(zip("< > = ≤ ≥ ≠ ≈ ≡".split(), r"< > = \leq \geq \neq \approx \equiv".split(), strict=True)),
    **dict(zip("← → ↦ ∈ ∝".split(), r"\leftarrow \rightarrow \mapsto \in \propto".split(), strict=True)),
    **dict(zip("∧ ∨ ¬ ≪ ≫".split(), r"\land \lor \neg \ll \gg".split(), strict=True)),
    **dict(zip("Σ Π ∑ ∏ √".split(), r"\Sigma \Pi \sum \prod \surd".split(), strict=True)),
    **dict(zip("| ‖ ⌊ ⌋ ⌈ ⌉ ⟨ ⟩".split(), r"| \| \lfloor \rfloor \lceil \rceil \langle \rangle".split(), strict=True)),
}
#: Functions that LaTeX knows by name.
_OPERATORS = frozenset(
    "arccos arcsin arctan arg cos cosh det exp inf ln log max min sin sinh sup tan tanh Pr gcd cot coth sec csc".split()
)
_OPENING = dict(zip("( [ { | ‖ ⌊ ⌈ ⟨".split(), r"( [ \{ \lvert \lVert \lfloor \lceil \langle".split(), strict=True))
_CLOSING = dict(zip(") ] } | ‖ ⌋ ⌉ ⟩".split(), r") ] \} \rvert \rVert \rfloor \rceil \rangle".split(), strict=True))
_REDUCTIONS = {"Σ": r"\sum", "Π": r"\prod", "∑": r"\sum", "∏": r"\prod"}
_ESCAPES = {character: f"\\{character}" for character in "#%&{}_$"} | dict(
    zip("\\^~\n", [r"\textbackslash{}", r"\textasciicircum{}", r"\textasciitilde{}", " "], strict=True)
)
_ACCENT_OF = {mark: name for name, mark in ACCENTS.items()}
_CHARACTER = re.compile(rf".[{''.join(_ACCENT_OF)}]?", re.DOTALL)
_JOINTS = {Joint.TIGHT: " ", Joint.NEAR: " ", Joint.APART: r" \, ", Joint.DOT: r" \cdot ", Joint.CIRCLE: r" \odot "}
#: What makes a formula higher than a line, so that its parentheses grow.
_TALL = re.compile(r"\\(?:frac|sum|prod|begin|sqrt|operatorname\*)")
_OPERATOR = re.compile(rf"\\(?:operatorname|{'|'.join(sorted(_OPERATORS))})\b")
_MACROS: dict[Role, str] = {"local": r"\lgrad", "upstream": r"\ugrad"}


def to_latex(expression: Expression, *, macros: bool = True) -> str:
    r"""An expression as a formula in LaTeX, without dollar signs round it.

    Parameters
    ----------
    expression : Expression
    macros : bool
        Whether local and upstream gradients are put into ``\lgrad{…}`` and ``\ugrad{…}``, which the document defines.

    Returns
    -------
    str

    Examples
    --------
    >>> from chainrule.notation.tree import Symbol, call
    >>> w, y, y_hat = Symbol("W1"), Symbol("y"), Symbol("y_hat")
    >>> print(to_latex(w * (y_hat - y)))
    W_{1} (\hat{y} - y)
    >>> print(to_latex(call("log", y_hat) / call("exp", y)))
    \frac{\log(\hat{y})}{e^{y}}
    """
    return _LaTeX(macros=macros).print(expression)


def escape(text: str) -> str:
    r"""Any text for LaTeX outside of formulas.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(escape("d_model → 50 %"))
    d\_model $\rightarrow$ 50 \%
    """
    return "".join([_escaped(character) for character in _CHARACTER.findall(unicodedata.normalize("NFC", text))])


def _escaped(character: str) -> str:
    """A character, which may have an accent that Unicode has no letter for."""
    letter, *accents = tuple(character)
    if accents:
        return rf"$\{_ACCENT_OF[accents[0]]}{{{_letters(letter)}}}$"
    if letter in _ESCAPES or letter == "=":
        return _ESCAPES.get(letter, letter)
    if letter in _COMMANDS:
        return f"${_COMMANDS[letter]}$"
    _, below, above = split_scripts(letter)
    if below or above:
        return f"${_scripts(below, above)}$"
    if unicodedata.combining(letter):
        return ""
    return letter if letter.isprintable() else " " if letter.isspace() else "?"  # TeX stops at control characters


def _in_text(text: str) -> str:
    return rf"\text{{{escape(text)}}}"


def _word(text: str) -> str:
    """A word in upright letters; outside of ASCII only text has all letters."""
    if text.isascii() and text.replace("_", "").isalnum():
        return rf"\mathrm{{{escape(text)}}}"
    return _in_text(text)


def _letters(text: str) -> str:
    """A letter as in mathematics, a number, or a word."""
    if text in _COMMANDS:
        return _COMMANDS[text]
    return text if text.isascii() and ((len(text) == 1 and text.isalpha()) or text.isdecimal()) else _word(text)


def _scripts(below: str, above: str) -> str:
    return (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


class _LaTeX(Layout):
    is_one_line = False

    def __init__(self, *, macros: bool) -> None:
        self._macros = macros
        self.kept_as = f"LaTeX {macros}"

    def set_symbol(self, symbol: Symbol) -> str:
        name = parse_name(symbol.name)
        base = rf"\{name.accent}{{{_letters(name.base)}}}" if name.accent in ACCENTS else _letters(name.base)
        above = r"\prime" * name.primes + (f" ({symbol.occurrence})" if symbol.occurrence is not None else "")
        return base + _scripts(", ".join([_letters(text) for text in name.subscripts]), above.strip())

    def set_number(self, digits: str, exponent: str) -> str:
        digits = _COMMANDS.get(digits, digits)
        power = f"10^{{{exponent.replace('−', '-')}}}" if exponent else ""
        return rf"{digits} \cdot {power}" if power and digits != "1" else power or digits

    def set_verbatim(self, text: str) -> str:
        return _in_text(text)

    def set_ones(self, length: int) -> str:
        return rf"\mathbf{{1}}_{{{length}}}"

    def set_derivative(self, of: str, wrt: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"

    def set_brackets(self, body: str) -> str:
        return self._fenced("(", body, ")")

    def _fenced(self, left: str, body: str, right: str) -> str:
        if _TALL.search(body):
            return rf"\left{left} {body} \right{right}"
        return f"{left} {body} {right}" if left[:1] == "\\" else f"{left}{body}{right}"

    def set_marked(self, body: str, role: Role) -> str:
        return f"{_MACROS[role]}{{{body}}}" if self._macros else body

    def set_negative(self, body: str) -> str:
        return f"-{body}"

    def set_sum(self, first: str, terms: Sequence[tuple[bool, str]]) -> str:
        return first + "".join([f" {'-' if is_subtracted else '+'} {term}" for is_subtracted, term in terms])

    def set_product(self, factors: Sequence[str], between: Sequence[Joint]) -> str:
        body = factors[0]
        for joint, factor in zip(between, factors[1:], strict=True):
            has_room = joint is Joint.APART and _OPERATOR.match(factor)  # TeX puts it in front of \log by itself
            body += (" " if has_room else _JOINTS[joint]) + factor
        return body

    def set_fraction(self, numerator: str, denominator: str) -> str:
        return rf"\frac{{{numerator}}}{{{denominator}}}"

    def set_power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def set_transpose(self, base: str) -> str:
        return rf"{base}^{{\top}}"

    def set_root(self, operand: str, degree: int) -> str:
        return rf"\sqrt{f'[{degree}]' if degree != 2 else ''}{{{operand}}}"

    def set_call(self, function: str, arguments: Sequence[str], settings: Sequence[str]) -> str:
        inside = ", ".join([*arguments, *[_in_text(setting) for setting in settings]])
        return _function(function) + self.set_brackets(inside)

    def set_fence(self, left: str, body: str, right: str) -> str:
        closing, below, above = split_scripts(right)
        if left not in _OPENING or closing not in _CLOSING:
            return f"{_in_text(left)} {body} {_in_text(right)}"
        return self._fenced(_OPENING[left], body, _CLOSING[closing]) + _scripts(below, above)

    def set_reduction(self, sign: str, index: str, body: str) -> str:
        operator = _REDUCTIONS.get(sign) or rf"\operatorname*{{{escape(sign)}}}"
        return f"{operator}{_scripts(' '.join(index), '')} {body}"

    def set_relation(self, sign: str, operands: Sequence[str]) -> str:
        command = _COMMANDS.get(sign) or rf"\mathrel{{{_in_text(sign)}}}"
        return f" {command} ".join(operands)

    def set_item(self, body: str, index: str) -> str:
        return rf"{body}\texttt{{[{''.join([_ESCAPES.get(character, character) for character in index])}]}}"

    def set_cases(self, condition: str, value: str, otherwise: str) -> str:
        # in braces: a [ after the line break would be read as the height of the line
        rows = rf"{value} & \text{{if }} {condition} \\ {{{otherwise}}} & \text{{otherwise}}"
        return rf"\begin{{cases}} {rows} \end{{cases}}"


def _function(name: str) -> str:
    """The name of a function; small characters at its end go below and above."""
    bare, below, above = split_scripts(name)
    primes = len(bare) - len(bare.rstrip("′"))
    bare = bare.rstrip("′")
    scripts = _scripts(below, (r"\prime" * primes + above).replace("T", r"\top"))
    if bare in _OPERATORS:
        return rf"\{bare}{scripts}"
    is_letter = bare in _COMMANDS or (len(bare) == 1 and bare.isascii() and bare.isalpha())
    return (_letters(bare) if is_letter else rf"\operatorname{{{escape(bare)}}}") + scripts
